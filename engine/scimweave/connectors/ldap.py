"""Accounts as entries of an LDAP directory, such as OpenLDAP or Active Directory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from scimweave.connectors.base import (
    Account,
    AccountShape,
    FieldDescription,
    Gone,
    Key,
    MembersField,
    Rejected,
    ScanPage,
    TargetError,
    Unreachable,
    Value,
)
from scimweave.connectors.ldap_account import DN, AccountEntries, Plan, template_of
from scimweave.connectors.ldap_describe import describe
from scimweave.connectors.ldap_dn import BadDn, Dn, Rdn
from scimweave.connectors.ldap_errors import translate
from scimweave.connectors.ldap_members import MemberAttribute, follow_rename
from scimweave.connectors.ldap_options import LdapGroups, LdapOptions, LdapUsers
from scimweave.connectors.ldap_schema import Schema, read_schema
from scimweave.connectors.ldap_session import (
    NO_SUCH_ATTRIBUTE,
    NO_SUCH_OBJECT,
    VALUE_EXISTS,
    Entry,
    Refused,
    Session,
    SessionPool,
)

T = TypeVar("T")

MAX_FOUND = 10
ATTEMPTS = 5
# What comes of somebody else's change between a look at an entry and a change of it.
_RACES = {NO_SUCH_ATTRIBUTE, VALUE_EXISTS, NO_SUCH_OBJECT}


class LdapConnector:
    """Implements ``Connector``.

    ldap3 waits for its answers: each operation runs in a thread, on a connection of the pool.
    """

    def __init__(self, options: LdapOptions, section: LdapUsers, shape: AccountShape) -> None:
        self._options = options
        self._section = section
        self._shape = shape
        self._base = section.base or options.base
        self._pool = SessionPool(options)
        self._schema: Schema | None = None

    @classmethod
    def open(cls, given: Mapping[str, Any], shape: AccountShape) -> LdapConnector:
        """Prepare for a directory; it is connected to when it is first used.

        Raises ``TargetError`` where the options do not fit the mapping.
        """
        options = LdapOptions.model_validate({"connector": "ldap", **given})
        section = options.groups if shape.section == "groups" else options.users
        if section is None:
            raise TargetError(f'the target says nothing of "{shape.section}": where they are')
        for name, text in (("base", options.base), (f"{shape.section}.base", section.base or "")):
            try:
                Dn.parse(text)
            except BadDn as error:
                raise TargetError(f"target.{name}: {error}") from error
        template_of(shape, section)
        return cls(options, section, shape)

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Add an entry; returns the key that the directory gave it."""
        return await self._run(partial(self._create, fields=fields), fields)

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Change attributes, and the name where it is made of one of them. Raises ``Gone``."""
        await self._run(partial(self._update, key=key, fields=fields), fields)

    async def delete(self, key: Key) -> None:
        """Delete the entry. Raises ``Gone``."""
        await self._run(partial(self._delete, key=key))

    async def read(self, key: Key) -> Account | None:
        """Return the entry as it is now."""
        return await self._run(partial(self._read, key=key))

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the entries with a value, compared by the attribute's own rule."""
        return await self._run(partial(self._find, field=field, value=value))

    async def scan(self, after: str | None = None) -> AsyncIterator[ScanPage]:
        """Yield all entries by their keys.

        A directory lists entries in no order: they are read as a whole, and sorted here.
        """
        accounts = await self._run(self._all)
        accounts = [each for each in accounts if after is None or str(each.key) > after]
        size = self._options.page_size
        for start in range(0, max(len(accounts), 1), size):
            page = accounts[start : start + size]
            is_last = start + size >= len(accounts)
            yield ScanPage(page, None if is_last else str(page[-1].key))

    async def health(self) -> None:
        """Bind, and look at the base."""
        await self._run(self._look_at_base)

    async def call(self, name: str, key: Key, fields: Mapping[str, Value]) -> None:
        """Refuse: a directory has entries, and nothing to call. Raises ``TargetError``."""
        raise TargetError(f'a directory has no action "{name}"')

    async def describe(self) -> Mapping[str, FieldDescription]:
        """Read the schema anew, and return what entries of the classes hold."""
        self._schema = None
        return await self._run(self._describe)

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Add values to the group's attribute, all or none. Raises ``Gone``."""
        await self._run(partial(self._change_members, MemberAttribute.add, group, members))

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Delete values of the group's attribute, all or none."""
        await self._run(partial(self._change_members, MemberAttribute.remove, group, members))

    async def members(self, group: Key) -> Sequence[Key]:
        """Return the keys of a group's members that are entries of the directory."""
        return await self._run(partial(self._members, group=group))

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Return the attribute that holds the members."""
        return await self._run(self._describe_members)

    async def close(self) -> None:
        """Let go of connections; what is in flight finishes first."""
        await self._pool.close()

    async def _run(
        self, job: Callable[[Session, AccountEntries], T], written: Collection[str] = ()
    ) -> T:
        def work(session: Session) -> T:
            entries = AccountEntries(self._shape, self._section, self._known_schema(session))
            try:
                return job(session, entries)
            except Refused as refused:
                error = translate(
                    refused,
                    written=[entries.attribute(name) for name in written],
                    named=[name for name in self._named(entries) if name in written],
                )
                field = getattr(error, "field", None)
                if field is not None:
                    error.field = entries.field_of(field)  # type: ignore[attr-defined]
                raise error from refused

        return await self._pool.run(work)

    def _named(self, entries: AccountEntries) -> list[str]:
        template = entries.template
        return [*sorted(template.leaf_fields), *sorted(template.parent_fields)]

    def _known_schema(self, session: Session) -> Schema:
        if self._schema is None:
            try:
                self._schema = read_schema(session)
            except Refused as refused:
                raise TargetError(f"the schema cannot be read: {refused}") from refused
        return self._schema

    def _create(
        self, session: Session, entries: AccountEntries, fields: Mapping[str, Value]
    ) -> Key:
        dn, attributes = entries.new(fields)
        if (members := self._member_attribute(entries)) and members.nobody is not None:
            attributes[members.name] = [members.nobody]
        try:
            session.add(str(dn), attributes)
        except Refused as refused:
            if refused.code != NO_SUCH_OBJECT:
                raise
            raise self._no_parent(entries, dn.parent, fields) from refused
        entry = session.entry(str(dn), entries.wanted)
        key = entries.key(entry) if entry is not None else None
        if key is None:
            raise TargetError(
                f"the directory made {dn}, and shows no {self._shape.key} of it; "
                "the bind has to be able to read it"
            )
        return key

    def _update(
        self, session: Session, entries: AccountEntries, key: Key, fields: Mapping[str, Value]
    ) -> None:
        for attempt in range(ATTEMPTS):
            entry = self._located(session, entries, key)
            entries.refuse_another_key(entry, fields)
            plan = entries.plan(entry, fields)
            try:
                self._carry_out(session, entry, plan)
                break
            except Refused as refused:
                if plan.parent is not None and refused.code == NO_SUCH_OBJECT:
                    raise self._no_parent(entries, plan.parent, fields) from refused
                if refused.code not in _RACES or attempt == ATTEMPTS - 1:
                    raise
        held = self._options.groups.member_value if self._options.groups else None
        if plan.leaf or plan.parent or held in plan.changes:
            self._follow(session, entries, entry, key)

    def _carry_out(self, session: Session, entry: Entry, plan: Plan) -> None:
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
                self._rename_back(session, entry, now, before)
            raise

    def _rename_back(self, session: Session, entry: Entry, now: Dn, before: Dn) -> None:
        had = _has(entry, now.leaf)
        try:
            session.rename(str(now), before.leaf.text, str(before.parent), keep_old=had)
        except Refused as error:
            raise Unreachable(
                f"{entry.dn} was renamed to {now} and then refused: {error}", applied=None
            ) from error
        session.changed = False

    def _follow(self, session: Session, entries: AccountEntries, before: Entry, key: Key) -> None:
        """Keep an account that has another name in its groups."""
        groups = self._options.groups
        if groups is None:
            return
        held = groups.member_value
        now = session.search(self._base, entries.with_key(key) or "", entries.wanted)
        if not now:
            return
        base = groups.base or self._options.base
        if held == DN:
            old, new = [before.dn.encode()], [now[0].dn.encode()]
        else:
            old, new = before.values(held)[:1], now[0].values(held)[:1]
        if old and new:
            follow_rename(session, base, held, old, new)

    def _delete(self, session: Session, entries: AccountEntries, key: Key) -> None:
        session.delete(self._located(session, entries, key).dn)

    def _read(self, session: Session, entries: AccountEntries, key: Key) -> Account | None:
        entry = self._look_for(session, entries, key)
        return entries.account(entry) if entry is not None else None

    def _find(
        self, session: Session, entries: AccountEntries, field: str, value: Value
    ) -> list[Account]:
        if value is None or value == "":
            return []
        if field in entries.dn_only:
            raise TargetError(f'"{field}" is only in the DN, and no account is found by it')
        filter_text = entries.with_value(field, value)
        if filter_text is None:
            return []
        found = session.search(self._base, filter_text, entries.wanted, limit=MAX_FOUND)
        return [account for entry in found if (account := entries.account(entry)) is not None]

    def _all(self, session: Session, entries: AccountEntries) -> list[Account]:
        found = session.search_all(self._base, entries.all_of_them(), entries.wanted)
        accounts = [account for entry in found if (account := entries.account(entry)) is not None]
        return sorted(accounts, key=lambda account: str(account.key))

    def _look_at_base(self, session: Session, entries: AccountEntries) -> None:
        if session.entry(self._base, []) is None:
            raise TargetError(f'the directory has no entry "{self._base}"')

    def _describe(
        self, session: Session, entries: AccountEntries
    ) -> Mapping[str, FieldDescription]:
        self._look_at_base(session, entries)
        members = self._member_attribute(entries)
        return describe(
            self._known_schema(session),
            entries,
            self._shape,
            self._section,
            filled=[members.name] if members else [],
        )

    def _change_members(
        self,
        change: Callable[[MemberAttribute, Session, str, Sequence[Key]], None],
        group: Key,
        members: Sequence[Key],
        session: Session,
        entries: AccountEntries,
    ) -> None:
        attribute = self._members_of(entries)
        change(attribute, session, self._located(session, entries, group).dn, members)

    def _members(self, session: Session, entries: AccountEntries, group: Key) -> list[Key]:
        entry = self._look_for(session, entries, group)
        return self._members_of(entries).keys(session, entry.dn) if entry is not None else []

    def _describe_members(
        self, session: Session, entries: AccountEntries
    ) -> Mapping[str, FieldDescription]:
        name = self._members_of(entries).name
        if not self._known_schema(session).has(name):
            return {}
        return {name: FieldDescription(name, "json")}

    def _members_of(self, entries: AccountEntries) -> MemberAttribute:
        attribute = self._member_attribute(entries)
        if attribute is None:
            raise TargetError(f'no attribute is named for the members of "{self._shape.object}"')
        return attribute

    def _member_attribute(self, entries: AccountEntries) -> MemberAttribute | None:
        members, section = self._shape.members, self._section
        if not isinstance(members, MembersField) or not isinstance(section, LdapGroups):
            return None
        assert self._schema is not None  # noqa: S101 - entries were made with it
        must, _ = self._schema.classes(entries.classes)
        names = self._schema.attribute(members.name).names
        return MemberAttribute(
            members.name,
            section,
            self._schema,
            base=self._options.base,
            key=section.member_key or self._shape.key,
            must=any(name in must for name in names),
        )

    def _located(self, session: Session, entries: AccountEntries, key: Key) -> Entry:
        entry = self._look_for(session, entries, key)
        if entry is None:
            raise Gone(f"the directory has no {self._shape.object} with {self._shape.key} {key}")
        return entry

    def _look_for(self, session: Session, entries: AccountEntries, key: Key) -> Entry | None:
        if self._shape.key == DN:
            return self._look_at(session, entries, str(key))
        filter_text = entries.with_key(key)
        if filter_text is None:
            return None
        found = session.search(self._base, filter_text, entries.wanted, limit=2)
        if len(found) > 1:
            raise TargetError(
                f"several entries have the {self._shape.key} {key}, which is their key"
            )
        return found[0] if found else None

    def _look_at(self, session: Session, entries: AccountEntries, dn: str) -> Entry | None:
        try:
            Dn.parse(dn)
        except BadDn:
            return None
        return session.entry(dn, entries.wanted)

    def _no_parent(
        self, entries: AccountEntries, parent: Dn, fields: Mapping[str, Value]
    ) -> TargetError:
        reason = f"the directory has no entry {parent} to put it below"
        for name in sorted(entries.template.parent_fields & fields.keys()):
            return Rejected(reason, name)
        return TargetError(reason)


def _has(entry: Entry, leaf: Rdn) -> bool:
    return all(value.encode() in entry.values(name) for name, value in leaf.pairs)
