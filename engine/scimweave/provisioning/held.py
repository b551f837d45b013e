"""Who is held, and an operator's decision about them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from scimweave.provisioning.integration import Integration
from scimweave.provisioning.lifecycle.lookups import folded
from scimweave.provisioning.operated import Decision
from scimweave.scim.error import ScimError
from scimweave.store.base import Hold, Store


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one leaver: ``reason`` is None where the decision was carried out."""

    label: str
    resource_id: str | None
    operation: str | None
    account: int | str | None
    reason: str | None = None


async def chosen(
    store: Store, integration: str, people: Sequence[str] | None
) -> tuple[list[Hold], list[str]]:
    """Return who is held of ``people`` (names or ids; None: all), and who of them is not."""
    holds = await store.held(integration)
    if people is None:
        return list(holds), []
    found: dict[str, Hold] = {}
    missed = []
    for each in people:
        own = [hold for hold in holds if each == hold.resource_id or folded(each) == hold.name]
        found |= {hold.resource_id: hold for hold in own}
        if not own:
            missed.append(each)
    return list(found.values()), missed


async def decide(
    integration: Integration, decision: Decision, people: Sequence[str] | None
) -> AsyncGenerator[Decided, None]:
    """Release or drop who is held; one that fails does not stop the rest. Raises ``StoreError``."""
    holds, missed = await chosen(integration.store, integration.name, people)
    for each in missed:
        yield Decided(each, None, None, None, "is not held")
    for hold in holds:
        reason = None
        try:
            if not await integration.users.decide(hold.resource_id, decision):
                reason = "is not held any more"
        except ScimError as error:
            reason = error.detail
        yield Decided(hold.label, hold.resource_id, hold.operation, hold.key, reason)


def hold_to_dict(hold: Hold) -> dict[str, Any]:
    """Return a form for programs."""
    return {
        "label": hold.label,
        "resource_id": hold.resource_id,
        "operation": hold.operation,
        "account": hold.key,
        "since": hold.since.isoformat(),
        "reason": hold.reason,
    }
