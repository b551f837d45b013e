"""Functions of text: case, pieces, positions."""

from __future__ import annotations

import json
import unicodedata

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.limits import limited
from scimweave.mapping.functions.spec import Example, Library, Parameter

TEXT = Library()

_TEXT = Parameter("text", "string|null")
_NULL = "Null gives null."
_EMPTY = "Null gives ''."
_CULTURE = Parameter("culture", "string|null", optional=True)
# The languages whose i keeps its dot in both cases; no other culture changes the result.
_DOTTED = {"tr", "az"}
_DOTTED_LOWER = str.maketrans({"I": "ı", "İ": "i"})
_DOTTED_UPPER = str.maketrans({"i": "İ", "ı": "I"})
_COMPARISONS = {"vbBinaryCompare": False, "vbTextCompare": True}


def _ignores_case(comparison: str | None) -> bool:
    if comparison is None:
        return False
    if comparison not in _COMPARISONS:
        raise EvaluationError("a comparison is 'vbBinaryCompare' or 'vbTextCompare'")
    return _COMPARISONS[comparison]


@TEXT.define(
    _TEXT,
    Parameter("suffix", "string|null"),
    returns="string|null",
    nulls="A null text gives null, so that a default applies; a null suffix adds nothing.",
    examples=(
        Example(
            "append(userName, '.test')",
            {"userName": "John.Doe@contoso.com"},
            "John.Doe@contoso.com.test",
        ),
        Example(
            "append(mid(name.givenName, `1`, `3`), mid(name.familyName, `1`, `5`))",
            {"name": {"givenName": "John", "familyName": "Doe"}},
            "JohDoe",
        ),
        Example("append(userName, '.test')", {}, None),
    ),
)
def append(text: str | None, suffix: str | None) -> str | None:
    """The text with the suffix behind it."""
    return None if text is None else limited(text + (suffix or ""))


@TEXT.define(
    Parameter("value", "string|number|boolean|null"),
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("c_str(dn)", {"dn": "cn=Joe,dc=contoso,dc=com"}, "cn=Joe,dc=contoso,dc=com"),
        Example("c_str(active)", {"active": True}, "True"),
        Example("c_str(`42`)", {}, "42"),
    ),
)
def c_str(value: str | float | bool | None) -> str | None:
    """The value as text, as Entra prints it: True and False with a capital."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, bool) else json.dumps(value)


@TEXT.define(
    _TEXT,
    Parameter("part", "string|null"),
    Parameter("start", "number|null", optional=True),
    Parameter("comparison", "string|null", optional=True, prepare=_ignores_case),
    returns="number",
    nulls="A null text or part is nowhere: 0. A null start or comparison is one left out.",
    examples=(
        Example("in_str('The quick brown fox', 'quick')", {}, 5),
        Example("in_str('repEated', 'e', `3`, 'vbBinaryCompare')", {}, 7),
        Example("in_str('repEated', 'e', `3`, 'vbTextCompare')", {}, 4),
        Example("in_str(title, 'Dr')", {"title": "Ms"}, 0),
    ),
)
def in_str(
    text: str | None, part: str | None, start: float | None = None, ignores_case: bool = False
) -> int:
    """The position of the part in the text, counted from 1, from start on; 0 where it is not."""
    if text is None or part is None:
        return 0
    first = 1 if start is None else int(start)
    if first < 1:
        raise EvaluationError("in_str() counts positions from 1")
    if ignores_case:
        # Letter by letter, so that positions stay true.
        text, part = (_lower_letters(each) for each in (text, part))
    return text.find(part, first - 1) + 1


@TEXT.define(
    _TEXT,
    Parameter("count", "number"),
    returns="string",
    nulls=_EMPTY,
    examples=(
        Example("left('John Doe', `3`)", {}, "Joh"),
        Example("left('John Doe', `0`)", {}, ""),
        Example("left('John Doe', `-1`)", {}, "John Doe"),
        Example("left('Joe', `9`)", {}, "Joe"),
        Example("left(title, `3`)", {}, ""),
    ),
)
def left(text: str | None, count: float) -> str:
    """The first characters; all of them where the count is negative or too great."""
    if text is None:
        return ""
    return text if count < 0 else text[: int(count)]


@TEXT.define(
    _TEXT,
    returns="number",
    nulls="Null has 0 characters.",
    examples=(Example("len(title)", {"title": "Dr."}, 3), Example("len(title)", {}, 0)),
)
def len_(text: str | None) -> int:
    """How many characters the text has."""
    return 0 if text is None else len(text)


@TEXT.define(
    _TEXT,
    _CULTURE,
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("lower(userName)", {"userName": "Ada@Contoso.COM"}, "ada@contoso.com"),
        Example("lower(city, 'tr-TR')", {"city": "DIYARBAKIR"}, "dıyarbakır"),
        Example("lower(title)", {}, None),
        Example(
            "lower(join_present('@', normalize_diacritics(strip_spaces("
            "join_present('.', first, last))), 'contoso.com'))",
            {"first": "Jöhn", "last": "Smith"},
            "john.smith@contoso.com",
        ),
    ),
)
def lower(text: str | None, culture: str | None = None) -> str | None:
    """The text in lower case, by the rules of a culture such as 'tr-TR' where one is given."""
    if text is None:
        return None
    return text.translate(_DOTTED_LOWER).lower() if _dotted(culture) else text.lower()


@TEXT.define(
    _TEXT,
    Parameter("start", "number"),
    Parameter("count", "number"),
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("mid(name.givenName, `1`, `3`)", {"name": {"givenName": "John"}}, "Joh"),
        Example("mid('Doe', `1`, `5`)", {}, "Doe"),
        Example("mid('Doe', `4`, `1`)", {}, ""),
        Example("mid(title, `1`, `5`)", {}, None),
    ),
)
def mid(text: str | None, start: float, count: float) -> str | None:
    """So many characters from a position on, which is counted from 1."""
    if start < 1 or count < 0:
        raise EvaluationError("mid() counts positions from 1, and takes no negative count")
    return None if text is None else text[int(start) - 1 : int(start) - 1 + int(count)]


@TEXT.define(
    _TEXT,
    Parameter("separators", "string|null", optional=True),
    returns="string|null",
    nulls=f"{_NULL} Null separators are separators left out.",
    examples=(
        Example("p_case('PABLO GONSALVES (SECOND)')", {}, "Pablo Gonsalves (Second)"),
        Example(r"p_case(surname, ' \'-')", {"surname": "PINTO-DE'SILVA"}, "Pinto-De'Silva"),
        Example(
            "p_case(join_present(' ', first, last))",
            {"first": "GREGORY", "last": "JAMES"},
            "Gregory James",
        ),
        Example("p_case(surname)", {"surname": "PINTO-DE'SILVA"}, "Pinto-De'silva"),
        Example("p_case(title)", {}, None),
    ),
)
def p_case(text: str | None, separators: str | None = None) -> str | None:
    """Each word with a capital; words end at spaces, punctuation and symbols, or at separators."""
    if text is None:
        return None
    if separators:
        return _capitalised(text, separators)
    written = []
    inside = False
    for character in text.lower():
        category = unicodedata.category(character)
        if inside:
            written.append(character)
            # An apostrophe is in a word, as in "o'clock".
            inside = character == "'" or not _ends_word(category)
        else:
            inside = category[0] == "L"
            written.append(_title(character))
    return "".join(written)


@TEXT.define(
    _TEXT,
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("strip_spaces('a b c')", {}, "abc"),
        Example("strip_spaces(@)", "a b\tc", "ab\tc"),
        Example("strip_spaces(title)", {}, None),
    ),
)
def strip_spaces(text: str | None) -> str | None:
    """The text without its spaces; other white space stays."""
    return None if text is None else text.replace(" ", "")


@TEXT.define(
    _TEXT,
    _CULTURE,
    returns="string|null",
    nulls=_NULL,
    examples=(
        Example("upper(country)", {"country": "se"}, "SE"),
        Example("upper(city, 'tr-TR')", {"city": "izmir"}, "İZMİR"),
        Example("upper(title)", {}, None),
    ),
)
def upper(text: str | None, culture: str | None = None) -> str | None:
    """The text in upper case, by the rules of a culture such as 'tr-TR' where one is given."""
    if text is None:
        return None
    return text.translate(_DOTTED_UPPER).upper() if _dotted(culture) else text.upper()


@TEXT.define(
    _TEXT,
    Parameter("number", "number"),
    Parameter("delimiters", "string"),
    returns="string",
    nulls=_EMPTY,
    examples=(
        Example("word('The quick brown fox', `3`, ' ')", {}, "brown"),
        Example("word('This,string!has&many separators', `3`, ',!&#')", {}, "has"),
        Example("word(mail, `2`, '@')", {"mail": "ada@contoso.com"}, "contoso.com"),
        Example("word('a,,b', `2`, ',')", {}, "b"),
        Example("word('one', `2`, ' ')", {}, ""),
        Example("word(title, `1`, ' ')", {}, ""),
    ),
)
def word(text: str | None, number: float, delimiters: str) -> str:
    """The word of this number, from 1; any of the delimiters ends one, and none is empty."""
    if text is None or number < 1 or not delimiters:
        return text if text and number == 1 else ""
    first = delimiters[0]
    words = text.translate(dict.fromkeys(map(ord, delimiters), first)).split(first)
    found = [each for each in words if each]
    return found[int(number) - 1] if number <= len(found) else ""


def _dotted(culture: str | None) -> bool:
    return culture is not None and culture.partition("-")[0].lower() in _DOTTED


def _lower_letters(text: str) -> str:
    return "".join(each.lower() if len(each.lower()) == 1 else each for each in text)


def _capitalised(text: str, separators: str) -> str:
    written = []
    starts = True
    for character in text.lower():
        written.append(_title(character) if starts else character)
        starts = character in separators
    return "".join(written)


def _ends_word(category: str) -> bool:
    return category[0] in "ZPS" or category in ("Cc", "Cf")


def _title(character: str) -> str:
    # ß would become two letters.
    return title if len(title := character.title()) == 1 else character
