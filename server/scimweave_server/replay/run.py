"""Sends a recording to two versions of a mapping, and compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from scimweave.mapping import ObjectProgram, Program
from scimweave.provisioning.lifecycle.difference import same
from scimweave.provisioning.planning.lag import objects_of, stored
from scimweave.provisioning.planning.plan import Hidden
from scimweave.store.base import Change, Record
from scimweave_server.replay.recording import Request
from scimweave_server.replay.side import Answer, Side, side

KINDS = ("User", "Group")


@dataclass(frozen=True, slots=True)
class OtherAnswer:
    """A request that the two versions answer differently; ``attributes`` differ in the bodies."""

    request: Request
    before: Answer
    after: Answer
    attributes: tuple[str, ...]

    @property
    def who(self) -> str:
        """Whom it is about, where that is said."""
        bodies = (self.request.body, self.before.body, self.after.body)
        return next(filter(None, map(_name, bodies)), "")


@dataclass(frozen=True, slots=True)
class OtherAccount:
    """Somebody whose account is not the same in the end.

    ``only`` is ``before`` or ``after`` where the other version has no such resource.
    """

    resource_type: str
    label: str
    changes: tuple[Change, ...]
    only: str | None = None


@dataclass(slots=True)
class Comparison:
    """What would have been different; of each kind the first few are kept.

    ``follow`` counts the answers that differ only because the resource was not made by one side.
    """

    requests: int = 0
    met: int = 0
    unlike_recorded: int = 0
    answers: int = 0
    follow: int = 0
    accounts: int = 0
    people: int = 0
    first_answers: list[OtherAnswer] = field(default_factory=list)
    first_accounts: list[OtherAccount] = field(default_factory=list)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)

    @property
    def differs(self) -> bool:
        """Whether anything would have been different."""
        return bool(self.answers or self.accounts or self.before != self.after)


async def replay(
    requests: Iterable[Request], before: Program, after: Program, *, keep: int
) -> Comparison:
    """Send everything to both, one request after the other; keeps the first ``keep`` differences.

    Raises ``MappingError``, and what ``requests`` raises.
    """
    found = Comparison()
    async with side(before) as old, side(after) as new:
        for request in requests:
            follows = old.lacks(request) is not new.lacks(request)
            before_it, after_it = await old.send(request), await new.send(request)
            _compare(found, request, before_it, after_it, 0 if follows else keep)
            found.follow += follows and before_it != after_it
        async for each in _accounts(old, new):
            found.people += 1
            if each.changes or each.only:
                found.accounts += 1
                if len(found.first_accounts) < keep:
                    found.first_accounts.append(each)
        found.before, found.after = old.operations, new.operations
    return found


def _compare(found: Comparison, request: Request, before: Answer, after: Answer, keep: int) -> None:
    found.met += request.met
    found.requests += not request.met
    found.unlike_recorded += before.status != request.status
    if before == after:
        return
    found.answers += 1
    if len(found.first_answers) < keep:
        is_same_kind = before.status == after.status
        attributes = tuple(sorted(_attributes(before.body, after.body))) if is_same_kind else ()
        found.first_answers.append(OtherAnswer(request, before, after, attributes))


def _name(body: Any) -> str:
    match body:
        case {"userName": str(name)} | {"displayName": str(name)}:
            return name
        case _:
            return ""


def _attributes(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Return the paths at which two answers differ."""
    match before, after:
        case dict(), dict():
            for key in before.keys() | after.keys():
                inner = f"{path}.{key}" if path else key
                yield from _attributes(before.get(key), after.get(key), inner)
        case list(), list() if len(before) == len(after):
            for one, other in zip(before, after, strict=True):
                yield from _attributes(one, other, path)
        case _ if before != after:
            yield path or "body"


async def _accounts(old: Side, new: Side) -> AsyncIterator[OtherAccount]:
    """Compare what both have delivered to each account."""
    for kind in KINDS:
        versions = [objects_of(each.program, kind) for each in (old, new)]
        hidden = Hidden.of(*versions)
        shown = next((each for each in versions if each is not None), None)
        if shown is None:
            continue
        theirs = {id_: record async for id_, record in _recorded(new, kind)}
        async for id_, record in _recorded(old, kind):
            other = theirs.pop(id_, None)
            label = _label(shown, record, hidden)
            if other is None:
                yield OtherAccount(kind, label, (), "before")
            else:
                yield OtherAccount(kind, label, tuple(_changes(record, other, hidden)))
        for record in theirs.values():
            yield OtherAccount(kind, _label(shown, record, hidden), (), "after")


async def _recorded(one: Side, kind: str) -> AsyncIterator[tuple[str, Record]]:
    async for record in stored(one.engine.store, one.program.integration, kind):
        yield one.recorded_id(record.id) or record.id, record


def _label(objects: ObjectProgram, record: Record, hidden: Hidden) -> str:
    return "[sensitive]" if hidden.label else str(record.resource[objects.label])


def _changes(before: Record, after: Record, hidden: Hidden) -> Iterator[Change]:
    old = before.link.projection if before.link else {}
    new = after.link.projection if after.link else {}
    for name in dict.fromkeys([*old, *new]):
        if not same(old.get(name), new.get(name)):
            yield hidden.masked(Change(name, old.get(name), new.get(name)))
