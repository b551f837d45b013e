"""What editors are told about mapping files."""
