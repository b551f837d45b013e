"""What an import did, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scimweave.mapping.document.snippet import harmless

MOST_OPEN = 20


Report = dict[str, Any]


def print_imported(integration: str, reports: Sequence[Report], dry_run: bool) -> None:
    """Print what was done, and what is left to decide."""
    for report in reports:
        for line in _lines(integration, report, dry_run):
            print(harmless(line))


def _lines(integration: str, report: Report, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    yield f"{integration}, {report['section']}: {report['read']:,} accounts read"
    yield f"  {report['created']:>9,} {would}made and linked"
    yield f"  {report['linked']:>9,} {would}linked to one that was here without an account"
    yield f"  {report['linked_before']:>9,} linked before"
    if report["deleted_before"]:
        yield f"  {report['deleted_before']:>9,} deleted by the provider before, left alone"
    if report["section"] == "groups":
        strangers = report["members_unknown"]
        yield f"  {report['members']:>9,} members, and {strangers:,} that are no user here"
    left = report["open"]
    accounts = sum(len(each["accounts"]) for each in left)
    yield f"  {accounts:>9,} left for a person to decide"
    for each in left[:MOST_OPEN]:
        keys = ", ".join(map(str, each["accounts"]))
        yield f"    {each['label'] or '(nameless)'}, account {keys}: {each['reason']}"
    if len(left) > MOST_OPEN:
        yield f"    … and {len(left) - MOST_OPEN} more; --json lists all"
    yield from _table("not read back, and left at the target as it is", report["not_read_back"])
    yield from _table("has a value that SCIM does not take", report["not_taken"])
    yield from _table("differs: the next change of the person writes it", report["differs"])
    if report["stopped"] is not None:
        yield f"  stopped: {report['stopped']}"


def _table(title: str, notes: Report) -> Iterator[str]:
    if notes:
        yield f"  {title}:"
    for name, note in notes.items():
        yield f"    {name}: {_described(note)}"


def _described(note: Report) -> str:
    examples = ", ".join(map(str, note["examples"]))
    more = ", …" if note["accounts"] > len(note["examples"]) else ""
    word = "account" if note["accounts"] == 1 else "accounts"
    reason = f"; {note['reason']}" if note["reason"] else ""
    return f"{note['accounts']:,} {word} ({examples}{more}){reason}"
