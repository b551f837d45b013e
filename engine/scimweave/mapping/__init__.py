"""Mapping files: what they say, what is wrong with them, and what they make of a resource.

In the order of a file's life: ``document`` reads the text, ``model`` and ``shape`` its form,
``compiler`` makes a program of ``rules`` and ``expression``, ``checks`` and ``lint`` look at it,
``project`` is what runs. ``tests``, ``coverage``, ``explain``, ``editor`` and ``layout`` are for
its author.
"""

from scimweave.mapping.checks.target import check_members, check_target, target_finding
from scimweave.mapping.compiler import load, load_text
from scimweave.mapping.diagnostics import CATALOGUE, Diagnostic, MappingError, Related, Span
from scimweave.mapping.document.files import digest_of
from scimweave.mapping.endpoints import endpoints
from scimweave.mapping.expression.compiled import Expression, compile_expression
from scimweave.mapping.lint import duplicates, lint, load_all, mapping_files
from scimweave.mapping.operation import Operation, operation
from scimweave.mapping.project import (
    Field,
    FieldFault,
    GroupProgram,
    MemberField,
    Membership,
    ObjectProgram,
    Operations,
    Program,
    Projection,
    Target,
    UserProgram,
    to_json,
)
from scimweave.mapping.reverse import Reversed
from scimweave.mapping.rules.convert import Value

__all__ = [
    "CATALOGUE",
    "Diagnostic",
    "Expression",
    "Field",
    "FieldFault",
    "GroupProgram",
    "MappingError",
    "MemberField",
    "Membership",
    "ObjectProgram",
    "Operation",
    "Operations",
    "Program",
    "Projection",
    "Related",
    "Reversed",
    "Span",
    "Target",
    "UserProgram",
    "Value",
    "check_members",
    "check_target",
    "compile_expression",
    "digest_of",
    "duplicates",
    "endpoints",
    "lint",
    "load",
    "load_all",
    "load_text",
    "mapping_files",
    "operation",
    "target_finding",
    "to_json",
]
