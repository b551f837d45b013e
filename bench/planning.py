"""`scimweave plan` over many stored users: how long the command takes, and what memory."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.command import run

from scimweave.mapping import Program, load, to_json
from scimweave.provisioning.lifecycle.identifiers import new_id
from scimweave.store import sqlite_file, sqlite_resources
from scimweave.store.base import Link, Record
from scimweave.store.sqlite_rows import encoded

PRECIATE = Path(__file__).parent.parent / "mappings" / "preciate.yaml"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# What the edit changes for everybody: one field, computed anew.
EDIT = ("job_title:    title", "job_title:    { expr: \"join(' ', [title, displayName])\" }")
MARK = 10.0


@dataclass(frozen=True)
class PlanFigure:
    """Seconds of the whole command and its largest memory in MiB, by what it compares."""

    users: int
    changed: float
    unchanged: float
    memory: float


def measure(users: int) -> PlanFigure:
    """Measure an edit that changes everybody, and the mapping that delivered."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        live, edited = folder / "preciate.yaml", folder / "edited.yaml"
        live.write_text(PRECIATE.read_text())
        edited.write_text(PRECIATE.read_text().replace(*EDIT))
        _fill(folder / "store.db", load(live), users)
        command = ["plan", "preciate", "--mappings", str(live), "--store", str(folder / "store.db")]
        unchanged, _ = run(command, "nothing to change")
        changed, memory = run([*command, "--file", str(edited)], f"update {users}")
    return PlanFigure(users, changed, unchanged, memory)


def sentence(figure: PlanFigure) -> str:
    """Say how long a plan takes."""
    verdict = "reached" if figure.changed < MARK else "NOT reached"
    return (
        f"plan over {figure.users:,} users: {figure.changed:.1f} s where all change, "
        f"{figure.unchanged:.1f} s where none does, at most {figure.memory:.0f} MiB "
        f"(mark {MARK:.0f} s: {verdict})"
    )


def _fill(path: Path, program: Program, users: int) -> None:
    sqlite_file.create(path)
    sqlite_file.migrate(path)
    with closing(sqlite_file.connect_writer(path)) as connection:
        connection.execute("BEGIN")
        for record in _records(program, users):
            sqlite_resources.put(connection, program.integration, encoded(record, ()))
        connection.execute("COMMIT")


def _records(program: Program, users: int) -> Iterator[Record]:
    now = datetime.now(UTC)
    for number in range(users):
        resource = _person(number)
        values = program.users.project(resource).values
        projection = {name: to_json(value) for name, value in values.items()}
        link = Link(number, projection, program.revision)
        yield Record(new_id(), "User", resource, 1, now, now, link)


def _person(number: int) -> dict[str, Any]:
    return {
        "userName": f"person{number}@contoso.com",
        "externalId": f"person{number}",
        "active": number % 10 > 0,
        "displayName": f"Person {number}",
        "title": "Analyst",
        "name": {"givenName": "Person", "familyName": str(number)},
        "emails": [{"type": "work", "value": f"person{number}@contoso.com", "primary": True}],
        ENTERPRISE: {"department": f"Department {number % 50}"},
    }


if __name__ == "__main__":
    print(sentence(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)))
