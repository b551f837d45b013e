"""A text in a mapping file that cannot be read."""

from __future__ import annotations


class FaultyText(ValueError):
    """What is wrong with a text; ``position`` counts characters from 0, None is all of it.

    Validators of options raise it, and lint shows the place. ``code`` is one of the catalogue.
    """

    def __init__(self, reason: str, position: int | None = None, code: str = "bad-value") -> None:
        super().__init__(reason)
        self.position = position
        self.code = code
