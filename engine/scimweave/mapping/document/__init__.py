"""The text of a mapping file, with the place of every key and value."""
