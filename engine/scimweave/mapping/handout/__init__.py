"""The page that the admin of an identity provider gets, made of a mapping file alone."""
