"""Functions whose result differs from one time to the next, where a projection must not."""

from __future__ import annotations

import re

from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.expression.compiled import Expression
from scimweave.mapping.functions.registry import functions
from scimweave.mapping.report import Report


def report_impure(expression: Expression, where: YamlPath, report: Report) -> None:
    """Report each call of a function such as ``now()``: every comparison would find a change."""
    known = functions()
    for name in sorted(expression.functions):
        if known[name].pure:
            continue
        call = re.search(rf"\b{name}\s*\(", expression.text)
        report.inside(
            "impure-function",
            f"{name}() gives another value each time, and the field would never stop changing",
            where,
            call.start() if call else 0,
            len(name),
            help="give apply: on_create, so that the value is written once",
        )
