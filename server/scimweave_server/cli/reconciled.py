"""What a reconciliation found and did, as a person reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from scimweave.mapping.document.snippet import harmless
from scimweave.provisioning.lifecycle.difference import MASK

Report = dict[str, Any]


def print_reconciled(
    integration: str, reports: Sequence[Report], count: int, *, repair: bool
) -> None:
    """Print what was found, what takes something away in front."""
    for report in reports:
        for line in _lines(integration, report, count, repair):
            print(harmless(line))


def _lines(integration: str, report: Report, count: int, repair: bool) -> Iterator[str]:
    drifted, unknown = report["drifted"], report["unknown"]
    yield f"{integration}, {report['section']}: {report['checked']:,} compared with their account"
    changed = [each for each in drifted if each["kind"] == "changed"]
    missing = [each for each in drifted if each["kind"] == "missing"]
    yield f"  {len(changed):>9,} not what the mapping makes of them"
    yield from _people(sorted(changed, key=lambda each: not each["destructive"]), count)
    if report["fields"]:
        yield "            by field: " + ", ".join(
            f"{name} {number:,}" for name, number in report["fields"].items()
        )
    yield f"  {len(missing):>9,} without the account that they had"
    yield from _people(missing, count)
    yield f"  {len(unknown):>9,} at the target of nobody here, which are left alone"
    yield from _unknown(unknown, count)
    if report["held"]:
        yield (
            f"  {report['held']:>9,} held by the guard: see `scimweave guard list {integration}`"
        )
    if report["destructive"]:
        yield f"  {report['destructive']:>9,} would lose something by a repair (!)"
    if repair:
        yield f"  {report['repaired']:>9,} repaired, {len(report['failed']):,} failed"
        yield from (f"    {each['label']}: {each['reason']}" for each in report["failed"][:count])
        if report["stopped"] is not None:
            yield f"  stopped: {report['stopped']}"


def _people(found: Sequence[Report], count: int) -> Iterator[str]:
    for each in found[:count]:
        yield f"   {'!' if each['destructive'] else ' '} {each['label']}, account {each['account']}"
        if each["kind"] == "missing":
            continue
        for change in each["changes"]:
            mark = " (not delivered yet)" if change["pending"] else ""
            old, new = _value(change["at_target"]), _value(change["wanted"])
            yield f"        {change['field']}: {old} → {new}{mark}"
    yield from _more(len(found), count)


def _unknown(found: Sequence[Report], count: int) -> Iterator[str]:
    for each in found[:count]:
        known = ", ".join(f"{name} {_value(value)}" for name, value in each["match"].items())
        yield f"      account {each['account']}: {known}"
    yield from _more(len(found), count)


def _more(number: int, count: int) -> Iterator[str]:
    if number > count:
        yield f"      … and {number - count:,} more; --json lists all"


def _value(value: Any) -> str:
    if value is None or value == MASK:
        return value or "∅"
    return json.dumps(value, ensure_ascii=False)
