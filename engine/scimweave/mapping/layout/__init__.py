"""Mapping files in their canonical form: the order of keys, quotes, spaces; comments stay."""
