from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from api_double import Answer, ApiDouble, api_double, dropped, endless, html, json, redirect, silent
from scimweave.connectors.base import (
    AccountShape,
    Conflict,
    Connector,
    Gone,
    Rejected,
    TargetError,
    Unreachable,
)
from scimweave.connectors.contract import SHAPE, refused
from scimweave.connectors.rest.connector import RestConnector

QUICK: dict[str, Any] = {"retry": {"attempts": 3, "backoff": 0.001, "budget": 5.0}}
ADA = {"email": "ada@example.com"}
MADE = json({"id": 7}, 201)

Attempt = Callable[[Connector], Awaitable[object]]


@asynccontextmanager
async def target(
    *answers: Answer, shape: AccountShape = SHAPE, **options: Any
) -> AsyncIterator[tuple[Connector, ApiDouble]]:
    async with api_double(*answers) as double:
        connector = RestConnector.open({"url": double.url, **QUICK, **options}, shape)
        try:
            yield connector, double
        finally:
            await connector.close()


def create(connector: Connector) -> Awaitable[object]:
    return connector.create(ADA)


def update(connector: Connector) -> Awaitable[object]:
    return connector.update(7, {"job_title": "Countess"})


def read(connector: Connector) -> Awaitable[object]:
    return connector.read(7)


def delete(connector: Connector) -> Awaitable[object]:
    return connector.delete(7)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_target_is_asked_again(status: int) -> None:
    async with target(json({}, status, Retry_After="0"), MADE) as (connector, double):
        assert await connector.create(ADA) == 7
    assert len(double.seen) == 2


async def test_a_wait_beyond_the_budget_is_passed_on_to_the_provider() -> None:
    async with target(json({}, 429, Retry_After="90")) as (connector, double):
        error = await refused(Unreachable, connector.create(ADA))
    assert (error.retry_after, error.applied) == (90, False)
    assert len(double.seen) == 1


async def test_attempts_end() -> None:
    async with target(json({}, 503)) as (connector, double):
        error = await refused(Unreachable, connector.create(ADA))
    assert error.applied is False
    assert len(double.seen) == 3


@pytest.mark.parametrize("answer", [dropped, silent, json({}, 500), json({}, 504)])
@pytest.mark.parametrize("attempt", [create, update])
async def test_a_write_of_unknown_outcome_is_not_sent_again(
    answer: Answer, attempt: Attempt
) -> None:
    async with target(answer, timeout={"total": 0.2}) as (connector, double):
        error = await refused(Unreachable, attempt(connector))
    assert error.applied is None
    assert len(double.seen) == 1


@pytest.mark.parametrize("answer", [dropped, silent, json({}, 502)])
async def test_with_an_idempotency_key_the_same_write_is_sent_again(answer: Answer) -> None:
    options: dict[str, Any] = {
        "idempotency_header": "Idempotency-Key",
        "timeout": {"total": 0.2},
    }
    async with target(answer, MADE, **options) as (connector, double):
        assert await connector.create(ADA) == 7
        await connector.create(ADA)
    first, again, other = [each.headers["Idempotency-Key"] for each in double.seen]
    assert first == again != other


async def test_a_patch_that_is_declared_idempotent_is_sent_again() -> None:
    options: dict[str, Any] = {"users": {"update": {"idempotent": True}}}
    async with target(dropped, json({}), **options) as (connector, double):
        await connector.update(7, {"job_title": "Countess"})
    assert len(double.seen) == 2


async def test_an_attempt_with_unknown_outcome_is_remembered_until_the_end() -> None:
    async with target(dropped, json({}, 503)) as (connector, double):
        error = await refused(Unreachable, connector.delete(7))
    assert error.applied is None
    assert len(double.seen) == 3


async def test_a_deletion_that_the_first_attempt_has_done_is_done() -> None:
    async with target(dropped, json({}, 404)) as (connector, _):
        await connector.delete(7)
    async with target(json({}, 404)) as (connector, _):
        await refused(Gone, connector.delete(7))


async def test_reads_are_sent_again_and_change_nothing() -> None:
    async with target(dropped, json({"id": 7})) as (connector, _):
        assert await connector.read(7)
    async with target(silent, timeout={"total": 0.1}) as (connector, double):
        error = await refused(Unreachable, connector.read(7))
    assert error.applied is False
    assert len(double.seen) == 3


async def test_nobody_listening_is_told_as_nothing_done() -> None:
    async with target(MADE) as (_, double):
        url = double.url
    connector = RestConnector.open({"url": url, **QUICK}, SHAPE)
    error = await refused(Unreachable, connector.create(ADA))
    await connector.close()
    assert error.applied is False


@pytest.mark.parametrize("attempt", [create, update, delete])
async def test_a_page_of_html_is_no_success(attempt: Attempt) -> None:
    async with target(html()) as (connector, _):
        error = await refused(Unreachable, attempt(connector))
    assert "HTML" in str(error) or "text/html" in str(error)
    assert "s3cr3t" not in str(error)
    assert error.applied is None


async def test_a_page_of_html_is_no_account() -> None:
    async with target(html()) as (connector, _):
        error = await refused(TargetError, connector.read(7))
    assert "text/html where JSON is expected" in str(error)
    async with target(html(422)) as (connector, _):
        rejected = await refused(Rejected, connector.create(ADA))
    assert "status 422, text/html" in str(rejected)


@pytest.mark.parametrize("attempt", [create, update, read, delete])
async def test_redirects_are_never_followed(attempt: Attempt) -> None:
    async with api_double(MADE) as elsewhere:
        async with target(redirect(elsewhere.url)) as (connector, double):
            error = await refused(TargetError, attempt(connector))
        assert "redirects are not followed" in str(error)
        assert len(double.seen) == 1
        assert not elsewhere.seen


@pytest.mark.parametrize(
    "paging",
    [{"style": "link"}, {"style": "url", "next": "next"}],
    ids=["link", "url"],
)
async def test_the_next_page_is_never_at_another_host(paging: dict[str, str]) -> None:
    async with api_double(json([])) as elsewhere:
        body = {"items": [{"id": 1}], "next": f"{elsewhere.url}/employees"}
        page = json(body, Link=f'<{elsewhere.url}/employees>; rel="next"')
        options: dict[str, Any] = {"paging": paging, "answers": {"items": "items"}}
        async with target(page, **options) as (connector, _):
            pages = connector.scan()
            await anext(pages)
            error = await refused(TargetError, anext(pages))
        assert "only the declared host is called" in str(error)
        assert not elsewhere.seen


@pytest.mark.parametrize(("attempt", "applied"), [(create, None), (read, False)])
async def test_an_endless_answer_ends(attempt: Attempt, applied: bool | None) -> None:
    async with target(endless, limits={"answer": 200_000}) as (connector, _):
        error = await refused(Unreachable, attempt(connector))
    assert "more than 200000 bytes" in str(error)
    assert error.applied is applied


@pytest.mark.parametrize(
    ("body", "reason", "field"),
    [
        ({"error": {"message": "too long", "field": "job_title"}}, "too long", "job_title"),
        ({"errors": [{"message": "bad", "field": "JOB_TITLE"}]}, "bad", "job_title"),
        ({"detail": "job_title is not a title"}, "job_title is not a title", "job_title"),
        ({"message": "no"}, "no", None),
        ({"message": {"deep": 1}}, "status 422", None),
        ([], "status 422", None),
    ],
)
async def test_a_refused_value_is_named_as_the_target_names_it(
    body: Any, reason: str, field: str | None
) -> None:
    async with target(json(body, 422)) as (connector, _):
        error = await refused(Rejected, connector.update(7, {"job_title": "x", "email": "y"}))
    assert (str(error), error.field) == (reason, field)


async def test_a_pointer_names_a_field() -> None:
    errors = [{"detail": "is taken", "source": {"pointer": "/data/attributes/email"}}]
    async with target(json({"errors": errors}, 409), preset="jsonapi") as (connector, _):
        error = await refused(Conflict, connector.create(ADA))
    assert (str(error), error.field) == ("is taken", "email")


@pytest.mark.parametrize("status", [401, 403, 405])
async def test_what_no_value_is_at_fault_for_is_a_fault_of_the_declaration(status: int) -> None:
    async with target(json({"message": "no"}, status)) as (connector, _):
        error = await refused(TargetError, connector.create(ADA))
    assert type(error) is TargetError
    assert str(status) in str(error)


async def test_a_creation_without_a_key_in_the_answer_is_of_unknown_outcome() -> None:
    async with target(json({"uid": 7}, 201)) as (connector, _):
        error = await refused(Unreachable, connector.create(ADA))
    assert error.applied is None
    assert "answers.key" in str(error)


async def test_a_changed_schema_is_an_error_and_no_account() -> None:
    async with target(json({"users": [{"id": 7}]}), answers={"items": "people[0].id"}) as (
        connector,
        _,
    ):
        assert await connector.find("email", "ada@example.com") == []
    async with target(json({"users": 3}), answers={"items": "users"}) as (connector, _):
        error = await refused(TargetError, connector.find("email", "ada@example.com"))
    assert "holds no list" in str(error)
    async with target(json([{"uid": 7}])) as (connector, _):
        error = await refused(TargetError, connector.find("email", "ada@example.com"))
    assert "has no key" in str(error)


async def test_pages_that_do_not_go_on_end() -> None:
    page = json({"items": [{"id": 1}], "next": "again"})
    paging = {"style": "cursor", "parameter": "cursor", "next": "next"}
    options: dict[str, Any] = {"paging": paging, "answers": {"items": "items"}}
    async with target(page, **options) as (connector, double):
        with pytest.raises(TargetError, match="same page again"):
            _ = [each async for each in connector.scan()]
    assert len(double.seen) == 2


async def test_no_secret_is_in_what_is_said(caplog: pytest.LogCaptureFixture) -> None:
    secret = "s3cr3t-t0ken"
    body = {"message": f"bad header Bearer {secret} \x1b[31m\n!"}
    async with target(json(body, 400), auth={"bearer": secret}) as (connector, double):
        error = await refused(Rejected, connector.create(ADA))
        assert secret not in repr(connector) + repr(vars(connector)["_options"])
    assert double.seen[0].headers["Authorization"] == f"Bearer {secret}"
    assert str(error) == "bad header Bearer … [31m !"
    assert secret not in caplog.text


async def test_a_declaration_that_does_not_read_never_shows_what_was_given() -> None:
    with pytest.raises(TargetError) as raised:
        RestConnector.open({"url": "ftp://x", "auth": {"bearer": "s3cr3t", "x": "s3cr3t"}}, SHAPE)
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize("key", ["", ".", "..", "\ud800"])
async def test_a_key_that_no_path_can_hold_is_nobody(key: str) -> None:
    async with target(json({})) as (connector, double):
        assert await connector.read(key) is None
        await refused(Gone, connector.delete(key))
        await refused(Gone, connector.update(key, {"job_title": "x"}))
    assert not double.seen


async def test_a_key_is_one_step_of_a_path_whatever_it_holds() -> None:
    async with target(json({"id": 7})) as (connector, double):
        await connector.read("../a/b?c#d %2e")
    assert double.requests() == ["GET /v1/employees/..%2Fa%2Fb%3Fc%23d%20%252e"]
