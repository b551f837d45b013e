"""What a declared directory lacks for the mapping that it stands in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scimweave.connectors.addresses import is_here
from scimweave.connectors.kind import Problem
from scimweave.connectors.ldap.dn import BadDn, Dn
from scimweave.connectors.ldap.dn_template import DnTemplate

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapOptions, LdapUsers
    from scimweave.mapping.model import GroupsModel, MappingModel, UsersModel


def check_ldap(model: MappingModel) -> Iterator[Problem]:
    """Yield what is wrong under ``target`` for the users and groups of a file."""
    options: LdapOptions = model.target  # type: ignore[assignment]  # the kind is this one
    yield from check_connection(options)
    yield from check_section(options, "users", _fields(model.users))
    if model.groups is not None:
        yield from check_section(options, "groups", _fields(model.groups))


def check_connection(options: LdapOptions) -> Iterator[Problem]:
    """Yield what is wrong with how the directory is reached."""
    starts = options.tls is not None and options.tls.start
    if options.tls is not None and not options.is_encrypted and not starts:
        message = "nothing is encrypted, and so there is nothing to say about it"
        help = "give an address with ldaps, or start: true"
        yield Problem("conflicting-keys", ("target", "tls"), message, help)
    parts = urlsplit(options.url)
    if parts.scheme == "ldap" and not starts and not is_here(parts.hostname or ""):
        message = f"{parts.hostname} is reached without TLS: everybody on the way can read along"
        help = "give an address with ldaps, or tls: { start: true }"
        yield Problem("clear-text", ("target", "url"), message, help)
    yield from _check_dn(options.base, ("target", "base"))


def check_section(options: LdapOptions, section: str, fields: Collection[str]) -> Iterator[Problem]:
    """Yield what is wrong with a section for a mapping that fills ``fields``."""
    given: LdapUsers | None = options.groups if section == "groups" else options.users
    if given is None:
        message = f'"target" has no "{section}": where they are in the directory'
        yield Problem("missing-key", ("target",), message)
        return
    where = ("target", section)
    if given.base is not None:
        yield from _check_dn(given.base, (*where, "base"))
    for name, flag in given.flags.items():
        if flag.bit & (flag.bit - 1):
            message = f'"bit" is the value of one bit, and {flag.bit} is several'
            yield Problem("bad-value", (*where, "flags", name, "bit"), message)
        if name not in fields:
            message = f'no attribute fills "{name}"'
            yield Problem("unknown-field", (*where, "flags", name), message)
    try:
        template = DnTemplate(given.dn)
    except BadDn as error:
        yield Problem("bad-value", (*where, "dn"), f'"dn" is no name with fields: {error}')
        return
    for name in sorted(template.fields):
        if name not in fields:
            message = f'"dn" is made of "{name}", and no attribute fills it'
            yield Problem("unknown-field", (*where, "dn"), message)
        elif name in given.flags:
            message = f'"dn" is made of "{name}", which is a flag'
            yield Problem("bad-value", (*where, "dn"), message)
    for name in given.dn_fields:
        if name not in template.fields:
            message = f'"dn_fields" names "{name}", which is not in "dn"'
            yield Problem("unknown-field", (*where, "dn_fields"), message)


def _fields(objects: UsersModel | GroupsModel) -> set[str]:
    found = set(objects.attributes)
    for name in ("deactivate", "reactivate"):
        changes = getattr(objects.operations, name, None)
        found.update(getattr(changes, "set", None) or ())
    return found


def _check_dn(text: str, path: tuple[str, ...]) -> Iterator[Problem]:
    try:
        Dn.parse(text)
    except BadDn as error:
        yield Problem("bad-value", path, f'"{path[-1]}" is no name of an entry: {error}')
