"""What the linter looks at once a file is compiled."""
