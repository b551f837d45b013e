"""docs/functions.md is made from the registry; ``make golden`` rewrites it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scimweave.mapping.functions.entra_names import REFUSED, TRANSLATIONS
from scimweave.mapping.functions.registry import REGISTRY, SUBJECTS
from scimweave.mapping.functions.spec import Example, Function

DOCUMENT = Path(__file__).parents[3] / "docs" / "functions.md"
HEAD = """# Functions

What `expr` and `default: { expr: … }` may call. An expression is JMESPath: text stands in quotes,
numbers, true, false and null in backticks, names of SCIM attributes as they are. A parameter with
`?` may be left out. An argument of a type that is not named is an error of that field for that
user; of a literal, `scimweave lint` finds it.

Limits: a text has at most 1 MiB, and one evaluation makes at most 8 MiB of long texts. What could
make more than 1,000 times of what it reads, by doubling again and again, is refused. Patterns
are in .NET's notation (`(?<name>…)`, `${name}`), without look-around and references back, and are
matched in time that grows with the length of the text, not beyond; `\\w`, `\\d` and `\\s` know
the letters of all scripts, `\\b` only those of ASCII.
"""
OWN = """
## Your own functions

A Python package brings functions by an entry point of the group `scimweave.functions` that names
a `Library`:

```toml
[project.entry-points."scimweave.functions"]
acme = "acme_scim:FUNCTIONS"
```

```python
from scimweave.functions import Example, Library, Parameter

FUNCTIONS = Library()


@FUNCTIONS.define(
    Parameter("number", "string|null"),
    returns="string|null",
    nulls="Null gives null.",
    examples=(Example("acme_badge(externalId)", {"externalId": "42"}, "ACME-42"),),
)
def acme_badge(number: str | None) -> str | None:
    \"\"\"The number as it stands on a badge.\"\"\"
    return None if number is None else f"ACME-{number}"
```

The types are `string`, `number`, `boolean`, `array`, `object`, `null`, joined by `|`;
`array[string]`; `any`; `expression`. A function gets arguments of these types only, gives the
same result for the same arguments, and raises `scimweave.functions.EvaluationError` where there
is none. Two functions of one name are an error that names the package.
"""


def test_every_function_stands_in_the_documentation() -> None:
    made = "".join(_document())
    if os.environ.get("UPDATE_GOLDEN"):
        DOCUMENT.write_text(made, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == made


def test_translations_lead_to_functions() -> None:
    for _, here in TRANSLATIONS:
        assert {name for name in re.findall(r"(\w+)\(", here + "(")} <= set(REGISTRY)


def test_functions_of_entra_are_translated_or_refused() -> None:
    names = {form.partition("(")[0] for form, _ in TRANSLATIONS} | set(REFUSED)
    summary = (
        "Append AppRoleAssignmentsComplex AssertiveAppRoleAssignmentsComplex BitAnd CBool CDate "
        "Coalesce ConvertToBase64 ConvertToUTF8Hex Count CStr DateAdd DateDiff DateFromNum "
        "FormatDateTime Guid IgnoreFlowIfNullOrEmpty IIF InStr IsNull IsNullOrEmpty IsPresent "
        "IsString Item Join Left Mid NormalizeDiacritics Not Now NumFromDate PCase RandomString "
        "Redact RemoveDuplicates Replace SelectUniqueValue SingleAppRoleAssignment Split "
        "StripSpaces Switch ToLower ToUpper Word Len DefaultDomain"
    )
    assert names == set(summary.split())


def _document() -> Iterator[str]:
    yield HEAD
    yield "\n## From Entra's expression builder\n\n| Entra | here |\n|---|---|\n"
    for form, here in TRANSLATIONS:
        yield f"| `{form}` | `{here}` |\n"
    for name, refused in REFUSED.items():
        yield f"| `{name}` | none: {refused.reason}; {refused.instead} |\n"
    for subject, library in SUBJECTS.items():
        yield f"\n## {subject}\n"
        for function in library.values():
            yield from _function(function)
    yield OWN


def _function(function: Function) -> Iterator[str]:
    yield f"\n### `{function.signature}`\n\n{function.doc} {_nulls(function)}\n"
    if not function.pure:
        yield "Only with `apply: on_create`: its result differs each time.\n"
    yield "\n| expression | of | result |\n|---|---|---|\n"
    for example in function.examples:
        yield f"| {_code(example.expression)} | {_of(example)} | {_code(_json(example.result))} |\n"


def _nulls(function: Function) -> str:
    literal = [each.name for each in function.parameters if each.literal]
    return " ".join([function.nulls, *(f"The {name} is written out." for name in literal)])


def _of(example: Example) -> str:
    return _code(_json(example.document)) if example.document not in ({}, []) else ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    pad = " " if fence == "``" else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")
