from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scimweave.group_commit import GroupCommitWriter, Job, WriterClosed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE entry (value TEXT UNIQUE)")
        connection.execute(
            "CREATE TABLE child (value TEXT REFERENCES entry (value) DEFERRABLE INITIALLY DEFERRED)"
        )
    return path


@pytest.fixture
def start(path: Path) -> Iterator[Callable[..., GroupCommitWriter]]:
    writers = []

    def make(kind: type[sqlite3.Connection] = sqlite3.Connection) -> GroupCommitWriter:
        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(path, isolation_level=None, factory=kind)
            connection.execute("PRAGMA foreign_keys = ON")
            return connection

        writers.append(GroupCommitWriter(connect, "test"))
        return writers[-1]

    yield make
    for writer in writers:
        writer.close()


Start = Callable[..., GroupCommitWriter]


def insert(value: str) -> Job[str]:
    def job(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO entry VALUES (?)", (value,))
        return value

    return job


def values(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM entry ORDER BY rowid")]


async def in_one_batch(writer: GroupCommitWriter, *jobs: Job[object]) -> list[object]:
    """Run jobs so that one transaction holds them all; errors come as results."""
    running, waiting = threading.Event(), threading.Event()

    def hold(connection: sqlite3.Connection) -> None:
        running.set()
        waiting.wait()

    first = asyncio.create_task(writer.run(hold))
    await asyncio.to_thread(running.wait)
    rest = [asyncio.create_task(writer.run(job)) for job in jobs]
    # All tasks have run up to their wait for the result: their jobs are in the queue.
    await asyncio.sleep(0)
    waiting.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


class FailingConnection(sqlite3.Connection):
    """Fails the next statement that begins with ``failing``."""

    failing: str | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if FailingConnection.failing and sql.startswith(FailingConnection.failing):
            FailingConnection.failing = None
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, parameters)


async def test_a_result_is_on_disk_when_it_is_given(start: Start, path: Path) -> None:
    assert await start().run(insert("a")) == "a"
    assert values(path) == ["a"]


async def test_jobs_run_in_the_order_of_asking(start: Start, path: Path) -> None:
    expected = [str(number) for number in range(600)]
    assert await in_one_batch(start(), *map(insert, expected)) == expected
    assert values(path) == expected


async def test_jobs_of_one_turn_of_the_loop_share_a_transaction(start: Start) -> None:
    begun: list[str] = []

    def trace(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(begun.append)

    writer = start()
    await writer.run(trace)
    await asyncio.gather(*(writer.run(insert(str(number))) for number in range(50)))
    assert begun.count("BEGIN IMMEDIATE") == 1
    assert not [statement for statement in begun if statement.startswith("SAVEPOINT")]


async def test_nothing_is_given_out_before_the_commit(start: Start, path: Path) -> None:
    seen = []

    def look(connection: sqlite3.Connection) -> None:
        seen.append(values(path))

    await in_one_batch(start(), insert("a"), look)
    assert seen == [[]]
    assert values(path) == ["a"]


async def test_a_failing_job_takes_back_only_its_own_changes(start: Start, path: Path) -> None:
    def insert_and_fail(connection: sqlite3.Connection) -> None:
        insert("lost")(connection)
        raise LookupError("no such thing")

    results = await in_one_batch(start(), insert("a"), insert_and_fail, insert("b"))
    assert (results[0], results[2]) == ("a", "b")
    assert isinstance(results[1], LookupError)
    assert values(path) == ["a", "b"]


async def test_a_constraint_fails_only_its_job(start: Start, path: Path) -> None:
    results = await in_one_batch(start(), insert("a"), insert("a"), insert("b"))
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert values(path) == ["a", "b"]


async def test_a_constraint_that_is_checked_at_the_commit_fails_only_its_job(
    start: Start, path: Path
) -> None:
    def orphan(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO child VALUES ('nobody')")

    results = await in_one_batch(start(), insert("a"), orphan, insert("b"))
    assert (results[0], results[2]) == ("a", "b")
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert values(path) == ["a", "b"]


@pytest.mark.parametrize("statement", ["COMMIT", "RELEASE"])
async def test_a_failing_commit_reaches_every_caller(
    start: Start, path: Path, statement: str
) -> None:
    writer = start(FailingConnection)
    await writer.run(insert("before"))

    def fail_later(connection: sqlite3.Connection) -> None:
        FailingConnection.failing = statement
        if statement == "RELEASE":
            # Savepoints are used only after a job has failed.
            raise LookupError

    results = await in_one_batch(writer, insert("a"), insert("b"), fail_later)
    assert {str(result) for result in results} == {"disk I/O error"}
    assert values(path) == ["before"]
    assert await writer.run(insert("after")) == "after"
    assert values(path) == ["before", "after"]


async def test_a_file_that_is_locked_is_tried_again_by_the_next_job(
    start: Start, path: Path
) -> None:
    writer = start()
    await writer.run(lambda connection: connection.execute("PRAGMA busy_timeout = 0"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        await writer.run(insert("a"))
    other.close()
    assert await writer.run(insert("b")) == "b"


async def test_a_transaction_that_sqlite_took_back_fails_all_its_jobs(
    start: Start, path: Path
) -> None:
    def disk_full(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    writer = start()
    results = await in_one_batch(writer, insert("a"), disk_full, insert("b"))
    assert {str(result) for result in results} == {"database or disk is full"}
    assert values(path) == []
    assert await writer.run(insert("after")) == "after"


async def test_a_connection_that_cannot_be_opened_is_tried_again(path: Path) -> None:
    attempts = iter([OSError("no such folder"), None])

    def connect() -> sqlite3.Connection:
        if (error := next(attempts)) is not None:
            raise error
        return sqlite3.connect(path, isolation_level=None)

    writer = GroupCommitWriter(connect, "test")
    with pytest.raises(OSError, match="no such folder"):
        await writer.run(insert("a"))
    assert await writer.run(insert("b")) == "b"
    writer.close()


async def test_close_finishes_what_waits(start: Start, path: Path) -> None:
    writer = start()
    tasks = [asyncio.create_task(writer.run(insert(str(number)))) for number in range(500)]
    await asyncio.sleep(0)
    await asyncio.to_thread(writer.close)
    assert await asyncio.gather(*tasks) == [str(number) for number in range(500)]
    assert len(values(path)) == 500


async def test_more_than_one_transaction_holds_is_finished_before_the_end(
    start: Start, path: Path
) -> None:
    writer = start()
    tasks = [asyncio.create_task(writer.run(insert(str(number)))) for number in range(600)]
    await asyncio.sleep(0)
    # In the thread of the loop, before its turn ends: nothing was handed over yet.
    writer.close()
    assert await asyncio.gather(*tasks) == [str(number) for number in range(600)]
    assert len(values(path)) == 600


async def test_nothing_runs_after_close(start: Start) -> None:
    writer = start()
    writer.close()
    writer.close()
    with pytest.raises(WriterClosed):
        await writer.run(insert("a"))


async def test_a_caller_that_was_cancelled_does_not_disturb_the_others(
    start: Start, path: Path
) -> None:
    writer = start()
    cancelled = asyncio.create_task(writer.run(insert("a")))
    other = asyncio.create_task(writer.run(insert("b")))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await other == "b"
    assert values(path) == ["a", "b"]


def test_a_loop_that_ended_does_not_end_the_writer(start: Start, path: Path) -> None:
    writer = start()
    release = threading.Event()

    def hold(connection: sqlite3.Connection) -> None:
        release.wait()

    async def leave() -> None:
        task = asyncio.create_task(writer.run(hold))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    release.set()
    assert asyncio.run(writer.run(insert("a"))) == "a"
