"""Functions that other Python packages bring, by the entry points of ``scimweave.functions``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from scimweave.mapping.functions.spec import Function, Library

GROUP = "scimweave.functions"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Brought:
    """The functions of packages by name, and what keeps packages from being used."""

    functions: Mapping[str, Function]
    problems: tuple[str, ...]


def bring(entry_points: Iterable[EntryPoint], own: Mapping[str, Function]) -> Brought:
    """Load packages; one with a problem brings nothing."""
    functions: dict[str, Function] = {}
    owners = dict.fromkeys(own, "scimweave")
    problems: list[str] = []
    for entry in sorted(entry_points, key=lambda each: (_package(each), each.name)):
        library, problem = _load(entry)
        problem = problem or _clash(library, owners)
        if problem:
            problems.append(f"the package {_package(entry)} {problem}")
            continue
        functions.update(library)
        owners.update(dict.fromkeys(library, f"the package {_package(entry)}"))
    return Brought(functions, tuple(problems))


def _load(entry: EntryPoint) -> tuple[Library, str]:
    try:
        loaded = entry.load()
    # What a package does when it is imported is its own; the mapper is told.
    except Exception as error:
        return Library(), f"does not load: {type(error).__name__}: {error}"
    if not isinstance(loaded, Library):
        return Library(), f"gives no Library of functions: {entry.value}"
    bad = next((name for name in loaded if not _NAME.fullmatch(name)), None)
    return loaded, f'has a function "{bad}", whose name no expression can call' if bad else ""


def _clash(library: Library, owners: Mapping[str, str]) -> str:
    taken = next((name for name in library if name in owners), None)
    return f"brings a function {taken}() that {owners[taken]} has too" if taken else ""


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.name
