"""The mapping against the live target, before anything is written to it."""

from __future__ import annotations

from scimweave.connectors.base import TargetError, Unreachable
from scimweave.mapping import (
    Diagnostic,
    MappingError,
    Membership,
    Program,
    check_members,
    check_target,
    target_finding,
)
from scimweave.provisioning.running import Running, start


async def start_checked(program: Program, before: Running | None = None) -> Running:
    """Make a program ready for use, on a target that is as the mapping says.

    Connectors of the version ``before`` are used on where they fit.

    A target that cannot be reached now is taken on trust: it may come back, and until then every
    request is told so. Raises ``MappingError``.
    """
    try:
        running = await start(program, before)
    except TargetError as error:
        raise MappingError((target_finding(program, str(error)),)) from error
    errors = [each for each in await _findings(running) if each.severity == "error"]
    if errors:
        await _close(running, before)
        raise MappingError(tuple(errors))
    return running


async def diagnose_target(program: Program) -> list[Diagnostic]:
    """Return what the target and the mapping disagree about; one that is silent is a finding."""
    try:
        running = await start(program)
    except TargetError as error:
        return [target_finding(program, str(error))]
    try:
        await running.connector.health()
        return await _findings(running)
    except Unreachable as error:
        return [target_finding(program, f"the target cannot be reached: {error}")]
    except TargetError:
        # Its description says more.
        return await _findings(running)
    finally:
        await _close(running, None)


async def _close(running: Running, before: Running | None) -> None:
    kept = before.connectors if before else ()
    for connector in running.connectors:
        if not any(connector is each for each in kept):
            await connector.close()


async def _findings(running: Running) -> list[Diagnostic]:
    found = await _of_objects(running)
    if running.groups is not None:
        found += await _of_objects(running.groups)
    groups = running.program.groups
    if running.groups is not None and groups and isinstance(groups.members, Membership):
        found += await _of_members(running.groups)
    return found


async def _of_objects(running: Running) -> list[Diagnostic]:
    try:
        description = await running.connector.describe()
    except Unreachable:
        return []
    except TargetError as error:
        return [target_finding(running.program, str(error), (running.section, "object"))]
    return check_target(running.program, description, running.objects)


async def _of_members(running: Running) -> list[Diagnostic]:
    try:
        description = await running.connector.describe_members()
    except Unreachable:
        return []
    except TargetError as error:
        where = ("groups", "members", "object")
        return [target_finding(running.program, str(error), where)]
    return check_members(running.program, description)
