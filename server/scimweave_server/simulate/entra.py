"""Provisioning cycles of Microsoft Entra ID (entra-facts 1.10 and 6.1)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, Self

from scimweave_server.simulate.attributes import (
    Change,
    Targets,
    differences,
    held,
    new_resource,
    targets,
)
from scimweave_server.simulate.dialect import Dialect, patch_body
from scimweave_server.simulate.endpoint import ScimEndpoint
from scimweave_server.simulate.failure import InvalidAnchor, StepFailed
from scimweave_server.simulate.links import Link, Links
from scimweave_server.simulate.outcome import CycleReport, Outcome, Result
from scimweave_server.simulate.people import Cycle, Person
from scimweave_server.simulate.tenant import parse_tenant
from scimweave_server.simulate.transport import Sleep, Transport


class Progress(Protocol):
    """Told about a cycle while it runs."""

    def start(self, cycle: int, total: int) -> None:
        """A cycle begins, with so many people to look at."""

    def advance(self, result: Result) -> None:
        """One person is done."""


class _Job(NamedTuple):
    user_name: str
    run: Callable[[], Awaitable[Result]]


class EntraProvisioning:
    """Provisions people into one SCIM endpoint, cycle by cycle, as Entra does.

    ``dialect`` is chosen by the flag in the Tenant URL unless given. ``links`` remembers who was
    provisioned; only people who changed since are touched. Use with ``async with``.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        dialect: Dialect | None = None,
        links: Links | None = None,
        concurrency: int = 4,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.tenant = parse_tenant(url, token)
        self.dialect = dialect or self.tenant.dialect
        self.links = Links() if links is None else links
        self._concurrency = concurrency
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        self._transport = Transport(self.tenant, self._sleep)
        self._endpoint = ScimEndpoint(self._transport)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.close()

    async def test_connection(self) -> None:
        """Probe the endpoint as the button of that name does; raises ConnectionTestFailed."""
        await self._endpoint.probe()

    async def run(self, cycle: Cycle, progress: Progress | None = None) -> CycleReport:
        """Run one cycle; a person who fails is in the report; raises ConnectionTestFailed."""
        started = time.monotonic()
        self._transport.begin()
        await self._endpoint.probe()
        jobs = [_Job(each.user_name, partial(self._person, each)) for each in cycle.people]
        for key, link in self.links.others({person.key for person in cycle.people}):
            name = str(link.targets.get("userName", key))
            jobs.append(_Job(name, partial(self._unassigned, key, link, name)))
        if progress is not None:
            progress.start(cycle.number, len(jobs))
        results = await self._run_all(jobs, progress)
        seconds = time.monotonic() - started
        return CycleReport(cycle.number, results, seconds, self._transport.throttling)

    async def _run_all(self, jobs: Sequence[_Job], progress: Progress | None) -> tuple[Result, ...]:
        results: dict[int, Result] = {}
        remaining = iter(enumerate(jobs))

        async def work() -> None:
            for index, job in remaining:
                results[index] = await _result(job)
                if progress is not None:
                    progress.advance(results[index])

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._concurrency, len(jobs))):
                group.create_task(work())
        return tuple(results[index] for index in range(len(jobs)))

    async def _person(self, person: Person) -> Result:
        link = self.links.get(person.key)
        if person.purged:
            return await self._purged(person, link)
        wanted = targets(person)
        if link is not None:
            if link.targets == wanted:
                return Result(person.user_name, Outcome.UNCHANGED)
            try:
                shown = await self._endpoint.read(link.id)
                return await self._export(person, shown, wanted)
            except InvalidAnchor:
                self.links.drop(person.key)
        if not person.enabled:
            reason = "disabled, and not linked to a user"
            return Result(person.user_name, Outcome.SKIPPED, reason=reason)
        return await self._provision(person, wanted)

    async def _provision(self, person: Person, wanted: Targets) -> Result:
        """Match, or create."""
        shown = await self._endpoint.match(person.user_name)
        if shown is not None:
            return await self._export(person, shown, wanted)
        user_id = await self._endpoint.create(new_resource(wanted))
        self.links.put(person.key, Link(user_id, wanted))
        return Result(person.user_name, Outcome.CREATED, tuple(wanted))

    async def _export(self, person: Person, shown: dict[str, Any], wanted: Targets) -> Result:
        """Send what differs from the representation, if anything, and remember the link."""
        changes = await self._send(shown, wanted)
        self.links.put(person.key, Link(shown["id"], wanted))
        return _changed(person.user_name, changes)

    async def _unassigned(self, key: str, link: Link, user_name: str) -> Result:
        """Disable somebody whom Entra stops tracking: no DELETE will follow (entra-facts 1.5)."""
        try:
            shown = await self._endpoint.read(link.id)
            changes = await self._send(shown, {"active": False})
        except InvalidAnchor:
            self.links.drop(key)
            return Result(user_name, Outcome.SKIPPED, reason="the user was gone already")
        self.links.drop(key)
        return _changed(user_name, changes)

    async def _purged(self, person: Person, link: Link | None) -> Result:
        if link is None:
            reason = "deleted, and not linked to a user"
            return Result(person.user_name, Outcome.SKIPPED, reason=reason)
        try:
            await self._endpoint.delete(link.id)
        except InvalidAnchor:
            self.links.drop(person.key)
            reason = "the user was gone already"
            return Result(person.user_name, Outcome.SKIPPED, reason=reason)
        self.links.drop(person.key)
        return Result(person.user_name, Outcome.DELETED)

    async def _send(self, shown: dict[str, Any], wanted: Targets) -> list[Change]:
        changes = differences(held(shown), wanted)
        if changes:
            await self._endpoint.update(shown["id"], patch_body(changes, self.dialect))
        return changes


async def _result(job: _Job) -> Result:
    try:
        return await job.run()
    except StepFailed as error:
        return Result(
            job.user_name, Outcome.FAILED, reason=str(error.failure), failure=error.failure
        )


def _changed(user_name: str, changes: Sequence[Change]) -> Result:
    active = [change.value for change in changes if change.path == "active"]
    if active:
        outcome = Outcome.RESTORED if active[0] else Outcome.DISABLED
    else:
        outcome = Outcome.UPDATED if changes else Outcome.UNCHANGED
    return Result(user_name, outcome, tuple(change.path for change in changes))
