"""When a request may be sent again, and how long to wait until then."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER = 24 * 3600


def retry_after(header: str | None, now: datetime | None = None) -> int | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110 §10.2.3), if any."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), MAX_RETRY_AFTER)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    seconds = (when - (now or datetime.now(UTC))).total_seconds()
    return max(0, min(round(seconds), MAX_RETRY_AFTER))


def backoff(attempt: int, first: float) -> float:
    """Return the seconds before the next attempt: they double, with jitter; counted from 0."""
    longest = first * (1 << min(attempt, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing


class Pace:
    """Lets requests pass at even intervals, first come first served."""

    def __init__(self, per_second: float | None) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._next = 0.0

    async def wait(self) -> None:
        """Wait for this request's turn."""
        if not self._interval:
            return
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._interval
        if turn > now:
            await asyncio.sleep(turn - now)
