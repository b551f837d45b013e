"""Mapping files as nobody should write them, for tests: every form that YAML has, and comments."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
# fmt: off
AWKWARD = [
    "", "true", "no", "12", "1e3", "~", "a: b", "a #b", "#a", "- a", "it's", 'say "x"', "<<", "*",
    "2024-01-01", "${X:-y z}", "urn:a:b", "a\nb", " a", "a ", "\ta", "'", "x\\y", "é\x07", "a, b",
    "[a]", "{a: b}", "a:", "-", "?", "---", "...", "%a", "@a", "a\n\n  b\n", "\n", "é𝄞", "|", ">",
    "0o17", "1_000", "12:30", "=", "a  b", "a\n", "\u2028", "\ufeffa", "x" * 110,
    "some words " * 12,
]
# fmt: on
TEXTS = st.one_of(
    st.sampled_from(AWKWARD),
    st.text("ab:#-, '\"\\{}[]\n\t", max_size=12),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(TEXTS, st.booleans(), st.none(), st.integers(-9, 9)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
RULES = st.fixed_dictionaries(
    {},
    optional={
        key: VALUES
        for key in ("sensitive", "required", "default", "values", "from", "expr", "unknown")
    },
)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "operations": VALUES,
        "attributes": st.dictionaries(TEXTS, st.one_of(TEXTS, RULES), max_size=4),
        "match": VALUES,
        "key": TEXTS,
        "object": TEXTS,
    },
)
TESTS = st.lists(
    st.fixed_dictionaries({}, optional={key: VALUES for key in ("target", "user", "name")}),
    max_size=3,
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "tests": TESTS,
        "groups": OBJECTS,
        "users": OBJECTS,
        "target": st.one_of(st.just({"url": "x", "connector": "sql", "pool": {}}), VALUES),
        "let": st.dictionaries(TEXTS, TEXTS, max_size=3),
        "integration": TEXTS,
        "title": VALUES,
    },
).filter(bool)


class Mess:
    """Writes data as YAML in forms that ``draw`` chooses; each comment is there once."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._comments = 0
        self._anchors: list[str] = []

    def file(self, data: dict[str, Any]) -> str:
        """Return a file."""
        head = "".join(self._above(0)) + self._one_of("", "", "---\n", "%YAML 1.1\n---\n")
        if self._one_of(False, False, False, True):
            body = self._flow(data, 1) + self._end()
        else:
            body = self._mapping(data, 0)
        text = self._one_of("", "\ufeff") + head + body + "".join(self._above(0))
        text = text.removesuffix("\n") if self._one_of(False, True) else text
        return text.replace("\n", self._one_of("\n", "\n", "\r\n"))

    def _mapping(self, data: dict[str, Any], indent: int) -> str:
        return "".join(
            "".join(self._above(indent))
            + " " * indent
            + f"{self._key(key)}:{self._value(value, indent)}"
            for key, value in data.items()
        ) + "".join(self._above(indent))

    def _list(self, data: list[Any], indent: int) -> str:
        return "".join(
            "".join(self._above(indent)) + " " * indent + f"-{self._item(value, indent)}"
            for value in data
        ) + "".join(self._above(indent))

    def _item(self, value: Any, indent: int) -> str:
        if isinstance(value, dict | list) and value and self._one_of(True, False):
            inner = self._block(value, indent + 2)
            if inner.startswith(" " * (indent + 2)) and inner[indent + 2] not in "# \n":
                return inner[indent + 1 :]
            return self._end() + inner
        return self._value(value, indent)

    def _value(self, value: Any, indent: int) -> str:
        if self._anchors and self._rarely():
            return f" {self._one_of(*self._anchors)}{self._end()}"
        if self._rarely():
            name = f"a{self._one_of(1, 2, 3)}"
            written = f" &{name}{self._new_value(value, indent)}"
            self._anchors.append(f"*{name}")
            return written
        return self._new_value(value, indent)

    def _new_value(self, value: Any, indent: int) -> str:
        if isinstance(value, dict | list) and value and self._one_of(True, True, False):
            return self._end() + self._block(value, indent + self._one_of(1, 2, 4))
        space = self._one_of(" ", " ", "   ")
        is_block = isinstance(value, str) and value.strip(" \n") and "\ufeff" not in value
        if is_block and not set(value) & set("\x07\u2028\t") and self._one_of(True, False):
            return space + self._literal(value, indent)
        if self._one_of(False, False, False, True):
            space = f"{self._end()}{' ' * (indent + 1)}"
        return f"{space}{self._flow(value, indent + 1)}{self._end()}"

    def _block(self, value: Any, indent: int) -> str:
        if isinstance(value, dict):
            return self._mapping(value, indent)
        return self._list(value, indent)

    def _literal(self, text: str, indent: int) -> str:
        depth, sign = self._one_of(1, 3), self._one_of("|", "|", ">")
        shown = depth if text.lstrip("\n").startswith(" ") else self._one_of(depth, "")
        ending = "-" if not text.endswith("\n") else "+" if text.endswith("\n\n") else ""
        lines = text.removesuffix("\n").split("\n")
        body = "".join(f"{' ' * (indent + depth) if line else ''}{line}\n" for line in lines)
        return f"{sign}{shown}{ending}{self._end()}{body}"

    def _flow(self, value: Any, indent: int) -> str:
        if isinstance(value, dict):
            parts = [f"{self._key(key)}: {self._flow(each, indent)}" for key, each in value.items()]
            return "{" + self._parts(parts, indent) + "}"
        if isinstance(value, list):
            return "[" + self._parts([self._flow(each, indent) for each in value], indent) + "]"
        return self._scalar(value)

    def _parts(self, parts: list[str], indent: int) -> str:
        written = "".join(f"{part}{self._break(indent, ',')}" for part in parts[:-1])
        last = "".join(f"{part}{self._break(indent, '')}" for part in parts[-1:])
        return self._break(indent, "") + written + last

    def _break(self, indent: int, sign: str) -> str:
        if self._one_of(True, True, False):
            return f"{sign} "
        return f"{sign}{self._end()}{''.join(self._above(indent))}{' ' * indent}"

    def _scalar(self, value: Any) -> str:
        if value is None:
            return self._one_of("null", "~")
        if not isinstance(value, str):
            return json.dumps(value)
        is_single = value.isprintable() and self._one_of(True, False)
        doubled = value.replace("'", "''")
        written = f"'{doubled}'" if is_single else json.dumps(value)
        return written.replace(" ", self._one_of(" ", "\n" + " " * 30))

    def _key(self, key: str) -> str:
        if key == "<<" or (key.isalpha() and self._one_of(True, False)):
            return key
        doubled = key.replace("'", "''")
        is_single = key.isprintable() and self._one_of(True, False)
        return f"'{doubled}'" if is_single else json.dumps(key)

    def _end(self) -> str:
        return self._one_of("\n", "\n", " \n", "") or f"  {self._comment()}\n"

    def _above(self, indent: int) -> list[str]:
        lines = []
        for _ in range(self._one_of(0, 0, 0, 1, 3)):
            column = self._one_of(indent, indent, 0, indent + 2)
            lines.append(self._one_of("", "", "\n", "\n\n"))
            if self._one_of(True, False):
                lines.append(f"{' ' * column}{self._comment()}\n")
        return lines

    def _comment(self) -> str:
        self._comments += 1
        return f"#{self._one_of('', ' ')}c{self._comments};"

    def _rarely(self) -> bool:
        return self._draw(st.integers(0, 9)) == 9

    def _one_of(self, *choices: T) -> T:
        return self._draw(st.sampled_from(choices))


@st.composite
def messy_files(draw: st.DrawFn) -> str:
    """Draw the text of a file; some do not parse."""
    return Mess(draw).file(draw(FILES))


def comments_in(text: str) -> list[str]:
    """Return the comments that were put into a text."""
    return sorted(re.findall(r"# ?c\d+;", text))
