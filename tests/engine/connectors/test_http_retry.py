from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from scimweave.connectors.http.retry import Pace, backoff, retry_after

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 120 ", 120),
        ("99999999999999999999", 86400),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60),
        ("Fri, 02 Jan 2026 03:05:05 -0000", 60),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: int | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_waits_double_with_jitter() -> None:
    waits = [[backoff(attempt, 0.2) for _ in range(50)] for attempt in range(4)]
    assert all(0.1 * 2**n <= min(each) and max(each) <= 0.2 * 2**n for n, each in enumerate(waits))
    assert len(set(waits[0])) > 1


async def test_requests_pass_at_even_intervals() -> None:
    pace = Pace(100)
    loop = asyncio.get_running_loop()
    start = loop.time()
    await asyncio.gather(*(pace.wait() for _ in range(6)))
    assert loop.time() - start >= 0.045
