from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from scimweave.provisioning.lifecycle.journal import Event
from scimweave_server.http.logs import operation_log

DONE = Event("preciate", "create", "1a", "ada@contoso.com", "done", ("email",), None, 0.01234)
REFUSED = Event("preciate", "update", "1a", "ada", "failed", (), "title: too long", 0.5)
SPLIT = Event("preciate", "update", "1a", "ada", "failed", (), "\ud83d", 0.5)


def written(capsysbinary: pytest.CaptureFixture[bytes]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsysbinary.readouterr().err)
    return found


@pytest.mark.parametrize(
    ("event", "level", "fields", "ms"),
    [
        pytest.param(DONE, "info", ["email"], 12.3, id="done"),
        pytest.param(REFUSED, "warning", [], 500.0, id="failed"),
        pytest.param(SPLIT, "warning", [], 500.0, id="half-a-character"),
    ],
)
def test_an_operation_is_a_line(
    capsysbinary: pytest.CaptureFixture[bytes], event: Event, level: str, fields: list[str], ms: int
) -> None:
    before = datetime.now(UTC)
    operation_log()(event)
    line = written(capsysbinary)
    assert before <= datetime.fromisoformat(str(line.pop("timestamp"))) <= datetime.now(UTC)
    assert line == {
        "integration": "preciate",
        "resource": "1a",
        "user": event.label,
        "outcome": event.outcome,
        "fields": fields,
        "detail": event.detail,
        "ms": ms,
        "event": event.operation,
        "level": level,
    }


@pytest.mark.parametrize("event", [DONE, SPLIT])
def test_the_time_ends_in_z(capsysbinary: pytest.CaptureFixture[bytes], event: Event) -> None:
    operation_log()(event)
    assert str(written(capsysbinary)["timestamp"]).endswith("Z")


def test_on_a_terminal_it_is_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with capture_logs() as lines:
        operation_log()(REFUSED)
    assert [(line["event"], line["log_level"]) for line in lines] == [("update", "warning")]
