"""Functions of Entra's expression builder, under their meaning there (entra-facts 4.3)."""

from __future__ import annotations

from typing import Any

from scimweave.mapping.functions.spec import Example, Library, Parameter

ENTRA = Library()

_TEXT = Parameter("text", "string|null")
_CULTURE = Parameter("culture", "string|null", optional=True)
# The languages whose i keeps its dot in both cases; no other culture changes the result.
_DOTTED = {"tr", "az"}
_DOTTED_LOWER = str.maketrans({"I": "ı", "İ": "i"})
_DOTTED_UPPER = str.maketrans({"i": "İ", "ı": "I"})


@ENTRA.define(
    _TEXT,
    _CULTURE,
    returns="string|null",
    examples=(
        Example("lower(userName)", {"userName": "Ada@Contoso.COM"}, "ada@contoso.com"),
        Example("lower(city, 'tr-TR')", {"city": "DIYARBAKIR"}, "dıyarbakır"),
        Example("lower(title)", {}, None),
    ),
)
def lower(text: str | None, culture: str | None = None) -> str | None:
    """The text in lower case; null stays null. A culture such as 'tr-TR' gives its rules."""
    if text is None:
        return None
    return text.translate(_DOTTED_LOWER).lower() if _dotted(culture) else text.lower()


@ENTRA.define(
    _TEXT,
    _CULTURE,
    returns="string|null",
    examples=(
        Example("upper(country)", {"country": "se"}, "SE"),
        Example("upper(city, 'tr-TR')", {"city": "izmir"}, "İZMİR"),
        Example("upper(title)", {}, None),
    ),
)
def upper(text: str | None, culture: str | None = None) -> str | None:
    """The text in upper case; null stays null. A culture such as 'tr-TR' gives its rules."""
    if text is None:
        return None
    return text.translate(_DOTTED_UPPER).upper() if _dotted(culture) else text.upper()


@ENTRA.define(
    Parameter("source", "string|number|boolean|null"),
    Parameter("default", "any"),
    repeated=(Parameter("key", "string|number|boolean"), Parameter("value", "any")),
    returns="any",
    examples=(
        Example("switch(state, 'elsewhere', 'QLD', 'Brisbane')", {"state": "QLD"}, "Brisbane"),
        Example("switch(state, 'elsewhere', 'QLD', 'Brisbane')", {"state": "qld"}, "elsewhere"),
        Example("switch(flag, 'default', 'true', '1', '', '0')", {}, "0"),
        Example("switch(country, country, '', 'Other')", {"country": None}, "Other"),
        Example("switch(active, 'no', `true`, 'yes')", {"active": True}, "yes"),
    ),
)
def switch(source: Any, default: Any, *pairs: Any) -> Any:
    """The value behind the first key that is the source, else default; '' stands for null too.

    Case and type count: true is neither 'true' nor 1.
    """
    wanted = "" if source is None else source
    rest = iter(pairs)
    for key in rest:
        value = next(rest)
        # In Python true is 1.
        if key == wanted and isinstance(key, bool) is isinstance(wanted, bool):
            return value
    return default


@ENTRA.define(
    repeated=(Parameter("value", "any"),),
    returns="any",
    examples=(
        Example("coalesce(mail, userName)", {"userName": "ada@contoso.com"}, "ada@contoso.com"),
        Example("coalesce(title, 'none')", {"title": ""}, ""),
        Example("coalesce(title, nickName)", {}, None),
    ),
)
def coalesce(*values: Any) -> Any:
    """The first value that is not null; an empty string is a value. All null: null."""
    for value in values:
        if value is not None:
            return value
    return None


def _dotted(culture: str | None) -> bool:
    return culture is not None and culture.partition("-")[0].lower() in _DOTTED
