"""The life cycle: what a change means, and how it reaches the target."""
