import json
from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.functions import Functions, signature

from scimweave.mapping.expression.compiled import ExpressionError, MappingFault, compile_expression
from scimweave.mapping.expression.explained import explain_expression
from scimweave.mapping.functions.builtins import BUILTINS


class Oracle(Functions):
    """jmespath's functions but for two: join leaves nulls out, merge takes only objects."""

    @signature({"types": ["string"]}, {"types": ["array"]})
    def _func_join(self, glue: str, values: list[Any]) -> str:
        return glue.join([value for value in values if value is not None])

    @signature({"types": ["object"], "variadic": True})
    def _func_merge(self, *objects: dict[str, Any]) -> dict[str, Any]:
        if not all(isinstance(each, dict) for each in objects):
            raise TypeError
        return {name: value for each in objects for name, value in each.items()}


ORACLE = jmespath.Options(custom_functions=Oracle())


def outcome(search: Any, document: Any) -> str:
    """The result with the types of all that is in it, or that there was none."""
    try:
        return repr(search(document))
    except (MappingFault, TypeError, ValueError, ArithmeticError):
        return "an error"


def expected_outcome(text: str, document: Any) -> str:
    return outcome(lambda value: jmespath.search(text, value, ORACLE), document)


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, -0.5, 1e308])
    | st.sampled_from(["", "a", "b", "1", "1.5", "é", "nan", "x'y`z\"\\"])
)
names = st.sampled_from(["a", "b", "c", "x y"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": values,
        "c": values,
        "x y": values,
        "numbers": st.lists(st.integers(-3, 3) | st.floats(allow_nan=False), max_size=4),
        "texts": st.lists(st.sampled_from(["", "a", "b", "é"]), max_size=4),
        "objects": st.lists(st.dictionaries(names, scalars, max_size=3), max_size=4),
        "object": st.dictionaries(names, values, max_size=3),
        "text": st.sampled_from(["", "abc", "É"]),
        "number": st.sampled_from([0, 1, -2, 2.5]),
    },
)
# A field of the documents that is mostly of the type.
OF_TYPE = {
    "string": ["text", "texts[0]", "'a'"],
    "number": ["number", "numbers[-1]", "`2`"],
    "array": ["numbers", "texts", "objects", "*"],
    "object": ["object", "objects[0]", "@"],
    "array[number]": ["numbers", "`[1, 2.5]`"],
    "array[string]": ["texts", "keys(@)"],
    "array[string|null]": ["texts", "[text, a]", "objects[*].a"],
}
fields = names.map(lambda name: json.dumps(name) if " " in name else name)
atoms = st.one_of(
    fields,
    st.sampled_from(["@", "*", "[]", "[*]", "objects", "numbers", "texts", "object", "text"]),
    values.map(lambda value: "`" + json.dumps(value).replace("`", "\\`") + "`"),
    st.sampled_from(["'a'", "''", "'it\\'s'", "'\\d'", "[0]", "[-1]", "[1:]", "[?a]"]),
)
bounds = st.integers(-3, 3).map(str) | st.just("")


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "&&", "||", "|"])
    return st.one_of(
        st.tuples(inner, fields).map(".".join),
        st.builds("{}[{}]".format, inner, st.integers(-3, 3)),
        st.builds("{}[{}:{}:{}]".format, inner, bounds, bounds, bounds),
        st.builds("{}{}".format, inner, st.sampled_from(["[*]", "[]", ".*", "[*].a", ".*.b"])),
        st.builds("{}[?{}]".format, inner, inner),
        st.builds("{}[?{}].{}".format, inner, inner, fields),
        st.builds("{} {} {}".format, inner, operators, inner),
        st.builds("({}) {} ({})".format, inner, operators, inner),
        st.builds("!{}".format, inner),
        st.builds("({})".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("[{}]".format, inner),
        st.builds("{}.[{}, {}, {}]".format, inner, fields, inner, inner),
        st.builds("{{k: {}, {}: {}}}".format, inner, fields, inner),
        st.builds("{}.{{k: {}}}".format, inner, inner),
        calls(inner),
        st.builds("{}.{}".format, inner, calls(inner)),
    )


@st.composite
def calls(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    function = BUILTINS[draw(st.sampled_from(sorted(BUILTINS)))]
    count = len(function.parameters) or draw(st.integers(1, 3))
    kinds = [function.parameter(index).type for index in range(count)]
    return f"{function.name}({', '.join(draw(argument(kind, inner)) for kind in kinds)})"


def argument(kind: str, inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    if kind == "expression":
        return inner.map("&({})".format)
    # Behind a pipe a literal of a wrong type is found only when it runs, as jmespath does.
    anything = inner.map("@ | ({})".format)
    alternatives = ["array[string|null]"] if "|null]" in kind else kind.split("|")
    likely = [text for each in alternatives for text in OF_TYPE.get(each, [])]
    return st.sampled_from(likely) | anything if likely else anything


expressions = st.recursive(atoms, compound, max_leaves=8)


def parses(text: str) -> bool:
    try:
        jmespath.compile(text)
    except ValueError:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(expressions, st.lists(documents, min_size=1, max_size=3))
def test_any_expression_does_what_the_library_does(text: str, examples: list[Any]) -> None:
    if not parses(text):
        with pytest.raises(ExpressionError):
            compile_expression(text)
        return
    expression = compile_expression(text)
    assert [outcome(expression, each) for each in examples] == [
        expected_outcome(text, each) for each in examples
    ]


def explained(text: str, document: Any) -> Any:
    piece = explain_expression(text, document)
    if piece.error is not None:
        raise ValueError(piece.error)
    return piece.value


def compiles(text: str) -> bool:
    try:
        compile_expression(text)
    except ExpressionError:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(expressions.filter(compiles), documents)
def test_explaining_gives_what_the_closures_give(text: str, document: dict[str, Any]) -> None:
    found = outcome(lambda each: explained(text, each), document)
    assert found == outcome(compile_expression(text), document)


def reduced(document: dict[str, Any], paths: frozenset[tuple[str, ...]]) -> dict[str, Any]:
    """What of the document lies on the paths."""
    kept: dict[str, Any] = {}
    for path in paths:
        source: Any = document
        target = kept
        for name in path[:-1]:
            source = source.get(name) if isinstance(source, dict) else None
            target = target.setdefault(name, {})
        if isinstance(source, dict) and path[-1] in source:
            target[path[-1]] = source[path[-1]]
    return kept


@settings(max_examples=400, deadline=None)
@given(expressions.filter(parses), documents)
def test_nothing_but_the_fields_is_read(text: str, document: dict[str, Any]) -> None:
    expression = compile_expression(text)
    if expression.fields is not None:
        found = outcome(expression, reduced(document, expression.fields))
        assert found == outcome(expression, document)


@pytest.mark.filterwarnings("ignore:deprecated string literal")
@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"abA.*@&|!<>=()[]{}?,:'`\"\\ -1", "lower(", "||", "&&", "[?", "[*]"]),
        max_size=14,
    ).map("".join)
    | st.text(max_size=20)
)
def test_no_text_breaks_the_compiler(text: str) -> None:
    try:
        position = len(compile_expression(text).text)
    except ExpressionError as error:
        position = error.position
    assert 0 <= position <= len(text)
