"""The synchronization schema that Entra exports: read, and checked for what is used of it."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 10 * 1024 * 1024
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_USER_NAMES = frozenset({"user", "users"})
_GROUP_NAMES = frozenset({"group", "groups"})


class EntraSchemaError(Exception):
    """A file that is not a synchronization schema."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One attribute mapping: what Entra makes of a user for one SCIM attribute.

    ``source`` is an attribute or an expression of Entra's; empty where nothing is sent.
    """

    target: str
    source: str
    matching: int
    default: str | None
    only_on_create: bool
    flow_type: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of a scoping filter; the clauses of a ``group`` hold together."""

    group: str
    text: str


@dataclass(frozen=True, slots=True)
class Objects:
    """The mapping of one type of object."""

    source: str
    target: str
    enabled: bool
    actions: str
    flows: tuple[Flow, ...]
    scope: tuple[Clause, ...]

    @property
    def is_of_groups(self) -> bool:
        """Whether groups are its target."""
        return _last(self.target) in _GROUP_NAMES

    @property
    def is_of_users(self) -> bool:
        """Whether users are its target."""
        return _last(self.target) in _USER_NAMES


@dataclass(frozen=True, slots=True)
class EntraSchema:
    """All object mappings, and the target attributes that the directory definition requires."""

    name: str
    objects: tuple[Objects, ...]
    required: frozenset[str]


def read_entra_schema(content: bytes) -> EntraSchema:
    """Read an export. Raises ``EntraSchemaError``, which says what is missing where."""
    document = _json(content)
    rules = _list(document, "synchronizationRules", "the file")
    objects: list[Objects] = []
    for where, rule in _entries(rules, "synchronizationRules"):
        mappings = _list(rule, "objectMappings", where)
        for place, each in _entries(mappings, f"{where}.objectMappings"):
            objects.append(_objects(each, place))
    if not objects:
        raise EntraSchemaError("the schema has no object mapping")
    first = rules[0]
    where = "synchronizationRules[0]"
    name = _text(first, "targetDirectoryName", where) or _text(first, "name", where)
    return EntraSchema(name, tuple(objects), frozenset(_required(document)))


def _json(content: bytes) -> Mapping[str, Any]:
    if len(content) > MAX_BYTES:
        raise EntraSchemaError(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    if not content.strip():
        raise EntraSchemaError("the file is empty")
    # PowerShell writes UTF-16 where nobody asks for anything else.
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8-sig")
    try:
        document = json.loads(content.decode(encoding))
    except UnicodeDecodeError:
        raise EntraSchemaError("the file is not text in UTF-8") from None
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise EntraSchemaError(f"the file is not JSON; {reason}") from None
    except RecursionError:
        raise EntraSchemaError("the file is nested too deeply") from None
    except ValueError as error:
        raise EntraSchemaError(f"the file is not JSON; {error}") from None
    if not isinstance(document, dict):
        raise EntraSchemaError("the file holds no JSON object")
    return document


def _objects(found: Mapping[str, Any], where: str) -> Objects:
    flows = _list(found, "attributeMappings", where)
    return Objects(
        source=_text(found, "sourceObjectName", where),
        target=_text(found, "targetObjectName", where),
        enabled=found.get("enabled") is not False,
        actions=_text(found, "flowTypes", where),
        flows=tuple(_flow(each, at) for at, each in _entries(flows, f"{where}.attributeMappings")),
        scope=tuple(_clauses(found.get("scope"))),
    )


def _flow(found: Mapping[str, Any], where: str) -> Flow:
    source = found.get("source")
    source = source if isinstance(source, dict) else {}
    flow_type = _text(found, "flowType", where) or "Always"
    return Flow(
        target=_text(found, "targetAttributeName", where),
        source=_text(source, "expression", where) or _text(source, "name", where),
        matching=_number(found, "matchingPriority", where),
        default=_text(found, "defaultValue", where) or None,
        only_on_create=flow_type == "ObjectAddOnly",
        flow_type=flow_type,
    )


def _clauses(scope: Any) -> Iterator[Clause]:
    for group in _dicts(_get(scope, "groups")):
        for clause in _dicts(group.get("clauses")):
            values = _get(clause.get("targetOperand"), "values")
            shown = ", ".join(map(str, values)) if isinstance(values, list) else ""
            words = (clause.get("sourceOperandName"), clause.get("operatorName"), shown)
            text = " ".join(str(each) for each in words if each)
            yield Clause(str(group.get("name") or ""), text)


def _required(document: Mapping[str, Any]) -> Iterator[str]:
    for directory in _dicts(document.get("directories")):
        for each in _dicts(directory.get("objects")):
            if _last(str(each.get("name") or "")) not in _USER_NAMES:
                continue
            for attribute in _dicts(each.get("attributes")):
                if attribute.get("required") is True and isinstance(attribute.get("name"), str):
                    yield attribute["name"]


def _last(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _get(found: Any, key: str) -> Any:
    return found.get(key) if isinstance(found, dict) else None


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _list(found: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = found.get(key)
    if not isinstance(value, list):
        what = "has no" if value is None else "has something else than a list for"
        raise EntraSchemaError(f'{where} {what} "{key}"; is this a synchronization schema?')
    return value


def _entries(values: list[Any], where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, each in enumerate(values):
        place = f"{where}[{index}]"
        if not isinstance(each, dict):
            raise EntraSchemaError(f"{place} is not an object")
        yield place, each


def _text(found: Mapping[str, Any], key: str, where: str) -> str:
    value = found.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise EntraSchemaError(f"{where}.{key} is not text")
    return value


def _number(found: Mapping[str, Any], key: str, where: str) -> int:
    value = found.get(key)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise EntraSchemaError(f"{where}.{key} is not a whole number")
    return value
