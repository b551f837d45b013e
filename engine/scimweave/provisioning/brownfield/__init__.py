"""Accounts that were there before, or were changed by somebody else."""
