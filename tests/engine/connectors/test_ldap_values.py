from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from scimweave.connectors.ldap.values import Kind, Unfit, decoded, encoded

GUID = "00112233-4455-6677-8899-aabbccddeeff"
NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "wire"),
    [
        ("text", "Zoë", [b"Zo\xc3\xab"]),
        ("text", "", []),
        ("text", None, []),
        ("text", ["a", "", None, "b"], [b"a", b"b"]),
        ("text", True, [b"TRUE"]),
        ("text", Decimal("1.50"), [b"1.50"]),
        ("text", NOON, [b"2026-03-01T12:30:00+00:00"]),
        ("text", date(2026, 3, 1), [b"2026-03-01"]),
        ("text", UUID(GUID), [GUID.encode()]),
        ("boolean", False, [b"FALSE"]),
        ("boolean", "true", [b"TRUE"]),
        ("integer", 512, [b"512"]),
        ("time", NOON, [b"20260301123000.0Z"]),
        ("time", NOON.astimezone(timezone(timedelta(hours=2))), [b"20260301123000.0Z"]),
        ("time", NOON.replace(microsecond=120000), [b"20260301123000.12Z"]),
        ("time", date(2026, 3, 1), [b"20260301000000.0Z"]),
        ("guid", GUID, [bytes.fromhex("33221100554477668899aabbccddeeff")]),
        ("password", "pass", [b'"\0p\0a\0s\0s\0"\0']),
    ],
)
def test_values_on_their_way_out(kind: Kind, value: Any, wire: list[bytes]) -> None:
    assert encoded(kind, value) == wire


@pytest.mark.parametrize(
    ("kind", "declared", "wire", "value"),
    [
        ("text", None, [], None),
        ("text", None, [b"Ada"], "Ada"),
        ("text", None, [b"a", b"b"], ["a", "b"]),
        ("text", "json", [b"a"], ["a"]),
        ("text", "json", [], None),
        ("text", "integer", [b"7"], 7),
        ("text", "integer", [b"seven"], "seven"),
        ("text", "boolean", [b"TRUE"], True),
        ("text", "boolean", [b"yes"], "yes"),
        ("text", "uuid", [GUID.encode()], UUID(GUID)),
        ("text", "date", [b"2026-03-01"], date(2026, 3, 1)),
        ("text", None, [b"\xff"], None),
        ("boolean", None, [b"FALSE"], False),
        ("integer", None, [b"-2147483136"], -2147483136),
        ("time", None, [b"20260301123000Z"], NOON),
        ("time", None, [b"20260301123000.0Z"], NOON),
        ("time", None, [b"2026030112.5Z"], NOON),
        ("time", None, [b"202603011430+0200"], NOON),
        ("time", None, [b"202603011030-0200"], NOON),
        ("time", "date", [b"20260301123000Z"], date(2026, 3, 1)),
        ("time", None, [b"20261332123000Z"], "20261332123000Z"),
        ("guid", None, [bytes.fromhex("33221100554477668899aabbccddeeff")], GUID),
        ("binary", None, [b"\x00"], None),
        ("password", None, [b"x"], None),
    ],
)
def test_values_on_their_way_in(
    kind: Kind, declared: str | None, wire: list[bytes], value: Any
) -> None:
    read = decoded(kind, declared, wire)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("binary", "x", "binary"),
        ("text", {"a": 1}, "one value"),
        ("text", "\ud800", "Unicode"),
        ("guid", "no uuid", "UUID"),
    ],
)
def test_what_cannot_be_held_is_refused(kind: Kind, value: Any, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        encoded(kind, value)
