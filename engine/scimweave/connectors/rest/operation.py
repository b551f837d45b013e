"""One declared request, compiled: what it sends, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from scimweave.connectors.base import AccountShape, Rejected, TargetError, Value
from scimweave.connectors.http.answer import Answer
from scimweave.connectors.http.json_values import dump
from scimweave.connectors.rest.body import Body, compile_body
from scimweave.connectors.rest.paging import Paging
from scimweave.connectors.rest.presets import (
    ANSWERS,
    BODIES,
    METHODS,
    OPERATIONS,
    PAGING,
)
from scimweave.connectors.rest.template import FIELDS, NoPlace, Template, parse_path
from scimweave.mapping.expression.compiled import Expression, compile_expression
from scimweave.mapping.expression.fault import EvaluationError

if TYPE_CHECKING:
    from scimweave.connectors.rest.options import RestOperation, RestOptions

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class Operation:
    """A request of one name, such as ``update``; ``given`` holds all that is said of it."""

    def __init__(self, name: str, given: Mapping[str, Any], paging: Paging) -> None:
        """Compile; raises ``ExpressionError``, ``TemplateError``."""
        self.name = name
        kind = name if name in METHODS else "call"
        self.method: str = given.get("method") or METHODS[kind]
        self.paging = paging
        self.headers: Mapping[str, str] = given.get("headers") or {}
        self.idempotent = bool(given.get("idempotent", self.method in _IDEMPOTENT))
        self.whole = bool(given.get("whole"))
        self.batch = int(given.get("batch") or 500)
        self._path = parse_path(given["path"])
        self.template = self._path.text
        self.places = frozenset(self._path.names)
        self._query = [_query(*pair) for pair in (given.get("query") or {}).items()]
        body = given.get("body", BODIES.get(kind) if self.method in _WITH_BODY else None)
        self._body = compile_body(body) if body is not None else None
        self._success = frozenset(given.get("success") or ())
        self.conflict = frozenset(given.get("conflict") or ())
        self.gone = frozenset(given.get("gone") or ())
        read = {each: _reader(given.get(each)) for each in _READ}
        self._item, self._items, self._key, self._fields, self._message, self._field = (
            read[each] for each in _READ
        )

    @property
    def each_member(self) -> bool:
        """Whether there is a request for each member."""
        return "member" in self.places

    @property
    def writes(self) -> bool:
        """Whether it may change something at the target."""
        return self.method != "GET"

    def succeeded(self, status: int) -> bool:
        """Whether a status means that it was done."""
        return status in self._success if self._success else 200 <= status < 300

    def path(self, values: Mapping[str, Value]) -> str:
        """Return the path. Raises ``NoPlace``."""
        return self._path.path(values)

    def query(self, values: Mapping[str, Value], page: Mapping[str, str]) -> str:
        """Return the query, percent-encoded. Raises ``NoPlace``, ``TargetError``."""
        pairs = [(name.plain(values), value(values)) for name, value in self._query]
        try:
            return urlencode([*pairs, *page.items()], quote_via=quote)
        except UnicodeEncodeError:
            raise NoPlace("value", "holds half a character") from None

    def body(self, document: Mapping[str, Any]) -> bytes | None:
        """Return the body as JSON. Raises ``Rejected``, ``TargetError``."""
        if self._body is None:
            return None
        try:
            return dump(self._body(document))
        except EvaluationError as error:
            raise TargetError(f"the body of {self.name}: {error.reason}") from error

    def item(self, body: Any) -> Any:
        """Return the account in an answer."""
        return self._read(self._item, body, "item")

    def items(self, body: Any) -> list[Any]:
        """Return the list in an answer. Raises ``TargetError`` where there is none."""
        found = self._read(self._items, body, "items")
        if found is None:
            return []
        if not isinstance(found, list):
            raise TargetError(f"the answer to {self.name} holds no list; see items")
        return found

    def key(self, item: Any) -> Any:
        """Return the key of an account."""
        return self._read(self._key, item, "key")

    def fields(self, item: Any) -> Any:
        """Return the fields of an account."""
        return self._read(self._fields, item, "fields")

    def complaint(self, body: Any) -> tuple[str, str]:
        """Return what the target says is wrong, and the field it names; empty where it does not."""
        return _text(self._message, body), _text(self._field, body)

    def following(self, position: str | None, url: Any, answer: Answer, body: Any, n: int) -> Any:
        """Return where the next page begins. Raises ``TargetError``."""
        try:
            return self.paging.following(position, url, answer, body, n)
        except EvaluationError as error:
            raise TargetError(f"paging of {self.name}: {error.reason}") from error

    def _read(self, read: Expression | None, value: Any, name: str) -> Any:
        try:
            return value if read is None else read(value)
        except EvaluationError as error:
            raise TargetError(f"{name} of the answer to {self.name}: {error.reason}") from error


_READ = ("item", "items", "key", "fields", "message", "field")


def operations_of(options: RestOptions, shape: AccountShape) -> dict[str, Operation]:
    """Compile the requests of a section; those of ``calls`` stand as ``call:NAME``.

    Raises ``TargetError``.
    """
    made = {}
    for name, given in declared(options, shape.section, shape.key).items():
        try:
            made[name] = Operation(name, given, Paging(_paging(options, given)))
        except ValueError as error:
            raise TargetError(f"{shape.section}.{name}: {error}") from error
    return made


def declared(options: RestOptions, section: str, key: str) -> dict[str, dict[str, Any]]:
    """Return all that file and preset say of the requests of a section, by name."""
    given = getattr(options, section)
    preset = OPERATIONS[options.preset]
    answers = {
        "key": _quoted(key),
        **ANSWERS[options.preset],
        **options.answers.model_dump(exclude_none=True),
    }
    said: dict[str, RestOperation | None] = {
        name: getattr(given, name) for name in METHODS if name not in {"call", "health"}
    }
    said |= {f"call:{name}": each for name, each in given.calls.items()}
    said["health"] = options.health
    made = {}
    for name, own in said.items():
        words = {
            **answers,
            **preset.get(name, {}),
            **(own.model_dump(exclude_none=True, exclude={"paging"}) if own else {}),
        }
        if own is not None and own.paging is not None:
            words["paging"] = own.paging
        if "path" in words:
            made[name] = words
    return made


def _paging(options: RestOptions, given: Mapping[str, Any]) -> Any:
    from scimweave.connectors.rest.options import RestPaging  # noqa: PLC0415

    own = given.get("paging") or options.paging
    return own or RestPaging.model_validate(PAGING[options.preset])


def _query(
    name: str, value: str | Mapping[str, str]
) -> tuple[Template, Callable[[Mapping[str, Value]], str]]:
    if isinstance(value, str):
        return Template(name), Template(value).plain
    return Template(name), _worked_out(compile_body(value["expr"]))


def _worked_out(body: Body) -> Callable[[Mapping[str, Value]], str]:
    def make(values: Mapping[str, Value]) -> str:
        fields = {
            name.removeprefix(FIELDS): value
            for name, value in values.items()
            if name.startswith(FIELDS)
        }
        try:
            found = body({"fields": fields, **values})
        except EvaluationError as error:
            raise TargetError(f"query {body.text}: {error.reason}") from error
        if not isinstance(found, str):
            raise Rejected(f"query {body.text} gives no text")
        return found

    return make


def _reader(text: str | None) -> Expression | None:
    return None if text is None or text == "@" else compile_expression(text)


def _text(read: Expression | None, body: Any) -> str:
    try:
        found = None if read is None else read(body)
    except EvaluationError:
        return ""
    return found if isinstance(found, str) else ""


def _quoted(name: str) -> str:
    """Write a name as JMESPath; one with dots is a path."""
    return ".".join(
        '"' + step.replace("\\", "\\\\").replace('"', '\\"') + '"' for step in name.split(".")
    )
