"""People of two provisioning cycles arrive in a SaaS, by its REST API alone.

Starts the service, provisions, shows what is in it, and stops. Ends with 1 where an account is not
as expected.
"""

from __future__ import annotations

import base64
import csv
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stage import PEOPLE, Stage, console

HERE = Path(__file__).resolve().parent
MAPPING = Path("examples") / "rest-api" / "team-chat.yaml"
CLIENT = "scimweave"
RATE = 50  # requests a second that the service takes

Person = tuple[str, str, str, str, str]  # email, active, title, first name, last name


class TeamChat:
    """The running service, as its administrator sees it."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret

    def people(self) -> list[Person]:
        """Return all accounts, by their e-mail addresses."""
        found: list[Any] = []
        cursor = None
        while cursor is not None or not found:
            query = urlencode({"limit": 100, **({"cursor": cursor} if cursor else {})})
            page = self._call("GET", f"/v1/employees?{query}")
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return sorted(map(_person, found))

    def hire(self, row: dict[str, str]) -> None:
        """Make an account that was there before."""
        account = {
            "email": row["email"],
            "is_active": row["is_active"] == "true",
            "display_name": row["display_name"] or None,
            "job_title": row["job_title"] or None,
        }
        self._call("POST", "/v1/employees", json.dumps(account).encode())

    def _call(self, method: str, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        return _sent(Request(self.url + path, body, headers, method=method))  # noqa: S310 - ours

    def _token(self) -> str:
        proof = base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {proof}"}
        form = urlencode({"grant_type": "client_credentials"}).encode()
        answer = _sent(Request(f"{self.url}/oauth/token", form, headers))  # noqa: S310 - ours
        return str(answer["access_token"])


def main() -> None:
    """Run the example."""
    secret = secrets.token_urlsafe()
    with running(secret) as chat, tempfile.TemporaryDirectory(prefix="scimweave-rest-") as folder:
        environment = {"TEAM_CHAT_URL": chat.url, "TEAM_CHAT_SECRET": secret}
        stage = Stage(Path(folder), MAPPING, environment)
        stage.run("lint", str(MAPPING))
        stage.run("test", str(MAPPING))
        with (PEOPLE / "before.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                chat.hire(row)
        show(chat.people(), "in the service before: somebody who left")
        with stage.serve() as url:
            stage.take_key("team-chat")
            stage.provision(url, 1)
            show(chat.people(), "after cycle 1: joiners")
            stage.provision(url, 2)
            show(chat.people(), "after cycle 2: movers, leavers, a returner, a deletion")
        check(chat.people())


@contextmanager
def running(secret: str) -> Iterator[TeamChat]:
    """Serve the SaaS on a free port until the block ends."""
    words = [str(HERE / "saas.py"), "--port", "0", "--rate", str(RATE)]
    with subprocess.Popen(
        [sys.executable, *words], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin is not None  # noqa: S101 - it was asked for
        assert server.stdout is not None  # noqa: S101 - it was asked for
        try:
            # Where others could read it, a command line has no secrets.
            server.stdin.write(f"{secret}\n")
            server.stdin.close()
            word, _, url = server.stdout.readline().strip().partition(" ")
            if word != "ready":
                sys.exit("the service did not start")
            yield TeamChat(url, secret)
        finally:
            server.terminate()
            server.wait(timeout=30)


def show(people: Sequence[Person], title: str) -> None:
    """Print accounts as a table."""
    table = Table("email", "active", "title", "first", "last", title=title, title_justify="left")
    table.box = None
    for person in people:
        table.add_row(*person)
    console.print()
    console.print(table)


def check(found: Sequence[Person]) -> None:
    """Compare the accounts with what they have to be."""
    with (PEOPLE / "expected.csv").open(encoding="utf-8", newline="") as lines:
        expected = {
            (
                row["email"],
                row["is_active"],
                row["job_title"],
                row["first_name"],
                row["last_name"],
            )
            for row in csv.DictReader(lines)
        }
    for sign, people in (("missing", expected - set(found)), ("unexpected", set(found) - expected)):
        for person in sorted(people):
            print(f"{sign}: {person}", file=sys.stderr)
    if expected != set(found):
        sys.exit("the service is not as expected")
    console.print(f"\nAll {len(found)} accounts are as expected.")


def _person(account: dict[str, Any]) -> Person:
    profile = account["profile"] or {}
    return (
        account["email"],
        "true" if account["is_active"] else "false",
        account["job_title"] or "",
        profile.get("first_name") or "",
        profile.get("last_name") or "",
    )


def _sent(request: Request) -> Any:
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - the address is ours
        return json.load(answer)


if __name__ == "__main__":
    main()
