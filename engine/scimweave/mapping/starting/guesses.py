"""Which SCIM attribute a target field is probably made of, by its name and its type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Words before a name that say whose it is.
_OWNERS = frozenset({"user", "employee", "emp", "person", "people", "account", "acct", "contact"})
_LEAST = 0.86

# By SCIM path: names that fields of this meaning have, the commonest first.
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "userName": (
            "user_name",
            "login",
            "login_name",
            "upn",
            "user_principal_name",
            "sam_account_name",
            "account_name",
        ),
        'emails[type eq "work"].value': (
            "email",
            "mail",
            "e_mail",
            "email_address",
            "mail_address",
            "work_email",
            "primary_email",
        ),
        "active": ("is_active", "active", "enabled", "is_enabled", "account_enabled"),
        "displayName": ("display_name", "name", "displayed_name", "screen_name"),
        "name.formatted": ("full_name", "formatted_name", "complete_name"),
        "name.givenName": ("first_name", "given_name", "fname", "forename", "firstname"),
        "name.familyName": (
            "last_name",
            "family_name",
            "surname",
            "lname",
            "lastname",
            "sn",
        ),
        "name.middleName": ("middle_name",),
        "name.honorificPrefix": ("honorific_prefix", "salutation", "prefix"),
        "name.honorificSuffix": ("honorific_suffix", "suffix"),
        "nickName": ("nick_name", "alias", "preferred_name"),
        "title": ("title", "job_title", "position", "job"),
        "userType": ("user_type", "employee_type", "employment_type", "type"),
        "externalId": ("external_id", "scim_external_id", "source_id", "immutable_id", "object_id"),
        "profileUrl": ("profile_url", "homepage", "website"),
        "preferredLanguage": ("preferred_language", "language", "lang"),
        "locale": ("locale",),
        "timezone": ("timezone", "time_zone", "tz"),
        'phoneNumbers[type eq "work"].value': (
            "phone",
            "phone_number",
            "telephone",
            "telephone_number",
            "work_phone",
            "office_phone",
            "tel",
        ),
        'phoneNumbers[type eq "mobile"].value': (
            "mobile",
            "mobile_phone",
            "cell",
            "cell_phone",
            "mobile_number",
        ),
        'phoneNumbers[type eq "fax"].value': ("fax", "fax_number"),
        'addresses[type eq "work"].formatted': ("address", "office", "work_address"),
        'addresses[type eq "work"].streetAddress': ("street", "street_address", "address_line"),
        'addresses[type eq "work"].locality': ("city", "town", "locality"),
        'addresses[type eq "work"].region': ("region", "state", "province"),
        'addresses[type eq "work"].postalCode': ("postal_code", "zip", "zip_code", "post_code"),
        'addresses[type eq "work"].country': ("country", "country_code"),
        "enterprise.employeeNumber": (
            "employee_number",
            "employee_no",
            "personnel_number",
            "staff_number",
            "badge",
        ),
        "enterprise.department": ("department", "dept", "department_name"),
        "enterprise.division": ("division",),
        "enterprise.costCenter": ("cost_center", "cost_centre"),
        "enterprise.organization": ("organization", "organisation", "company", "org"),
        "enterprise.manager.value": ("manager", "manager_id", "supervisor", "boss"),
    }
)
# The opposite of active.
_INACTIVE = ("disabled", "is_disabled", "inactive", "is_inactive", "blocked", "locked", "archived")


@dataclass(frozen=True, slots=True)
class Guess:
    """A SCIM path for a field; ``score`` is 1 for a name that is well known, less for others.

    ``inverted`` says that the field is true where the attribute is false.
    """

    path: str
    score: float
    inverted: bool = False


def guesses(names: Sequence[str]) -> Mapping[str, Guess]:
    """Return the best guess of each field that has one; no path is given twice."""
    found = sorted(
        ((guess.score, -order, name, guess) for name in names for order, guess in _for(name)),
        key=lambda each: each[:2],
        reverse=True,
    )
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for _, _, name, guess in found:
        if name not in chosen and guess.path not in taken:
            chosen[name] = guess
            taken.add(guess.path)
    return chosen


def words(name: str) -> str:
    """Return a name in snake_case: firstName, FIRST_NAME and first-name are first_name."""
    return "_".join(each.lower() for each in _WORD.findall(name))


def _for(name: str) -> Iterator[tuple[int, Guess]]:
    """Yield guesses for one name, each with its place among the names of its path."""
    plain = words(name)
    # Of a field in an object, the last word says what it is.
    last = words(name.rpartition(".")[2])
    for each in dict.fromkeys((plain, last, _without_owner(plain), _without_owner(last))):
        least = 1.0 if each == plain else 0.99
        if each in _INACTIVE:
            yield 0, Guess("active", least, inverted=True)
        for path, known in NAMES.items():
            for order, candidate in enumerate(known):
                score = _alike(each, candidate)
                if score >= _LEAST:
                    yield order, Guess(path, score * least)


def _without_owner(plain: str) -> str:
    first, _, rest = plain.partition("_")
    return rest if rest and first in _OWNERS else plain


def _alike(name: str, candidate: str) -> float:
    """Return 1 for the same letters, less for names that resemble each other."""
    one, other = name.replace("_", ""), candidate.replace("_", "")
    if one == other:
        return 1.0
    if min(len(one), len(other)) < 6:
        return 0.0
    matcher = difflib.SequenceMatcher(None, one, other)
    return matcher.ratio() * 0.95 if matcher.quick_ratio() >= _LEAST else 0.0
