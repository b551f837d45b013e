"""Functions that replace: Entra's Replace, one function for each of its forms."""

from __future__ import annotations

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.limits import reserve
from scimweave.mapping.functions.pattern import (
    Pattern,
    compile_pattern,
    compile_replacement,
    replace_groups,
    replace_matches,
)
from scimweave.mapping.functions.spec import Example, Library, Parameter

REPLACING = Library()

_TEXT = Parameter("text", "string|null")
_PATTERN = Parameter("pattern", "string", literal=True, prepare=compile_pattern)
_GROUP = Parameter("group", "string")
_NULL = "A null text gives null."


def _something(text: str) -> str:
    if not text:
        raise EvaluationError("there is nothing to look for in ''")
    return text


def _has_group(text: None, pattern: Pattern, group: str | None = None, *_: object) -> None:
    if group is not None:
        pattern.group(group)


def _has_groups(text: None, pattern: Pattern, replacement: tuple[str, ...] | None) -> None:
    for name in (replacement or ())[1::2]:
        pattern.group(name)


@REPLACING.define(
    _TEXT,
    Parameter("old", "string", prepare=_something),
    Parameter("new", "string|null"),
    returns="string|null",
    nulls=f"{_NULL} A null new text is ''.",
    examples=(
        Example(
            "replace(title, 'Product Developer', 'Software Engineer')",
            {"title": "Product Developer"},
            "Software Engineer",
        ),
        Example("replace(mail, '@contoso.com', '')", {"mail": "john.doe@contoso.com"}, "john.doe"),
        Example("replace(title, 'dr', 'Dr')", {"title": "Dr"}, "Dr"),
        Example("replace(title, 'a', 'b')", {}, None),
    ),
)
def replace(text: str | None, old: str, new: str | None) -> str | None:
    """The text with each occurrence of old replaced by new; case counts."""
    if text is None:
        return None
    new = new or ""
    reserve(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


@REPLACING.define(
    _TEXT,
    Parameter("placeholder", "string", prepare=_something),
    Parameter("template", "string"),
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example(
            "fill_template(id, '<username>', '<username>@contoso.com')",
            {"id": "jsmith"},
            "jsmith@contoso.com",
        ),
        Example("fill_template(id, '<username>', '<username>@contoso.com')", {}, None),
    ),
)
def fill_template(text: str | None, placeholder: str, template: str) -> str | None:
    """The template with each placeholder replaced by the text."""
    return None if text is None else replace(template, placeholder, text)


@REPLACING.define(
    _TEXT,
    _PATTERN,
    Parameter("replacement", "string", prepare=compile_replacement),
    returns="string|null",
    nulls=_NULL,
    check=_has_groups,
    examples=(
        Example(
            r"replace_regex(phone, '\+(?<isdCode>\d* )(?<phoneNumber>\d{10})', '${phoneNumber}')",
            {"phone": "+91 9998887777"},
            "9998887777",
        ),
        Example("replace_regex(nick, '[a-zA-Z_]*', '')", {"nick": "john_doe72"}, "72"),
        Example(r"replace_regex(name, '^(\w+) (\w+)$', '$2, $1')", {"name": "Zoë Doe"}, "Doe, Zoë"),
        Example("replace_regex(title, 'x', '')", {"title": "Dr."}, "Dr."),
        Example("replace_regex(title, 'x', '')", {}, None),
    ),
)
def replace_regex(text: str | None, pattern: Pattern, replacement: tuple[str, ...]) -> str | None:
    """The text with each match of the pattern replaced; ${name} and $1 stand for groups."""
    return None if text is None else replace_matches(text, pattern, replacement)


@REPLACING.define(
    _TEXT,
    _PATTERN,
    _GROUP,
    Parameter("replacement", "string"),
    returns="string|null",
    nulls=_NULL,
    check=_has_group,
    examples=(
        Example(
            r"replace_group(address, '(?<streetNumber>^\d*)', 'streetNumber', '888')",
            {"address": "545 Tremont Street"},
            "888 Tremont Street",
        ),
        Example(
            "replace_group(userName, '(?<Suffix>@(.)*)', 'Suffix', '')",
            {"userName": "jsmith@contoso.com"},
            "jsmith",
        ),
        Example("replace_group(title, '(?<a>x)', 'a', '')", {}, None),
    ),
)
def replace_group(text: str | None, pattern: Pattern, group: str, replacement: str) -> str | None:
    """The text with only what the group captured replaced, in each match of the pattern."""
    return None if text is None else replace_groups(text, pattern, group, replacement)


@REPLACING.define(
    _TEXT,
    _PATTERN,
    Parameter("group", "string", optional=True),
    returns="string|null",
    nulls=f"{_NULL} So does a text that does not match.",
    check=_has_group,
    examples=(
        Example(
            r"extract(mobile, '\+(?<isdCode>\d* )(?<phoneNumber>\d{10})', 'phoneNumber')",
            {"mobile": "+91 8887779999"},
            "8887779999",
        ),
        Example("extract(mail, '[^@]+$')", {"mail": "ada@contoso.com"}, "contoso.com"),
        Example("extract(mail, '[0-9]+')", {"mail": "ada@contoso.com"}, None),
        Example("extract(mail, '[0-9]+')", {}, None),
    ),
)
def extract(text: str | None, pattern: Pattern, group: str = "0") -> str | None:
    """What the group captured where the pattern first matches, or the whole match."""
    number = pattern.group(group)
    match = None if text is None else next(pattern.matches(text), None)
    if match is None or match.spans[number][0] < 0:
        return None
    return match.text[slice(*match.spans[number])]
