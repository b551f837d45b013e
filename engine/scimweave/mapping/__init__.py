"""Mapping files: what they say, what is wrong with them, and what they make of a resource."""

from scimweave.mapping.compiler import load, load_text
from scimweave.mapping.convert import Value
from scimweave.mapping.diagnostics import CATALOGUE, Diagnostic, MappingError, Related, Span
from scimweave.mapping.endpoints import endpoints
from scimweave.mapping.lint import duplicates, lint, load_all, mapping_files
from scimweave.mapping.operation import Operation, operation
from scimweave.mapping.project import (
    Field,
    FieldFault,
    GroupProgram,
    Membership,
    ObjectProgram,
    Operations,
    Program,
    Projection,
    Target,
    UserProgram,
    to_json,
)
from scimweave.mapping.target_check import check_members, check_target, target_finding

__all__ = [
    "CATALOGUE",
    "Diagnostic",
    "Field",
    "FieldFault",
    "GroupProgram",
    "MappingError",
    "Membership",
    "ObjectProgram",
    "Operation",
    "Operations",
    "Program",
    "Projection",
    "Related",
    "Span",
    "Target",
    "UserProgram",
    "Value",
    "check_members",
    "check_target",
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
