"""The real servers themselves: that they start, are empty, and that nothing is skipped under CI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from servers.database import Database
from servers.fixtures import real_part
from servers.part import Unavailable, find_or_install, running


@pytest.mark.parametrize(("name", "words"), [("postgresql", "PostgreSQL"), ("mariadb", "MariaDB")])
def test_a_database_is_there_and_empty(
    request: pytest.FixtureRequest, name: str, words: str
) -> None:
    database: Database = request.getfixturevalue(name)
    ((version,),) = database.execute("CREATE TABLE employees (id integer)", "SELECT version()")
    assert words in version
    assert database.execute("SELECT * FROM employees") == []


@contextmanager
def missing() -> Iterator[None]:
    raise Unavailable("there is no such server")
    yield


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_missing_part_skips_tests_but_not_under_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setattr("servers.fixtures._missing", {})
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="there is no such server"), real_part(missing()):
        pass


def test_what_cannot_be_installed_says_how_it_could_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Unavailable, match="apt-get install some-package"):
        find_or_install("scimweave-no-such-program", package="some-package")


def test_server_that_does_not_start_shows_what_it_printed(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo out of luck; exit 3"]
    with (
        pytest.raises(RuntimeError, match="out of luck"),
        running(command, ready=lambda: False, log=tmp_path / "log"),
    ):
        pass
