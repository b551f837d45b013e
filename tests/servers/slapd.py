"""A real OpenLDAP, from the Debian package."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import ldap3

from servers.part import Unavailable, find_or_install, folder, free_port, listens, running

PACKAGE = "slapd"
ADMIN = "cn=admin,dc=example,dc=com"
PASSWORD = "geheim"
ROOT = "dc=example,dc=com"

_numbers = count(1)

# What Active Directory has beyond the standard, so that its bits and keys are tested for real;
# and an account that needs nothing but its name.
SCHEMA = """
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.90 NAME 'unicodePwd' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.32473.1.1 NAME 'accountEnabled' EQUALITY booleanMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.7 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.32473.1.2 NAME 'hireDate' EQUALITY generalizedTimeMatch
  ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.32473.2.1 NAME 'testPerson' SUP top STRUCTURAL MUST uid
  MAY ( cn $ sn $ mail $ displayName $ title $ telephoneNumber $ accountEnabled $ hireDate $
        userAccountControl $ objectGUID $ unicodePwd $ userPassword $ employeeNumber $
        jpegPhoto $ description $ ou ) )
"""

CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
{schema}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload unique
moduleload memberof
{certificates}
allow bind_v2
pidfile {folder}/pid
argsfile {folder}/args
sizelimit 2000
database mdb
suffix "{root}"
rootdn "{admin}"
rootpw "{password}"
directory {folder}/data
maxsize 1073741824
dbnosync
index objectClass,uid,mail,member,memberUid,entryUUID eq
overlay unique
unique_uri ldap:///?mail?sub
overlay memberof
"""


class Slapd:
    """An OpenLDAP in a folder; it can be stopped, and started on the same port and data.

    ``url`` is its address, ``ldaps`` the one that is encrypted from the first byte, ``socket``
    that of its UNIX socket; ``ca`` is the certificate that its own is signed with.
    """

    def __init__(self, made: Path) -> None:
        """Write the configuration. Raises ``Unavailable``."""
        self._program = find_or_install("slapd", package=PACKAGE)
        self._folder = made
        self._running: Any = None
        port, self._ldaps_port = free_port(), free_port()
        self.port = port
        self.url = f"ldap://127.0.0.1:{port}"
        self.ldaps = f"ldaps://localhost:{self._ldaps_port}"
        self.socket = f"ldapi://{made / 'socket'}"
        self.ca = made / "certificate.pem"
        (made / "data").mkdir()
        _make_certificate(made)
        (made / "slapd.conf").write_text(
            CONFIGURATION.format(
                schema=SCHEMA,
                folder=made,
                root=ROOT,
                admin=ADMIN,
                password=PASSWORD,
                certificates=f"TLSCertificateFile {self.ca}\nTLSCertificateKeyFile {made}/key.pem",
            )
        )

    def start(self) -> None:
        """Run the server until ``stop``; one that runs goes on."""
        if self._running is not None:
            return
        quoted = str(self._folder / "socket").replace("/", "%2F")
        addresses = f"{self.url}/ ldaps://127.0.0.1:{self._ldaps_port}/ ldapi://{quoted}"
        command: list[str | Path] = [
            self._program, "-f", self._folder / "slapd.conf", "-h", addresses, "-d", "0"
        ]  # fmt: skip
        self._running = running(command, ready=lambda: listens(self.port), log=self._folder / "log")
        self._running.__enter__()

    def learn(self, attribute: str, syntax: str) -> None:
        """Let people have another attribute, from the next start on."""
        file = self._folder / "slapd.conf"
        made = (
            f"attributetype ( 1.3.6.1.4.1.32473.1.99 NAME '{attribute}' EQUALITY integerMatch\n"
            f"  SYNTAX {syntax} SINGLE-VALUE )\n"
        )
        text = file.read_text().replace("objectclass (", f"{made}objectclass (", 1)
        file.write_text(text.replace("MAY ( cn $", f"MAY ( {attribute} $ cn $"))

    def stop(self) -> None:
        """Stop the server; what it holds stays."""
        stopping, self._running = self._running, None
        if stopping is not None:
            stopping.__exit__(None, None, None)


class Directory:
    """A part of the directory that a test has to itself, below ``base``; empty but for the units.

    Its methods work on it as another program does.
    """

    def __init__(self, server: Slapd, base: str) -> None:
        self.server = server
        self.base = base

    @property
    def url(self) -> str:
        """The address of the server."""
        return self.server.url

    def options(self, **sections: Any) -> dict[str, Any]:
        """Return what a mapping file says of it."""
        return {
            "url": self.url,
            "bind": {"dn": ADMIN, "password": PASSWORD},
            "base": self.base,
            "timeout": 10,
            **sections,
        }

    def connect(self) -> ldap3.Connection:
        """Open a connection of the administrator."""
        server = ldap3.Server(self.url, get_info=ldap3.NONE)
        return ldap3.Connection(
            server, ADMIN, PASSWORD, auto_bind=True, check_names=False, auto_encode=False,
            raise_exceptions=True,
        )  # fmt: skip

    def add(self, dn: str, attributes: Mapping[str, Any]) -> None:
        """Add an entry below the base."""
        with self.connect() as connection:
            connection.add(f"{dn},{self.base}", None, dict(attributes))

    def modify(self, dn: str, changes: Mapping[str, Any]) -> None:
        """Change an entry below the base."""
        with self.connect() as connection:
            connection.modify(f"{dn},{self.base}", dict(changes))

    def entries(self, filter_text: str = "(objectClass=*)") -> dict[str, dict[str, list[bytes]]]:
        """Return the attributes of entries by their names, without the base."""
        with self.connect() as connection:
            found = connection.extend.standard.paged_search(
                self.base, filter_text, attributes=["*", "+"], paged_size=500, generator=False
            )
        return {
            entry["dn"].removesuffix(self.base).rstrip(","): dict(entry["raw_attributes"])
            for entry in found
        }

    def clear(self) -> None:
        """Remove everything, the base too."""
        names = sorted(self.entries(), key=lambda name: name.count(","), reverse=True)
        with self.connect() as connection:
            for name in names:
                connection.delete(f"{name},{self.base}".lstrip(","))

    def values(self, dn: str, attribute: str) -> list[str]:
        """Return the values of an attribute of an entry below the base."""
        return [value.decode() for value in self.entries()[dn].get(attribute, [])]


@contextmanager
def running_slapd() -> Iterator[Slapd]:
    """Run a server until the block ends; a second or so. Raises ``Unavailable``."""
    with folder("slapd") as made:
        server = Slapd(made)
        server.start()
        try:
            _add_root(server)
            yield server
        finally:
            server.stop()


@contextmanager
def directory(server: Slapd) -> Iterator[Directory]:
    """Make a part of the directory, which is taken away at the end."""
    base = f"dc=test{next(_numbers)},{ROOT}"
    made = Directory(server, base)
    with made.connect() as connection:
        name = base.partition(",")[0].partition("=")[2]
        connection.add(base, ["dcObject", "organization"], {"dc": name, "o": "Example"})
        for unit in ("people", "leavers", "groups"):
            connection.add(f"ou={unit},{base}", "organizationalUnit", {"ou": unit})
    try:
        yield made
    finally:
        server.start()
        made.clear()


def _add_root(server: Slapd) -> None:
    with Directory(server, ROOT).connect() as connection:
        connection.add(ROOT, ["dcObject", "organization"], {"dc": "example", "o": "Example"})


def _make_certificate(made: Path) -> None:
    openssl = shutil.which("openssl") or find_or_install("openssl", package="openssl")
    command = [
        openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", made / "key.pem", "-out", made / "certificate.pem",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"openssl makes no certificate: {done.stderr.strip()[-500:]}")
