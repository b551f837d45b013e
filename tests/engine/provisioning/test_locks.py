from __future__ import annotations

import asyncio

import pytest

from scimweave.provisioning.lifecycle.locks import Locks


async def test_who_waits_is_served_in_the_order_of_asking() -> None:
    locks, served = Locks(), []

    async def work(number: int) -> None:
        async with locks.hold("ada"):
            await asyncio.sleep(0)
            served.append(number)

    await asyncio.gather(*map(work, range(5)))
    assert served == [0, 1, 2, 3, 4]


async def test_different_names_do_not_wait_for_each_other() -> None:
    locks = Locks()
    async with locks.hold("ada"), asyncio.timeout(1), locks.hold("grace"):
        pass


async def test_a_failure_or_a_cancelled_wait_lets_go_of_the_lock() -> None:
    locks = Locks()

    async def fail() -> None:
        async with locks.hold("ada"):
            await asyncio.sleep(0)
            raise LookupError

    async def wait() -> None:
        async with locks.hold("ada"):
            pass

    failing, waiting = asyncio.create_task(fail()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(LookupError):
        await failing
    async with asyncio.timeout(1), locks.hold("ada"):
        pass
    assert not locks._locks


async def test_who_gives_up_as_their_turn_comes_passes_it_on() -> None:
    locks, served = Locks(), []

    async def work(name: str) -> None:
        async with locks.hold("ada"):
            served.append(name)

    async with locks.hold("ada"):
        first, second = asyncio.create_task(work("first")), asyncio.create_task(work("second"))
        await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(1):
        await asyncio.wait({first, second})
    assert (first.cancelled(), served) == (True, ["second"])
    assert not locks._locks
