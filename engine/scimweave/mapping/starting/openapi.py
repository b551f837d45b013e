"""What an OpenAPI 3 document says of one kind of account: its fields, and where they live."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import yaml

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 20
_LOCAL = "#/"
_TYPES: Mapping[str, str] = {
    "string": "string",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
}
_FORMATS: Mapping[str, str] = {"date": "date", "date-time": "datetime", "uuid": "uuid"}
_OWN = frozenset({"id", "uid", "uuid", "guid", "key"})
_EXAMPLE = "https://api.example.com"


class OpenApiError(Exception):
    """A document that cannot be used; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class ApiField:
    """A property of an object; one in an object has the name of that before it, with a dot."""

    name: str
    type: str
    nullable: bool = True
    has_default: bool = False
    max_length: int | None = None
    unique: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApiObject:
    """An object of an API: ``url`` and ``collection`` make the address of its collection.

    ``update`` is the method that changes one, PATCH or PUT; ``has_token`` says that the API takes
    bearer tokens.
    """

    url: str
    collection: str
    fields: tuple[ApiField, ...]
    update: str
    has_token: bool


def read_openapi(content: bytes, name: str) -> ApiObject:
    """Read the object of a name: a schema, or a path. Raises ``OpenApiError``."""
    document = _document(content)
    found = _Finder(document)
    schema, path = found.object(name)
    fields = tuple(found.fields(schema))
    if not fields:
        raise OpenApiError(f'"{name}" has no properties')
    url, collection = found.address(path, name)
    methods = found.methods(path)
    return ApiObject(
        url=url,
        collection=collection,
        fields=fields,
        update="PUT" if "put" in methods and "patch" not in methods else "PATCH",
        has_token=found.has_token(),
    )


def _document(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise OpenApiError(f"larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        # JSON is YAML too. The loader makes plain data, and aliases share it.
        document = yaml.load(content.decode("utf-8-sig"), yaml.CSafeLoader)
    except UnicodeDecodeError:
        raise OpenApiError("the file is not text in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise OpenApiError(f"{place}{error.problem or 'neither JSON nor YAML'}") from None
    except RecursionError:
        raise OpenApiError("nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else "not readable"
        raise OpenApiError(f"neither JSON nor YAML: {reason}") from None
    version = document.get("openapi") if isinstance(document, dict) else None
    if not str(version).startswith("3."):
        raise OpenApiError('no OpenAPI 3 document: it has no "openapi: 3…"')
    return dict(document)


class _Finder:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.paths = _mapping(document.get("paths"))
        self.schemas = _mapping(_mapping(document.get("components")).get("schemas"))

    def object(self, name: str) -> tuple[dict[str, Any], str | None]:
        """Return the schema that a name means, and the path of its collection."""
        if name.startswith("/"):
            schema = self._posted(name)
            if schema is None:
                raise OpenApiError(self._unknown(name, "path to POST to", self._collections()))
            return self._whole(schema), name
        key = next((each for each in self.schemas if each.lower() == name.lower()), None)
        if key is None:
            raise OpenApiError(self._unknown(name, "schema", self.schemas))
        return self._whole(_mapping(self.schemas[key])), self._collection_of(key)

    def _unknown(self, name: str, what: str, known: Any) -> str:
        near = get_close_matches(name, list(known), 1)
        listed = ", ".join(list(known)[:10]) or "none"
        hint = f'did you mean "{near[0]}"?' if near else f"there are {listed}"
        return f'there is no {what} "{name}"; {hint}'

    def _collections(self) -> list[str]:
        return [each for each in self.paths if self._posted(each) is not None]

    def _collection_of(self, key: str) -> str | None:
        """Return the path to which this schema is sent, or one that has its name."""
        own = f"{_LOCAL}components/schemas/{key}"
        for path in self._collections():
            if (self._posted(path) or {}).get("$ref") == own:
                return path
        wanted = {key.lower(), f"{key.lower()}s"}
        named = (each for each in self.paths if each.rpartition("/")[2].lower() in wanted)
        return next(named, None)

    def _posted(self, path: str) -> dict[str, Any] | None:
        if "{" in path.rpartition("/")[2]:
            return None
        post = _mapping(_mapping(self.paths.get(path)).get("post"))
        body = self._resolved(_mapping(post.get("requestBody")))
        for content in _mapping(body.get("content")).values():
            schema = _mapping(content).get("schema")
            if isinstance(schema, dict):
                return schema
        return None

    def methods(self, path: str | None) -> frozenset[str]:
        """Return the methods of one account below a collection."""
        if path is None:
            return frozenset()
        one = re.compile(re.escape(path.rstrip("/")) + r"/\{[^/]*\}")
        found = (each for name, each in self.paths.items() if one.fullmatch(str(name)))
        return frozenset(str(name).lower() for each in found for name in _mapping(each))

    def address(self, path: str | None, name: str) -> tuple[str, str]:
        """Return the address before the last word of a collection's path, and that word."""
        servers = self.document.get("servers")
        first = _mapping(servers[0] if isinstance(servers, list) and servers else None)
        url = str(first.get("url") or "").rstrip("/")
        for variable, each in _mapping(first.get("variables")).items():
            url = url.replace(f"{{{variable}}}", str(_mapping(each).get("default", "")))
        if not re.match(r"https?://", url):
            url = _EXAMPLE + (url if url.startswith("/") else "")
        before, _, word = (path or f"/{name}").rstrip("/").rpartition("/")
        return url + before, word

    def has_token(self) -> bool:
        """Whether the API says that it takes bearer tokens."""
        schemes = _mapping(_mapping(self.document.get("components")).get("securitySchemes"))
        return any(
            str(_mapping(each).get("scheme", "")).lower() == "bearer" for each in schemes.values()
        )

    def fields(self, schema: dict[str, Any], depth: int = 0) -> Iterator[ApiField]:
        """Yield the properties that can be written, and those that may be the key."""
        required = schema.get("required")
        needed = set(map(str, required)) if isinstance(required, list) else set()
        for name, each in _mapping(schema.get("properties")).items():
            found = self._whole(_mapping(each))
            inner = _mapping(found.get("properties"))
            if inner and depth == 0 and not found.get("readOnly"):
                for field in self.fields(found, depth + 1):
                    nullable = field.nullable or name not in needed
                    yield replace(field, name=f"{name}.{field.name}", nullable=nullable)
                continue
            is_key = depth == 0 and str(name).lower() in _OWN
            if found.get("readOnly") and not is_key:
                continue
            yield _field(str(name), found, is_needed=str(name) in needed, is_key=is_key)

    def _whole(self, schema: dict[str, Any], depth: int = 0) -> dict[str, Any]:
        """Return a schema with what it refers to, and with all that it is made of."""
        schema = self._resolved(schema)
        parts = schema.get("allOf")
        if not isinstance(parts, list) or depth > MAX_DEPTH:
            return schema
        whole = {name: each for name, each in schema.items() if name != "allOf"}
        for part in parts:
            found = self._whole(_mapping(part), depth + 1)
            both = {**_mapping(found.get("properties")), **_mapping(whole.get("properties"))}
            needed = [*_list(found.get("required")), *_list(whole.get("required"))]
            whole = {**found, **whole, "properties": both, "required": needed}
        return whole

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        for _ in range(MAX_DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            if not reference.startswith(_LOCAL):
                raise OpenApiError(f"{reference} is outside of the file")
            schema = self._at(reference)
        raise OpenApiError("references go round in circles")

    def _at(self, reference: str) -> dict[str, Any]:
        found: Any = self.document
        for step in reference.removeprefix(_LOCAL).split("/"):
            found = _mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
        if not isinstance(found, dict):
            raise OpenApiError(f"{reference} leads nowhere")
        return found


def _field(name: str, schema: dict[str, Any], *, is_needed: bool, is_key: bool) -> ApiField:
    given = schema.get("type")
    kinds = [str(each) for each in given] if isinstance(given, list) else [str(given)]
    kind = next((each for each in kinds if each != "null"), "")
    made = _FORMATS.get(str(schema.get("format")), "string") if kind == "string" else ""
    may_be_null = schema.get("nullable") is True or "null" in kinds
    length = schema.get("maxLength")
    values = [each for each in _list(schema.get("enum")) if isinstance(each, str)]
    return ApiField(
        name=name,
        type=made or _TYPES.get(kind, "json" if kind in {"object", "array"} else "any"),
        nullable=not is_key and (may_be_null or not is_needed),
        has_default=is_key or "default" in schema,
        max_length=length if isinstance(length, int) and length > 0 else None,
        unique=is_key,
        values=tuple(values) if kind == "string" else (),
    )


def _mapping(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
