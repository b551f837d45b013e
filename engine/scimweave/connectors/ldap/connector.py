"""Accounts as entries of an LDAP directory, such as OpenLDAP or Active Directory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from scimweave.connectors.base import (
    Account,
    AccountShape,
    Conflict,
    FieldDescription,
    Gone,
    Key,
    MembersField,
    Rejected,
    ScanPage,
    TargetError,
    Value,
)
from scimweave.connectors.ldap.account import DN, AccountEntries
from scimweave.connectors.ldap.check import check_connection, check_section
from scimweave.connectors.ldap.describe import describe
from scimweave.connectors.ldap.dn import BadDn, Dn
from scimweave.connectors.ldap.errors import translate
from scimweave.connectors.ldap.members import MemberAttribute
from scimweave.connectors.ldap.options import LdapGroups, LdapOptions, LdapUsers
from scimweave.connectors.ldap.pool import SessionPool
from scimweave.connectors.ldap.results import NO_SUCH_OBJECT, OBJECT_CLASS, UNDEFINED_TYPE, Refused
from scimweave.connectors.ldap.schema import Schema, read_schema
from scimweave.connectors.ldap.session import Entry, Session
from scimweave.connectors.ldap.update import follow, no_parent, update

T = TypeVar("T")

MAX_FOUND = 10


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What the schema of the directory makes of the mapping."""

    schema: Schema
    entries: AccountEntries
    members: MemberAttribute | None


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
        self._prepared: _Prepared | None = None

    @classmethod
    def open(cls, given: Mapping[str, Any], shape: AccountShape) -> LdapConnector:
        """Prepare for a directory; it is connected to when it is first used.

        Raises ``TargetError`` where the options do not fit the mapping.
        """
        options = LdapOptions.model_validate({"connector": "ldap", **given})
        fields = {field.name for field in shape.fields}
        for found in (*check_connection(options), *check_section(options, shape.section, fields)):
            if found.code != "clear-text":
                raise TargetError(f"{'.'.join(found.path)}: {found.message}")
        section = options.groups if shape.section == "groups" else options.users
        assert section is not None  # noqa: S101 - otherwise it was found to be missing
        return cls(options, section, shape)

    async def create(self, fields: Mapping[str, Value]) -> Key:
        """Add an entry; returns the key that the directory gave it."""
        return await self._run(partial(self._create, fields), fields)

    async def update(self, key: Key, fields: Mapping[str, Value]) -> None:
        """Change attributes, and the name where it is made of one of them. Raises ``Gone``."""
        await self._run(partial(self._update, key, fields), fields)

    async def delete(self, key: Key) -> None:
        """Delete the entry. Raises ``Gone``."""
        await self._run(partial(self._delete, key))

    async def read(self, key: Key) -> Account | None:
        """Return the entry as it is now."""
        return await self._run(partial(self._read, key))

    async def find(self, field: str, value: Value) -> Sequence[Account]:
        """Return the entries with a value, compared by the attribute's own rule."""
        return await self._run(partial(self._find, field, value))

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
        self._prepared = None
        return await self._run(self._describe)

    async def add_members(self, group: Key, members: Sequence[Key]) -> None:
        """Add values to the group's attribute, all or none. Raises ``Gone``."""
        await self._run(partial(self._change_members, MemberAttribute.add, group, members))

    async def remove_members(self, group: Key, members: Sequence[Key]) -> None:
        """Delete values of the group's attribute, all or none. Raises ``Gone``."""
        await self._run(partial(self._change_members, MemberAttribute.remove, group, members))

    async def members(self, group: Key) -> Sequence[Key]:
        """Return the keys of a group's members that are entries of the directory."""
        return await self._run(partial(self._members, group))

    async def describe_members(self) -> Mapping[str, FieldDescription]:
        """Return the attribute that holds the members."""
        return await self._run(self._describe_members)

    async def close(self) -> None:
        """Let go of connections; what is in flight finishes first."""
        await self._pool.close()

    async def _run(
        self, job: Callable[[Session, _Prepared], T], written: Collection[str] = ()
    ) -> T:
        def work(session: Session) -> T:
            prepared = self._prepare(session)
            try:
                return job(session, prepared)
            except Refused as refused:
                if refused.code in (UNDEFINED_TYPE, OBJECT_CLASS):
                    # The schema may be another one by now.
                    self._prepared = None
                raise _translated(refused, prepared.entries, written) from refused

        return await self._pool.run(work)

    def _prepare(self, session: Session) -> _Prepared:
        if self._prepared is None:
            try:
                schema = read_schema(session)
            except Refused as refused:
                raise TargetError(f"the schema cannot be read: {refused}") from refused
            entries = AccountEntries(self._shape, self._section, schema)
            self._prepared = _Prepared(schema, entries, self._member_attribute(schema, entries))
        return self._prepared

    def _member_attribute(self, schema: Schema, entries: AccountEntries) -> MemberAttribute | None:
        members, section = self._shape.members, self._section
        if not isinstance(members, MembersField) or not isinstance(section, LdapGroups):
            return None
        must, _ = schema.classes(entries.classes)
        return MemberAttribute(
            members.name,
            section,
            schema,
            base=self._options.base,
            key=section.member_key or self._shape.key,
            must=not must.isdisjoint(schema.attribute(members.name).names),
        )

    def _create(self, fields: Mapping[str, Value], session: Session, prepared: _Prepared) -> Key:
        entries, members = prepared.entries, prepared.members
        dn, attributes = entries.new(fields)
        if members is not None and members.nobody is not None:
            attributes[members.name] = [members.nobody]
        try:
            session.add(str(dn), attributes)
        except Refused as refused:
            if refused.code != NO_SUCH_OBJECT:
                raise
            raise no_parent(entries, dn.parent, fields) from refused
        entry = session.entry(str(dn), entries.wanted)
        key = entries.key(entry) if entry is not None else None
        if key is None:
            raise TargetError(
                f"the directory made {dn}, and shows no {self._shape.key} of it; "
                "the bind has to be able to read it"
            )
        return key

    def _update(
        self, key: Key, fields: Mapping[str, Value], session: Session, prepared: _Prepared
    ) -> None:
        def look() -> Entry:
            return self._located(session, prepared, key)

        before, plan = update(session, prepared.entries, look, fields)
        if self._options.groups is not None:
            follow(session, self._options.groups, self._options.base, before, plan, look)

    def _delete(self, key: Key, session: Session, prepared: _Prepared) -> None:
        session.delete(self._located(session, prepared, key).dn)

    def _read(self, key: Key, session: Session, prepared: _Prepared) -> Account | None:
        entry = self._look_for(session, prepared, key)
        return prepared.entries.account(entry) if entry is not None else None

    def _find(
        self, field: str, value: Value, session: Session, prepared: _Prepared
    ) -> list[Account]:
        if field in prepared.entries.dn_only:
            raise TargetError(f'"{field}" is only in the DN, and no account is found by it')
        filter_text = prepared.entries.with_value(field, value)
        if filter_text is None:
            return []
        wanted = prepared.entries.wanted
        found = session.search(self._base, filter_text, wanted, limit=MAX_FOUND)
        return _accounts(prepared, found)

    def _all(self, session: Session, prepared: _Prepared) -> list[Account]:
        entries = prepared.entries
        found = session.search_all(self._base, entries.all_of_them(), entries.wanted)
        return sorted(_accounts(prepared, found), key=lambda account: str(account.key))

    def _look_at_base(self, session: Session, prepared: _Prepared) -> None:
        if session.entry(self._base, []) is None:
            raise TargetError(f'the directory has no entry "{self._base}"')

    def _describe(self, session: Session, prepared: _Prepared) -> Mapping[str, FieldDescription]:
        self._look_at_base(session, prepared)
        filled = [prepared.members.name] if prepared.members else []
        return describe(
            prepared.schema, prepared.entries, self._shape, self._section, filled=filled
        )

    def _change_members(
        self,
        change: Callable[[MemberAttribute, Session, str, Sequence[Key]], None],
        group: Key,
        members: Sequence[Key],
        session: Session,
        prepared: _Prepared,
    ) -> None:
        attribute = self._members_of(prepared)
        change(attribute, session, self._located(session, prepared, group).dn, members)

    def _members(self, group: Key, session: Session, prepared: _Prepared) -> list[Key]:
        entry = self._look_for(session, prepared, group)
        return self._members_of(prepared).keys(session, entry.dn) if entry is not None else []

    def _describe_members(
        self, session: Session, prepared: _Prepared
    ) -> Mapping[str, FieldDescription]:
        name = self._members_of(prepared).name
        return {name: FieldDescription(name, "json")} if prepared.schema.has(name) else {}

    def _members_of(self, prepared: _Prepared) -> MemberAttribute:
        if prepared.members is None:
            raise TargetError(f'no attribute is named for the members of "{self._shape.object}"')
        return prepared.members

    def _located(self, session: Session, prepared: _Prepared, key: Key) -> Entry:
        entry = self._look_for(session, prepared, key)
        if entry is None:
            raise Gone(f"the directory has no {self._shape.object} with {self._shape.key} {key}")
        return entry

    def _look_for(self, session: Session, prepared: _Prepared, key: Key) -> Entry | None:
        wanted = prepared.entries.wanted
        if self._shape.key == DN:
            return session.entry(str(key), wanted) if _is_dn(str(key)) else None
        filter_text = prepared.entries.with_key(key)
        if filter_text is None:
            return None
        found = session.search(self._base, filter_text, wanted, limit=2)
        if len(found) > 1:
            raise TargetError(f"several entries have the {self._shape.key} {key}, which is the key")
        return found[0] if found else None


def _accounts(prepared: _Prepared, found: Sequence[Entry]) -> list[Account]:
    accounts = (prepared.entries.account(entry) for entry in found)
    return [account for account in accounts if account is not None]


def _is_dn(text: str) -> bool:
    try:
        Dn.parse(text)
    except BadDn:
        return False
    return True


def _translated(refused: Refused, entries: AccountEntries, written: Collection[str]) -> TargetError:
    template = entries.template
    named = [*sorted(template.leaf_fields), *sorted(template.parent_fields)]
    error = translate(
        refused,
        written=[entries.attribute(name) for name in written],
        named=[name for name in named if name in written],
    )
    if isinstance(error, Rejected | Conflict) and error.field is not None:
        error.field = entries.field_of(error.field)
    return error
