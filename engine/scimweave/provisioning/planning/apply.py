"""Brings everybody who lags behind the live mapping to it, through the life cycle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from scimweave.provisioning.integration import Integration
from scimweave.provisioning.lifecycle.journal import label_for_people
from scimweave.provisioning.lifecycle.operator import Brought
from scimweave.provisioning.planning.lag import lag_of, objects_of, stored
from scimweave.provisioning.resources import Resources
from scimweave.scim.error import ScimError

AT_ONCE = 8
# So many refusals in a row that say "later" are a target that is away.
UNANSWERED = 20


class ApplyStopped(Exception):
    """The rest is left as it was; the message says why."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one resource: ``reason`` is None where it was brought to the mapping.

    Somebody ``is_held`` by the guard: an operator decides.
    """

    resource_type: str
    resource_id: str
    label: str
    reason: str | None = None
    is_unanswered: bool = False
    is_held: bool = False


async def apply(
    integration: Integration, revision: str, *, rate: float, stop: asyncio.Event | None = None
) -> AsyncGenerator[Applied, None]:
    """Bring everybody to mapping ``revision``; at most ``rate`` a second.

    Each is done under its lock, beside whatever a provider asks meanwhile; one that fails does not
    stop the rest. Whoever is under way is finished, also where the caller ends early: what is left
    lags on, and another run does it. Raises ``ApplyStopped`` and ``StoreError``.
    """
    pace = _Pace(rate)
    under_way: set[asyncio.Task[Applied | None]] = set()
    unanswered = 0
    stopped: str | None = None
    try:
        async with aclosing(_lagging(integration, revision)) as lagging:
            async for resources, resource_id, label in lagging:
                await pace.turn(stop)
                if stopped := _reason_to_stop(integration, revision, stop, unanswered):
                    break
                work = _bring(resources, revision, resource_id, label)
                under_way.add(asyncio.create_task(work))
                for each in await _finished(under_way, AT_ONCE):
                    unanswered = unanswered + 1 if each.is_unanswered else 0
                    yield each
        while under_way:
            for each in await _finished(under_way, 1):
                yield each
    finally:
        if under_way:
            await asyncio.wait(under_way)
    if stopped is not None:
        raise ApplyStopped(stopped)


async def _lagging(
    integration: Integration, revision: str
) -> AsyncGenerator[tuple[Resources, str, str], None]:
    """Return who lags, each with the resources of their type, and the name people know."""
    program = integration.program
    for resources in integration.served():
        kind = resources.resource_type.name
        objects = objects_of(program, kind)
        if objects is None:
            continue
        async for record in stored(integration.store, integration.name, kind):
            if lag_of(objects, revision, record) is not None:
                yield resources, record.id, label_for_people(objects, record)


async def _bring(
    resources: Resources, revision: str, resource_id: str, label: str
) -> Applied | None:
    """Return what became of one; None where there was nothing left to do."""
    kind = resources.resource_type.name
    try:
        done = await resources.bring_up(resource_id, revision)
    except ScimError as error:
        if error.status == 404:
            # Deleted since it was listed.
            return None
        return Applied(kind, resource_id, label, error.detail, error.status == 503)
    if not done:
        return None
    return Applied(kind, resource_id, label, is_held=done is Brought.HELD)


async def _finished(under_way: set[asyncio.Task[Applied | None]], most: int) -> list[Applied]:
    """Take out those that are done; waits for one where ``most`` or more are under way."""
    if len(under_way) >= most:
        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    done = [task for task in under_way if task.done()]
    under_way.difference_update(done)
    return [found for task in done if (found := task.result()) is not None]


def _reason_to_stop(
    integration: Integration, revision: str, stop: asyncio.Event | None, unanswered: int
) -> str | None:
    if stop is not None and stop.is_set():
        return "the server stops; run again for the rest"
    if integration.program.revision != revision:
        return "the mapping was edited meanwhile; plan again, and run again"
    if unanswered >= UNANSWERED:
        return f"the target of {integration.name} does not answer; run again later"
    return None


class _Pace:
    """Turns that are at least so many seconds apart."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate
        self._next = 0.0

    async def turn(self, stop: asyncio.Event | None) -> None:
        """Wait for the next turn, or for ``stop``."""
        now = asyncio.get_running_loop().time()
        wait = self._next - now
        self._next = max(now, self._next) + self._gap
        if wait <= 0:
            return
        if stop is None:
            await asyncio.sleep(wait)
            return
        try:
            await asyncio.wait_for(stop.wait(), wait)
        except TimeoutError:
            return
