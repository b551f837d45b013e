"""What a mapping file says of a SQLite file as if it were a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from scimweave.connectors.kind import Problem

if TYPE_CHECKING:
    from scimweave.connectors.sql.options import SqlOptions
    from scimweave.mapping.model import MappingModel

_HELP = "leave it out; PostgreSQL, MariaDB and MySQL have a use for it"
_FOR_SERVERS: Mapping[str, str] = {
    "pool": "all writes to a SQLite file go over one connection",
    "connect_timeout": "a SQLite file is opened at once, or not at all",
    "statement_timeout": "on a SQLite file, locks of others are waited for 5 seconds",
    "tls": "a SQLite file is not reached over a network",
}


def check_sql(model: MappingModel) -> Iterator[Problem]:
    """Yield the keys under ``target`` that do nothing, and would be taken for promises."""
    options: SqlOptions = model.target  # type: ignore[assignment]  # the kind is this one
    if not _is_sqlite(options.url):
        return
    for key, reason in _FOR_SERVERS.items():
        if options.has(key):
            message = f'"{key}" has no effect: {reason}'
            yield Problem("unused-key", ("target", key), message, _HELP)


def _is_sqlite(url: str) -> bool:
    # SQLAlchemy would know too, and takes longer to import than a file to check.
    return url.partition(":")[0].partition("+")[0] == "sqlite"
