"""All accounts of the target against all that is stored here."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from scimweave.connectors.base import Account
from scimweave.mapping import to_json
from scimweave.provisioning.brownfield.at_target import AtTarget
from scimweave.provisioning.brownfield.drift import Drift, drift_of
from scimweave.provisioning.lifecycle.difference import MASK
from scimweave.provisioning.lifecycle.journal import label_for_people
from scimweave.provisioning.lifecycle.operator import Brought
from scimweave.provisioning.lifecycle.step import is_held
from scimweave.provisioning.planning.lag import stored
from scimweave.provisioning.progress import Progress
from scimweave.provisioning.running import Running
from scimweave.scim.error import ScimError
from scimweave.store.base import Change, Key, Record, Store

REPAIRED_TOGETHER = 8
# So many refusals in a row that say "later" are a target that is away.
UNANSWERED = 20


@dataclass(frozen=True, slots=True)
class Drifted:
    """A resource whose account is not right.

    ``changes`` go from what is there to what is wanted; sensitive values are masked. ``pending``
    are the fields that nobody changed at the target: they were never delivered like that.
    """

    resource_id: str
    label: str
    account: Key | None
    kind: Literal["changed", "missing"]
    changes: tuple[Change, ...]
    pending: frozenset[str]
    destructive: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """An account that belongs to nobody here; ``match`` holds what it would be found by."""

    account: Key
    match: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """A resource that could not be repaired."""

    resource_id: str
    label: str
    reason: str


@dataclass(slots=True)
class Reconciled:
    """What was found for the resources of one section, and what was done about it.

    ``fields`` counts by target field; ``stopped`` says why not all was repaired. ``held`` leavers
    wait for an operator: their accounts are neither wrong nor repaired.
    """

    section: str
    checked: int = 0
    drifted: list[Drifted] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    fields: Counter[str] = field(default_factory=Counter)
    repaired: int = 0
    failed: list[Failed] = field(default_factory=list)
    stopped: str | None = None
    held: int = 0

    @property
    def destructive(self) -> int:
        """How many would lose a value, or the use of their account, by a repair."""
        return sum(each.destructive for each in self.drifted)

    def to_dict(self) -> dict[str, Any]:
        """Return a form for programs; sensitive values are masked."""
        return {
            "section": self.section,
            "checked": self.checked,
            "drifted": [_drifted(each) for each in self.drifted],
            "destructive": self.destructive,
            "fields": dict(sorted(self.fields.items())),
            "unknown": [
                {"account": each.account, "match": dict(each.match)} for each in self.unknown
            ],
            "repaired": self.repaired,
            "failed": [
                {"id": each.resource_id, "label": each.label, "reason": each.reason}
                for each in self.failed
            ],
            "stopped": self.stopped,
            "held": self.held,
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


class Reconcile:
    """One look at the accounts of a section."""

    def __init__(
        self, store: Store, at_target: AtTarget, running: Running, progress: Progress
    ) -> None:
        self._store = store
        self._at_target = at_target
        self._running = running
        self._objects = running.objects
        self._kind = running.objects.resource_type.name
        self._progress = progress
        self._report = Reconciled(running.section)
        self._seen: set[str] = set()
        # The accounts of those whose deletion is held.
        self._deleted: set[Key | None] = set()

    async def run(self) -> Reconciled:
        """Compare; nothing is changed. Raises ``TargetError``, ``StoreError``."""
        read = 0
        held = await self._store.held(self._running.program.integration)
        self._deleted = {
            each.key for each in held if each.record and each.resource_type == self._kind
        }
        async for page in self._running.connector.scan():
            for account in page.accounts:
                await self._look(account)
            read += len(page.accounts)
            self._progress(self._report.section, "read", read, None)
            # Others may be served by this loop.
            await asyncio.sleep(0)
        async for record in stored(self._store, self._running.program.integration, self._kind):
            if record.id not in self._seen:
                await self._look_for(record)
        return self._report

    async def _look(self, account: Account) -> None:
        record = await self._at_target.owner(self._running, account.key)
        if record is None and account.key in self._deleted:
            self._report.held += 1
            return
        if record is None:
            self._report.unknown.append(Unknown(account.key, self._match(account)))
            return
        self._seen.add(record.id)
        self._compare(record, account)

    async def _look_for(self, record: Record) -> None:
        """Look once more: whoever came while the accounts were read is not missing."""
        if record.link is None:
            # It is made when the provider changes the person, or by apply.
            return
        self._compare(record, await self._running.connector.read(record.link.key))

    def _compare(self, record: Record, account: Account | None) -> None:
        self._report.checked += 1
        self._report.held += is_held(record)
        drift = drift_of(self._objects, record, account)
        if drift is not None:
            self._report.drifted.append(self._drifted(record, drift))
            if drift.kind == "changed":
                self._report.fields.update(each.field for each in drift.difference.changes)

    def _drifted(self, record: Record, drift: Drift) -> Drifted:
        return Drifted(
            record.id,
            label_for_people(self._objects, record),
            record.link.key if record.link else None,
            drift.kind,
            drift.difference.changes,
            drift.pending,
            drift.destructive,
        )

    def _match(self, account: Account) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in self._objects.match:
            field_of = self._objects.field(name)
            hidden = field_of is not None and field_of.sensitive
            found[name] = MASK if hidden else to_json(account.fields.get(name))
        return found


async def repair_all(
    report: Reconciled,
    repair: Callable[[str], Awaitable[Brought]],
    progress: Progress,
    *,
    most: int,
    stop: asyncio.Event | None = None,
) -> None:
    """Repair what a report tells; ``repair`` looks anew at one resource under its lock.

    Nothing is repaired where more than ``most`` repairs take something away. One that fails does
    not keep the others.
    """
    if report.destructive > most:
        report.stopped = (
            f"{report.destructive} would lose something by it, and at most {most} may: "
            "nothing is repaired"
        )
        return
    unanswered = done = 0
    for start in range(0, len(report.drifted), REPAIRED_TOGETHER):
        if stop is not None and stop.is_set():
            report.stopped = "the server stops; run it again for the rest"
            return
        if unanswered >= UNANSWERED:
            report.stopped = "the target does not answer; run it again later"
            return
        batch = report.drifted[start : start + REPAIRED_TOGETHER]
        results = await asyncio.gather(*(_repair_one(each, repair) for each in batch))
        for each, (brought, error) in zip(batch, results, strict=True):
            report.repaired += brought is Brought.DONE
            report.held += brought is Brought.HELD
            unanswered = unanswered + 1 if error is not None and error.status == 503 else 0
            if error is not None:
                report.failed.append(Failed(each.resource_id, each.label, error.detail))
        done += len(batch)
        progress(report.section, "repaired", done, len(report.drifted))


async def _repair_one(
    drifted: Drifted, repair: Callable[[str], Awaitable[Brought]]
) -> tuple[Brought, ScimError | None]:
    try:
        return await repair(drifted.resource_id), None
    except ScimError as error:
        # Deleted since it was looked at: there is nothing to repair.
        return Brought.NOTHING, None if error.status == 404 else error
