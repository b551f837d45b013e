"""What the compiler, the documentation and the tests know of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scimweave.mapping.functions.argument_type import ArgumentType, type_name

Implementation = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument; ``type`` is in the notation of ``ArgumentType``.

    ``prepare`` makes of a value what the implementation gets, and raises ``EvaluationError``; of
    a literal it is called once, when the expression is compiled. ``literal`` takes nothing else.
    """

    name: str
    type: str
    optional: bool = False
    literal: bool = False
    prepare: Callable[[Any], Any] | None = field(default=None, compare=False, repr=False)
    accepted: ArgumentType = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "accepted", ArgumentType.parse(self.type))

    def __str__(self) -> str:
        return f"{self.name}{'?' if self.optional else ''}: {self.type}"


@dataclass(frozen=True, slots=True)
class Example:
    """An expression, the document it reads, and its result."""

    expression: str
    document: Any
    result: Any


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the expression language.

    ``repeated`` is the group of parameters that follows ``parameters`` once or more. The
    ``implementation`` gets arguments of the right types; an ``expression`` comes as a callable.
    ``pure`` says that the result is made of the arguments alone; ``nulls`` what null does.
    ``check`` gets the arguments of a call when it is compiled, None for those that are not known
    then, and raises ``EvaluationError`` where they do not go together. ``fixed`` gets all arguments
    but the first, where they are literals, and returns a quicker implementation that takes the
    first; None where there is none.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    repeated: tuple[Parameter, ...]
    returns: str
    examples: tuple[Example, ...]
    implementation: Implementation
    nulls: str = "Null is refused."
    pure: bool = True
    check: Callable[..., object] | None = None
    fixed: Callable[..., Callable[[Any], Any] | None] | None = None

    @property
    def signature(self) -> str:
        """``join(glue: string, values: array[string|null]) -> string``."""
        parts = [str(parameter) for parameter in self.parameters + self.repeated]
        if self.repeated:
            parts.append("…")
        return f"{self.name}({', '.join(parts)}) -> {self.returns}"

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        most = len(self.parameters)
        if self.repeated:
            extra = count - most
            return extra > 0 and extra % len(self.repeated) == 0
        return sum(not parameter.optional for parameter in self.parameters) <= count <= most

    def parameter(self, index: int) -> Parameter:
        """The parameter that takes the argument of this index."""
        if index < len(self.parameters):
            return self.parameters[index]
        return self.repeated[(index - len(self.parameters)) % len(self.repeated)]

    def wrong_type(self, index: int, value: Any) -> str:
        """Why this argument cannot be; of the value only its type is told."""
        parameter = self.parameter(index)
        got = type_name(value)
        if got == "array" and parameter.accepted.elements:
            got = f"array[{'|'.join(sorted(set(map(type_name, value))))}]"
        return (
            f"argument {index + 1} of {self.name}(), {parameter.name}, "
            f"takes {parameter.type}, got {got}"
        )


class Library(Mapping[str, Function]):
    """Functions by name, filled by ``define``."""

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __len__(self) -> int:
        return len(self._functions)

    def define(
        self,
        *parameters: Parameter,
        repeated: tuple[Parameter, ...] = (),
        returns: str,
        examples: tuple[Example, ...],
        nulls: str = "Null is refused.",
        pure: bool = True,
        check: Callable[..., object] | None = None,
        fixed: Callable[..., Callable[[Any], Any] | None] | None = None,
    ) -> Callable[[Implementation], Implementation]:
        """Decorate an implementation; its name and the first line of its docstring are the spec's.

        A trailing underscore of the name is dropped. ``nulls`` is a sentence about arguments that
        are null. A function that is not ``pure`` can only fill fields that are written once. For
        ``check`` and ``fixed`` see ``Function``.
        """

        def add(implementation: Implementation) -> Implementation:
            name = implementation.__name__.rstrip("_")
            doc = (implementation.__doc__ or "").strip().splitlines()[0]
            self._functions[name] = Function(
                name,
                doc,
                parameters,
                repeated,
                returns,
                examples,
                implementation,
                nulls,
                pure,
                check,
                fixed,
            )
            return implementation

        return add
