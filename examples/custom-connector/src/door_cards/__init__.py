"""A connector and a function of their own: cards of a door controller, as files in a folder."""
