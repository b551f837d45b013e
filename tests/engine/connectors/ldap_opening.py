"""Opens a part of a real directory as mappings do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from scimweave.connectors.base import AccountShape, Connector, FieldShape, MembersField
from scimweave.connectors.ldap.connector import LdapConnector
from servers.slapd import Directory

Open = Callable[..., Awaitable[LdapConnector]]
ENABLED = {"attribute": "userAccountControl", "bit": 2, "inverted": True, "initial": 512}


def fields(*names: str | FieldShape) -> tuple[FieldShape, ...]:
    return tuple(FieldShape(each) if isinstance(each, str) else each for each in names)


def open_people(
    directory: Directory,
    *names: str | FieldShape,
    key: str = "entryUUID",
    dn: str = "uid={uid},ou=people",
    options: dict[str, Any] | None = None,
    groups: dict[str, Any] | None = None,
    **section: Any,
) -> LdapConnector:
    """Open the people of a directory; ``options`` are those of the target."""
    shape = AccountShape("testPerson", key, ("uid",), fields("uid", *names))
    users = {"dn": f"{dn},{directory.base}", **section}
    given = directory.options(users=users, **(options or {}))
    if groups is not None:
        given["groups"] = {"dn": f"cn={{cn}},ou=groups,{directory.base}", **groups}
    return LdapConnector.open(given, shape)


def open_groups(
    directory: Directory, kind: str = "groupOfNames", member: str = "member", **section: Any
) -> Connector:
    """Open the groups of a directory."""
    shape = AccountShape(
        kind, "entryUUID", ("cn",), fields("cn", "gidNumber"), MembersField(member), "groups"
    )
    return LdapConnector.open(
        directory.options(
            users={"dn": f"uid={{uid}},ou=people,{directory.base}"},
            groups={"dn": f"cn={{cn}},ou=groups,{directory.base}", **section},
        ),
        shape,
    )
