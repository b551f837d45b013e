"""The real servers that tests and examples run against, one module each."""
