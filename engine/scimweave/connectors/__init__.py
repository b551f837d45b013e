"""The code that speaks to one kind of target each."""
