"""Which kinds of target there are, ours and those of installed packages, and what each takes.

A kind is an entry point of the group ``scimweave.connectors``; it is loaded when a file names it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, Union, get_args, get_origin

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from scimweave.mapping.model import MappingModel, Model, TargetOptions

GROUP = "scimweave.connectors"
OWN = "scimweave"

# What a mapping may ask for, in words for people.
FEATURES: Mapping[str, str] = types.MappingProxyType(
    {
        "groups": "holds no groups",
        "member-table": "keeps no memberships in a table of pairs",
        "member-field": "keeps no members in a field of the group",
        "delete": "deletes no accounts",
        "call": "has no actions to call",
        "scan": "does not list its accounts",
    }
)


class TargetKind(Protocol):
    """What the mapping language knows of a kind of target.

    ``options`` is the model of what stands under ``target:``; ``features`` are keys of
    ``FEATURES``.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def options(self) -> type[TargetOptions]: ...  # noqa: D102
    @property
    def features(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def check(self) -> Callable[[MappingModel], Iterable[Problem]]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Problem:
    """What a kind of target finds in a mapping file; ``code`` is one of the catalogue.

    ``path`` is where it is: keys from the root of the file.
    """

    code: str
    path: tuple[str, ...]
    message: str
    help: str = ""


class BadKind(Exception):
    """An entry point that gives no kind of target; the message says whose, and why."""


def names() -> tuple[str, ...]:
    """Return the names of all kinds, ours first."""
    own = sorted(name for name, entry in _entries().items() if _package(entry) == OWN)
    return (*own, *sorted(_entries().keys() - set(own)))


@cache
def kind(name: str) -> TargetKind | None:
    """Return a kind; None where there is none of the name. Raises ``BadKind``."""
    entry = _entries().get(name)
    if entry is None:
        return None
    try:
        loaded = entry.load()
    # What a package does when it is imported is its own; the mapper is told.
    except Exception as error:
        raise BadKind(f"{_whose(entry)} does not load: {type(error).__name__}: {error}") from error
    missing = [
        each
        for each in ("name", "options", "features", "open", "check")
        if not hasattr(loaded, each)
    ]
    if missing:
        raise BadKind(f"{_whose(entry)} gives no ConnectorKind: {entry.value}")
    if unknown := sorted(set(loaded.features) - FEATURES.keys()):
        raise BadKind(f'{_whose(entry)} has a feature "{unknown[0]}" that nobody knows')
    found: TargetKind = loaded
    return found


def own_kinds() -> tuple[TargetKind, ...]:
    """Return scimweave's own kinds."""
    found = [kind(name) for name in names() if _package(_entries()[name]) == OWN]
    return tuple(each for each in found if each is not None)


def options_at(kind: TargetKind, path: tuple[str | int, ...]) -> type[Model] | None:
    """Return the model of the mapping at a path below ``target``."""
    annotation: Any = kind.options
    for step in path:
        annotation = next((each for each in _below(annotation, step)), None)
    return next(iter(_models(annotation)), None)


def is_secret(field: FieldInfo) -> bool:
    """Whether a key takes a ``Secret``, which nobody should write into a file."""
    among = [field, *(each for part in _parts(field.annotation) for each in _metadata(part))]
    extras = [getattr(each, "json_schema_extra", None) for each in among]
    return any(isinstance(extra, dict) and extra.get("writeOnly") for extra in extras)


def _metadata(annotation: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] = getattr(annotation, "__metadata__", ())
    return found


def _below(annotation: Any, step: str | int) -> Iterator[Any]:
    """Yield what may stand at a key or index of a value with this annotation."""
    for model in _models(annotation):
        for name, field in model.model_fields.items():
            if (field.alias or name) == step:
                yield field.annotation
    for each in _alternatives(annotation):
        if get_origin(each) in (dict, list, tuple, Mapping):
            yield get_args(each)[-1]


def _models(annotation: Any) -> Iterator[type[Model]]:
    for each in _alternatives(annotation):
        if isinstance(each, type) and hasattr(each, "model_fields"):
            yield each


def _alternatives(annotation: Any) -> Iterator[Any]:
    for part in _parts(annotation):
        yield from _alternatives(get_args(part)[0]) if _metadata(part) else (part,)


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield the parts of a union, annotated ones as they are."""
    if get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _parts(each)
    else:
        yield annotation


@cache
def _entries() -> Mapping[str, EntryPoint]:
    """Return the entry points by name; a name of ours is nobody else's."""
    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=GROUP), key=_package):
        if entry.name not in found or _package(entry) == OWN:
            found[entry.name] = entry
    return found


def _whose(entry: EntryPoint) -> str:
    return f'the connector "{entry.name}" of the package {_package(entry)}'


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else ""
