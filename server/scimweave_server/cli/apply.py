"""scimweave apply."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scimweave_server.cli.key import DEFAULT_MAPPINGS, Mappings
from scimweave_server.cli.options import (
    DEFAULT_STORE,
    FINDINGS,
    Json,
    StoreUrl,
    expected_errors,
    fail,
    print_json,
    run_loop,
)
from scimweave_server.cli.plan import make_plan
from scimweave_server.cli.programs import live_program

if TYPE_CHECKING:
    from scimweave.mapping import Program
    from scimweave.provisioning.planning.plan import Plan

MOST_REASONS = 100


@dataclass(slots=True)
class Report:
    """How it went; ``failures`` are the first few, ``stopped`` says why there is a rest."""

    done: int = 0
    failed: int = 0
    held: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    stopped: str | None = None

    def add(self, applied: dict[str, Any]) -> None:
        """Count one resource."""
        if applied["is_held"]:
            self.held += 1
            return
        if applied["reason"] is None:
            self.done += 1
            return
        self.failed += 1
        if len(self.failures) < MOST_REASONS:
            known = ("resource_type", "resource_id", "label", "reason")
            self.failures.append({name: applied[name] for name in known})


def apply(
    integration: Annotated[str, typer.Argument(help="Name of the integration.")],
    mappings: Mappings = DEFAULT_MAPPINGS,
    store: StoreUrl = DEFAULT_STORE,
    rate: Annotated[
        float, typer.Option(min=0.01, max=10_000, help="At most so many people a second.")
    ] = 50,
    max_destructive: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Do nothing where the plan takes from more people than N."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    count: Annotated[int, typer.Option("-n", min=0, help="Show the first N differences.")] = 10,
    as_json: Json = False,
) -> None:
    """Bring everybody who lags behind the live mapping to it, after the plan was shown.

    A running server does it itself; without one this process does. Stopped half way, another run
    does the rest. Ends with 1 where somebody could not be brought to it.
    """
    report = Report()
    with expected_errors():
        program = live_program(integration, mappings)
        plan = run_loop(make_plan(store, program, program, count))
        if plan.changed:
            _confirm(plan, count, max_destructive, yes=yes, quiet=as_json)
            _run(store, program, rate, plan.changed, report)
    if as_json:
        print_json(asdict(report))
    else:
        _print(integration, report, plan)
    if report.failed or report.stopped:
        raise typer.Exit(FINDINGS)


def _confirm(plan: Plan, count: int, most: int | None, *, yes: bool, quiet: bool) -> None:
    from scimweave_server.cli.planned import print_plan

    if not quiet:
        print_plan(plan, count)
        print(flush=True)
    if most is not None and plan.destructive > most:
        fail(f"the plan takes something from {plan.destructive}, more than {most}: nothing is done")
    if yes:
        return
    if not is_somebody_there():
        fail("nobody is there to confirm; read the plan, and give --yes")
    if not typer.confirm(f"Apply this to {plan.changed}?", err=True):
        fail("nothing is done")


def is_somebody_there() -> bool:
    """Whether a question would be answered."""
    return sys.stdin.isatty()


def _run(store: str, program: Program, rate: float, total: int, report: Report) -> None:
    try:
        run_loop(_apply(store, program, rate, total, report))
    except KeyboardInterrupt:
        report.stopped = "interrupted; run again for the rest"


async def _apply(store: str, program: Program, rate: float, total: int, report: Report) -> None:
    from rich.console import Console

    from scimweave_server.cli.progress import progress_bar

    with progress_bar("apply", total, Console(stderr=True)) as advance:
        async with aclosing(_lines(store, program, rate)) as lines:
            async for line in lines:
                if "end" in line:
                    report.stopped = line["end"]
                    return
                report.add(line)
                advance()
    report.stopped = "the server ended; run again for the rest"


async def _lines(store: str, program: Program, rate: float) -> AsyncGenerator[dict[str, Any], None]:
    """Let the server do it that runs on the store, or do it here."""
    from scimweave.store.sqlite_file import path_of
    from scimweave_server.cli.running_server import NoServer, Refused, ask

    body = {"integration": program.integration, "revision": program.revision, "rate": rate}
    try:
        async with aclosing(ask(path_of(store), "apply", body)) as lines:
            async for line in lines:
                yield line
        return
    except Refused as refused:
        fail(str(refused))
    except NoServer:
        pass
    async with aclosing(_here(store, program, rate)) as lines:
        async for line in lines:
            yield line


async def _here(store: str, program: Program, rate: float) -> AsyncGenerator[dict[str, Any], None]:
    from scimweave.provisioning.integration import Integration
    from scimweave.provisioning.planning.apply import ApplyStopped, apply
    from scimweave.store.sqlite import SqliteStore

    # Exclusive: no server can start on the store meanwhile.
    opened = await SqliteStore.open(store)
    try:
        integration = await Integration.open(program, opened)
        try:
            async with aclosing(apply(integration, program.revision, rate=rate)) as steps:
                async for each in steps:
                    yield asdict(each)
            yield {"end": None}
        except ApplyStopped as stopped:
            yield {"end": str(stopped)}
        finally:
            await integration.close()
    finally:
        await opened.close()


def _print(integration: str, report: Report, plan: Plan) -> None:
    from scimweave.mapping.document.snippet import harmless

    if not plan.changed:
        print(f"{integration}: nobody lags behind the live mapping")
        return
    print(f"{integration}: {report.done} brought to the live mapping, {report.failed} failed")
    if report.held:
        print(f"{report.held} held by the guard: see `scimweave guard list {integration}`")
    for each in report.failures:
        print(harmless(f"  {each['resource_type'].lower()} {each['label']}: {each['reason']}"))
    if report.failed > len(report.failures):
        print(f"  … `scimweave log {integration}` has the others")
    if report.stopped is not None:
        print(f"stopped: {report.stopped}")
