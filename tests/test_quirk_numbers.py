"""Each quirk of providers, by its number, has a case that bears it."""

from __future__ import annotations

import re
from pathlib import Path

# Request shapes, queries, and answers.
NUMBERS = {*range(1, 33), *range(40, 51), *range(60, 75)}
_NAMES = re.compile(r'\bid=f?"([^"]*)"|\bdef (test_\w+)')
_NUMBER = re.compile(r"(?:\bQ|_q)(\d+)\b|_q(\d+)(?=_)")


def numbers_of_cases() -> set[int]:
    found = set()
    for file in Path(__file__).parent.rglob("test_*.py"):
        for case, function in _NAMES.findall(file.read_text()):
            for one, other in _NUMBER.findall(case or function):
                found.add(int(one or other))
    return found


def test_each_number_has_a_case() -> None:
    assert sorted(NUMBERS - numbers_of_cases()) == []
