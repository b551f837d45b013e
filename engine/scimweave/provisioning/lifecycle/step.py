"""What one operation is going to do: decided from values alone, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scimweave.connectors.base import Value
from scimweave.mapping import ObjectProgram
from scimweave.mapping.blocking import blocking
from scimweave.mapping.operation import Operation, Standing, operation
from scimweave.provisioning.lifecycle.difference import (
    NO_DIFFERENCE,
    Difference,
    difference,
)
from scimweave.provisioning.lifecycle.identifiers import new_id
from scimweave.provisioning.lifecycle.references import without_references
from scimweave.provisioning.lifecycle.refusal import refuse_faults
from scimweave.provisioning.running import Running
from scimweave.store.base import (
    HELD,
    NO_MEMBERS,
    Hold,
    Key,
    Link,
    MemberDelta,
    Record,
    Resource,
)

# In a link's projection beside the fields: the account is deactivated, by which call.
INACTIVE = "$inactive"
BACK = "back before it was delivered: not held any more"


@dataclass(slots=True)
class Step:
    """What one operation is going to do, decided before anything is written.

    Whoever decides it may add to it; once it is carried out, it stays as it is.

    ``call`` is an action of the target; ``removes`` says that the account goes, ``inactive`` that
    it is out of use afterwards. With ``rests`` nothing is done to the account, and its link stays.
    ``refers`` are the keys of other accounts that it writes, by resource id; None: nobody looked.
    ``partial`` brings some fields only: the account lags behind as it did.
    ``cause`` is for the log, where no request of the provider is behind it: then the resource
    stays as it is, with its version. What is ``decided`` the guard lets through; ``taken_back`` is
    a deletion that was held, and whose account is this one's again. ``groups`` are the keys of the
    groups that the account of somebody who is not here any more is in.
    """

    operation: Operation
    before: Record | None
    after: Resource | None
    key: Key | None
    old: Mapping[str, Any]
    wanted: Mapping[str, Value]
    difference: Difference
    members: MemberDelta = NO_MEMBERS
    call: str | None = None
    removes: bool = False
    inactive: bool = False
    rests: bool = False
    remark: str | None = None
    refers: Mapping[str, Key | None] | None = field(default_factory=dict)
    partial: bool = False
    cause: str | None = None
    decided: bool = False
    taken_back: Hold | None = None
    groups: tuple[Key, ...] = ()


def meaning(objects: ObjectProgram, before: Record | None, after: Resource | None) -> Operation:
    """Return what a change means; where the resource stays as it is, its members change."""
    if before is None:
        return operation(objects, None, after)
    what = operation(objects, stands(before), after)
    return Operation.MEMBERS if before.resource == after and what is Operation.UPDATE else what


def stands(record: Record) -> Standing:
    """Return how a resource stands: what became of its account says more than what it is now."""
    link = record.link
    if is_held(record):
        return Standing(True, True)
    is_inactive = link is not None and INACTIVE in link.projection
    return Standing(
        link is not None, not is_inactive and record.resource.get("active") is not False
    )


def is_held(record: Record) -> bool:
    """Whether this is a leaver whose account is as it was before."""
    return record.link is not None and HELD in record.link.projection


def without_account(
    running: Running, what: Operation, before: Record | None, after: Resource
) -> Step:
    """Return the step of a resource that has no account and gets none."""
    objects = running.objects
    word = f"{running.section[:-1]} of the target"
    if objects.in_scope(after):
        remark = f"inactive: there is no {word}"
    else:
        remark = f"out of scope: there is no {word}"
    return Step(what, before, after, None, {}, {}, NO_DIFFERENCE, remark=remark)


def out_of_scope(running: Running, before: Record, after: Resource) -> Step:
    """Return the step of a resource that left the scope before: its account rests."""
    link = before.link
    assert link is not None
    return Step(
        Operation.OUT_OF_SCOPE,
        before,
        after,
        link.key,
        link.projection,
        {},
        NO_DIFFERENCE,
        rests=True,
        remark=f"out of scope: the {running.section[:-1]} of the target is left as it is",
    )


def removal(running: Running, before: Record, after: Resource) -> Step:
    """Return the step of a deactivation that removes the account, or lets go of it."""
    link = before.link
    assert link is not None
    is_left = running.section == "groups" and running.objects.operations.delete == "ignore"
    remark = None if running.objects.in_scope(after) else "out of scope"
    return Step(
        Operation.DEACTIVATE,
        before,
        after,
        None if is_left else link.key,
        link.projection,
        {},
        NO_DIFFERENCE,
        removes=not is_left,
        remark=remark,
    )


def staying(
    running: Running,
    what: Operation,
    before: Record,
    after: Resource,
    link: Link,
    wanted: Mapping[str, Value],
) -> Step:
    """Return the step of an account that stays."""
    objects, operations = running.objects, running.objects.operations
    call = None
    if what is Operation.DEACTIVATE:
        call = operations.deactivate_call
    elif what is Operation.REACTIVATE:
        call = operations.reactivate_call
    return Step(
        what,
        before,
        after,
        link.key,
        link.projection,
        wanted,
        difference(objects, link.projection, wanted, objects.once),
        call=call,
        inactive=not objects.is_active(after),
        remark=None if objects.in_scope(after) else "out of scope",
    )


def ends_account(objects: ObjectProgram, after: Resource) -> bool:
    """Whether a resource that has an account is to be without one."""
    if objects.section == "groups":
        return not objects.in_scope(after)
    return objects.operations.removes_leavers and not objects.is_active(after)


def projected(
    running: Running,
    before: Record | None,
    what: Operation,
    after: Resource,
) -> Mapping[str, Value]:
    """Project ``after``, or refuse. Raises ``ScimError``."""
    objects = running.objects
    projection = objects.project(after, creating=before is None or before.link is None)
    if projection.faults:
        earlier = before.resource if before else None
        faults = blocking(objects, what, projection.faults, earlier, after)
        if faults:
            raise refuse_faults(faults)
    if what is Operation.REACTIVATE:
        return {**projection.values, **objects.operations.reactivate_set}
    return projection.values


def deletion(running: Running, before: Record) -> Step:
    """Return the step that ends a resource, and does with its account what the file says."""
    objects = running.objects
    link, operations = before.link, objects.operations
    wanted: Mapping[str, Value] = {}
    changes, call = NO_DIFFERENCE, None
    if link is not None and operations.delete == "deactivate":
        values = objects.project({**before.resource, "active": False}).values
        wanted = without_references(values)
        changes = difference(objects, link.projection, wanted, objects.once)
        call = operations.deactivate_call if stands(before).was_active else None
    return Step(
        Operation.DELETE,
        before,
        None,
        link.key if link else None,
        link.projection if link else {},
        wanted,
        changes,
        call=call,
        removes=link is not None and operations.delete == "delete",
        remark=None if link else "there was no account",
    )


def record_after(running: Running, step: Step) -> Record | None:
    """Return what is stored after a step, with its link; None after a deletion."""
    before, after = step.before, step.after
    if after is None:
        return None
    link = _link_after(running, step)
    now = datetime.now(UTC)
    if before is None:
        return Record(new_id(), running.kind, after, 1, now, now, link)
    if step.cause is not None:
        return with_link(before, link)
    return Record(
        before.id, before.resource_type, after, before.version + 1, before.created, now, link
    )


def _link_after(running: Running, step: Step) -> Link | None:
    if step.rests and step.before is not None:
        return step.before.link
    if step.removes:
        return None
    # What an edit does not write any more stands there still, and may come back with another edit.
    kept = {**step.old, **step.difference.remembered}
    for mark in (INACTIVE, HELD):
        kept.pop(mark, None)
    if step.inactive:
        kept[INACTIVE] = running.objects.operations.deactivate_call or True
    before = step.before.link if step.before else None
    revision = before.revision if step.partial and before else running.program.revision
    return Link(step.key if step.key is not None else "", kept, revision)


def linked(record: Record, key: Key | None) -> Record:
    """Put in the key that the target gave; without one there is no account to link."""
    link = record.link
    if link is None or key == link.key:
        return record
    if key is None:
        return with_link(record, None)
    return with_link(record, Link(key, link.projection, link.revision))


def with_link(record: Record, link: Link | None) -> Record:
    """Return a record that is linked in another way."""
    return Record(
        record.id,
        record.resource_type,
        record.resource,
        record.version,
        record.created,
        record.last_modified,
        link,
    )
