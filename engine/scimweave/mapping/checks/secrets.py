"""Secrets that stand in a mapping file in clear."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scimweave.mapping.document.source import ScalarNode
from scimweave.mapping.project import ObjectProgram
from scimweave.mapping.report import Report

if TYPE_CHECKING:
    from scimweave.mapping.model import ObjectsModel

# A scheme stands before the secret of a header, and is none itself.
_SCHEME = re.compile(r"(?:(?:Bearer|Basic|Token|SSWS|ApiKey)\s+)?", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$\{\w+(?P<default>:-[^}]*)?\}")


def is_in_clear(written: str) -> bool:
    """Whether a text of the file is a secret that not only the environment knows."""
    found = _PLACEHOLDER.search(written)
    return bool(written) and (found is None or found["default"] not in {None, ":-"})


def scheme_length(written: str) -> int:
    """Return how long the scheme before a secret is, such as ``Bearer``."""
    found = _SCHEME.match(written)
    return found.end() if found else 0


def check_sensitive_literals(model: ObjectsModel, objects: ObjectProgram, report: Report) -> None:
    """Report texts that sensitive fields are filled with."""
    for name, rule in model.attributes.items():
        field = objects.field(name)
        if field is None or not field.sensitive:
            continue
        for key in ("const", "default"):
            path = (objects.section, "attributes", name, key)
            node = report.document.exactly(path)
            if (
                isinstance(getattr(rule, key), str)
                and isinstance(node, ScalarNode)
                and is_in_clear(node.written)
            ):
                span = report.document.value(path)
                # What is printed may end in the log of a build.
                hidden = span.text.replace(node.written, "*" * len(node.written))
                report.add(
                    "literal-secret",
                    f'"{name}" is sensitive, and stands in clear',
                    replace(span, text=hidden),
                    help="put it in an environment variable: ${NAME}",
                )
