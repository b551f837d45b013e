"""SCIM as values, without IO."""
