"""How much text one evaluation of an expression may make, and how long patterns may look."""

from __future__ import annotations

from scimweave.mapping.expression.fault import EvaluationError

MAX_TEXT = 1024 * 1024
MAX_ALTOGETHER = 8 * MAX_TEXT
# What is shorter is not worth counting.
SMALL = 4096
# Of the automaton of a pattern: two or three seconds at the very worst.
MAX_STEPS = 300_000_000


class _Made:
    """What the evaluation under way has made; threads share it, which at worst counts too much."""

    __slots__ = ("characters", "steps")

    def __init__(self) -> None:
        self.characters = 0
        self.steps = 0


_made = _Made()


def start() -> None:
    """Begin to count anew, for another evaluation."""
    _made.characters = _made.steps = 0


def reserve(length: int) -> None:
    """Refuse a text of this length where it is too long, or too much with what came before."""
    if length <= SMALL:
        return
    check_length(length)
    _made.characters += length
    if _made.characters > MAX_ALTOGETHER:
        raise EvaluationError(f"more than {MAX_ALTOGETHER} characters of text would be made")


def check_length(length: int) -> None:
    """Refuse a text that is longer than any may be."""
    if length > MAX_TEXT:
        raise EvaluationError(f"the text would be longer than {MAX_TEXT} characters")


def limited(text: str) -> str:
    """The text, where it is not too long."""
    reserve(len(text))
    return text


def spend(steps: int) -> None:
    """Refuse to go on where patterns have taken too many steps."""
    _made.steps += steps
    if _made.steps > MAX_STEPS:
        raise EvaluationError("patterns take too many steps on a text as long as this")
