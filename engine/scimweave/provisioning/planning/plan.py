"""What a mapping would do to everybody who is stored, without asking the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from scimweave.mapping import FieldFault, ObjectProgram, Operation, Program
from scimweave.provisioning.lifecycle.difference import MASK, is_digest
from scimweave.provisioning.lifecycle.journal import label_for_people
from scimweave.provisioning.lifecycle.step import ends_account, is_held
from scimweave.provisioning.planning.lag import Lag, lag_of, objects_of, stored
from scimweave.scim.error import ScimError
from scimweave.scim.syntax import AttributePath
from scimweave.store.base import Change, Key, Record, Store

Harm = Literal["refused", "deactivated", "deleted", "cleared"]


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What would become of one resource.

    ``refused`` says that it would not be: ``faults`` tell why. ``changes`` come masked where the
    mapping, or the one before it, calls a field sensitive. ``ends_account`` says that the account
    does not outlive it.
    """

    resource_type: str
    resource_id: str
    label: str
    account: Key | None
    operation: Operation
    changes: tuple[Change, ...]
    faults: tuple[FieldFault, ...]
    ends_account: bool = False

    @property
    def refused(self) -> bool:
        """Whether the mapping cannot project this resource."""
        return bool(self.faults)

    @property
    def harm(self) -> tuple[Harm, ...]:
        """What this takes away from somebody."""
        return tuple(_harm(self))


def _harm(change: PlannedChange) -> Iterator[Harm]:
    if change.refused:
        yield "refused"
    elif change.ends_account:
        yield "deleted"
    elif change.operation is Operation.DEACTIVATE:
        yield "deactivated"
    if any(each.new is None and each.old is not None for each in change.changes):
        yield "cleared"


@dataclass(slots=True)
class FieldCount:
    """How many accounts get another value in a field, lose theirs, or cannot be computed."""

    written: int = 0
    cleared: int = 0
    refused: int = 0


@dataclass(slots=True)
class Plan:
    """What a mapping would do.

    ``resources`` are all that were looked at and ``lagging`` those behind the live mapping, by
    type; ``operations`` counts by what would be done, ``refused`` too; ``fields`` by section and
    target field; ``held`` leavers wait for an operator. Of the differences the first few are kept,
    destructive ones before others.
    """

    program: Program
    resources: Counter[str] = field(default_factory=Counter)
    lagging: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    harm: Counter[Harm] = field(default_factory=Counter)
    fields: dict[tuple[str, str], FieldCount] = field(default_factory=dict)
    destructive: int = 0
    held: int = 0
    notes: tuple[str, ...] = ()
    _harmful: list[PlannedChange] = field(default_factory=list)
    _harmless: list[PlannedChange] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many resources would be changed, or refused."""
        return self.operations.total()

    def first(self, count: int) -> list[PlannedChange]:
        """Return the first differences, destructive ones before others."""
        return [*self._harmful, *self._harmless][:count]

    def add(self, section: str, change: PlannedChange, keep: int) -> None:
        """Count what becomes of one resource, and keep it where there are less than ``keep``."""
        self.operations["refused" if change.refused else change.operation.value] += 1
        harm = change.harm
        self.harm.update(harm)
        self.destructive += bool(harm)
        for each in change.changes:
            count = self.fields.setdefault((section, each.field), FieldCount())
            if each.new is None:
                count.cleared += 1
            else:
                count.written += 1
        for fault in change.faults:
            self.fields.setdefault((section, fault.field), FieldCount()).refused += 1
        kept = self._harmful if harm else self._harmless
        if len(kept) < keep:
            kept.append(change)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What two versions of a mapping hide: what one of them calls sensitive is nowhere shown."""

    fields: frozenset[str]
    label: bool

    @classmethod
    def of(cls, *versions: ObjectProgram | None) -> Hidden:
        """Collect what versions hide."""
        known = [each for each in versions if each is not None]
        names = {field.name for each in known for field in each.fields if field.sensitive}
        return cls(frozenset(names), any(each.hides_label for each in known))

    def masked(self, change: Change) -> Change:
        """Return a change that may be shown."""
        hidden = change.field in self.fields
        old = MASK if change.old is not None and (hidden or is_digest(change.old)) else change.old
        new = MASK if change.new is not None and hidden else change.new
        return Change(change.field, old, new)

    def without_value(self, fault: FieldFault, objects: ObjectProgram) -> FieldFault:
        """Return a fault that may be shown; ``objects`` made it, and hides what it hides itself."""
        field = objects.field(fault.field)
        if fault.field not in self.fields or (field is not None and field.sensitive):
            return fault
        return replace(fault, reason="cannot be computed")


async def plan(store: Store, program: Program, live: Program, *, keep: int = 10) -> Plan:
    """Compare everybody who is stored with ``program``, and with the ``live`` mapping.

    Works beside a server that writes; what is in memory does not grow with the store. Raises
    ``StoreError``.
    """
    made = Plan(program, notes=tuple(_notes(program, live)))
    is_live = program.revision == live.revision
    for kind, section in (("User", "users"), ("Group", "groups")):
        ours, theirs = objects_of(program, kind), objects_of(live, kind)
        if ours is None and theirs is None:
            continue
        hidden = Hidden.of(ours, theirs)
        async for record in stored(store, program.integration, kind):
            made.resources[kind] += 1
            made.held += is_held(record)
            lag = None if ours is None else lag_of(ours, program.revision, record)
            if ours is not None and lag is not None:
                made.add(section, _planned(ours, record, lag, hidden), keep)
            if theirs is not None and not is_live:
                lag = lag_of(theirs, live.revision, record)
            made.lagging[kind] += lag is not None
    return made


def _planned(objects: ObjectProgram, record: Record, lag: Lag, hidden: Hidden) -> PlannedChange:
    return PlannedChange(
        record.resource_type,
        record.id,
        MASK if hidden.label else label_for_people(objects, record),
        record.link.key if record.link else None,
        lag.operation,
        tuple(map(hidden.masked, lag.difference.changes)),
        tuple(hidden.without_value(each, objects) for each in lag.faults),
        record.link is not None and ends_account(objects, record.resource),
    )


def _notes(program: Program, live: Program) -> Iterator[str]:
    """Say what a new file changes beside the values of fields."""
    if program.target != live.target:
        yield (
            "target: is another one; its accounts are not looked at here, and links keep the keys "
            "of the one before"
        )
    for old in live.objects:
        new = objects_of(program, old.resource_type.name)
        if new is None:
            yield f"{old.section}: are not provisioned any more; their accounts stay as they are"
            continue
        for word, before, after in (("object", old.object, new.object), ("key", old.key, new.key)):
            if before != after:
                yield (
                    f"{old.section}.{word}: {before} → {after}; its accounts are not looked at "
                    "here, and links keep the keys of the one before"
                )
        for name in sorted(old.known_fields - new.known_fields):
            yield f"{old.section}: {name} is not written any more; what stands there stays"
        for path in _dropped_until_now(old, new):
            yield (
                f"{old.section}: {path} was not mapped and so is not stored; it counts as absent "
                "until the provider sends it"
            )


def _dropped_until_now(old: ObjectProgram, new: ObjectProgram) -> list[str]:
    """Return the sources of a new file that resources do not hold, since nothing mapped them."""
    if old.unmapped == "keep":
        return []
    sources = {source for field in new.fields for source in field.sources}
    return sorted(str(each) for each in sources if not _is_stored(old, each))


def _is_stored(old: ObjectProgram, source: AttributePath) -> bool:
    try:
        return old.acceptance.accepts(old.resource_type.resolve(source))
    except ScimError:
        return False
