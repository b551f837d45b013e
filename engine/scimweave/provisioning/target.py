"""The mapping against the live target, before anything is written to it."""

from __future__ import annotations

from scimweave.connectors.base import Connector, TargetError, Unreachable
from scimweave.mapping import Diagnostic, MappingError, Program, check_target, target_finding
from scimweave.provisioning.running import Running, start


async def start_checked(program: Program, connector: Connector | None = None) -> Running:
    """Make a program ready for use, on a target that is as the mapping says.

    A target that cannot be reached now is taken on trust: it may come back, and until then every
    request is told so. Raises ``MappingError``.
    """
    try:
        running = await start(program, connector)
    except TargetError as error:
        raise MappingError((target_finding(program, str(error)),)) from error
    errors = [each for each in await _findings(running) if each.severity == "error"]
    if errors:
        if connector is None:
            await running.connector.close()
        raise MappingError(tuple(errors))
    return running


async def diagnose_target(program: Program) -> list[Diagnostic]:
    """Return what the target and the mapping disagree about."""
    try:
        running = await start(program)
    except TargetError as error:
        return [target_finding(program, str(error))]
    try:
        return await _findings(running)
    finally:
        await running.connector.close()


async def _findings(running: Running) -> list[Diagnostic]:
    try:
        description = await running.connector.describe()
    except Unreachable:
        return []
    except TargetError as error:
        return [target_finding(running.program, str(error))]
    return check_target(running.program, description)
