"""People of two provisioning cycles go through scimweave to a service that speaks SCIM itself.

Starts scim2-server, provisions, shows what is in it, and stops. Ends with 1 where a resource is not
as expected.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stage import PEOPLE, Stage, console

HERE = Path(__file__).resolve().parent
MAPPING = Path("examples") / "scim-relay" / "relay.yaml"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
COLUMNS = ("email", "is_active", "display_name", "job_title", "department")

Person = tuple[str, ...]  # as COLUMNS


def main() -> None:
    """Run the example."""
    with running() as target, tempfile.TemporaryDirectory(prefix="scimweave-relay-") as folder:
        stage = Stage(Path(folder), MAPPING, {"RELAY_URL": target})
        stage.run("lint", str(MAPPING))
        stage.run("test", str(MAPPING))
        with (PEOPLE / "before.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                add(target, row)
        show(people(target), "at the target before: somebody who left")
        with stage.serve() as url:
            stage.take_key("relay")
            stage.provision(url, 1)
            show(people(target), "after cycle 1: joiners")
            stage.provision(url, 2)
            show(people(target), "after cycle 2: movers, leavers, a returner, a deletion")
        check(people(target))


@contextmanager
def running() -> Iterator[str]:
    """Serve scim2-server on a free port until the block ends; yields its base."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "service.py")], text=True, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None  # noqa: S101 - it was asked for
        try:
            word, _, port = server.stdout.readline().strip().partition(" ")
            if word != "ready":
                sys.exit("the service did not start")
            yield f"http://127.0.0.1:{port}/v2"
        finally:
            server.terminate()
            server.wait(timeout=30)


def add(target: str, row: dict[str, str]) -> None:
    """Make a resource that was there before."""
    user = {
        "schemas": [USER],
        "userName": row["email"],
        "active": row["is_active"] == "true",
        "displayName": row["display_name"],
    }
    headers = {"Content-Type": "application/scim+json"}
    _sent(Request(f"{target}/Users", json.dumps(user).encode(), headers))  # noqa: S310 - ours


def people(target: str) -> list[Person]:
    """Return all resources of the target, by userName."""
    found = _sent(Request(f"{target}/Users?count=1000"))["Resources"]  # noqa: S310 - ours
    return sorted(map(_person, found))


def show(people: Sequence[Person], title: str) -> None:
    """Print resources as a table."""
    table = Table(*COLUMNS, title=title, title_justify="left", box=None)
    for person in people:
        table.add_row(*person)
    console.print()
    console.print(table)


def check(found: Sequence[Person]) -> None:
    """Compare the resources with what they have to be."""
    with (PEOPLE / "expected.csv").open(encoding="utf-8", newline="") as lines:
        expected = {tuple(row[column] for column in COLUMNS) for row in csv.DictReader(lines)}
    for sign, people in (("missing", expected - set(found)), ("unexpected", set(found) - expected)):
        for person in sorted(people):
            print(f"{sign}: {person}", file=sys.stderr)
    if expected != set(found):
        sys.exit("the target is not as expected")
    console.print(f"\nAll {len(found)} resources are as expected.")


def _person(user: dict[str, Any]) -> Person:
    return (
        user["userName"],
        "true" if user.get("active") else "false",
        user.get("displayName") or "",
        user.get("title") or "",
        (user.get(ENTERPRISE) or {}).get("department") or "",
    )


def _sent(request: Request) -> Any:
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - the address is ours
        return json.load(answer)


if __name__ == "__main__":
    main()
