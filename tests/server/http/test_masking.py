from __future__ import annotations

from typing import Any

import pytest

from scimweave_server.http.masking import Masks, secret_names, sensitive_names
from small_mapping import program

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SECRET = "Topsecret"


@pytest.mark.parametrize(
    "body",
    [
        {"title": SECRET},
        {"TITLE": SECRET},
        {"urn:ietf:params:scim:schemas:core:2.0:User:title": SECRET},
        {"Operations": [{"op": "add", "path": "title", "value": SECRET}]},
        {"Operations": [{"op": "add", "Path": "urn:x:User:Title", "value": SECRET}]},
        {"Operations": [{"op": "add", "value": {"title": SECRET}}]},
        {"Operations": [{"method": "POST", "path": "/Users", "data": {"title": SECRET}}]},
        {"Resources": [{"title": SECRET}]},
        {"filter": f'title eq "{SECRET}" and active eq true'},
        {"title": {"deep": [SECRET]}},
        {"Operations": [{"op": "remove", "path": f'title[value eq "{SECRET}"]'}]},
    ],
)
def test_sensitive_attribute_is_masked_in_every_form(body: dict[str, Any]) -> None:
    (masked,) = Masks({"title"}).exchange(body)
    assert SECRET not in str(masked)
    assert "masked-" in str(masked)


def test_rest_stays_as_it_is() -> None:
    body = {"userName": "ada", "titles": "x", "name": {"givenName": "title"}, "active": True}
    assert Masks({"title"}).exchange(body) == [body]


def test_what_is_equal_stays_equal_and_types_stay_what_they_are() -> None:
    masks = Masks({"title", "level", "flag", "emails"})
    one, other = masks.exchange({"title": "Ada", "level": 7, "flag": False}, {"title": "ADA"})
    assert one["title"] == other["title"]
    assert (type(one["level"]), type(one["flag"])) == (int, bool)
    (again,) = Masks({"title"}).exchange({"title": "Ada"})
    assert again["title"] != one["title"]
    (mail,) = masks.exchange({"emails": [{"type": "work", "primary": True, "value": "a@b"}]})
    assert (mail["emails"][0]["type"], mail["emails"][0]["primary"]) == ("work", True)
    assert "a@b" not in str(mail)


def test_detail_of_an_answer_does_not_repeat_what_the_request_hides() -> None:
    _, answer = Masks({"title"}).exchange({"title": SECRET}, {"detail": f"title {SECRET} is odd"})
    assert SECRET not in answer["detail"]


def test_absent_values_stay_absent() -> None:
    assert Masks({"title"}).exchange({"title": None}, {"title": ""}) == [
        {"title": None},
        {"title": ""},
    ]


def test_names_are_those_of_the_mapping_and_passwords_always() -> None:
    mapping = program(
        "job: { from: title, sensitive: true }",
        "dep: { expr: 'enterprise.department', sensitive: true }",
        "nick: nickName",
    )
    assert sensitive_names(mapping) == {"title", "department"}
    assert "password" in secret_names()
