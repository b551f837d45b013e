"""What a package needs that brings functions of its own: see docs/functions.md."""

from scimweave.mapping.expression.fault import EvaluationError
from scimweave.mapping.functions.spec import Example, Function, Library, Parameter

__all__ = ["EvaluationError", "Example", "Function", "Library", "Parameter"]
