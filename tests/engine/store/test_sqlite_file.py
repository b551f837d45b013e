from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from scimweave.store.base import StoreError
from scimweave.store.sqlite import SqliteStore

SCHEMA = 8


async def add(store: SqliteStore, number: int, hint: str = "…") -> None:
    """Write something: a key is the smallest thing that a store keeps."""
    await store.add_key("preciate", str(number).encode(), hint, None)


async def test_the_file_and_its_folder_are_made(store: SqliteStore, path: Path) -> None:
    await store.health()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA,)


@pytest.mark.parametrize("form", ["sqlite:///{}", "{}"])
async def test_a_store_is_a_url_or_a_path(path: Path, form: str) -> None:
    store = await SqliteStore.open(form.format(path))
    assert store.path == path
    await store.close()


async def test_a_relative_url_starts_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = await SqliteStore.open("sqlite:///var/scimweave.db")
    assert store.path == tmp_path / "var" / "scimweave.db"
    await store.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (":memory:", "must outlive its process"),
        ("sqlite:///:memory:", "must outlive its process"),
        ("sqlite://", "not supported"),
        ("", "must outlive its process"),
        ("postgresql://ada:secret@db/x", "postgresql://… is not supported"),
        ("sqlite:///x.db?mode=ro", "options are not supported"),
    ],
)
async def test_an_address_that_is_no_file_is_refused(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as raised:
        await SqliteStore.open(url)
    assert "secret" not in str(raised.value)


async def test_a_second_server_is_refused(store: SqliteStore, path: Path) -> None:
    with pytest.raises(StoreError, match=r"store\.db is in use by another server \(process \d+"):
        await SqliteStore.open(path)


async def test_another_name_of_the_file_is_the_same_store(
    store: SqliteStore, path: Path, tmp_path: Path
) -> None:
    alias = tmp_path / "alias.db"
    alias.symlink_to(path)
    with pytest.raises(StoreError, match="in use by another server"):
        await SqliteStore.open(alias)


async def test_a_closed_store_can_be_opened_again(store: SqliteStore, path: Path) -> None:
    await add(store, 1)
    await store.close()
    await store.close()
    again = await SqliteStore.open(path)
    assert await again.key(b"1") is not None
    await again.close()


async def test_the_command_line_works_beside_a_server(store: SqliteStore, path: Path) -> None:
    beside = await SqliteStore.open(path, exclusive=False)
    key = await beside.add_key("preciate", b"digest", "…abcd", None)
    assert await store.key(b"digest") == key
    await add(store, 1)
    assert await beside.key(b"1") is not None
    await beside.close()


OTHER_PROCESS = """
import asyncio, sys
from scimweave.store.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(sys.argv[1], exclusive=False)
    for number in range(20):
        await store.add_key("other", str(number).encode(), "…", None)
    await store.close()

asyncio.run(main())
"""


async def test_two_processes_write_side_by_side(store: SqliteStore, path: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", OTHER_PROCESS, str(path))
    for number in range(100, 200):
        await add(store, number)
    assert await process.wait() == 0
    assert len(await store.keys("other")) == 20
    assert len(await store.keys("preciate")) == 100


async def test_a_new_store_is_made_once_by_many(path: Path) -> None:
    stores = await asyncio.gather(*(SqliteStore.open(path, exclusive=False) for _ in range(8)))
    for store in stores:
        await store.health()
        await store.close()


async def test_a_store_of_a_newer_version_is_refused(store: SqliteStore, path: Path) -> None:
    await store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=r"made by a newer scimweave \(schema 99"):
        await SqliteStore.open(path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    await (await SqliteStore.open(path)).close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes. " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt: file is not a database"):
        await SqliteStore.open(path)
    assert path.read_text().startswith("These are my notes.")


async def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "target.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE employees (id INTEGER PRIMARY KEY)")
    with pytest.raises(StoreError, match="database of another program"):
        await SqliteStore.open(path)


@pytest.mark.parametrize("name", ["", "file/store.db"])
async def test_a_place_that_cannot_hold_a_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        await SqliteStore.open(tmp_path / name)


async def test_a_damaged_file_is_reported(store: SqliteStore, path: Path) -> None:
    for number in range(20):
        await add(store, number, "x" * 2000)
    await store.close()
    # Every table and index, and not the schema: what stands there is found when it is read.
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = connection.execute("SELECT rootpage FROM sqlite_schema WHERE rootpage > 1")
        pages = [page for (page,) in roots]
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
    damaged = await SqliteStore.open(path)
    with pytest.raises(StoreError, match="malformed; restore a backup"):
        await damaged.health()
    with pytest.raises(StoreError, match="malformed; restore a backup"):
        await add(damaged, 99)
    await damaged.close()


async def test_a_full_disk_is_reported_and_passes(store: SqliteStore, path: Path) -> None:
    await store._writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 40"))
    with pytest.raises(StoreError, match="full; make room on the disk"):
        await add(store, 1, "x" * 1_000_000)
    await add(store, 2)
    assert [key.digest for key in await store.keys("preciate")] == [b"2"]


async def test_a_closed_store_says_so(store: SqliteStore) -> None:
    await store.close()
    with pytest.raises(StoreError):
        await store.health()
    with pytest.raises(StoreError, match="is closed"):
        await add(store, 1)
    with pytest.raises(StoreError, match="is closed"):
        await store.count("preciate", "User")


WRITES = """
import asyncio, sys
from scimweave.store.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(sys.argv[1])
    for number in range(100_000):
        await store.add_key("preciate", str(number).encode(), "…", None)
        print(number, flush=True)

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_killed_process(path: Path) -> None:
    command = [sys.executable, "-c", WRITES, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if len(lines) == 200:
                process.kill()
    acknowledged = [line.strip().encode() for line in lines if line.endswith("\n")]
    assert len(acknowledged) >= 200

    async def digests() -> set[bytes]:
        store = await SqliteStore.open(path)
        keys = await store.keys("preciate")
        await store.close()
        return {key.digest for key in keys}

    assert set(acknowledged) <= asyncio.run(digests())
