"""A plan as a person reads it, and as a program does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from scimweave.mapping.document.snippet import harmless
from scimweave.provisioning.lifecycle.difference import MASK

if TYPE_CHECKING:
    from scimweave.provisioning.planning.plan import Plan, PlannedChange

NOBODY = "–"
_TYPES = {"User": "user", "Group": "group"}


def plan_to_dict(plan: Plan, count: int) -> dict[str, Any]:
    """Return a form for programs; sensitive values are masked."""
    fields: dict[str, dict[str, Any]] = {}
    for (section, name), found in plan.fields.items():
        counts = {"written": found.written, "cleared": found.cleared, "refused": found.refused}
        fields.setdefault(section, {})[name] = counts
    return {
        "integration": plan.program.integration,
        "file": str(plan.program.file),
        "revision": plan.program.revision,
        "resources": dict(plan.resources),
        "changed": plan.changed,
        "destructive": plan.destructive,
        "harm": dict(plan.harm),
        "operations": dict(plan.operations),
        "fields": fields,
        "lagging": dict(plan.lagging),
        "held": plan.held,
        "notes": list(plan.notes),
        "differences": [_difference(each) for each in plan.first(count)],
    }


def _difference(change: PlannedChange) -> dict[str, Any]:
    return {
        "type": change.resource_type,
        "id": change.resource_id,
        "label": change.label,
        "account": change.account,
        "operation": change.operation.value,
        "refused": change.refused,
        "harm": list(change.harm),
        "changes": [
            {"field": each.field, "old": each.old, "new": each.new} for each in change.changes
        ],
        "faults": [
            {"field": each.field, "source": each.source_text, "reason": each.reason}
            for each in change.faults
        ],
    }


def print_plan(plan: Plan, count: int) -> None:
    """Print a plan, what it takes away in front."""
    for line in _lines(plan, count):
        print(harmless(line))


def _lines(plan: Plan, count: int) -> Iterator[str]:
    program = plan.program
    yield f"{program.integration}: {program.file} (revision {program.revision})"
    yield from (f"note: {each}" for each in plan.notes)
    if plan.changed:
        yield ""
        yield from _destructive(plan)
        yield from _counts(plan)
        yield from _differences(plan, count)
    else:
        yield f"nothing to change for {_resources(plan)}"
    yield ""
    yield from _lagging(plan)
    if plan.held:
        yield f"{plan.held} held by the guard: see `scimweave guard list {program.integration}`"


def _destructive(plan: Plan) -> Iterator[str]:
    if not plan.destructive:
        yield "nothing is taken away from anybody"
        return
    words = ", ".join(f"{word} {number}" for word, number in sorted(plan.harm.items()))
    yield f"destructive for {plan.destructive}: {words}"
    for (section, name), found in plan.fields.items():
        parts = [
            f"{word} {number}"
            for word, number in (("cleared", found.cleared), ("refused", found.refused))
            if number
        ]
        if parts:
            yield f"  {section}.{name}: {', '.join(parts)}"


def _counts(plan: Plan) -> Iterator[str]:
    yield ""
    operations = ", ".join(f"{word} {number}" for word, number in sorted(plan.operations.items()))
    yield f"{plan.changed} of {_resources(plan)} would change: {operations}"
    table = Table("field", box=None, pad_edge=False)
    for word in ("written", "cleared", "refused"):
        table.add_column(word, justify="right")
    for (section, name), found in plan.fields.items():
        numbers = (found.written, found.cleared, found.refused)
        table.add_row(f"{section}.{name}", *(str(each or NOBODY) for each in numbers))
    # Each line is made harmless as a whole: colours would not survive that.
    console = Console(width=100, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    yield from (line.rstrip() for line in captured.get().splitlines())


def _differences(plan: Plan, count: int) -> Iterator[str]:
    shown = plan.first(count)
    if not shown:
        return
    yield ""
    yield f"the first {len(shown)} of {plan.changed}:" if len(shown) < plan.changed else "in full:"
    for change in shown:
        what = "refused" if change.refused else change.operation.value
        mark = "!" if change.harm else " "
        yield f"{mark} {_TYPES[change.resource_type]} {change.label}: {what}"
        if change.ends_account:
            yield f"      account {change.account} is deleted"
        for each in change.changes:
            yield f"      {each.field}: {shown_value(each.old)} → {shown_value(each.new)}"
        for fault in change.faults:
            yield f"      {fault.source_text} → {fault.field}: {fault.reason}"


def _lagging(plan: Plan) -> Iterator[str]:
    behind = plan.lagging.total()
    if not behind:
        yield "nobody lags behind the live mapping"
        return
    yield (
        f"{behind} of {_resources(plan)} lag behind the live mapping; "
        f"`scimweave apply {plan.program.integration}` brings them to it"
    )


def _resources(plan: Plan) -> str:
    counts = {kind: plan.resources[kind] for kind in _TYPES}
    parts = [
        f"{number:,} {_TYPES[kind]}{'' if number == 1 else 's'}"
        for kind, number in counts.items()
        if number or kind == "User"
    ]
    return " and ".join(parts)


def shown_value(value: Any) -> str:
    """Return a target value as people are shown it."""
    if value is None or value == MASK:
        return value or "∅"
    return json.dumps(value, ensure_ascii=False)
