"""What people and providers touch: the SCIM endpoint and the command line."""
