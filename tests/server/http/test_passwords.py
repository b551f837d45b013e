"""A password goes in and never comes out: not in an answer, not in an error, not in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import structlog

from employees import Employees
from provider import Provider

SECRET = "correct-horse-battery-staple"
ADA: dict[str, Any] = {"userName": "ada@contoso.com", "password": SECRET}


@pytest.fixture(params=["mapped", "unmapped"])
def is_mapped(
    request: pytest.FixtureRequest, target: Employees, edit: Callable[[str, str], None]
) -> bool:
    if request.param == "mapped":
        target.query("ALTER TABLE employees ADD COLUMN pass VARCHAR CHECK (length(pass) > 10)")
        edit("  attributes:\n", "  attributes:\n    pass: { from: password, max_length: 40 }\n")
    return bool(request.param == "mapped")


def patch(path: str, value: Any) -> dict[str, Any]:
    return {"Operations": [{"op": "replace", "path": path, "value": value}]}


async def test_password_never_comes_out(
    is_mapped: bool, call: Provider, target: Employees, capfd: pytest.CaptureFixture[str]
) -> None:
    with structlog.testing.capture_logs() as logs:
        created = await call("POST", "/Users?attributes=password,userName", ADA)
        one = f"/Users/{created.body['id']}"
        answers = [
            created,
            await call("GET", one),
            await call("GET", f"{one}?attributes=password"),
            await call("GET", "/Users"),
            await call("PATCH", one, patch("password", SECRET + "2")),
            await call("PATCH", one, {"Operations": [{"op": "add", "value": ADA}]}),
            await call("PUT", one, {**ADA, "title": "Boss"}),
        ]
        assert [answer.status for answer in answers] == [201, *[200] * 6]
        refusals = [
            await call("POST", "/Users", ADA),
            await call("POST", "/Users", {"userName": "b", "password": [SECRET, SECRET]}),
            await call("PATCH", one, patch("password", {"x": SECRET})),
        ]
        if is_mapped:
            refusals += [
                await call("PATCH", one, patch("password", "short")),
                await call("PATCH", one, patch("password", SECRET * 2)),
            ]
            assert [answer.body["scimType"] for answer in refusals[-2:]] == ["invalidValue"] * 2
    for answer in (*answers, *refusals):
        assert "password" not in answer.body
        assert SECRET not in str(answer.body)
    assert SECRET not in str(logs) + "".join(capfd.readouterr())
    if is_mapped:
        assert target.row("ada@contoso.com")["pass"] == SECRET


@pytest.mark.parametrize("operator", ["eq", "sw", "ne"])
async def test_filter_on_a_password_is_refused(call: Provider, operator: str) -> None:
    answer = await call("GET", f"/Users?filter=password+{operator}+%22{SECRET}%22")
    broken = await call("GET", f"/Users?filter=password+{operator}+%22{SECRET}")
    for each in (answer, broken):
        assert (each.status, each.body["scimType"]) == (400, "invalidFilter")
        assert SECRET not in each.body["detail"]


async def test_config_says_whether_a_password_can_be_changed(
    is_mapped: bool, call: Provider
) -> None:
    config = (await call("GET", "/ServiceProviderConfig")).body
    assert config["changePassword"] == {"supported": is_mapped}
