"""The order of keys: that of the mapping language, and the author's where names are free."""

from __future__ import annotations

from scimweave.mapping import target_kinds
from scimweave.mapping.layout.quoting import is_merge
from scimweave.mapping.layout.tree import Entry, Group, Leaf
from scimweave.mapping.model import Loc, Model, TargetOptions, model_at


def sort(root: Group) -> None:
    """Sort the keys of a file, in place; what the language does not know goes last."""
    _sort(root, (), _kind(root))


def _sort(group: Group, path: Loc, kind: target_kinds.TargetKind | None) -> None:
    if group.is_mapping:
        model = _model(path, kind)
        known = model.keys() if model else []
        ranks = {name: rank for rank, name in enumerate(known)}
        group.entries.sort(key=lambda entry: _rank(entry, ranks))
    for at, entry in enumerate(group.entries):
        if isinstance(entry.value, Group):
            step = at if entry.key is None else entry.key.text
            _sort(entry.value, (*path, step), kind)


def _rank(entry: Entry, ranks: dict[str, int]) -> int:
    if is_merge(entry.key):
        return -1
    return ranks.get(entry.key.text, len(ranks)) if entry.key else 0


def _model(path: Loc, kind: target_kinds.TargetKind | None) -> type[Model] | None:
    if path[:1] != ("target",):
        return model_at(path)
    if kind is None:
        return TargetOptions if len(path) == 1 else None
    return target_kinds.options_at(kind, path[1:])


def _kind(root: Group) -> target_kinds.TargetKind | None:
    """Return the kind of target that the file names; None where it is not installed."""
    target = _value(root, "target")
    connector = _value(target, "connector") if isinstance(target, Group) else None
    if not isinstance(connector, Leaf):
        return None
    try:
        return target_kinds.kind(connector.text)
    except target_kinds.BadKind:
        return None


def _value(group: Group, key: str) -> Leaf | Group | None:
    found = (entry.value for entry in group.entries if entry.key and entry.key.text == key)
    return next(found, None)
