"""Drafts of mapping files from what Entra exports."""
