"""A package with a connector and a function of its own: installed, linted, and used for two cycles.

Everything is in a temporary folder, the package too. Ends with 1 where a card is not as expected.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stage import PEOPLE, Stage, console

HERE = Path(__file__).resolve().parent
MAPPING = Path("examples") / "custom-connector" / "doors.yaml"

Row = tuple[str, str, str, str]  # email, holder, whether the card is valid, zones


def main() -> None:
    """Run the example."""
    with tempfile.TemporaryDirectory(prefix="scimweave-doors-") as folder:
        packages, cards = Path(folder) / "packages", Path(folder) / "cards"
        cards.mkdir()
        # As after `pip install`: what is in this folder counts as installed.
        path = os.pathsep.join(filter(None, (str(packages), os.environ.get("PYTHONPATH"))))
        stage = Stage(Path(folder), MAPPING, {"PYTHONPATH": path, "DOOR_CARDS": str(cards)})
        install(stage, packages)
        stage.run("lint", str(MAPPING))
        stage.run("test", str(MAPPING))
        with stage.serve() as url:
            stage.take_key("doors")
            stage.provision(url, 1)
            show(read(cards), "cards after cycle 1: joiners")
            stage.provision(url, 2)
            show(read(cards), "cards after cycle 2: movers, leavers, a deletion")
        check(read(cards))


def install(stage: Stage, packages: Path) -> None:
    """Install the package of this folder into another one; scimweave itself is there already."""
    words = ("install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(packages))
    stage.show("pip", *words, "examples/custom-connector")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, str(HERE)]
    if subprocess.run(command, check=False).returncode:
        sys.exit("the package cannot be installed; it is built by hatchling: pip install hatchling")


def read(folder: Path) -> list[Row]:
    """Return the cards by e-mail, as the controller reads them."""
    cards = [json.loads(file.read_bytes()) for file in folder.glob("*.json")]
    return sorted(
        (
            card["email"],
            card["holder"],
            "true" if card["valid"] else "false",
            " ".join(card["zone"] or ()),
        )
        for card in cards
    )


def show(cards: Sequence[Row], title: str) -> None:
    """Print cards as a table."""
    table = Table("email", "holder", "valid", "zone", title=title, title_justify="left", box=None)
    for card in cards:
        table.add_row(*card)
    console.print()
    console.print(table)


def check(found: Sequence[Row]) -> None:
    """Compare the cards with what they have to be."""
    expected = {_expected(person) for person in _people()}
    for sign, cards in (("missing", expected - set(found)), ("unexpected", set(found) - expected)):
        for card in sorted(cards):
            print(f"{sign}: {card}", file=sys.stderr)
    if expected != set(found):
        sys.exit("the cards are not as expected")
    console.print(f"\nAll {len(found)} cards are as expected.")


def _people() -> list[dict[str, str]]:
    """Return who has a card in the end: whoever was deleted has none."""
    with (PEOPLE / "cycle-2.csv").open(encoding="utf-8", newline="") as lines:
        deleted = {row["userPrincipalName"] for row in csv.DictReader(lines) if row["action"]}
    with (PEOPLE / "expected.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["email"] not in deleted]


def _expected(person: dict[str, str]) -> Row:
    zones = {
        "Facilities": "all",
        "Health and Safety": "all",
        "IT": "office machines",
    }
    valid = person["is_active"]
    zone = zones.get(person["department"], "office") if valid == "true" else ""
    return person["email"], person["display_name"], valid, zone


if __name__ == "__main__":
    main()
