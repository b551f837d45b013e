"""Who is in which group: what changes, and how the target's membership table learns of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from scimweave.connectors.base import TargetError, Unreachable
from scimweave.mapping import GroupProgram
from scimweave.provisioning.running import Running
from scimweave.scim.error import invalid_value
from scimweave.scim.members import MemberChange
from scimweave.store.base import Key, MemberDelta, Reference, Store

USER = "User"
MAX_NAMED = 10


def as_member(reference: Reference) -> dict[str, Any]:
    """Return a member of a group as filters see it."""
    return _described(reference, reference.resource_type)


def as_group(reference: Reference) -> dict[str, Any]:
    """Return a group of a user as filters see it: one that the user is in itself."""
    return _described(reference, "direct")


def address(reference: Reference, base_url: str) -> str:
    """Return the ``$ref`` of a member or group; ``base_url`` is the Tenant URL."""
    return f"{base_url}/{reference.resource_type}s/{reference.id}"


def _described(reference: Reference, kind: str) -> dict[str, Any]:
    found = {"value": reference.id, "type": kind, "display": reference.display}
    return {name: value for name, value in found.items() if value is not None}


class Membership:
    """The members of one integration's groups, in the store and at the target."""

    def __init__(self, store: Store, integration: str) -> None:
        self._store = store
        self._integration = integration

    async def delta(self, group_id: str | None, changes: Iterable[MemberChange]) -> MemberDelta:
        """Return who joins and who leaves by changes in their order; None is a new group.

        Raises ``ScimError`` (invalidValue) that names ids of nobody.
        """
        draft = _Draft()
        for change in changes:
            if change.where is None:
                draft.change(change)
            else:
                draft.leave(await self._selected(group_id, draft, change))
        await self._refuse_unknown(list(draft.joining))
        return await self._difference(group_id, draft)

    async def deliver(self, running: Running, key: Key | None, delta: MemberDelta) -> str | None:
        """Bring a change to the target; returns a remark for the log. Raises ``TargetError``."""
        if key is None or not delta or not has_members(running):
            return None
        joining, waiting = await self._accounts(delta.added)
        leaving, _ = await self._accounts(delta.removed)
        if joining:
            await running.connector.add_members(key, joining)
        if leaving:
            try:
                await running.connector.remove_members(key, leaving)
            except TargetError as error:
                if not joining:
                    raise
                # Half of it is done: only a second look can tell how it ends.
                raise Unreachable(str(error), applied=None) from error
        return f"{waiting} without an account at the target are kept here" if waiting else None

    async def restore(self, running: Running, resource_id: str, key: Key | None) -> None:
        """Put an account that is new at the target into its groups, or its members into it.

        Raises ``TargetError``.
        """
        if key is None:
            return
        if isinstance(running.objects, GroupProgram):
            ids = await self._store.member_ids(self._integration, resource_id)
            await self.deliver(running, key, MemberDelta(tuple(ids)))
            return
        for group_key in await self.group_keys(running, resource_id):
            assert running.groups is not None
            await running.groups.connector.add_members(group_key, [key])

    async def dissolve(
        self, running: Running, resource_id: str, key: Key | None, more: Sequence[Key] = ()
    ) -> bool:
        """Take an account that is about to be deleted out of its groups, or its members out of it.

        ``more`` are groups that are not known here any more. Returns whether anything was done.
        Raises ``TargetError``.
        """
        if key is None:
            return False
        if isinstance(running.objects, GroupProgram):
            members = await running.connector.members(key) if has_members(running) else ()
            if members:
                await running.connector.remove_members(key, members)
            return bool(members)
        groups = [*await self.group_keys(running, resource_id), *more]
        for group_key in groups:
            assert running.groups is not None
            await running.groups.connector.remove_members(group_key, [key])
        return bool(groups)

    async def group_keys(self, running: Running, resource_id: str) -> list[Key]:
        """Return the groups of the target that the account of a user is in."""
        if running.groups is None or not has_members(running.groups):
            return []
        found = await self._store.memberships(self._integration, [resource_id])
        return [group.key for group in found.get(resource_id, ()) if group.key is not None]

    async def _accounts(self, ids: Sequence[str]) -> tuple[list[Key], int]:
        """Return the account keys of users, and how many of the ids have none.

        A nested group has none in the table of users that the target's pairs are of.
        """
        if not ids:
            return [], 0
        found = await self._store.referred(self._integration, ids)
        keys = [
            each.key
            for each in found.values()
            if each.key is not None and each.resource_type == USER
        ]
        return keys, len(found) - len(keys)

    async def _selected(
        self, group_id: str | None, draft: _Draft, change: MemberChange
    ) -> tuple[str, ...]:
        assert change.where is not None
        stays = group_id is not None and not draft.cleared
        present = await self._store.members(self._integration, [group_id or ""]) if stays else {}
        joining = await self._store.referred(self._integration, list(draft.joining))
        candidates = [*present.get(group_id or "", ()), *joining.values()]
        return tuple(each.id for each in candidates if change.where(as_member(each)))

    async def _refuse_unknown(self, ids: Sequence[str]) -> None:
        known = await self._store.referred(self._integration, ids) if ids else {}
        if unknown := [each for each in ids if each not in known]:
            names = ", ".join(repr(each[:80]) for each in unknown[:MAX_NAMED])
            raise invalid_value(f"members: no User or Group has the id {names}")

    async def _difference(self, group_id: str | None, draft: _Draft) -> MemberDelta:
        if group_id is None:
            return draft.delta(())
        if draft.cleared:
            here = frozenset(await self._store.member_ids(self._integration, group_id))
            leaving = tuple(sorted(here - draft.joining.keys()))
        else:
            named = [*draft.joining, *draft.leaving]
            here = await self._store.members_among(self._integration, group_id, named)
            leaving = tuple(each for each in draft.leaving if each in here)
        return draft.delta(leaving, here)


class _Draft:
    """What some changes come to, without a look at who is a member."""

    def __init__(self) -> None:
        self.cleared = False
        self.joining: dict[str, None] = {}
        self.leaving: dict[str, None] = {}
        self.displays: dict[str, str] = {}

    def change(self, change: MemberChange) -> None:
        match change.kind:
            case "clear":
                self.cleared = True
                self.joining.clear()
                self.leaving.clear()
            case "join":
                self.displays |= change.displays
                for each in change.ids:
                    self.leaving.pop(each, None)
                    self.joining[each] = None
            case "leave":
                self.leave(change.ids)

    def delta(self, leaving: tuple[str, ...], here: Collection[str] = ()) -> MemberDelta:
        """Return who joins, but for those who are ``here``, and who leaves."""
        joining = tuple(each for each in self.joining if each not in here)
        displays = {each: self.displays[each] for each in joining if each in self.displays}
        return MemberDelta(joining, leaving, displays)

    def leave(self, ids: Iterable[str]) -> None:
        for each in ids:
            self.joining.pop(each, None)
            self.leaving[each] = None


def has_members(running: Running) -> bool:
    """Whether the target knows who is in these groups."""
    objects = running.objects
    return isinstance(objects, GroupProgram) and objects.members is not None
