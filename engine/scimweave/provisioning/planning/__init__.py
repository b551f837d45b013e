"""What an edited mapping would do to whom, and doing it."""
