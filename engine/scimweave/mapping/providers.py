"""What identity providers send of a user unless somebody changes their attribute mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scimweave.scim.schema import ENTERPRISE_USER


@dataclass(frozen=True, slots=True)
class Sent:
    """One row of a provider's default mapping: the SCIM path, and what is written into it.

    ``source`` is the provider's own attribute or expression.
    """

    path: str
    source: str


def _work_address(part: str) -> str:
    return f'addresses[type eq "work"].{part}'


# entra-facts §3.6: a custom SCIM application.
_ENTRA = (
    Sent("userName", "userPrincipalName"),
    Sent("active", 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'),
    Sent("displayName", "displayName"),
    Sent("title", "jobTitle"),
    Sent('emails[type eq "work"].value', "mail"),
    Sent("preferredLanguage", "preferredLanguage"),
    Sent("name.givenName", "givenName"),
    Sent("name.familyName", "surname"),
    Sent("name.formatted", 'Join(" ", [givenName], [surname])'),
    Sent(_work_address("formatted"), "physicalDeliveryOfficeName"),
    Sent(_work_address("streetAddress"), "streetAddress"),
    Sent(_work_address("locality"), "city"),
    Sent(_work_address("region"), "state"),
    Sent(_work_address("postalCode"), "postalCode"),
    Sent(_work_address("country"), "country"),
    Sent('phoneNumbers[type eq "work"].value', "telephoneNumber"),
    Sent('phoneNumbers[type eq "mobile"].value', "mobile"),
    Sent('phoneNumbers[type eq "fax"].value', "facsimileTelephoneNumber"),
    Sent("externalId", "mailNickname"),
    Sent(f"{ENTERPRISE_USER}:employeeNumber", "employeeId"),
    Sent(f"{ENTERPRISE_USER}:department", "department"),
    Sent(f"{ENTERPRISE_USER}:manager", "manager"),
)
# entra-facts §8.1, and the profile that Okta pushes to a SCIM 2.0 application.
_OKTA = (
    Sent("userName", "userName"),
    Sent("active", "(by assignment)"),
    Sent("name.givenName", "user.firstName"),
    Sent("name.familyName", "user.lastName"),
    Sent("emails[primary eq true].value", "user.email"),
    Sent("displayName", "user.displayName"),
    Sent("locale", "user.locale"),
    Sent("externalId", "(the id of the user in Okta)"),
    Sent("password", "(a random one, unless passwords are synchronised)"),
)

# By the name that `lint --provider` takes.
PROFILES: Mapping[str, tuple[Sent, ...]] = MappingProxyType({"entra": _ENTRA, "okta": _OKTA})
