"""What a reconciliation found and did, as a person reads it, and as a program does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scimweave.mapping.document.snippet import harmless
from scimweave.provisioning.difference import MASK

if TYPE_CHECKING:
    from scimweave.provisioning.reconcile import Drifted, Reconciled, Unknown


def reconciled_to_dict(report: Reconciled) -> dict[str, Any]:
    """Return a form for programs; sensitive values are masked."""
    return {
        "section": report.section,
        "checked": report.checked,
        "drifted": [_drifted(each) for each in report.drifted],
        "destructive": report.destructive,
        "fields": dict(sorted(report.fields.items())),
        "unknown": [{"account": each.account, **each.match} for each in report.unknown],
        "repaired": report.repaired,
        "failed": [
            {"id": each.resource_id, "label": each.label, "reason": each.reason}
            for each in report.failed
        ],
        "stopped": report.stopped,
    }


def _drifted(found: Drifted) -> dict[str, Any]:
    return {
        "id": found.resource_id,
        "label": found.label,
        "account": found.account,
        "kind": found.kind,
        "destructive": found.destructive,
        "changes": [
            {
                "field": each.field,
                "at_target": each.old,
                "wanted": each.new,
                "pending": each.field in found.pending,
            }
            for each in found.changes
        ],
    }


def print_reconciled(
    integration: str, reports: Sequence[Reconciled], count: int, *, repair: bool
) -> None:
    """Print what was found, what takes something away in front."""
    for report in reports:
        for line in _lines(integration, report, count, repair):
            print(harmless(line))


def _lines(integration: str, report: Reconciled, count: int, repair: bool) -> Iterator[str]:
    yield f"{integration}, {report.section}: {report.checked:,} compared with their account"
    changed = [each for each in report.drifted if each.kind == "changed"]
    missing = [each for each in report.drifted if each.kind == "missing"]
    yield f"  {len(changed):>9,} not what the mapping makes of them"
    yield from _people(sorted(changed, key=lambda each: not each.destructive), count)
    if report.fields:
        yield "            by field: " + ", ".join(
            f"{name} {number:,}" for name, number in sorted(report.fields.items())
        )
    yield f"  {len(missing):>9,} without the account that they had"
    yield from _people(missing, count)
    yield f"  {len(report.unknown):>9,} at the target of nobody here, which are left alone"
    yield from _unknown(report.unknown, count)
    if report.destructive:
        yield f"  {report.destructive:>9,} would lose something by a repair (!)"
    if repair:
        yield f"  {report.repaired:>9,} repaired, {len(report.failed):,} failed"
        yield from (f"    {each.label}: {each.reason}" for each in report.failed[:count])
        if report.stopped is not None:
            yield f"  stopped: {report.stopped}"


def _people(found: Sequence[Drifted], count: int) -> Iterator[str]:
    for each in found[:count]:
        yield f"   {'!' if each.destructive else ' '} {each.label}, account {each.account}"
        if each.kind == "missing":
            continue
        for change in each.changes:
            mark = " (not delivered yet)" if change.field in each.pending else ""
            yield f"        {change.field}: {_value(change.old)} → {_value(change.new)}{mark}"
    yield from _more(len(found), count)


def _unknown(found: Sequence[Unknown], count: int) -> Iterator[str]:
    for each in found[:count]:
        known = ", ".join(f"{name} {_value(value)}" for name, value in each.match.items())
        yield f"      account {each.account}: {known}"
    yield from _more(len(found), count)


def _more(number: int, count: int) -> Iterator[str]:
    if number > count:
        yield f"      … and {number - count:,} more; --json lists all"


def _value(value: Any) -> str:
    if value is None or value == MASK:
        return value or "∅"
    return json.dumps(value, ensure_ascii=False)
