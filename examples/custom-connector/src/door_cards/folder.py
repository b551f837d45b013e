"""The folder of cards: one JSON file a card, of which a reader never sees half."""

from __future__ import annotations

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Card = dict[str, Any]

_ID = re.compile(r"[0-9a-f]{32}")


class CardFolder:
    """Cards by their id, which is the name of their file. Every method raises ``OSError``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out, of this process and of others."""
        with (self.path / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def ids(self) -> list[str]:
        """Return the ids of all cards, in order."""
        return sorted(file.stem for file in self.path.glob("*.json") if _ID.fullmatch(file.stem))

    def read(self, card_id: str) -> Card | None:
        """Return a card; None where there is none."""
        try:
            card: Card = json.loads(self._file(card_id).read_bytes())
        except FileNotFoundError:
            return None
        return card

    def all(self) -> Iterator[tuple[str, Card]]:
        """Yield the cards with their ids, in order; one that goes meanwhile is left out."""
        for card_id in self.ids():
            if (card := self.read(card_id)) is not None:
                yield card_id, card

    def write(self, card_id: str, card: Card) -> None:
        """Write a card, which is on the disk when this returns."""
        with tempfile.NamedTemporaryFile(dir=self.path, suffix=".tmp", delete=False) as made:
            try:
                made.write(json.dumps(card, indent=2).encode())
                made.flush()
                os.fsync(made.fileno())
                os.replace(made.name, self._file(card_id))
            except OSError:
                Path(made.name).unlink(missing_ok=True)
                raise
        self._sync()

    def remove(self, card_id: str) -> None:
        """Remove a card. Raises ``FileNotFoundError`` where there is none."""
        self._file(card_id).unlink()
        self._sync()

    def _file(self, card_id: str) -> Path:
        if not _ID.fullmatch(card_id):
            raise FileNotFoundError(card_id)
        return self.path / f"{card_id}.json"

    def _sync(self) -> None:
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
