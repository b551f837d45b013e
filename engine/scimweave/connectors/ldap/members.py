"""The members of groups, as values of an attribute of the group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

from scimweave.connectors.base import Key, Rejected
from scimweave.connectors.ldap.account import DN, filter_value, key_filter, key_of
from scimweave.connectors.ldap.dn import BadDn, Dn
from scimweave.connectors.ldap.results import (
    NO_SUCH_ATTRIBUTE,
    OBJECT_CLASS,
    VALUE_EXISTS,
    Refused,
)
from scimweave.connectors.ldap.schema import Schema
from scimweave.connectors.ldap.session import Session, Step

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapGroups

T = TypeVar("T")

ATTEMPTS = 5
# How many a directory is asked for at once.
CHUNK = 100
# Up to so many it is asked one by one: all of them are a list that is read anyway.
ASKED_FOR = 100
_OF_DN = ("member", "uniqueMember")
_OF_OTHERS = ("memberUid",)


class MemberAttribute:
    """One attribute of groups that holds their members, by the keys of these.

    ``base`` is where members are looked for, ``key`` the attribute that is their key. A group of
    a class that must have members holds ``empty_member`` while it has nobody.
    """

    def __init__(
        self, name: str, options: LdapGroups, schema: Schema, *, base: str, key: str, must: bool
    ) -> None:
        self.name = name
        self._schema = schema
        self._base = base
        self._key = key
        self._held = options.member_value
        self.nobody = options.empty_member.encode() if must else None

    def add(self, session: Session, group: str, members: Sequence[Key]) -> None:
        """Put members into the group of a DN. Raises ``Refused``, ``Rejected``."""
        values = self._values(session, members)
        for key in members:
            if key not in values:
                raise Rejected(f"the directory has no entry with {self._key} {key}", self.name)
        self._change(session, group, "ADD", list(dict.fromkeys(values.values())), VALUE_EXISTS)
        if self.nobody is not None and values:
            _remove_value(session, group, self.name, self.nobody)

    def remove(self, session: Session, group: str, members: Sequence[Key]) -> None:
        """Take members out of the group of a DN; who has no entry is in no group."""
        found = self._values(session, members)
        values = list(dict.fromkeys(found.values()))
        try:
            self._change(session, group, "DELETE", values, NO_SUCH_ATTRIBUTE)
        except Refused as refused:
            if refused.code != OBJECT_CLASS or self.nobody is None:
                raise
            # These were the last: the class wants somebody in their place.
            self._change(session, group, "DELETE", values, NO_SUCH_ATTRIBUTE, self.nobody)

    def keys(self, session: Session, group: str) -> list[Key]:
        """Return the keys of the members of the group of a DN."""
        found = session.entry(group, [self.name])
        values = found.values(*self._schema.attribute(self.name).names) if found else []
        values = [value for value in values if not self._is_nobody(value)]
        known = self._keys_of(session, values)
        return [known[value] for value in values if value in known]

    def _change(
        self,
        session: Session,
        group: str,
        what: Literal["ADD", "DELETE"],
        values: Sequence[bytes],
        harmless: int,
        nobody: bytes | None = None,
    ) -> None:
        """Add or delete values; those that are there, or not there, already are left out."""
        left = list(values)
        for attempt in range(ATTEMPTS):
            if not left:
                return
            steps: list[Step] = [("ADD", [nobody])] if nobody is not None else []
            try:
                session.modify(group, {self.name: [*steps, (what, left)]})
                return
            except Refused as refused:
                if refused.code != harmless or attempt == ATTEMPTS - 1:
                    raise
            wanted_there = what == "DELETE"
            left = [
                value
                for value, is_there in zip(left, self._there(session, group, left), strict=True)
                if is_there is wanted_there
            ]

    def _there(self, session: Session, group: str, values: Sequence[bytes]) -> list[bool]:
        """Return which values a group has; the costs do not grow with it where these are few."""
        if len(values) <= ASKED_FOR:
            return [
                bool(session.search(group, self._with(value), [], scope="BASE")) for value in values
            ]
        found = session.entry(group, [self.name])
        present = found.values(*self._schema.attribute(self.name).names) if found else []
        here = {self._normal(value) for value in present}
        return [self._normal(value) in here for value in values]

    def _values(self, session: Session, members: Sequence[Key]) -> Mapping[Key, bytes]:
        """Return what stands in a group for each of the members that have an entry."""
        if self._held == self._key:
            return {key: str(key).encode() for key in members}
        found: dict[str, bytes] = {}
        for chunk in _chunks(list(dict.fromkeys(members))):
            filters = "".join(key_filter(self._schema, self._key, key) or "" for key in chunk)
            wanted = [self._key, *([] if self._held == DN else [self._held])]
            for entry in session.search(self._base, f"(|{filters})", wanted):
                key = key_of(self._schema, self._key, entry)
                value = (
                    entry.dn.encode()
                    if self._held == DN
                    else next(iter(entry.values(self._held)), None)
                )
                if key is not None and value is not None:
                    found[_same(key)] = value
        return {key: found[_same(key)] for key in members if _same(key) in found}

    def _keys_of(self, session: Session, values: Sequence[bytes]) -> Mapping[bytes, Key]:
        if self._held == self._key:
            return {value: value.decode(errors="replace") for value in values}
        if self._held != DN:
            return self._keys_of_texts(session, values)
        if len(values) > ASKED_FOR:
            filter_text = f"({self._key}=*)"
            found = {
                self._normal(entry.dn.encode()): key
                for entry in session.search_all(self._base, filter_text, [self._key])
                if (key := key_of(self._schema, self._key, entry)) is not None
            }
            return {
                value: found[normal] for value in values if (normal := self._normal(value)) in found
            }
        entries = {value: session.entry(value.decode(), [self._key]) for value in values}
        return {
            value: key
            for value, entry in entries.items()
            if entry is not None and (key := key_of(self._schema, self._key, entry)) is not None
        }

    def _keys_of_texts(self, session: Session, values: Sequence[bytes]) -> Mapping[bytes, Key]:
        found: dict[bytes, Key] = {}
        for chunk in _chunks(list(values)):
            filters = "".join(f"({self._held}={filter_value(value)})" for value in chunk)
            for entry in session.search(self._base, f"(|{filters})", [self._held, self._key]):
                key = key_of(self._schema, self._key, entry)
                if key is not None:
                    found.update(dict.fromkeys(entry.values(self._held), key))
        return found

    def _with(self, value: bytes) -> str:
        return f"({self.name}={filter_value(value)})"

    def _is_nobody(self, value: bytes) -> bool:
        return self.nobody is not None and self._normal(value) == self._normal(self.nobody)

    def _normal(self, value: bytes) -> object:
        if self._held != DN:
            return value
        try:
            return Dn.parse(value.decode(errors="surrogateescape")).normal
        except BadDn:
            return value


def follow_rename(session: Session, base: str, held: str, before: bytes, after: bytes) -> None:
    """Give groups the new name of a member, where the directory does not do that by itself.

    ``held`` is what groups hold of their members: ``dn``, or an attribute.
    """
    if held == DN and Dn.parse(before.decode()).normal == Dn.parse(after.decode()).normal:
        # Letters of another case: to the directory, it is the member that is there.
        return
    for name in _OF_DN if held == DN else _OF_OTHERS:
        for group in session.search_all(base, f"({name}={filter_value(before)})", []):
            _replace_member(session, group.dn, name, before, after)


def _replace_member(session: Session, group: str, name: str, before: bytes, after: bytes) -> None:
    try:
        session.modify(group, {name: [("ADD", [after]), ("DELETE", [before])]})
    except Refused as refused:
        if refused.code == NO_SUCH_ATTRIBUTE:
            # The directory has done it meanwhile.
            return
        if refused.code != VALUE_EXISTS:
            raise
        _remove_value(session, group, name, before)


def _remove_value(session: Session, group: str, name: str, before: bytes) -> None:
    try:
        session.modify(group, {name: [("DELETE", [before])]})
    except Refused as refused:
        if refused.code != NO_SUCH_ATTRIBUTE:
            raise


def _chunks(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]


def _same(key: Key) -> str:
    """Return what keys have in common that are the same to a directory."""
    return str(key).lower()
