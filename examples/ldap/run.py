"""People of two provisioning cycles arrive in a real OpenLDAP, which this starts and stops.

Everything is in a temporary folder. Ends with 1 where an entry is not as expected.
"""

from __future__ import annotations

import csv
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ldap3
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stage import PEOPLE, Stage, console

HERE = Path(__file__).resolve().parent
MAPPING = Path("examples") / "ldap" / "directory.yaml"
BASE = "dc=example,dc=com"
WRITER = f"cn=scimweave,{BASE}"
SERVERS = ("/usr/sbin", "/usr/local/sbin", "/usr/local/libexec")
START_TIMEOUT = 30  # seconds

Person = tuple[str, str, str]  # uid, unit, title


class Directory:
    """A slapd in a folder, and a look at what is in it."""

    def __init__(self, folder: Path) -> None:
        self.password = secrets.token_urlsafe()
        self.port = _free_port()
        self.url = f"ldap://127.0.0.1:{self.port}"
        self._folder = folder

    @contextmanager
    def running(self) -> Iterator[None]:
        """Fill the directory from before.ldif, and serve it until the block ends."""
        (self._folder / "data").mkdir()
        file = self._folder / "slapd.conf"
        template = (HERE / "slapd.conf").read_text(encoding="utf-8")
        filled = template.replace("{folder}", str(self._folder))
        file.write_text(filled.replace("{password}", self.password), encoding="utf-8")
        subprocess.run([_program("slapadd"), "-f", file, "-l", HERE / "before.ldif"], check=True)
        with subprocess.Popen([_program("slapd"), "-f", file, "-h", self.url, "-d", "0"]) as slapd:
            try:
                self._wait(slapd)
                yield
            finally:
                slapd.terminate()
                slapd.wait(timeout=30)

    def people(self) -> list[Person]:
        """Return the entries of people, by their uid."""
        server = ldap3.Server(self.url, get_info=ldap3.NONE)
        with ldap3.Connection(server, WRITER, self.password, auto_bind=True) as connection:
            connection.search(BASE, "(objectClass=inetOrgPerson)", attributes=["uid", "title"])
            found = connection.response or []
        return sorted(
            (
                entry["attributes"]["uid"][0],
                entry["dn"].split(",")[-3].removeprefix("ou="),
                next(iter(entry["attributes"]["title"]), ""),
            )
            for entry in found
        )

    def _wait(self, slapd: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + START_TIMEOUT
        while slapd.poll() is None and time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        sys.exit("slapd did not start")


def main() -> None:
    """Run the example."""
    with tempfile.TemporaryDirectory(prefix="scimweave-ldap-") as folder:
        directory = Directory(Path(folder))
        environment = {
            "DIRECTORY_URL": directory.url,
            "DIRECTORY_PASSWORD": directory.password,
        }
        stage = Stage(Path(folder), MAPPING, environment)
        stage.run("lint", str(MAPPING))
        stage.run("test", str(MAPPING))
        with directory.running():
            show(directory.people(), "in the directory before: somebody who left")
            with stage.serve() as url:
                stage.take_key("company-directory")
                stage.provision(url, 1)
                show(directory.people(), "after cycle 1: joiners")
                stage.provision(url, 2)
                show(directory.people(), "after cycle 2: movers, leavers, a returner, a deletion")
            check(directory.people())


def show(people: Sequence[Person], title: str) -> None:
    """Print entries as a table."""
    table = Table("uid", "ou", "title", title=title, title_justify="left", box=None)
    for uid, unit, job in people:
        table.add_row(uid, unit, job[:44])
    console.print()
    console.print(table)


def check(found: Sequence[Person]) -> None:
    """Compare the entries with what they have to be."""
    with (PEOPLE / "expected.csv").open(encoding="utf-8", newline="") as lines:
        expected = {
            (
                row["email"],
                "people" if row["is_active"] == "true" else "leavers",
                row["job_title"],
            )
            for row in csv.DictReader(lines)
        }
    for sign, people in (("missing", expected - set(found)), ("unexpected", set(found) - expected)):
        for person in sorted(people):
            print(f"{sign}: {person}", file=sys.stderr)
    if expected != set(found):
        sys.exit("the directory is not as expected")
    console.print(f"\nAll {len(found)} entries are as expected.")


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=":".join(SERVERS))
    if found is None:
        sys.exit(f"there is no {name}; on Debian: apt-get install slapd")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    main()
