"""The main job from end to end: people of two provisioning cycles arrive in a database.

Runs the commands that a person would type, with everything in a temporary folder, and compares
the target's table with examples/people/expected.csv. Ends with 1 on any difference.
"""

from __future__ import annotations

import csv
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

ROOT = Path(__file__).parent.parent
PEOPLE = ROOT / "examples" / "people"
MAPPING = Path("mappings") / "preciate.yaml"
CYCLES = ["--people", "examples/people/cycle-1.csv", "--people", "examples/people/cycle-2.csv"]
COLUMNS = (
    "email", "is_active", "display_name", "job_title", "first_name", "last_name", "full_name",
    "external_id", "department",
)  # fmt: skip
SHOWN = ("email", "is_active", "display_name", "job_title", "department")
RENAMED = "lea.dubois@contoso.com"

Row = tuple[str, ...]

console = Console(width=None if sys.stdout.isatty() else 130)


class Demo:
    """The folder of one run, and the commands in it."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "preciate.db"
        self.state = folder / "entra.json"
        self.environment = {
            **os.environ,
            "PRECIATE_DATABASE_URL": f"sqlite:///{self.target}",
            "SCIMWEAVE_STORE": f"sqlite:///{folder / 'scimweave.db'}",
            "COLUMNS": str(console.width),
        }

    def run(self, *words: str, secret: bool = False) -> str:
        """Run a command as a person would, and show what it prints; stops where it fails."""
        self.show(words)
        done = subprocess.run(
            self._command(words),
            env=self.environment,
            cwd=ROOT,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
        )
        if not secret:
            print(done.stdout, end="", flush=True)
        if done.returncode:
            sys.exit(f"the demo stops: exit code {done.returncode}")
        return done.stdout.strip()

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve the mapping on a free port; yields the Tenant URL."""
        words = ("serve", str(MAPPING), "--port", "0")
        self.show(words)
        with subprocess.Popen(
            self._command(words), env=self.environment, cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as server:  # fmt: skip
            try:
                yield _tenant_url(server)
            finally:
                server.terminate()
                server.wait(timeout=60)
        if server.returncode:
            sys.exit(f"the server ended with exit code {server.returncode}")

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

    def show(self, words: Sequence[str]) -> None:
        """Print a command line."""
        console.print(Text(f"\n$ scimweave {' '.join(words)}", style="bold"))

    @staticmethod
    def _command(words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "scimweave_server", *words]


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
    token = demo.run("key", "generate", "preciate", "--quiet", secret=True)
    console.print("(the token is not shown; the client below gets it as SCIMWEAVE_TOKEN)")
    demo.environment["SCIMWEAVE_TOKEN"] = token
    client = ["simulate", "entra", "--url", url, *CYCLES, "--state", str(demo.state)]
    print_employees(demo, "employees before: one account of somebody who left")
    demo.run(*client, "--cycle", "1")
    before = demo.employees(SHOWN)
    print_employees(demo, "employees after cycle 1: joiners")
    demo.run(*client, "--cycle", "2")
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
    table = Table("", title=title, title_justify="left", box=None)
    for column in SHOWN:
        table.add_column(column, no_wrap=True, max_width=44)
    known = set(before)
    for row in demo.employees(SHOWN):
        changed = bool(before) and row not in known
        cells = [Text("*" if changed else " "), *map(Text, row)]
        table.add_row(*cells, style="bold" if changed else "")
    console.print()
    console.print(table)


def _tenant_url(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None  # noqa: S101 - it was asked for
    url = ""
    for line in server.stdout:
        print(line, end="", flush=True)
        if found := re.search(r"Tenant URL\s+(\S+)", line):
            url = found[1]
        if line.strip() == "ready":
            return url
    sys.exit("the server did not start")


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
