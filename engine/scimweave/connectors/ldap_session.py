"""Connections to a directory: what may be asked over one, and a few of them for many callers."""

from __future__ import annotations

import asyncio
import select
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import ldap3
from ldap3.core.exceptions import LDAPException, LDAPExceptionError
from ldap3.utils.ciDict import CaseInsensitiveDict

from scimweave.connectors.base import TargetError, Unreachable

if TYPE_CHECKING:
    from scimweave.connectors.ldap_options import LdapOptions

T = TypeVar("T")
Job = Callable[["Session"], T]
# By attribute: what is done to its values, in this order.
Changes = Mapping[str, Sequence[tuple[Literal["ADD", "DELETE", "REPLACE"], Sequence[bytes]]]]

SUCCESS = 0
TIME_LIMIT, SIZE_LIMIT, REFERRAL, ADMIN_LIMIT = 3, 4, 10, 11
NO_SUCH_ATTRIBUTE, VALUE_EXISTS = 16, 20
NO_SUCH_OBJECT = 32
BUSY, UNAVAILABLE = 51, 52
OTHER = 80
# A passing fault: nothing was done, and later it may work.
_PASSING = {TIME_LIMIT, ADMIN_LIMIT, BUSY, UNAVAILABLE, OTHER}
_BIND_REFUSED = {7, 8, 13, 48, 49, 50, 53}


class Refused(Exception):
    """The directory answers with another result than success (RFC 4511 §4.1.9)."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(f"{message} ({name})" if message else name)
        self.code = code
        self.message = message


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
        try:
            self._connection = _connect(options)
        except LDAPException as error:
            raise _unreachable(options, error) from error
        except OSError as error:
            raise _unreachable(options, error) from error

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
            # What comes over the wire need not be LDAP, and then anything may break.
            self._connection.strategy.close()
            applied = None if writes or self.changed else False
            raise _unreachable(self._options, error, applied=applied) from error
        code = result["result"]
        if code in _PASSING:
            refused = Refused(code, result["description"], result["message"])
            raise Unreachable(
                f"{self._options.url}: {refused}", applied=None if self.changed else False
            )
        if code != SUCCESS and code not in allowed:
            raise Refused(code, result["description"], result["message"])
        return response or (), result.get("controls") or {}


_PAGED = "1.2.840.113556.1.4.319"


class SessionPool:
    """A few connections, each used by one job at a time in a thread of its own."""

    def __init__(self, options: LdapOptions) -> None:
        self._options = options
        self._threads = ThreadPoolExecutor(options.pool, thread_name_prefix="scimweave-ldap")
        self._idle: list[Session] = []
        self._guard = threading.Lock()
        self._closed = False

    async def run(self, job: Job[T]) -> T:
        """Run a job on a connection. Raises what it raises, and ``TargetError``."""
        if self._closed:
            raise Unreachable("the connector is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, job)

    async def close(self) -> None:
        """Let jobs under way finish, and close all connections. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for session in self._idle:
            session.close()
        self._idle.clear()

    def _run(self, job: Job[T]) -> T:
        session = self._take()
        session.changed = False
        try:
            result = job(session)
        except Unreachable:
            session.close()
            raise
        except BaseException:
            self._give_back(session)
            raise
        self._give_back(session)
        return result

    def _take(self) -> Session:
        while True:
            with self._guard:
                session = self._idle.pop() if self._idle else None
            if session is None:
                return Session(self._options)
            if session.is_usable():
                return session
            # The directory was started anew, or closes who does not say anything.
            session.close()

    def _give_back(self, session: Session) -> None:
        with self._guard:
            self._idle.append(session)


def _entries(response: Sequence[Mapping[str, Any]]) -> list[Entry]:
    return [
        Entry(each["dn"], CaseInsensitiveDict(each["raw_attributes"]))
        for each in response
        if each["type"] == "searchResEntry"
    ]


def _connect(options: LdapOptions) -> ldap3.Connection:
    # A server object keeps what it learnt of an address that no longer answers.
    server = ldap3.Server(
        options.url, get_info=ldap3.NONE, connect_timeout=options.timeout, tls=_tls(options)
    )
    bind = options.bind
    connection = ldap3.Connection(
        server,
        user=bind.dn if bind else None,
        password=bind.password if bind else None,
        client_strategy=ldap3.SAFE_SYNC,
        auto_bind=ldap3.AUTO_BIND_NONE,
        receive_timeout=options.timeout,
        auto_referrals=False,
        check_names=False,
        auto_encode=False,
        auto_escape=False,
        return_empty_attributes=False,
    )
    connection.open(read_server_info=False)
    if options.tls is not None and options.tls.start:
        connection.start_tls(read_server_info=False)
    _, result, _, _ = connection.bind(read_server_info=False)
    if result["result"] != SUCCESS:
        connection.unbind()
        refused = Refused(result["result"], result["description"], result["message"])
        if refused.code in _BIND_REFUSED:
            raise TargetError(f"{options.url} refuses the bind: {refused}")
        raise Unreachable(f"{options.url}: {refused}")
    return connection


def _tls(options: LdapOptions) -> ldap3.Tls | None:
    given = options.tls
    if given is None:
        # Without a word about it, certificates are checked, which ldap3 does not do by itself.
        return ldap3.Tls(validate=ssl.CERT_REQUIRED) if options.is_encrypted else None
    try:
        return ldap3.Tls(
            validate=ssl.CERT_REQUIRED if given.verify else ssl.CERT_NONE,
            ca_certs_file=given.ca,
            local_certificate_file=given.certificate,
            local_private_key_file=given.key,
        )
    except LDAPExceptionError as error:
        raise TargetError(f"target.tls: {error}") from error


def _unreachable(
    options: LdapOptions, error: BaseException, *, applied: bool | None = False
) -> Unreachable:
    said = str(error) or type(error).__name__
    return Unreachable(f"{options.url}: {said}", applied=applied)
