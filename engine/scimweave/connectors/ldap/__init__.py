"""Accounts as entries of a directory."""
