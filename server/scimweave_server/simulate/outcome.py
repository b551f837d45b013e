"""What became of the people in a provisioning cycle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scimweave_server.simulate.failure import Failure
from scimweave_server.simulate.transport import Throttling


class Outcome(StrEnum):
    """What a cycle did with one person."""

    CREATED = "created"
    UPDATED = "updated"
    DISABLED = "disabled"
    RESTORED = "restored"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """One person's part: ``attributes`` are the target paths that were sent.

    ``reason`` is given when the person was skipped or failed; ``failure`` when failed.
    """

    user_name: str
    outcome: Outcome
    attributes: tuple[str, ...] = ()
    reason: str | None = None
    failure: Failure | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "userName": self.user_name,
            "outcome": self.outcome.value,
            "attributes": list(self.attributes),
            "reason": self.reason,
            "failure": None if self.failure is None else self.failure.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class CycleReport:
    """The results of a cycle in the order of its people, then those no longer assigned."""

    number: int
    results: tuple[Result, ...]
    seconds: float
    throttling: Throttling

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many people had each outcome; every outcome is there."""
        counted = Counter(result.outcome for result in self.results)
        return {outcome: counted[outcome] for outcome in Outcome}

    @property
    def failed(self) -> tuple[Result, ...]:
        """The people for whom something failed."""
        return tuple(each for each in self.results if each.outcome is Outcome.FAILED)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "cycle": self.number,
            "seconds": round(self.seconds, 3),
            "counts": {outcome.value: count for outcome, count in self.counts.items()},
            "throttling": {
                "retries": self.throttling.retries,
                "seconds": self.throttling.seconds,
                "shortened": self.throttling.shortened,
            },
            "people": [result.to_dict() for result in self.results],
        }
