"""What an operator is told of a mapping file that is refused while the server runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest
import structlog

from scimweave_server.http import logs
from scimweave_server.http.watch import report
from small_mapping import findings, mapping_text


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_refused_mapping_is_shown_as_lint_does_on_a_terminal_and_is_json_elsewhere(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    monkeypatch.setattr("scimweave_server.http.watch.log", structlog.get_logger())
    logs.configure_logs()
    report(findings(mapping_text("title: titel", "nick: nickNam")))
    sys.stderr.flush()
    lines = capfdbinary.readouterr().err.decode().splitlines()
    if is_terminal:
        assert sum("mapping refused, the running one stays" in line for line in lines) == 2
        assert sum('did you mean "' in line for line in lines) == 2
    else:
        told = [json.loads(line) for line in lines]
        assert [each["label"] for each in told] == [
            'did you mean "title"?',
            'did you mean "nickName"?',
        ]
