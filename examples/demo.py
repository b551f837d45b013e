"""The main job from end to end: people of two provisioning cycles arrive in a database.

Runs the commands that a person would type, with everything in a temporary folder, and compares
the target's table with examples/people/expected.csv. Ends with 1 on any difference.
"""

from __future__ import annotations

import csv
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.table import Column, Table
from rich.text import Text

from stage import PEOPLE, Stage, console

MAPPING = Path("mappings") / "preciate.yaml"
COLUMNS = (
    "email", "is_active", "display_name", "job_title", "first_name", "last_name", "full_name",
    "external_id", "department",
)  # fmt: skip
SHOWN = ("email", "is_active", "display_name", "job_title", "department")
RENAMED = "lea.dubois@contoso.com"

Row = tuple[str, ...]


class Demo(Stage):
    """The folder of one run, with the database that people arrive in."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "preciate.db"
        super().__init__(folder, MAPPING, {"PRECIATE_DATABASE_URL": f"sqlite:///{self.target}"})

    def employees(self, columns: Sequence[str] = COLUMNS) -> list[Row]:
        """Return the target's table, by e-mail; absent values as an empty text."""
        query = f"SELECT {', '.join(columns)} FROM employees ORDER BY email"  # noqa: S608 - our names
        with closing(sqlite3.connect(self.target)) as connection:
            return [tuple(map(_text, columns, row)) for row in connection.execute(query)]

    def insert(self, file: Path) -> None:
        """Put accounts into the target that were there before."""
        marks = ", ".join("?" * len(COLUMNS))
        with closing(sqlite3.connect(self.target)) as connection, connection:
            for row in _read(file):
                values = [_value(each) for each in row]
                connection.execute(
                    f"INSERT INTO employees ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608
                    values,
                )


def main() -> None:
    """Run the demo."""
    with tempfile.TemporaryDirectory(prefix="scimweave-demo-") as folder:
        demo = Demo(Path(folder))
        demo.run("lint", "mappings")
        demo.run("init-target", str(MAPPING))
        demo.insert(PEOPLE / "before.csv")
        with demo.serve() as url:
            provision(demo, url)
        check(demo)


def provision(demo: Demo, url: str) -> None:
    """Let an Entra-shaped client run both cycles against a running server."""
    demo.take_key("preciate")
    print_employees(demo, "employees before: one account of somebody who left")
    demo.provision(url, 1)
    before = demo.employees(SHOWN)
    print_employees(demo, "employees after cycle 1: joiners")
    demo.provision(url, 2)
    print_employees(
        demo, "employees after cycle 2: movers, leavers, a returner, a deletion", before
    )
    demo.run("log", "preciate", "--user", RENAMED)
    console.print(f"\nTenant URL  {url}")


def check(demo: Demo) -> None:
    """Compare the table with what it has to be."""
    expected, found = set(_read(PEOPLE / "expected.csv")), set(demo.employees())
    for sign, rows in (("missing", expected - found), ("unexpected", found - expected)):
        for row in sorted(rows):
            print(f"{sign}: {row}", file=sys.stderr)
    if expected != found:
        sys.exit("the table is not as expected")
    console.print(f"All {len(found)} accounts are as expected.")


def print_employees(demo: Demo, title: str, before: Sequence[Row] = ()) -> None:
    """Print the table; what is new since ``before`` is marked."""
    # The mark stays where the terminal is too narrow for the rest.
    table = Table(Column("", min_width=1), title=title, title_justify="left", box=None)
    for column in SHOWN:
        table.add_column(column, no_wrap=True, max_width=44)
    known = set(before)
    for row in demo.employees(SHOWN):
        changed = bool(before) and row not in known
        cells = [Text("*" if changed else " "), *map(Text, row)]
        table.add_row(*cells, style="bold" if changed else "")
    console.print()
    console.print(table)


def _read(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [tuple(row[column] for column in COLUMNS) for row in csv.DictReader(lines)]


def _text(column: str, value: object) -> str:
    if column == "is_active":
        return "true" if value else "false"
    return "" if value is None else str(value)


def _value(text: str) -> str | None:
    return {"true": "1", "false": "0", "": None}.get(text, text)


if __name__ == "__main__":
    main()
