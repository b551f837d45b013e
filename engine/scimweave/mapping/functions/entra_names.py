"""From the functions of Entra's expression builder to those here, or why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a function of Entra's makes no sense here, and what to write instead."""

    reason: str
    instead: str


# Entra's form, and what it is here.
TRANSLATIONS: tuple[tuple[str, str], ...] = (
    ("Append(source, suffix)", "append"),
    ("BitAnd(value1, value2)", "bit_and"),
    ("CBool(expression)", "c_bool"),
    ("CDate(expression)", "c_date"),
    ("Coalesce(source1, …)", "coalesce"),
    ("ConvertToBase64(source)", "convert_to_base64"),
    ("ConvertToUTF8Hex(source)", "convert_to_utf8_hex"),
    ("Count(attribute)", "count"),
    ("CStr(value)", "c_str"),
    ("DateAdd(interval, value, dateTime)", "date_add"),
    ("DateDiff(interval, date1, date2)", "date_diff"),
    ("DateFromNum(value)", "date_from_num"),
    ("FormatDateTime(source, styles, input, output)", "format_date_time"),
    ("Guid()", "guid"),
    ("IIF(condition, valueIfTrue, valueIfFalse)", "iif"),
    ("InStr(value1, value2, start, compareType)", "in_str"),
    ("IsNull(expression)", "is_null"),
    ("IsNullOrEmpty(expression)", "is_null_or_empty"),
    ("IsPresent(expression)", "is_present"),
    ("IsString(expression)", "is_string"),
    ("Item(attribute, index)", "item"),
    ("Join(separator, source1, …)", "join_present"),
    ("Left(string, numChars)", "left"),
    ("Len(string)", "len"),
    ("Mid(source, start, length)", "mid"),
    ("NormalizeDiacritics(source)", "normalize_diacritics"),
    ("Not(source)", "not"),
    ("Now()", "now"),
    ("NumFromDate(value)", "num_from_date"),
    ("PCase(source, wordSeparators)", "p_case"),
    ("RandomString(length, …)", "random_string"),
    ("RemoveDuplicates(attribute)", "remove_duplicates"),
    ("Replace(source, oldValue, , , replacementValue, , )", "replace"),
    ("Replace(source, oldValue, , , , , template)", "fill_template"),
    ("Replace(source, , regexPattern, , replacementValue, , )", "replace_regex"),
    (
        "Replace(source, , regexPattern, regexGroupName, replacementValue, , )",
        "replace_group",
    ),
    (
        "Replace(source, , regexPattern, regexGroupName, , replacementAttributeName, )",
        "first_present(source, extract(other, pattern, group))",
    ),
    ("Split(source, delimiter)", "split"),
    ("StripSpaces(source)", "strip_spaces"),
    ("Switch(source, default, key1, value1, …)", "switch"),
    ("ToLower(source, culture)", "lower"),
    ("ToUpper(source, culture)", "upper"),
    ("Word(string, wordNumber, delimiters)", "word"),
)

_ROLES = Refusal(
    "reads Entra's assignments, which the provider sends as roles",
    "read the SCIM attribute: roles[?primary].value | [0]",
)
REFUSED: Mapping[str, Refusal] = MappingProxyType(
    {
        "AppRoleAssignmentsComplex": _ROLES,
        "AssertiveAppRoleAssignmentsComplex": _ROLES,
        "SingleAppRoleAssignment": _ROLES,
        "DefaultDomain": Refusal(
            "reads Entra's tenant, which the provider does not send",
            "write the domain, as in append(name, '@contoso.com')",
        ),
        "IgnoreFlowIfNullOrEmpty": Refusal(
            "is not for an expression: what becomes of nothing stands beside it",
            "give the attribute absent: keep, and write the inner expression alone",
        ),
        "Redact": Refusal(
            "is not for an expression: what may be shown stands beside it",
            "give the attribute sensitive: true, and write the inner expression alone",
        ),
        "SelectUniqueValue": Refusal(
            "would ask the target, and a field is computed from the resource alone",
            "let the target make the value, or the provider choose it",
        ),
    }
)


def plain(name: str) -> str:
    """A name without case and underscores."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def refusal(name: str) -> Refusal | None:
    """Why a function is refused, in Entra's spelling or in this one; None where it is not."""
    return _REFUSED.get(plain(name))


def translated(name: str) -> str | None:
    """The function here that is called so at Entra's."""
    return _TRANSLATED.get(plain(name))


_REFUSED = {plain(name): refused for name, refused in REFUSED.items()}
# Of the forms of Replace the first, which is the one without patterns.
_TRANSLATED = {plain(form.partition("(")[0]): here for form, here in reversed(TRANSLATIONS)}
