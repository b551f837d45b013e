"""When a burst of leavers is held: the limits that a mapping file sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

DURATION = re.compile(r"^([0-9]{1,6})([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
# By percent alone nobody is held who is among the first few: small tenants have leavers too.
ALWAYS_FREE = 5


@dataclass(frozen=True, slots=True)
class GuardProgram:
    """How many may leave in ``window``, which the file writes as ``window_text``.

    ``percent`` is of those whose account is in use. At least one of both limits is there.
    """

    leavers: int | None
    percent: float | None
    window: timedelta
    window_text: str

    def broken_by(self, leavers: int, in_use: int) -> str | None:
        """Return the rule that so many leavers break; None where all may leave.

        ``in_use`` counts the accounts in use before the first of them left.
        """
        if self.leavers is not None and leavers > self.leavers:
            return f"more than {leavers_text(self.leavers)} within {self.window_text}"
        if self.percent is not None and leavers > max(ALWAYS_FREE, in_use * self.percent / 100):
            return f"more than {self.percent:g} % of {in_use} users within {self.window_text}"
        return None


def leavers_text(count: int) -> str:
    """Return so many leavers as words."""
    return f"{count} leaver{'' if count == 1 else 's'}"


def read_duration(text: str) -> timedelta | None:
    """Read a time such as 1h; None where the text is none, or no time at all."""
    match = DURATION.fullmatch(text)
    if match is None or not int(match[1]):
        return None
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
