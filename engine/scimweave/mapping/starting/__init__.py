"""A first mapping file for a target that is there already, with guesses marked for review."""
