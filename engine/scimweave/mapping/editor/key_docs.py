"""One sentence on each key of the mapping language: what an editor shows beside it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

KEY_DOCS: Mapping[str, str] = MappingProxyType(
    {
        # The file.
        "integration": "Name of the integration: lower-case letters, digits and hyphens.",
        "title": "Name for people; the integration's name unless given.",
        "path": "Where the SCIM endpoint answers; /scim/<integration>/v2 unless given.",
        "target": "Where the accounts live. In a test: the target fields that are expected.",
        "users": "How users become accounts.",
        "groups": "How groups become records of the target.",
        "tests": "Examples of what the mapping does; `scimweave test` runs them.",
        "tables": "Named tables for `values`: written out, or "
        "{ csv: file.csv, key: column, value: column }.",
        "let": "Named expressions over the resource; other expressions read them as $name.",
        "schema": "SCIM attributes and extensions that this integration takes besides.",
        "guard": "When a burst of leavers is held for an admin: more than `leavers`, or `percent` "
        "of the users, in a `window`.",
        "leavers": "So many users may leave in the window; more are held.",
        "percent": "So many of the users whose account is in use may leave in the window, and "
        "always 5; more are held.",
        "window": "The time in which leavers are counted: 30m, 1h, 7d; 1h unless given.",
        "extends": "The mapping file that this one builds on: its keys are inherited, "
        "and null takes one away.",
        # The target.
        "connector": "Which kind of target it is.",
        "url": "Address of the target; keep passwords in ${ENV}.",
        # Users.
        "object": "The table, collection, resource type or object class of the accounts.",
        "key": "The target's own identifier of an account.",
        "match": "Target fields by which an account is found that was there before.",
        "attributes": "Each target field with its source; the short form is a SCIM path. In an "
        "extension: its attributes, the short form is the type.",
        "ignore": "SCIM attributes that are knowingly not mapped.",
        "unmapped": "What becomes of SCIM attributes that nothing maps: drop, keep or reject.",
        "operations": "What becomes of the account when somebody leaves, returns or is deleted.",
        "scope": "A SCIM filter: who is provisioned. Others are kept here and have no account; "
        "whoever enters gets one, whoever leaves is deactivated.",
        "filterable": "SCIM attributes by which a provider may search.",
        "patch_response": "The status that answers a PATCH; auto is 200 for users, 204 for groups.",
        "lookup": "Whether a search for a user that is not known here looks at the target by "
        "`match`, so that the provider links the account that is there; true unless given.",
        "members": "The table of memberships at the target; without it members are kept here only. "
        "In a test: the ids of the members that are expected.",
        "group": "The column that holds the key of the group's account. In a test: the SCIM group, "
        "before the change where there is one.",
        "field": "The field of a group that lists the keys of its members' accounts.",
        "member": "The column that holds the key of the member's account.",
        # An extension, and its attributes (RFC 7643 §7).
        "alias": "Short name of the extension in paths of this file, such as contoso.costCode.",
        "description": "What the attribute is, for people.",
        "multiValued": "Whether the attribute is a list.",
        "caseExact": "Whether filters tell capital letters from small ones; those on a reference "
        "and on binary data do, unless told otherwise.",
        "canonicalValues": "Values that are suggested; others are taken too.",
        # An attribute.
        "from": "A SCIM path; a list: the first that is present.",
        "expr": "A JMESPath expression over the user.",
        "const": "The same value for all.",
        "values": "A table over the source: written out, the name of one of `tables`, or "
        '{ csv: file.csv, key: column, value: column }; "*" is the rest.',
        "default": "Used when the source is absent: a literal, or { expr: … }.",
        "absent": "Without a value: clear (null goes to the target) or keep (the field stays). "
        "In a test: target fields that are not written.",
        "apply": "always, or on_create: written once and never compared again.",
        "required": "Without a value the user is refused, with a message that names the field.",
        "type": "What the field takes; a value that does not fit is refused.",
        "max_length": "How many characters the field takes; longer text is refused, never cut.",
        "sensitive": "The value is never in a log, a journal entry or an error.",
        "ref": "user: the value is the id of a user here; the key of their account is written, "
        "now or as soon as they have one.",
        "reverse": "How SCIM attributes are read back from the fields of an account: an "
        "expression over them, { to: path, expr: … }, a list of these, or false. Derived for a "
        "plain path and for a table whose values differ.",
        "to": "The SCIM attribute that gets the value.",
        # Operations.
        "deactivate": "Done when somebody leaves: fields to set, an action to call, or delete: "
        "the account is removed, and made anew when they return.",
        "reactivate": "Done when somebody returns.",
        "delete": "What a deletion does to the account; in deactivate: the account is removed. "
        "In a test: the user is deleted.",
        "missing": "What is done where the account is gone from the target.",
        "set": "Target fields with the values that they get.",
        "call": "An action of the target that is called, such as suspend.",
        # A test.
        "name": "What the test shows, in a few words.",
        "user": "The SCIM user, before the change where there is one.",
        "patch": "The operations of a PATCH request.",
        "put": "The user that replaces it.",
        "operation": "What is expected to be done.",
        "error": "A part of the error that is expected.",
        "reply": "The answer that is expected.",
        "status": "The HTTP status.",
        "body": "What the answer has, and maybe more.",
    }
)
