"""JMESPath, compiled once to closures."""
