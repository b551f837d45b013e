"""Recorded traffic against two versions of a mapping, in memory: what would have been different."""
