"""`scimweave import` of many accounts in a table: how long the command takes, and what memory."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.command import run

PRECIATE = Path(__file__).parent.parent / "mappings" / "preciate.yaml"
INSERT = """
INSERT INTO employees (email, is_active, display_name, job_title, first_name, last_name, full_name,
                       external_id, department)
VALUES (?, ?, ?, 'Analyst', 'Person', ?, ?, ?, ?)
"""
MARK = 60.0


@dataclass(frozen=True)
class ImportFigure:
    """Seconds of the whole command where all accounts are new and where none is; MiB at most."""

    accounts: int
    new: float
    known: float
    memory: float


def measure(accounts: int) -> ImportFigure:
    """Measure an import into an empty store, and one that finds all linked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target = folder / "target.db"
        environment = {**os.environ, "PRECIATE_DATABASE_URL": f"sqlite:///{target}"}
        run(["init-target", str(PRECIATE)], "CREATE TABLE", environment)
        _fill(target, accounts)
        command = ["import", "preciate", "--mappings", str(PRECIATE)]
        command += ["--store", str(folder / "store.db")]
        new, memory = run(command, f"{accounts:,} made and linked", environment)
        known, _ = run(command, f"{accounts:,} linked before", environment)
    return ImportFigure(accounts, new, known, memory)


def sentence(figure: ImportFigure) -> str:
    """Say how long an import takes."""
    verdict = "reached" if figure.new < MARK else "NOT reached"
    return (
        f"import of {figure.accounts:,} accounts: {figure.new:.1f} s where all are new, "
        f"{figure.known:.1f} s where all are linked, at most {figure.memory:.0f} MiB "
        f"(mark {MARK:.0f} s: {verdict})"
    )


def _fill(target: Path, accounts: int) -> None:
    with closing(sqlite3.connect(target)) as connection, connection:
        connection.executemany(INSERT, (_row(number) for number in range(accounts)))


def _row(number: int) -> tuple[object, ...]:
    name = f"Person {number}"
    return (
        f"person{number}@contoso.com",
        number % 10 > 0,
        name,
        str(number),
        name,
        f"person{number}",
        f"Department {number % 50}",
    )


if __name__ == "__main__":
    print(sentence(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)))
