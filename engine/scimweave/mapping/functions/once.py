"""Functions that give another value each time: for fields that are written once."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime
from uuid import uuid4

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.date_text import print_date
from scimweave.mapping.functions.spec import Example, Library, Parameter

ONCE = Library()

MAX_RANDOM = 256
_SPECIAL = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/"
_NO_ARGUMENTS = "There is nothing that could be null."


@ONCE.define(
    returns="string",
    nulls=_NO_ARGUMENTS,
    pure=False,
    examples=(Example("len(guid())", {}, 36),),
)
def guid() -> str:
    """A new UUID, in lower case with hyphens."""
    return str(uuid4())


@ONCE.define(
    returns="string",
    nulls=_NO_ARGUMENTS,
    pure=False,
    examples=(Example("date_diff('d', now(), now())", {}, 0),),
)
def now() -> str:
    """The current time in UTC, as Entra prints it."""
    return print_date(datetime.now(UTC))


@ONCE.define(
    Parameter("length", "number"),
    Parameter("digits", "number"),
    Parameter("special", "number"),
    Parameter("capitals", "number"),
    Parameter("lower", "number"),
    Parameter("avoid", "string|null", optional=True),
    returns="string",
    nulls="Null characters to avoid are none; a null number is refused.",
    pure=False,
    examples=(
        Example("len(random_string(`6`, `3`, `0`, `0`, `3`))", {}, 6),
        Example("extract(random_string(`10`, `2`, `2`, `2`, `1`, '?,'), '[?,]')", {}, None),
    ),
)
def random_string(
    length: float, digits: float, special: float, capitals: float, lower: float,
    avoid: str | None = None,
) -> str:  # fmt: skip
    """Random characters, at least so many digits, special characters, capitals and small ones."""
    avoided = set(avoid or "")
    classes = [
        ("".join(each for each in letters if each not in avoided), int(least))
        for letters, least in (
            (string.digits, digits),
            (_SPECIAL, special),
            (string.ascii_uppercase, capitals),
            (string.ascii_lowercase, lower),
        )
    ]
    more = int(length) - sum(least for _, least in classes)
    if length > MAX_RANDOM or more < 0 or any(least < 0 for _, least in classes):
        raise EvaluationError(f"the length is at most {MAX_RANDOM}, and at least all the minimums")
    # As in Entra's examples, a class of which none is asked for is left out where others do.
    asked = [letters for letters, least in classes if least]
    everything = "".join(asked or [letters for letters, _ in classes])
    if not everything or not all(asked):
        raise EvaluationError("all characters of a kind that is asked for are to be avoided")
    wanted = [letters for letters, least in classes for _ in range(least)]
    chosen = [secrets.choice(letters) for letters in [*wanted, *[everything] * more]]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)
