"""The kind ``rest``: what a mapping file says of an API that speaks JSON over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from scimweave.connectors.base import AccountShape, Connector
from scimweave.connectors.http.options import HttpOptions, Number, Section
from scimweave.connectors.kind import ConnectorKind
from scimweave.connectors.rest.body import ROOTS, compile_body
from scimweave.connectors.rest.check import check_rest
from scimweave.connectors.rest.template import FIELDS, Template, TemplateError, parse_path
from scimweave.mapping.expression.compiled import compile_expression
from scimweave.mapping.expression.fault import ExpressionError
from scimweave.mapping.faulty_text import FaultyText
from scimweave.mapping.model import Flag, Length, Text

PLACES = frozenset({"key", "object", "field", "value", "member", "members_field"})


def _path(text: str) -> str:
    return _template(text, parse_path)


def _plain(text: str) -> str:
    return _template(text, Template)


def _template(text: str, parse: Callable[[str], Template]) -> str:
    try:
        template = parse(text)
    except TemplateError as error:
        raise FaultyText(str(error), error.position) from None
    for name in template.names:
        if name not in PLACES and not name.startswith(FIELDS):
            known = ", ".join(sorted(PLACES))
            reason = f'"{name}" is none of {known}, {FIELDS}NAME'
            raise FaultyText(reason, text.index(f"{{{name}}}") + 1)
    return text


def _expression(text: str) -> str:
    try:
        compile_expression(text)
    except ExpressionError as error:
        raise _faulty(error) from None
    return text


def _sent(text: str) -> str:
    try:
        compile_body(text)
        fields = compile_expression(text).fields
    except ExpressionError as error:
        raise _faulty(error) from None
    unknown = sorted({path[0] for path in fields or ()} - ROOTS)
    if unknown:
        reason = f'there is no "{unknown[0]}" to send; there are {", ".join(sorted(ROOTS))}'
        raise FaultyText(reason, max(0, text.find(unknown[0])))
    return text


def _faulty(error: ExpressionError) -> FaultyText:
    reason = f"{error.reason}; {error.hint}" if error.hint else error.reason
    return FaultyText(reason, error.position, error.code)


def _status(code: int) -> int:
    if not 200 <= code < 600:
        raise ValueError("a status code is between 200 and 599")
    return code


PathText = Annotated[Text, AfterValidator(_path)]
Places = Annotated[Text, AfterValidator(_plain)]
# Over an answer.
Expression = Annotated[Text, AfterValidator(_expression)]
# Over what is to be sent.
Sent = Annotated[Text, AfterValidator(_sent)]
Statuses = list[Annotated[Number, AfterValidator(_status)]]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class WorkedOut(Section):
    """A value of a query that is worked out."""

    expr: Sent = Field(
        description="A JMESPath expression over field, value, key, object and fields."
    )


class RestPaging(Section):
    """How a list comes in pages."""

    style: Literal["none", "page", "offset", "cursor", "link", "url"] = Field(
        description="none, page, offset, cursor, link (a Link header) or url (in the answer)."
    )
    parameter: Text | None = Field(
        default=None,
        description="The query parameter of the page, offset or cursor.",
        examples=["cursor"],
    )
    first: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="The number of the first page (1), or the first offset (0)."
    )
    size_parameter: Text | None = Field(
        default=None, description="The query parameter of the size of a page.", examples=["limit"]
    )
    size: Length = Field(default=100, description="The size of a page that is asked for.")
    next: Expression | None = Field(
        default=None,
        description="Where an answer holds the next cursor or address (JMESPath).",
        examples=["next_cursor"],
    )
    total: Expression | None = Field(
        default=None,
        description="Where it holds how many there are: pages, or accounts (JMESPath).",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> RestPaging:
        if self.style in {"page", "offset", "cursor"} and not self.parameter:
            raise ValueError(f"style {self.style} needs a parameter, by which a page is asked for")
        if self.style in {"cursor", "url"} and self.next is None:
            raise ValueError(f"style {self.style} needs next, where the answer says how to go on")
        return self


class RestAnswers(Section):
    """Where things are in an answer, and what its status means."""

    item: Expression | None = Field(
        default=None, description="The account in an answer (JMESPath).", examples=["data"]
    )
    items: Expression | None = Field(
        default=None, description="The list of accounts in an answer (JMESPath).", examples=["data"]
    )
    key: Expression | None = Field(
        default=None, description="The key in an account (JMESPath); users.key unless given."
    )
    fields: Expression | None = Field(
        default=None, description="The object in an account that holds the fields (JMESPath)."
    )
    message: Expression | None = Field(
        default=None, description="What is wrong, in the answer to a refusal (JMESPath)."
    )
    field: Expression | None = Field(
        default=None, description="The field at fault, in the answer to a refusal (JMESPath)."
    )
    success: Statuses | None = Field(
        default=None, description="Status codes that mean done; all below 300 unless given."
    )
    conflict: Statuses | None = Field(
        default=None, description="Status codes that mean that another account has the value: 409."
    )
    gone: Statuses | None = Field(
        default=None, description="Status codes that mean that there is no such account: 404, 410."
    )


class RestOperation(RestAnswers):
    """One request."""

    method: Method | None = Field(default=None, description="The method of the request.")
    path: PathText | None = Field(
        default=None,
        description="The path below url; what stands in braces is filled in percent-encoded.",
        examples=["/users/{key}"],
    )
    query: dict[str, Places | WorkedOut] | None = Field(
        default=None, description="Query parameters: texts with braces, or {expr: …}."
    )
    headers: dict[str, Text] | None = Field(
        default=None, description="Further headers of the request."
    )
    body: Sent | None = Field(
        default=None,
        description="The JSON that is sent (JMESPath over fields, key, object, members).",
        examples=["{user: fields}"],
    )
    paging: RestPaging | None = Field(default=None, description="How the list comes in pages.")
    idempotent: Flag | None = Field(
        default=None,
        description="Whether sending it twice is sending it once: GET, PUT and DELETE are.",
    )
    whole: Flag | None = Field(
        default=None, description="Whether an update sends the whole account, read just before."
    )
    batch: Length | None = Field(
        default=None, description="How many members are sent with one request at most."
    )


class RestSection(Section):
    """The requests that users, or groups, are made of."""

    create: RestOperation | None = Field(default=None, description="Make an account.")
    update: RestOperation | None = Field(default=None, description="Change fields of an account.")
    delete: RestOperation | None = Field(default=None, description="Remove an account.")
    read: RestOperation | None = Field(default=None, description="Read one account.")
    find: RestOperation | None = Field(
        default=None, description="Find accounts by the value of a field."
    )
    scan: RestOperation | None = Field(default=None, description="List all accounts.")
    members: RestOperation | None = Field(default=None, description="List the members of a group.")
    add_members: RestOperation | None = Field(default=None, description="Put members into a group.")
    remove_members: RestOperation | None = Field(
        default=None, description="Take members out of a group."
    )
    calls: dict[str, RestOperation] = Field(
        default={}, description="Actions by the name under which operations call them."
    )


class RestOptions(HttpOptions):
    """An API that speaks JSON over HTTP."""

    preset: Literal["rest", "jsonapi", "none"] = Field(
        default="rest", description="The requests that are there unless declared otherwise."
    )
    content_type: Text | None = Field(
        default=None, description="What bodies are called: application/json unless given."
    )
    nested_fields: Flag = Field(
        default=True, description="Whether a field profile.name is name in the object profile."
    )
    idempotency_header: Text | None = Field(
        default=None,
        description="A header for a key of each write, so that it can be sent again.",
        examples=["Idempotency-Key"],
    )
    answers: RestAnswers = Field(
        default_factory=RestAnswers,
        description="How answers are read, unless an operation says otherwise.",
    )
    paging: RestPaging | None = Field(
        default=None, description="How lists come in pages, unless an operation says otherwise."
    )
    health: RestOperation | None = Field(
        default=None, description="A request that succeeds where the target can be used."
    )
    users: RestSection = Field(default_factory=RestSection, description="The requests of users.")
    groups: RestSection = Field(default_factory=RestSection, description="The requests of groups.")


async def _open(options: Mapping[str, Any], shape: AccountShape) -> Connector:
    # aiohttp takes a while to import, and lint does without.
    from scimweave.connectors.rest.connector import RestConnector  # noqa: PLC0415

    return RestConnector.open(options, shape)


KIND = ConnectorKind(
    "rest",
    RestOptions,
    frozenset({"groups", "member-field", "delete", "call", "scan"}),
    _open,
    check_rest,
)
