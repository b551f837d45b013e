from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from directory import DIRECTORY, Directory
from employees import Employees
from scimweave.connectors.sql.ddl import init_target
from scimweave.mapping import load
from scimweave.provisioning.engine import Engine
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.running import shape_of
from scimweave.provisioning.users import Users

# Where a shell started the tests in the background, Ctrl-C is ignored, also by what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["servers.fixtures"]

ROOT = Path(__file__).parent.parent
PRECIATE = ROOT / "mappings" / "preciate.yaml"


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Employees:
    made = Employees(tmp_path / "target.db")
    monkeypatch.setenv("PRECIATE_DATABASE_URL", made.url)
    program = load(PRECIATE)
    init_target(program.target, [shape_of(program)])
    return made


@pytest.fixture
def mapping(tmp_path: Path, target: Employees) -> Path:
    """Return a copy of the reference mapping that a test may edit."""
    file = tmp_path / "mappings" / "preciate.yaml"
    file.parent.mkdir()
    file.write_text(PRECIATE.read_text())
    return file


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Directory:
    made = Directory(tmp_path / "directory.db")
    monkeypatch.setenv("DIRECTORY_DATABASE_URL", made.url)
    made.create()
    return made


@pytest.fixture
def directory_file(tmp_path: Path, directory: Directory) -> Path:
    """Return a copy of the mapping of the directory that a test may edit."""
    file = tmp_path / "directory.yaml"
    file.write_text(DIRECTORY.read_text())
    return file


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'scimweave.db'}"


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
async def engine(mapping: Path, store_url: str, events: list[Event]) -> AsyncIterator[Engine]:
    async with Engine.open(mapping, store=store_url, listener=events.append) as opened:
        yield opened


@pytest.fixture
def users(engine: Engine) -> Users:
    return engine["preciate"].users


@pytest.fixture
def edit(mapping: Path) -> Callable[[str, str], None]:
    """Replace a piece of the mapping file."""

    def replace(old: str, new: str) -> None:
        text = mapping.read_text()
        assert old in text
        mapping.write_text(text.replace(old, new))

    return replace
