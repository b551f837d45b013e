"""A replay as a person reads it, and as a program does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scimweave.mapping.document.snippet import harmless
from scimweave_server.cli.planned import shown_value

if TYPE_CHECKING:
    from collections import Counter

    from scimweave.mapping import Program
    from scimweave_server.replay.recording import Head
    from scimweave_server.replay.run import Comparison, OtherAccount, OtherAnswer


def to_dict(head: Head, before: Program, after: Program, found: Comparison) -> dict[str, Any]:
    """Return a form for programs; sensitive values are masked."""
    return {
        "integration": head.integration,
        "recorded": {"at": head.at, "revision": head.revision},
        "before": {"file": str(before.file), "revision": before.revision},
        "after": {"file": str(after.file), "revision": after.revision},
        "requests": found.requests,
        "met": found.met,
        "unlike_recorded": found.unlike_recorded,
        "guard_left_out": _has_guard(before, after),
        "operations": {"before": dict(found.before), "after": dict(found.after)},
        "answers": {
            "differ": found.answers,
            "follow": found.follow,
            "first": [_answer(each) for each in found.first_answers],
        },
        "accounts": {
            "differ": found.accounts,
            "of": found.people,
            "first": [_account(each) for each in found.first_accounts],
        },
    }


def _answer(other: OtherAnswer) -> dict[str, Any]:
    return {
        "line": other.request.line,
        "request": other.request.title,
        "who": other.who,
        "met": other.request.met,
        "before": {"status": other.before.status, "detail": other.before.detail},
        "after": {"status": other.after.status, "detail": other.after.detail},
        "attributes": list(other.attributes),
    }


def _account(other: OtherAccount) -> dict[str, Any]:
    return {
        "type": other.resource_type,
        "label": other.label,
        "only": other.only,
        "changes": [
            {"field": each.field, "before": each.old, "after": each.new} for each in other.changes
        ],
    }


def print_comparison(head: Head, before: Program, after: Program, found: Comparison) -> None:
    """Print what would have been different."""
    for line in _lines(head, before, after, found):
        print(harmless(line))


def _lines(head: Head, before: Program, after: Program, found: Comparison) -> Iterator[str]:
    yield f"{head.integration}: {found.requests} requests recorded from {head.at}"
    yield f"  before  {before.file} (revision {before.revision})"
    yield f"  after   {after.file} (revision {after.revision})"
    if found.met:
        yield f"made first: {found.met} that were there before the recording"
    if found.unlike_recorded:
        yield (
            f"note: {found.unlike_recorded} requests are answered otherwise than they were "
            "recorded, also with the mapping before"
        )
    if _has_guard(before, after):
        yield "note: the guard holds nobody here: what took days is sent in a moment"
    yield ""
    if not found.differs:
        yield "nothing would have been different"
        return
    yield f"operations: {_counts(found.before)} → {_counts(found.after)}"
    yield from _answers(found)
    yield from _accounts(found)


def _has_guard(*programs: Program) -> bool:
    return any(each.guard is not None for each in programs)


def _answers(found: Comparison) -> Iterator[str]:
    yield ""
    shown = found.answers - found.follow
    yield f"answers that differ: {shown}{_first(found.first_answers, shown)}"
    for each in found.first_answers:
        title = "made first" if each.request.met else each.request.title
        status = f"{each.before.status} → {each.after.status}"
        yield f"  {f'{title} {each.who}'.strip()}: {', '.join(each.attributes) or status}"
        for answer in (each.before, each.after):
            if answer.detail:
                yield f"      {answer.status}: {answer.detail}"
    if found.follow:
        yield f"and {found.follow} more, to users or groups that only one of both has made"


def _accounts(found: Comparison) -> Iterator[str]:
    yield ""
    yield (
        f"accounts that differ in the end: {found.accounts} of {found.people}"
        f"{_first(found.first_accounts, found.accounts)}"
    )
    for each in found.first_accounts:
        only = f": only {each.only}" if each.only else ""
        yield f"  {each.resource_type.lower()} {each.label}{only}"
        for change in each.changes:
            yield f"      {change.field}: {shown_value(change.old)} → {shown_value(change.new)}"


def _first(shown: list[Any], total: int) -> str:
    if not total:
        return ""
    return f"; the first {len(shown)}:" if len(shown) < total else ""


def _counts(operations: Counter[str]) -> str:
    parts = (f"{word} {number}" for word, number in sorted(operations.items()))
    return ", ".join(parts) or "none"
