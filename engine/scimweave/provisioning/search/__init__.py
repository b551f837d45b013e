"""What a query selects, in which order, and which part of it."""
