"""What is wrong with the keys and types of a mapping file, as diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scimweave.mapping import target_kinds
from scimweave.mapping.diagnostics import Diagnostic, closest, did_you_mean, finding
from scimweave.mapping.document.source import Document, ScalarNode
from scimweave.mapping.faulty_text import FaultyText
from scimweave.mapping.model import Fault, Model, model_at
from scimweave.mapping.rules.extensions import is_urn

_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_MAX_SHOWN = 40


def diagnose(faults: Sequence[Fault], document: Document) -> list[Diagnostic]:
    """Turn what pydantic found into findings at their places in the file."""
    return [
        _EXPLAINED.get(fault.type, _wrong_type)(fault, document)
        for fault in faults
        if not (document.is_faulty(fault.loc) or _is_in_no_extension(fault))
    ]


def _is_in_no_extension(fault: Fault) -> bool:
    """Whether it is below a key that is reported itself."""
    return len(fault.loc) > 1 and fault.loc[0] == "schema" and not is_urn(fault.loc[1])


def _unknown_key(fault: Fault, document: Document) -> Diagnostic:
    key = str(fault.loc[-1])
    model = _model_around(fault, document)
    known = model.keys() if model else []
    close = closest(key, known)
    hint = "" if close else f"known here: {', '.join(known)}"
    return finding(
        "unknown-key",
        f'unknown key "{key[:_MAX_SHOWN]}"',
        document.key(fault.loc),
        did_you_mean(key, known),
        help=hint,
    )


def _model_around(fault: Fault, document: Document) -> type[Model] | None:
    """Return the model of the mapping that the faulty key stands in."""
    around = fault.loc[:-1]
    if around[:1] != ("target",):
        return model_at(around)
    given = document.exactly(("target", "connector"))
    kind = target_kinds.kind(str(given.data)) if isinstance(given, ScalarNode) else None
    return target_kinds.options_at(kind, around[1:]) if kind else None


def _missing_key(fault: Fault, document: Document) -> Diagnostic:
    *around, key = fault.loc
    where = "the file" if not around else _owner(tuple(around))
    model = _model_around(fault, document)
    field = model.model_fields.get(str(key)) if model else None
    example = f"for example {key}: {field.examples[0]}" if field and field.examples else ""
    return finding(
        "missing-key", f'{where} has no "{key}"', document.key(tuple(around)), help=example
    )


def _owner(loc: tuple[str | int, ...]) -> str:
    last = loc[-1]
    return f"test {last + 1}" if isinstance(last, int) else f'"{last}"'


def _not_one_of(fault: Fault, document: Document) -> Diagnostic:
    expected = str(fault.context["expected"]).replace("'", '"')
    known = [word.strip('", ') for word in expected.replace(" or ", ", ").split(", ")]
    given = fault.input
    message = f"{_name(fault)} is {expected}, not {_described(given)}"
    label = ""
    if isinstance(given, str):
        message = f'{_name(fault)} is {expected}, not "{given[:_MAX_SHOWN]}"'
        label = did_you_mean(given, known)
    return finding("bad-value", message, document.value(fault.loc), label)


def _bad_package(fault: Fault, document: Document) -> Diagnostic:
    return finding("bad-package", str(fault.context["reason"]), document.value(fault.loc))


def _bad_name(fault: Fault, document: Document) -> Diagnostic:
    message = f"{_name(fault)} is lower-case letters, digits and hyphens, and starts with a letter"
    return finding("bad-value", message, document.value(fault.loc), help="at most 63 characters")


def _out_of_range(fault: Fault, document: Document) -> Diagnostic:
    limit = next(iter(fault.context.values()))
    word = "more" if fault.type.startswith("less") else "less"
    message = f'"{fault.loc[-1]}" is not {word} than {limit}'
    return finding("bad-value", message, document.value(fault.loc))


def _not_positive(fault: Fault, document: Document) -> Diagnostic:
    return finding("bad-value", f"{_name(fault)} is at least 1", document.value(fault.loc))


def _empty(fault: Fault, document: Document) -> Diagnostic:
    return finding("bad-value", f"{_name(fault)} is empty", document.value(fault.loc))


def _wrong_type(fault: Fault, document: Document) -> Diagnostic:
    hint = ""
    if fault.type == "string_type" and isinstance(fault.input, int | float):
        hint = "text that looks like something else stands in quotes"
    if fault.type == "bool_type" and isinstance(fault.input, str):
        hint = "only true and false are booleans here, yes and no are text"
    expected = _EXPECTED.get(fault.type, "something else")
    if fault.type == "model_type" and fault.loc[1:2] == ("attributes",):
        expected = "a SCIM path or a mapping"
    if fault.type == "model_type" and fault.loc[1:] == ("operations", "deactivate"):
        expected = "delete or a mapping"
    message = f"{_name(fault)} is {expected}, not {_described(fault.input)}"
    return finding("wrong-type", message, document.value(fault.loc), help=hint)


def _name(fault: Fault) -> str:
    names = [step for step in fault.loc if isinstance(step, str)]
    return f'"{names[-1]}"' if names else "the file"


def _described(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _refused(fault: Fault, document: Document) -> Diagnostic:
    """Show what a validator of a target's options says, at the character that it names."""
    reason = fault.context.get("error")
    code, position = "bad-value", None
    if isinstance(reason, FaultyText):
        code, position = reason.code, reason.position
    if position is None:
        span = document.value(fault.loc)
    else:
        span = document.inside(fault.loc, position, 1)
    return finding(code, f"{_name(fault)}: {reason}", span)


_EXPLAINED: Mapping[str, Callable[[Fault, Document], Diagnostic]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    "literal_error": _not_one_of,
    "bad_package": _bad_package,
    "value_error": _refused,
    "string_pattern_mismatch": _bad_name,
    "greater_than": _not_positive,
    "greater_than_equal": _out_of_range,
    "less_than_equal": _out_of_range,
    "string_too_short": _empty,
    "too_short": _empty,
}
