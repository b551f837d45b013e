"""Compiles function calls: what can be checked of the arguments is checked here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from scimweave.mapping.expression.fault import EvaluationError, ExpressionError
from scimweave.mapping.expression.parser import Node
from scimweave.mapping.expression.syntax import Call, Syntax
from scimweave.mapping.functions.entra_names import refusal
from scimweave.mapping.functions.registry import functions, nearest
from scimweave.mapping.functions.spec import Function

Evaluate = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Fixed:
    """An argument that is the same for all documents."""

    value: Any


Argument = Fixed | Evaluate


def compile_call(node: Node, syntax: Syntax, compile_node: Callable[[Node], Evaluate]) -> Evaluate:
    """Compile a function call; raises ``ExpressionError``."""
    text = syntax.text
    call = syntax.calls[id(node)]
    function = _function(node["value"], call, text)
    nodes = node["children"]
    if not function.takes(len(nodes)):
        plural = "" if len(nodes) == 1 else "s"
        reason = (
            f"{function.name}() does not take {len(nodes)} argument{plural}: {function.signature}"
        )
        raise ExpressionError(text, call.position, reason)
    arguments: list[Argument] = []
    for index, child in enumerate(nodes):
        fault = partial(_fault, text, call.argument(index))
        arguments.append(_argument(function, index, child, compile_node, fault))
    if function.check is not None:
        known = [each.value if isinstance(each, Fixed) else None for each in arguments]
        try:
            function.check(*known)
        except EvaluationError as error:
            raise ExpressionError(text, call.position, error.reason) from None
    return _fixed(function, arguments) or _apply(function.implementation, arguments)


def _fixed(function: Function, arguments: list[Argument]) -> Evaluate | None:
    """Return what a function makes of literals behind its first argument, where it does."""
    if function.fixed is None or not arguments or isinstance(read := arguments[0], Fixed):
        return None
    rest = [each.value for each in arguments[1:] if isinstance(each, Fixed)]
    made = function.fixed(*rest) if len(rest) == len(arguments) - 1 else None
    return None if made is None else lambda value: made(read(value))


def _fault(text: str, position: int, reason: str, offset: int | None = None) -> ExpressionError:
    # A raw string has its characters as they are written, behind the quote.
    if offset is not None and text[position : position + 1] == "'":
        position += 1
        for _ in range(offset):
            position += 2 if text.startswith("\\'", position) else 1
    return ExpressionError(text, position, reason)


def _function(name: str, call: Call, text: str) -> Function:
    function = functions().get(name)
    if function is not None:
        return function
    refused = refusal(name)
    if refused is not None:
        reason = f"{name}() {refused.reason}"
        code, hint = "refused-function", refused.instead
        raise ExpressionError(text, call.position, reason, code=code, hint=hint)
    near = nearest(name)
    hint = f'did you mean "{near}"?' if near else ""
    reason = f"there is no function {name}()"
    raise ExpressionError(text, call.position, reason, code="unknown-function", hint=hint)


def _argument(
    function: Function,
    index: int,
    node: Node,
    compile_node: Callable[[Node], Evaluate],
    fault: Callable[..., ExpressionError],
) -> Argument:
    parameter = function.parameter(index)
    wanted = parameter.accepted
    is_expression = node["type"] == "expref"
    if is_expression is not (wanted.text == "expression"):
        wants = "no expression" if is_expression else "an expression, as in &name"
        raise fault(f"argument {index + 1} of {function.name}(), {parameter.name}, takes {wants}")
    if is_expression:
        return Fixed(compile_node(node["children"][0]))
    prepare = parameter.prepare
    if node["type"] != "literal":
        if parameter.literal:
            raise fault(f"the {parameter.name} of {function.name}() is written out, in quotes")
        checked = _checked(function, index, compile_node(node))
        return checked if prepare is None else _prepared(prepare, checked)
    if not wanted.accepts(node["value"]):
        raise fault(function.wrong_type(index, node["value"]))
    if prepare is None:
        return Fixed(node["value"])
    try:
        return Fixed(prepare(node["value"]))
    except EvaluationError as error:
        raise fault(error.reason, error.offset) from None


def _prepared(prepare: Callable[[Any], Any], argument: Evaluate) -> Evaluate:
    return lambda value: prepare(argument(value))


def _checked(function: Function, index: int, argument: Evaluate) -> Evaluate:
    wanted = function.parameter(index).accepted
    if wanted.text == "any":
        return argument
    if not wanted.classes and len(wanted.elements) == 1:
        return _checked_elements(function, index, argument, wanted.elements[0])
    if wanted.elements:

        def accepts_either(value: Any) -> Any:
            result = argument(value)
            if not wanted.accepts(result):
                raise EvaluationError(function.wrong_type(index, result))
            return result

        return accepts_either
    classes = wanted.classes

    def accepts(value: Any) -> Any:
        result = argument(value)
        if type(result) not in classes:
            raise EvaluationError(function.wrong_type(index, result))
        return result

    return accepts


def _checked_elements(
    function: Function, index: int, argument: Evaluate, classes: frozenset[type]
) -> Evaluate:
    def accepts(value: Any) -> Any:
        result = argument(value)
        if type(result) is list and classes.issuperset(map(type, result)):
            return result
        raise EvaluationError(function.wrong_type(index, result))

    return accepts


def _apply(implementation: Callable[..., Any], arguments: list[Argument]) -> Evaluate:
    varying = [index for index, each in enumerate(arguments) if not isinstance(each, Fixed)]
    if len(varying) == 1:
        return _apply_to_one(implementation, arguments, varying[0])
    readers = [_reader(argument) for argument in arguments]
    if len(readers) == 2:
        first, second = readers
        return lambda value: implementation(first(value), second(value))
    return lambda value: implementation(*[read(value) for read in readers])


def _apply_to_one(
    implementation: Callable[..., Any], arguments: list[Argument], index: int
) -> Evaluate:
    read = _reader(arguments[index])
    before = [each.value for each in arguments[:index] if isinstance(each, Fixed)]
    after = [each.value for each in arguments[index + 1 :] if isinstance(each, Fixed)]
    bound = partial(implementation, *before) if before else implementation
    if not after:
        return lambda value: bound(read(value))
    return lambda value: bound(read(value), *after)


def _reader(argument: Argument) -> Evaluate:
    if isinstance(argument, Fixed):
        fixed = argument.value
        return lambda value: fixed
    return argument
