"""Schemas as directories give them that no test can start: Active Directory's."""

from __future__ import annotations

from scimweave.connectors.base import AccountShape, FieldShape
from scimweave.connectors.ldap.account import AccountEntries
from scimweave.connectors.ldap.describe import describe
from scimweave.connectors.ldap.options import LdapUsers
from scimweave.connectors.ldap.schema import Attribute, Schema
from scimweave.connectors.ldap.session import Entry

SYNTAX = "1.3.6.1.4.1.1466.115.121.1"
# It names no rules of comparison, quotes its syntaxes, and keeps half of a user in a content rule.
ACTIVE_DIRECTORY = Schema(
    [
        f"( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX '{SYNTAX}.27' SINGLE-VALUE )",
        f"( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX '{SYNTAX}.40' SINGLE-VALUE "
        "NO-USER-MODIFICATION )",
        f"( 2.5.4.3 NAME 'cn' SYNTAX '{SYNTAX}.15' SINGLE-VALUE )",
        f"( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' SYNTAX '{SYNTAX}.15' SINGLE-VALUE )",
        f"( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' SYNTAX '{SYNTAX}.15' SINGLE-VALUE )",
        f"( 1.2.840.113556.1.4.210 NAME 'proxyAddresses' SYNTAX '{SYNTAX}.15' )",
        "( 1.2.840.113556.1.4.159 NAME 'accountExpires' SYNTAX '1.2.840.113556.1.4.906' "
        "SINGLE-VALUE )",
        f"( 2.5.4.0 NAME 'objectClass' SYNTAX '{SYNTAX}.38' )",
        f"( 1.2.840.113556.1.2.1 NAME 'instanceType' SYNTAX '{SYNTAX}.27' SINGLE-VALUE )",
    ],
    [
        "( 2.5.6.0 NAME 'top' ABSTRACT MUST (objectClass $ instanceType ) "
        "MAY (cn $ objectGUID $ proxyAddresses ) )",
        "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST (cn ) )",
        "( 1.2.840.113556.1.5.9 NAME 'user' SUP person STRUCTURAL MAY (userAccountControl ) )",
        "( 1.2.840.113556.1.5.6 NAME 'securityPrincipal' SUP top AUXILIARY "
        "MUST (sAMAccountName ) MAY (accountExpires ) )",
    ],
    [
        "( 1.2.840.113556.1.5.9 NAME 'user' AUX (securityPrincipal ) "
        "MAY (userPrincipalName $ proxyAddresses ) )"
    ],
)
OPTIONS = LdapUsers.model_validate(
    {
        "dn": "CN={displayName},OU=Staff,DC=x",
        "flags": {
            "enabled": {
                "attribute": "userAccountControl", "bit": 2, "inverted": True, "initial": 512,
            }
        },
    }
)  # fmt: skip
SHAPE = AccountShape(
    "user",
    "objectGUID",
    ("userPrincipalName",),
    (
        FieldShape("displayName"),
        FieldShape("userPrincipalName"),
        FieldShape("sAMAccountName"),
        FieldShape("proxyAddresses", "json"),
        FieldShape("enabled", "boolean"),
    ),
)
ENTRIES = AccountEntries(SHAPE, OPTIONS, ACTIVE_DIRECTORY)


def test_what_a_content_rule_allows_is_there() -> None:
    described = describe(ACTIVE_DIRECTORY, ENTRIES, SHAPE, OPTIONS)
    wanted = {"userPrincipalName", "sAMAccountName", "proxyAddresses", "accountExpires", "enabled"}
    assert wanted <= described.keys()
    assert described["accountExpires"].type == "integer"
    assert described["objectGUID"].type == "uuid"


def test_nothing_is_missed_that_the_directory_fills_itself() -> None:
    described = describe(ACTIVE_DIRECTORY, ENTRIES, SHAPE, OPTIONS)
    assert {
        name for name, each in described.items() if not (each.nullable or each.has_default)
    } == set()
    assert not described["cn"].nullable


def test_single_values_are_taken_away_where_no_rule_is_named() -> None:
    assert ACTIVE_DIRECTORY.attribute("proxyAddresses") == Attribute(
        ("proxyAddresses",), "text", single=False, comparable=True
    )
    entry = Entry(
        "CN=Ada,OU=Staff,DC=x",
        {"proxyAddresses": [b"smtp:a", b"smtp:b"], "userAccountControl": [b"66048"]},
    )
    plan = ENTRIES.plan(entry, {"proxyAddresses": ["smtp:b", "smtp:c"], "enabled": False})
    assert plan.changes == {
        "proxyAddresses": [("DELETE", [b"smtp:a"]), ("ADD", [b"smtp:c"])],
        "userAccountControl": [("DELETE", [b"66048"]), ("ADD", [b"66050"])],
    }


def test_a_new_user_is_enabled_or_not_from_the_start() -> None:
    fields = {"displayName": "Lovelace, Ada", "sAMAccountName": "ada", "enabled": False}
    dn, attributes = ENTRIES.new(fields)
    assert str(dn) == r"CN=Lovelace\, Ada,OU=Staff,DC=x"
    assert attributes["CN"] == [b"Lovelace, Ada"]
    assert attributes["userAccountControl"] == [b"514"]
