"""The write-ahead intents of one integration, and the provisioning log that they become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from scimweave.mapping import ObjectProgram, Operation
from scimweave.provisioning.lifecycle.difference import MASK
from scimweave.provisioning.lifecycle.identifiers import new_id
from scimweave.provisioning.lifecycle.lookups import folded, label_of, lookups_of
from scimweave.provisioning.lifecycle.step import Step, is_held
from scimweave.provisioning.running import Running
from scimweave.provisioning.search.indexes import IndexesInUse
from scimweave.scim.error import ScimError, uniqueness
from scimweave.store.base import (
    NO_REFERENCES,
    Change,
    DuplicateValue,
    Hold,
    Intent,
    Key,
    Lookup,
    MemberDelta,
    OpenIntent,
    Record,
    Resource,
    Store,
)

# In what an intent delivers, beside the fields: the account is removed, or an action is called.
GONE = "$gone"
CALL = "$call"
# No account has this key.
NO_KEY = "\0"


@dataclass(frozen=True, slots=True)
class Event:
    """One closed operation, for logs and metrics; holds no values of target fields."""

    integration: str
    operation: str
    resource_id: str
    label: str
    outcome: str
    fields: tuple[str, ...]
    detail: str | None
    seconds: float


Listener = Callable[[Event], None]


class Journal:
    """Opens and closes entries, and knows which ones are open in this process."""

    def __init__(self, store: Store, integration: str, listener: Listener) -> None:
        self.store = store
        self.integration = integration
        self.listener = listener
        self.indexes: dict[str, IndexesInUse] = {}
        # Entries that are worked on, and those that have lost their request.
        self._busy: dict[int, Intent] = {}
        self._left: dict[int, Intent] = {}

    def lookups(self, record: Record, key: Key | None) -> tuple[Lookup, ...]:
        """Return what a record is found by, by the indexes of its type."""
        return lookups_of(record, key, self.indexes[record.resource_type].written)

    def new_lookups(self, before: Record | None, record: Record) -> tuple[Lookup, ...] | None:
        """Return what a record is found by; None where that is what ``before`` is found by."""
        key = record.link.key if record.link else None
        if before is not None and key == (before.link.key if before.link else None):
            written = self.indexes[record.resource_type].written
            if written.same(before.resource, record.resource):
                return None
        return self.lookups(record, key)

    def unsure(self, record: Record | None) -> Mapping[str, Key | None]:
        """Return the users that a record refers to, with keys that they do not have."""
        if record is None:
            return NO_REFERENCES
        written = self.indexes[record.resource_type].written
        return dict.fromkeys(written.referred(record.resource), NO_KEY)

    async def begin(
        self, running: Running, step: Step, record: Record | None, *, leaver: bool = False
    ) -> JournalEntry:
        """Write down what is about to be done; a ``leaver`` is counted by the guard."""
        intent = self._intent(running, step, record, leaver=leaver)
        number = await self.store.begin(intent)
        self._busy[number] = intent
        return JournalEntry(self, number, intent)

    async def hold(self, running: Running, step: Step, record: Record | None, hold: Hold) -> None:
        """Store ``record``, or remove the resource, and leave the account. Raises ``ScimError``.

        Whoever is held already is not counted anew.
        """
        started = perf_counter()
        key = record.link.key if record and record.link else None
        lookups = self.lookups(record, key) if record else ()
        is_new = step.before is None or not is_held(step.before)
        intent = self._intent(running, step, record, leaver=is_new)
        try:
            await self.store.hold(intent, hold, lookups)
        except DuplicateValue as error:
            raise uniqueness(f"{intent.label}: {error}") from error
        self.tell(intent, "held", hold.reason, started)

    def tell(self, intent: Intent, outcome: str, detail: str | None, started: float) -> None:
        """Tell logs and metrics of an entry that has its outcome."""
        self.listener(
            Event(
                intent.integration,
                intent.operation,
                intent.resource_id,
                intent.label,
                outcome,
                tuple([change.field for change in intent.changes]),
                detail,
                perf_counter() - started,
            )
        )

    async def refuse(
        self,
        running: Running,
        what: Operation,
        before: Record | None,
        after: Resource | None,
        error: ScimError,
        cause: str | None = None,
    ) -> None:
        """Note an operation that was refused before the target was touched; ``cause`` of it."""
        now = datetime.now(UTC)
        kind = running.kind
        subject = before or Record(new_id(), kind, after or {}, 0, now, now)
        intent = Intent(
            integration=self.integration,
            resource_type=kind,
            resource_id=subject.id,
            operation=what,
            label=label_for_people(running.objects, subject),
            changes=(),
            revision=running.program.revision,
        )
        detail = f"{cause}: {error.detail}" if cause else error.detail
        await JournalEntry(self, await self.store.begin(intent), intent).fail(detail)

    def keep_open(self, found: Iterable[OpenIntent]) -> None:
        """Take over entries that nobody could resolve yet."""
        self._left.update((each.id, each.intent) for each in found)

    def close(self, number: int) -> None:
        """Forget an entry that has its outcome."""
        self._busy.pop(number, None)
        self._left.pop(number, None)

    def release(self, number: int) -> None:
        """Leave an entry to whoever comes next, if it is still open."""
        intent = self._busy.pop(number, None)
        if intent is not None:
            self._left[number] = intent

    @property
    def open_count(self) -> int:
        """How many entries have no outcome yet."""
        return len(self._busy) + len(self._left)

    def open_for(self, resource_type: str, resource_id: str | None, label: str) -> list[OpenIntent]:
        """Return what is open for one resource and has lost its request; ``label`` is folded."""
        if not self._left:
            return []
        attribute = label_of(resource_type)
        return [
            OpenIntent(number, intent)
            for number, intent in self._left.items()
            if intent.resource_type == resource_type
            and (
                intent.resource_id == resource_id
                or (intent.after and folded(intent.after.resource[attribute]) == label)
            )
        ]

    def _intent(
        self,
        running: Running,
        step: Step,
        record: Record | None,
        *,
        leaver: bool,
    ) -> Intent:
        subject = record or step.before
        assert subject is not None
        changes = step.difference.changes
        if step.members:
            changes = (*changes, _change_of(step.members))
        delivery: dict[str, Any] = {GONE: True} if step.removes else {**step.difference.remembered}
        if step.call is not None:
            delivery[CALL] = step.call
        return Intent(
            integration=self.integration,
            resource_type=subject.resource_type,
            resource_id=subject.id,
            operation=step.operation,
            label=label_for_people(running.objects, subject),
            changes=changes,
            revision=running.program.revision,
            before=step.before.version if step.before else 0,
            after=record,
            key=step.key,
            delivery=delivery,
            members=step.members,
            leaver=leaver,
        )


class JournalEntry:
    """An open entry. Closing it is the last thing that an operation does."""

    def __init__(self, journal: Journal, number: int, intent: Intent) -> None:
        self._journal = journal
        self._number = number
        self._intent = intent
        self._started = perf_counter()

    def release(self) -> None:
        """End the work on it: if it is still open, whoever comes next looks at the target."""
        self._journal.release(self._number)

    async def done(
        self,
        record: Record | None,
        detail: str | None = None,
        refers: Mapping[str, Key | None] | None = None,
        before: Record | None = None,
    ) -> None:
        """Store ``record``, or remove the resource where it is None. Raises ``ScimError``.

        ``refers`` are keys of other accounts that were written; None: nobody looked, and they are
        looked at again. ``before`` is what is stored now, where that is known.
        """
        intent = self._intent
        try:
            await self._journal.store.commit(
                self._number,
                "done",
                put=record,
                lookups=self._journal.new_lookups(before, record) if record else (),
                members=intent.members,
                remove=None if record else intent.resource_id,
                refers=self._journal.unsure(record) if refers is None else refers,
                detail=detail,
            )
        except DuplicateValue as error:
            await self.fail(str(error))
            raise uniqueness(f"{intent.label}: {error}") from error
        self._closed("done", detail)

    async def fail(self, detail: str) -> None:
        """Close with nothing stored; the target is unchanged."""
        await self._journal.store.commit(self._number, "failed", detail=detail)
        self._closed("failed", detail)

    def _closed(self, outcome: str, detail: str | None) -> None:
        self._journal.close(self._number)
        self._journal.tell(self._intent, outcome, detail, self._started)


def reopen(journal: Journal, found: OpenIntent) -> JournalEntry:
    """Return the entry of an intent that was left open."""
    return JournalEntry(journal, found.id, found.intent)


def label_for_people(objects: ObjectProgram, record: Record) -> str:
    """Return the name by which people search the log, unless the mapping hides it."""
    return MASK if objects.hides_label else str(record.resource[objects.label])


def _change_of(members: MemberDelta) -> Change:
    """Say how many join and leave; who does, the store knows."""
    counts = (("added", len(members.added)), ("removed", len(members.removed)))
    return Change("members", None, ", ".join(f"{word} {count}" for word, count in counts if count))
