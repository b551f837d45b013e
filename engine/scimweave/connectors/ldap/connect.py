"""How a connection to a directory is made: address, encryption, bind."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ldap3
from ldap3.core.exceptions import LDAPException

from scimweave.connectors.base import TargetError, Unreachable
from scimweave.connectors.ldap.results import BIND_REFUSED, SUCCESS, Refused

if TYPE_CHECKING:
    from scimweave.connectors.ldap.options import LdapOptions


def connect(options: LdapOptions) -> ldap3.Connection:
    """Open a connection and bind. Raises ``TargetError``."""
    try:
        connection = _made(options)
    except LDAPException as error:
        raise unreachable(options, error) from error
    try:
        result = _bind(connection, options)
    except Exception as error:
        # Whatever it is: see ``Session._answer``.
        connection.strategy.close()
        raise unreachable(options, error) from error
    if result["result"] != SUCCESS:
        connection.unbind()
        refused = Refused(result["result"], result["description"], result["message"])
        if refused.code in BIND_REFUSED:
            raise TargetError(f"{options.url} refuses the bind: {refused}")
        raise Unreachable(f"{options.url}: {refused}")
    return connection


def _made(options: LdapOptions) -> ldap3.Connection:
    # A server object keeps what it learnt of an address that no longer answers.
    server = ldap3.Server(
        options.url, get_info=ldap3.NONE, connect_timeout=options.timeout, tls=_tls(options)
    )
    bind = options.bind
    if bind is not None and not bind.password:
        # Many a directory takes a bind without a password for one of nobody (RFC 4513 §5.1.2).
        raise TargetError("target.bind.password is empty")
    return ldap3.Connection(
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


def _bind(connection: ldap3.Connection, options: LdapOptions) -> Mapping[str, Any]:
    connection.open(read_server_info=False)
    if options.tls is not None and options.tls.start:
        connection.start_tls(read_server_info=False)
    _, result, _, _ = connection.bind(read_server_info=False)
    return result  # type: ignore[no-any-return]  # ldap3 has no types


def _tls(options: LdapOptions) -> ldap3.Tls | None:
    given = options.tls
    if given is None:
        # Without a word about it, certificates are checked, which ldap3 does not do by itself.
        return ldap3.Tls(validate=ssl.CERT_REQUIRED) if options.is_encrypted else None
    for name in ("ca", "certificate", "key"):
        file = getattr(given, name)
        if file is not None and not Path(file).is_file():
            raise TargetError(f"target.tls.{name}: there is no file {file}")
    return ldap3.Tls(
        validate=ssl.CERT_REQUIRED if given.verify else ssl.CERT_NONE,
        ca_certs_file=given.ca,
        local_certificate_file=given.certificate,
        local_private_key_file=given.key,
    )


def unreachable(
    options: LdapOptions, error: BaseException, *, applied: bool | None = False
) -> Unreachable:
    """Return the error of a connection that does not work."""
    said = str(error) or type(error).__name__
    return Unreachable(f"{options.url}: {said}", applied=applied)
