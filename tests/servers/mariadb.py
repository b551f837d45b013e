"""A real MariaDB, from the Debian package."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.database import Database, empty_database
from servers.part import Unavailable, find_or_install, folder, free_port, listens, running

PACKAGE = "mariadb-server-core"

# Nothing of a test has to survive a power failure.
_OPTIONS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--max-connections=100",
)


@dataclass(frozen=True, slots=True)
class MariaDB:
    """A server on a port of 127.0.0.1; ``process`` is the id of its process."""

    port: int
    process: int

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"mariadb://scimweave:scimweave@127.0.0.1:{self.port}/{database}"

    @property
    def admin(self) -> Database:
        """The database from which others are made."""
        return Database(self.url("mysql"))

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Make an empty database, which is dropped at the end."""
        with empty_database(self) as made:
            yield made


@contextmanager
def running_mariadb(options: Sequence[str] = ()) -> Iterator[MariaDB]:
    """Run a server until the block ends; some seconds. Raises ``Unavailable``.

    ``options`` come on top of those of the command line.
    """
    program = find_or_install("mariadbd", package=PACKAGE)
    make = find_or_install("mariadb-install-db", package=PACKAGE)
    # The script asks it for settings.
    find_or_install("my_print_defaults", package="mariadb-client-core")
    with folder("mariadb") as made:
        data = made / "data"
        _make_data(make, data, made / "make.log")
        port = free_port()
        # A server that is told to run as root does so, and its folder is root's.
        command: list[str | Path] = [
            program, "--no-defaults", f"--user={getpass.getuser()}", f"--datadir={data}",
            f"--socket={made / 'socket'}", f"--pid-file={made / 'pid'}",
            "--bind-address=127.0.0.1", f"--port={port}", f"--init-file={_user(made)}", *_OPTIONS,
            *options,
        ]  # fmt: skip
        with running(command, ready=lambda: listens(port), log=made / "log") as server:
            yield MariaDB(port, server.pid)


def _make_data(program: Path, data: Path, log: Path) -> None:
    command: list[str | Path] = [
        program, "--no-defaults", f"--user={getpass.getuser()}", f"--datadir={data}",
        "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
    ]  # fmt: skip
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Unavailable(f"mariadb-install-db failed: {log.read_text(errors='replace')[-1000:]}")


def _user(made: Path) -> Path:
    file = made / "user.sql"
    file.write_text(
        "CREATE OR REPLACE USER scimweave@'127.0.0.1' IDENTIFIED BY 'scimweave';\n"
        "GRANT ALL ON *.* TO scimweave@'127.0.0.1' WITH GRANT OPTION;\n"
    )
    return file
