"""Accounts as resources of another SCIM service."""
