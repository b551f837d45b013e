"""What each target field is made of."""
