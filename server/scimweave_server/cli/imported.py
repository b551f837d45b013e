"""What an import did, as a person reads it, and as a program does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scimweave.mapping.document.snippet import harmless

if TYPE_CHECKING:
    from scimweave.provisioning.importing import Imported, Note, Notes

MOST_OPEN = 20


def imported_to_dict(report: Imported, dry_run: bool) -> dict[str, Any]:
    """Return a form for programs."""
    return {
        "section": report.section,
        "dry_run": dry_run,
        "read": report.read,
        "created": report.created,
        "linked": report.linked,
        "linked_before": report.known,
        "deleted_before": report.deleted,
        "open": [
            {"label": each.label, "accounts": list(each.keys), "reason": each.reason}
            for each in report.open
        ],
        "not_read_back": _notes(report.unread),
        "not_taken": _notes(report.faults),
        "differs": _notes(report.differs),
        "members": report.members,
        "members_unknown": report.strangers,
    }


def _notes(notes: Notes) -> dict[str, Any]:
    return {
        name: {"accounts": note.count, "reason": note.reason, "examples": note.examples}
        for name, note in sorted(notes.items())
    }


def print_imported(integration: str, reports: Sequence[Imported], dry_run: bool) -> None:
    """Print what was done, and what is left to decide."""
    for report in reports:
        for line in _lines(integration, report, dry_run):
            print(harmless(line))


def _lines(integration: str, report: Imported, dry_run: bool) -> Iterator[str]:
    would = "would be " if dry_run else ""
    yield f"{integration}, {report.section}: {report.read:,} accounts read"
    yield f"  {report.created:>9,} {would}made and linked"
    yield f"  {report.linked:>9,} {would}linked to one that was here without an account"
    yield f"  {report.known:>9,} linked before"
    if report.deleted:
        yield f"  {report.deleted:>9,} deleted by the provider before, left alone"
    if report.section == "groups":
        yield f"  {report.members:>9,} members, and {report.strangers:,} that are no user here"
    accounts = sum(len(each.keys) for each in report.open)
    yield f"  {accounts:>9,} left for a person to decide"
    for each in report.open[:MOST_OPEN]:
        keys = ", ".join(map(str, each.keys))
        yield f"    {each.label or '(nameless)'}, account {keys}: {each.reason}"
    if len(report.open) > MOST_OPEN:
        yield f"    … and {len(report.open) - MOST_OPEN} more; --json lists all"
    yield from _table("not read back, and left at the target as it is", report.unread)
    yield from _table("has a value that SCIM does not take", report.faults)
    yield from _table("differs: the next change of the person writes it", report.differs)


def _table(title: str, notes: Notes) -> Iterator[str]:
    if notes:
        yield f"  {title}:"
    for name, note in sorted(notes.items()):
        yield f"    {name}: {_described(note)}"


def _described(note: Note) -> str:
    examples = ", ".join(map(str, note.examples))
    more = ", …" if note.count > len(note.examples) else ""
    word = "account" if note.count == 1 else "accounts"
    reason = f"; {note.reason}" if note.reason else ""
    return f"{note.count:,} {word} ({examples}{more}){reason}"
