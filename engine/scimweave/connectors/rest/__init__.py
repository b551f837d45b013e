"""Accounts behind an API that a mapping file declares."""
