"""A JSON Schema of mapping files, with which editors complete and check as somebody types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from scimweave.mapping.editor.key_docs import KEY_DOCS
from scimweave.mapping.functions.registry import REGISTRY
from scimweave.mapping.functions.spec import Function
from scimweave.mapping.model import MappingModel
from scimweave.mapping.target_kinds import TargetKind, own_kinds
from scimweave.scim.path import ALIASES
from scimweave.scim.schema import GROUP_TYPE, USER_TYPE, Attribute, ResourceType

Json = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PATH: Json = {"$ref": "#/$defs/ScimPath"}
_EXPRESSION: Json = {"$ref": "#/$defs/Expression"}
_PLACEHOLDER: Json = {"$ref": "#/$defs/Placeholder"}
_DEFAULT_EXPRESSION: Json = {
    "type": "object",
    "properties": {"expr": _EXPRESSION},
    "required": ["expr"],
}
_REVERSE: list[Json] = [
    {"const": False},
    _EXPRESSION,
    {
        "type": "object",
        "properties": {"to": _PATH, "expr": _EXPRESSION},
        "required": ["to", "expr"],
        "additionalProperties": False,
    },
]
_CSV_TABLE: Json = {
    "type": "object",
    "description": "Two columns of a CSV file, which is found from this file on.",
    "properties": {
        "csv": {"type": "string", "description": "The file, as seen from this one."},
        "key": {"type": "string", "description": "The column of the source's values."},
        "value": {"type": "string", "description": "The column of what becomes of them."},
    },
    "required": ["csv", "key", "value"],
    "additionalProperties": False,
}
_SOURCES = ("from", "expr", "const")
# The keys that take SCIM paths.
_OF_PATHS = frozenset({"from", "ignore", "filterable"})
_OWN = frozenset({"id", "meta", "schemas", "groups"})


def editor_schema(
    functions: Mapping[str, Function] = REGISTRY, kinds: Sequence[TargetKind] | None = None
) -> Json:
    """Return the JSON Schema (draft 2020-12), made from the model of the language.

    ``functions`` are those that are offered for expressions, ``kinds`` those of targets: our own
    unless given.
    """
    kinds = own_kinds() if kinds is None else kinds
    made = MappingModel.model_json_schema(by_alias=True)
    models = {**made.pop("$defs"), **_targets(kinds)}
    definitions = {name: _object(each) for name, each in models.items()}
    del definitions["TargetOptions"]
    named = [{"$ref": f"#/$defs/{kind.options.__name__}"} for kind in kinds]
    made["properties"]["target"] = {"oneOf": named}
    operations = definitions["OperationsModel"]["properties"]
    operations["deactivate"]["anyOf"].append({"const": "delete"})
    two = [{"required": list(pair)} for pair in combinations(_SOURCES, 2)]
    definitions["AttributeModel"]["not"] = {"anyOf": two}
    whole = {
        section: _whole(definitions[name].pop("required"))
        for section, name in (("users", "UsersModel"), ("groups", "GroupsModel"))
    }
    return {
        "$schema": DIALECT,
        "title": "A mapping file of scimweave",
        **{name: each for name, each in _object(made).items() if name not in {"title", "required"}},
        # What a file lacks, the one that it extends may have.
        "if": {"not": {"required": ["extends"]}},
        "then": {"required": made["required"], "properties": whole},
        "$defs": {
            **definitions,
            "CsvTable": _CSV_TABLE,
            "Expression": _expression(functions),
            "Placeholder": {"type": "string", "pattern": r"^\$\{.+\}$"},
            "ScimPath": _scim_path(),
        },
    }


def _whole(required: list[str]) -> Json:
    """Return what a section needs in a file that extends no other."""
    source = [{"required": [key]} for key in _SOURCES]
    rule = {"if": {"type": "object"}, "then": {"anyOf": source}}
    attributes = {"type": "object", "additionalProperties": rule}
    return {"required": required, "properties": {"attributes": attributes}}


def _targets(kinds: Sequence[TargetKind]) -> Json:
    """Return the models of what stands under ``target``, each with its own ``connector``."""
    models: Json = {}
    for kind in kinds:
        made = kind.options.model_json_schema(by_alias=True)
        models |= made.pop("$defs", {})
        made["properties"] = {**made["properties"], "connector": {"const": kind.name}}
        models[kind.options.__name__] = made
    return models


def _object(schema: Json) -> Json:
    properties = {key: _property(key, each) for key, each in schema["properties"].items()}
    return {
        **{name: each for name, each in schema.items() if name != "title"},
        "properties": properties,
    }


def _property(key: str, schema: Json) -> Json:
    # What is said of a key stands beside all the forms that its value may have.
    said = {name: each for name, each in schema.items() if name in ("description", "examples")}
    plain = {name: each for name, each in schema.items() if name not in {"title", *said}}
    made = {**_written(plain, key), **said}
    if made.get("default", made) is None:
        del made["default"]
    if key in KEY_DOCS and "description" not in made:
        made["description"] = KEY_DOCS[key]
    return made


def _written(schema: Json, key: str) -> Json:
    """Allow what the reader of a file allows beyond its model."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_written(each, key) for each in schema["anyOf"]]}
    if key == "expr":
        return _EXPRESSION if schema["type"] == "string" else schema
    if key == "default" and "type" not in schema:
        return {"anyOf": [_DEFAULT_EXPRESSION, {}]}
    if key == "reverse":
        return {"anyOf": [*_REVERSE, {"type": "array", "items": {"anyOf": _REVERSE[1:]}}]}
    plain = {name: each for name, each in schema.items() if name != "default"}
    made = _with_tables(plain, key) or _typed(schema, key)
    return {**made, "default": schema["default"]} if "default" in schema else made


def _with_tables(schema: Json, key: str) -> Json | None:
    """Return what takes tables or named expressions."""
    if key == "values" and schema.get("type") == "object":
        name = {"type": "string", "description": "The name of a table under tables."}
        return {"anyOf": [name, *_table(schema)["anyOf"]]}
    if key == "tables":
        return {**schema, "additionalProperties": _table(schema["additionalProperties"])}
    return {**schema, "additionalProperties": _EXPRESSION} if key == "let" else None


def _table(rows: Json) -> Json:
    """Return a table that is written out, or comes from a file."""
    return {"anyOf": [rows, {"$ref": "#/$defs/CsvTable"}]}


def _typed(schema: Json, key: str) -> Json:
    plain = {name: each for name, each in schema.items() if name != "default"}
    kind = schema.get("type")
    if kind in {"boolean", "integer", "number"}:
        return {"anyOf": [plain, _PLACEHOLDER]}
    if "pattern" in schema:
        # Editors have the regular expressions of JavaScript.
        pattern = schema["pattern"].replace(r"\A", "^").replace(r"\z", "$")
        return {"anyOf": [{**plain, "pattern": pattern}, _PLACEHOLDER]}
    if kind == "array" and schema["items"] == {"type": "string"}:
        one = _PATH if key in _OF_PATHS else {"type": "string"}
        return {"anyOf": [one, {**plain, "items": one}]}
    short = {"AttributeModel": _PATH, "SchemaAttributeModel": {"type": "string"}}
    each = schema.get("additionalProperties")
    if isinstance(each, dict) and (form := short.get(each.get("$ref", "").rpartition("/")[2])):
        return {**plain, "additionalProperties": {"anyOf": [form, each]}}
    return plain


def _scim_path() -> Json:
    paths = dict.fromkeys([*_paths(USER_TYPE), *_paths(GROUP_TYPE)])
    return {
        "description": 'A SCIM path, such as name.givenName or emails[type eq "work"].value.',
        "anyOf": [{"enum": list(paths)}, {"type": "string", "pattern": "^[$A-Za-z]"}],
    }


def _paths(resource_type: ResourceType) -> Iterator[str]:
    """Yield the paths that people write most; those with a filter they write themselves."""
    aliases = {uri: f"{alias}." for alias, uri in ALIASES.items()}
    for schema in (resource_type.core, *resource_type.extensions):
        prefix = aliases.get(schema.id, "" if schema is resource_type.core else f"{schema.id}:")
        for attribute in schema.attributes.values():
            if attribute.name not in _OWN and attribute.mutability != "readOnly":
                yield from (f"{prefix}{name}" for name in _names(attribute))
    yield "externalId"


def _names(attribute: Attribute) -> Iterator[str]:
    yield attribute.name
    for sub in attribute.sub_attributes.values():
        if sub.mutability == "readOnly":
            continue
        yield f"{attribute.name}.{sub.name}"
        if attribute.multi_valued and sub.name == "value" and "type" in attribute.sub_attributes:
            for kind in attribute.sub_attributes["type"].canonical_values:
                yield f'{attribute.name}[type eq "{kind}"].value'


def _expression(functions: Mapping[str, Function]) -> Json:
    known = [f"`{each.signature}`: {each.doc}" for _, each in sorted(functions.items())]
    return {
        "type": "string",
        "minLength": 1,
        "description": "A JMESPath expression over the resource. Functions:\n\n" + "\n".join(known),
        "examples": [f"{name}()" for name in sorted(functions)],
    }
