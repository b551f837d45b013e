"""Changing an entry: its name and its attributes together, and what groups hold of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from scimweave.connectors.base import Rejected, TargetError, Unreachable, Value
from scimweave.connectors.ldap.account import DN, AccountEntries, Plan
from scimweave.connectors.ldap.dn import Dn, Rdn
from scimweave.connectors.ldap.members import follow_rename
from scimweave.connectors.ldap.results import (
    NO_SUCH_ATTRIBUTE,
    NO_SUCH_OBJECT,
    VALUE_EXISTS,
    Refused,
)
from scimweave.connectors.ldap.session import Entry, Session

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapGroups

ATTEMPTS = 5
# What comes of somebody else's change between a look at an entry and a change of it.
_RACES = {NO_SUCH_ATTRIBUTE, VALUE_EXISTS, NO_SUCH_OBJECT}

Look = Callable[[], Entry]


def update(
    session: Session, entries: AccountEntries, look: Look, fields: Mapping[str, Value]
) -> tuple[Entry, Plan]:
    """Give an entry ``fields``; returns it as it was, and what was done.

    ``look`` returns the entry as it is now. Raises ``TargetError``, ``Refused``.
    """
    for attempt in range(ATTEMPTS):
        entry = look()
        entries.refuse_another_key(entry, fields)
        plan = entries.plan(entry, fields)
        try:
            _carry_out(session, entry, plan)
            return entry, plan
        except Refused as refused:
            if plan.parent is not None and refused.code == NO_SUCH_OBJECT:
                raise no_parent(entries, plan.parent, fields) from refused
            if refused.code not in _RACES or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def follow(
    session: Session, groups: LdapGroups, base: str, before: Entry, plan: Plan, look: Look
) -> None:
    """Keep an account in its groups that has another name, or another value of what they hold.

    Directories that do this themselves have done it.
    """
    held = groups.member_value
    if held == DN and (plan.leaf or plan.parent):
        old, new = [before.dn.encode()], [look().dn.encode()]
    elif held in plan.changes or (held != DN and plan.leaf):
        old, new = before.values(held)[:1], look().values(held)[:1]
    else:
        return
    if old and new:
        follow_rename(session, groups.base or base, held, old[0], new[0])


def no_parent(entries: AccountEntries, parent: Dn, fields: Mapping[str, Value]) -> TargetError:
    """Return the error of an entry that has no place."""
    reason = f"the directory has no entry {parent} to put it below"
    for name in sorted(entries.template.parent_fields & fields.keys()):
        return Rejected(reason, name)
    return TargetError(reason)


def _carry_out(session: Session, entry: Entry, plan: Plan) -> None:
    """Rename and change an entry; what is refused leaves it as it was."""
    before = Dn.parse(entry.dn)
    leaf, parent = plan.leaf or before.leaf, plan.parent or before.parent
    now = Dn((leaf, *parent.rdns))
    if now != before:
        session.rename(entry.dn, leaf.text, str(parent) if plan.parent else None)
    if not plan.changes:
        return
    try:
        session.modify(str(now), plan.changes)
    except Refused:
        if now != before:
            _rename_back(session, entry, now, before)
        raise


def _rename_back(session: Session, entry: Entry, now: Dn, before: Dn) -> None:
    try:
        session.rename(
            str(now),
            before.leaf.text,
            str(before.parent),
            # A value that the entry had beside its name stays.
            keep_old=_has(entry, now.leaf),
        )
    except Refused as error:
        raise Unreachable(
            f"{entry.dn} was renamed to {now} and then refused: {error}", applied=None
        ) from error
    session.changed = False


def _has(entry: Entry, leaf: Rdn) -> bool:
    return all(value.encode() in entry.values(name) for name, value in leaf.pairs)
