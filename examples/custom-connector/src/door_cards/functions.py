"""A function for mapping files: the number of a card."""

from __future__ import annotations

import hashlib

from scimweave.functions import Example, Library, Parameter

FUNCTIONS = Library()

_DIGITS = 8


@FUNCTIONS.define(
    Parameter("person", "string"),
    returns="string",
    examples=(Example("card_number(userName)", {"userName": "ada@contoso.com"}, "186987376"),),
)
def card_number(person: str) -> str:
    """The number of a person's card: eight digits, always the same, and a check digit (Luhn)."""
    digest = hashlib.sha256(person.casefold().encode(errors="surrogatepass")).digest()
    number = f"{int.from_bytes(digest[:8], 'big') % 10**_DIGITS:0{_DIGITS}}"
    return number + check_digit(number)


def check_digit(number: str) -> str:
    """Return what a reader adds up to find a digit that it has misread (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)
