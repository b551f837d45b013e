"""Functions whose result differs from one time to the next, where a projection must not."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scimweave.mapping.document.source import YamlPath
from scimweave.mapping.expression.compiled import Expression, position_of
from scimweave.mapping.functions.registry import functions
from scimweave.mapping.report import Report
from scimweave.mapping.rules.vocabulary import NamedExpression

_REMEDY = "give apply: on_create, so that the value is written once"


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
            help=_REMEDY,
        )


def report_impure_lets(
    text: str, lets: Iterable[NamedExpression], where: YamlPath, report: Report
) -> None:
    """Report each named expression in ``text`` that calls such a function."""
    for each in lets:
        for name in sorted(each.impure):
            let = f"${each.let.name}"
            message = f"{let} calls {name}(), and the field would never stop changing"
            position = position_of(each.let.name, text)
            report.inside("impure-function", message, where, position, len(let), help=_REMEDY)
