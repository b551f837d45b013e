"""Links of people to SCIM users, kept between cycles and, in a file, between runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter

from scimweave_server.simulate.attributes import Targets

FORMAT = 1


class StateError(Exception):
    """A state file that cannot be used."""


@dataclass(frozen=True, slots=True)
class Link:
    """The id of a person's user, and what was last found to be, or made, true of it."""

    id: str
    targets: Targets


@dataclass(slots=True)
class Links:
    """Links by the key of the person."""

    by_key: dict[str, Link] = field(default_factory=dict)

    def get(self, key: str) -> Link | None:
        """Return the link of a person, if there is one."""
        return self.by_key.get(key)

    def put(self, key: str, link: Link) -> None:
        """Link a person."""
        self.by_key[key] = link

    def drop(self, key: str) -> None:
        """Forget a person."""
        self.by_key.pop(key, None)

    def others(self, keys: set[str]) -> Iterator[tuple[str, Link]]:
        """Yield the links of everybody who is not in ``keys``."""
        return ((key, link) for key, link in self.by_key.items() if key not in keys)

    @classmethod
    def load(cls, file: Path, url: str) -> Links:
        """Read the links to the endpoint at ``url``; none when there is no file yet."""
        try:
            state: Any = orjson.loads(file.read_bytes())
            if state["format"] != FORMAT:
                raise StateError(f"{file}: format {state['format']}, expected {FORMAT}")
            if state["url"] != url:
                raise StateError(f"{file} belongs to {state['url']}, not to {url}")
            return cls(TypeAdapter(dict[str, Link]).validate_python(state["links"]))
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise StateError(f"{file}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise StateError(f"{file} is no state of simulate entra") from None

    def save(self, file: Path, url: str) -> None:
        """Write the links so that the file is whole at every instant."""
        links = {key: {"id": link.id, "targets": link.targets} for key, link in self.by_key.items()}
        state = {"format": FORMAT, "url": url, "links": links}
        beside = file.with_name(f"{file.name}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2))
            os.replace(beside, file)
        except OSError as error:
            raise StateError(f"{file}: {error.strerror}") from None
