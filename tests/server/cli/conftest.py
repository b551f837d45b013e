from __future__ import annotations

import pytest

from scimweave_server.http import logs


@pytest.fixture(autouse=True)
def _logs_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    # Loggers would keep the captured standard error of one command for the rest of the run.
    monkeypatch.setattr(logs, "configure_logs", lambda: None)
