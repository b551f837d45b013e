"""One connection to a directory, and what may be asked over it."""

from __future__ import annotations

import select
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ldap3.core.exceptions import LDAPException
from ldap3.utils.ciDict import CaseInsensitiveDict

from scimweave.connectors.base import Unreachable
from scimweave.connectors.ldap.connect import connect, unreachable
from scimweave.connectors.ldap.results import NO_SUCH_OBJECT, PASSING, SIZE_LIMIT, SUCCESS, Refused

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapOptions

Step = tuple[Literal["ADD", "DELETE", "REPLACE"], Sequence[bytes]]
# By attribute: what is done to its values, in this order.
Changes = Mapping[str, Sequence[Step]]
_PAGED = "1.2.840.113556.1.4.319"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry, with the attributes that were asked for."""

    dn: str
    _attributes: Mapping[str, Sequence[bytes]]

    def values(self, *names: str) -> list[bytes]:
        """Return the values of an attribute, under whichever of its names it came."""
        for name in names:
            if found := self._attributes.get(name):
                return list(found)
        return []

    def text(self, name: str) -> str | None:
        """Return the first value of an attribute that holds text."""
        found = self.values(name)
        return found[0].decode(errors="replace") if found else None


class Session:
    """One connection. Every method raises ``Refused`` and ``Unreachable``.

    ``changed`` says whether the job at hand has written anything.
    """

    def __init__(self, options: LdapOptions) -> None:
        """Connect and bind. Raises ``TargetError``."""
        self._options = options
        self.changed = False
        self._connection = connect(options)

    def entry(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        """Return the entry of a name."""
        try:
            found = self.search(dn, "(objectClass=*)", attributes, scope="BASE")
        except Refused as refused:
            if refused.code == NO_SUCH_OBJECT:
                return None
            raise
        return found[0] if found else None

    def search(
        self,
        base: str,
        filter_text: str,
        attributes: Sequence[str],
        *,
        scope: Literal["BASE", "SUBTREE"] = "SUBTREE",
        limit: int = 0,
    ) -> list[Entry]:
        """Return entries, ``limit`` at most where it is given."""
        found = self._ask(
            "search",
            base,
            filter_text,
            scope,
            attributes=list(attributes) or ["1.1"],
            size_limit=limit,
            allowed=(SIZE_LIMIT,) if limit else (),
        )
        return _entries(found)

    def search_all(self, base: str, filter_text: str, attributes: Sequence[str]) -> list[Entry]:
        """Return all entries, however many, read page by page (RFC 2696)."""
        found: list[Entry] = []
        cookie: bytes | None = None
        while True:
            response, controls = self._ask_paged(base, filter_text, attributes, cookie)
            found += _entries(response)
            cookie = controls.get(_PAGED, {}).get("value", {}).get("cookie")
            if not cookie:
                return found

    def add(self, dn: str, attributes: Mapping[str, Sequence[bytes]]) -> None:
        """Make an entry."""
        self._write("add", dn, None, {name: list(each) for name, each in attributes.items()})

    def modify(self, dn: str, changes: Changes) -> None:
        """Change an entry: everything or nothing."""
        self._write(
            "modify",
            dn,
            {
                name: [(f"MODIFY_{what}", list(values)) for what, values in steps]
                for name, steps in changes.items()
            },
        )

    def rename(self, dn: str, leaf: str, parent: str | None, *, keep_old: bool = False) -> None:
        """Give an entry another name, and another place where ``parent`` is given."""
        self._write("modify_dn", dn, leaf, delete_old_dn=not keep_old, new_superior=parent)

    def delete(self, dn: str) -> None:
        """Remove an entry."""
        self._write("delete", dn)

    def is_usable(self) -> bool:
        """Whether nothing has come from the directory meanwhile, such as its farewell."""
        socket = self._connection.socket
        if socket is None or self._connection.closed:
            return False
        try:
            readable, _, _ = select.select([socket], [], [], 0)
        except (OSError, ValueError):
            return False
        return not readable

    def close(self) -> None:
        """Say farewell."""
        try:
            self._connection.unbind()
        except (LDAPException, OSError):
            # The other side has gone; there is nothing to say.
            return

    def _write(self, method: str, *arguments: Any, **options: Any) -> None:
        self._ask(method, *arguments, writes=True, **options)
        self.changed = True

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Sequence[Mapping[str, Any]]:
        return self._answer(method, *arguments, **options)[0]

    def _ask_paged(
        self, base: str, filter_text: str, attributes: Sequence[str], cookie: bytes | None
    ) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]:
        return self._answer(
            "search",
            base,
            filter_text,
            "SUBTREE",
            attributes=list(attributes) or ["1.1"],
            paged_size=self._options.page_size,
            paged_cookie=cookie,
        )

    def _answer(
        self,
        method: str,
        *arguments: Any,
        allowed: Sequence[int] = (),
        writes: bool = False,
        **options: Any,
    ) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]:
        try:
            _, result, response, _ = getattr(self._connection, method)(*arguments, **options)
        except Exception as error:
            # What comes over the wire need not be LDAP, and ldap3 decodes it without a look. Beside
            # its own errors, KeyError, IndexError, TypeError, AttributeError, UnicodeError and
            # RecursionError come of that, and no list is promised. Whatever it is, nothing more can
            # be read from this connection.
            self._connection.strategy.close()
            applied = None if writes or self.changed else False
            raise unreachable(self._options, error, applied=applied) from error
        code = result["result"]
        if code in PASSING:
            refused = Refused(code, result["description"], result["message"])
            raise Unreachable(
                f"{self._options.url}: {refused}", applied=None if self.changed else False
            )
        if code != SUCCESS and code not in allowed:
            raise Refused(code, result["description"], result["message"])
        return response or (), result.get("controls") or {}


def _entries(response: Sequence[Mapping[str, Any]]) -> list[Entry]:
    return [
        Entry(each["dn"], CaseInsensitiveDict(each["raw_attributes"]))
        for each in response
        if each["type"] == "searchResEntry"
    ]
