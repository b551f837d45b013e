"""The mapping language as a model: which keys there are, and what each takes."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Annotated, Any, Literal, LiteralString

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationError,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from scimweave.mapping import target_kinds
from scimweave.mapping.document.interpolation import EnvironmentText
from scimweave.mapping.guard import DURATION, read_duration

TypeName = Literal["string", "integer", "decimal", "boolean", "date", "datetime", "uuid", "json"]
TestedOperation = Literal[
    "create", "update", "deactivate", "reactivate", "delete", "out-of-scope", "members", "none"
]
Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What pydantic found: its ``type`` of error, the path, what stood there, particulars."""

    type: str
    loc: Loc
    input: Any
    context: Mapping[str, Any]


def _resolved(value: Any) -> Any:
    """A placeholder where no text is expected stands for what it would be in the file."""
    return value.resolved() if isinstance(value, EnvironmentText) else value


def _plain(value: Any) -> Any:
    """A placeholder anywhere else is text like any other."""
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case EnvironmentText():
            return str(value)
        case _:
            return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_resolved)]
Length = Annotated[int, Field(gt=0), BeforeValidator(_resolved)]
Text = Annotated[str, BeforeValidator(_plain)]
Anything = Annotated[Any, BeforeValidator(_plain)]
Names = Annotated[list[Text], BeforeValidator(_as_list)]
# A file that holds one in clear is warned of.
Secret = Annotated[Text, Field(json_schema_extra={"writeOnly": True})]


class Model(BaseModel):
    """A mapping of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def keys(cls) -> list[str]:
        """Return the keys as they are written in the file."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    def has(self, key: str) -> bool:
        """Whether ``key`` (by its Python name) is given in the file."""
        return key in self.model_fields_set


class TargetOptions(Model):
    """Where the accounts live, and how they are reached: each kind of target adds its own keys."""

    connector: Text


def _of_kind(data: Any) -> TargetOptions:
    """Read ``target`` by the options of its kind."""
    if not isinstance(data, dict) or not isinstance(data.get("connector"), str):
        return TargetOptions.model_validate(data)
    try:
        kind = target_kinds.kind(data["connector"])
    except target_kinds.BadKind as bad:
        raise _at_connector(data, "bad_package", {"reason": str(bad)}) from bad
    if kind is None:
        *names, last = [repr(name) for name in target_kinds.names()] or [""]
        if not last:
            reason = "no connectors are installed; install scimweave again"
            raise _at_connector(data, "bad_package", {"reason": reason})
        expected = f"{', '.join(names)} or {last}" if names else last
        raise _at_connector(data, "literal_error", {"expected": expected})
    read: TargetOptions = kind.options.model_validate(data)
    return read


def _at_connector(
    data: Mapping[str, Any], kind: LiteralString, context: dict[str, Any]
) -> ValidationError:
    error = PydanticCustomError(kind, "the connector cannot be used", context)
    detail = InitErrorDetails(type=error, loc=("connector",), input=data["connector"])
    return ValidationError.from_exception_data("target", [detail])


class AttributeModel(Model):
    """How one target field is filled."""

    from_: Names | None = Field(None, alias="from", min_length=1)
    expr: Text | None = None
    const: Anything = None
    values: dict[str, Anything] | None = Field(None, min_length=1)
    default: Anything = None
    absent: Literal["clear", "keep"] = "clear"
    apply: Literal["always", "on_create"] = "always"
    required: Flag = False
    type: TypeName | None = None
    max_length: Length | None = None
    ref: Literal["user"] | None = None
    # False, an expression, {to, expr}, or a list of these two.
    reverse: Anything = None
    sensitive: Flag = False


class SetModel(Model):
    """What an operation does: fields that it sets, and what it calls at the target."""

    set: dict[str, Anything] | None = Field(None, min_length=1)
    call: Text | None = Field(None, min_length=1)


class DeactivateModel(SetModel):
    """What a deactivation does; the short form ``delete`` is ``{ delete: true }``."""

    delete: Flag = False


class OperationsModel(Model):
    """What becomes of the account."""

    deactivate: DeactivateModel | None = None
    reactivate: SetModel | None = None
    delete: Literal["delete", "deactivate", "ignore"] | None = None
    missing: Literal["recreate", "fail"] = "recreate"


class ObjectsModel(Model):
    """How resources of one type become accounts."""

    object: Text = Field(min_length=1)
    key: Text = Field(min_length=1)
    match: Names = Field(min_length=1)
    scope: Text | None = Field(None, min_length=1)
    attributes: dict[str, AttributeModel] = Field(min_length=1)
    ignore: Names = []
    filterable: Names = []
    unmapped: Literal["drop", "keep", "reject"] = "drop"
    patch_response: Literal["auto", 200, 204] = "auto"


class UsersModel(ObjectsModel):
    """How users become accounts."""

    lookup: Flag = True
    operations: OperationsModel = OperationsModel()


class SchemaAttributeModel(Model):
    """An attribute of an extension; the keys are those of RFC 7643 §7.

    ``attributes`` are the sub-attributes of a complex one. The short form is just the type.
    """

    type: Literal[
        "string", "boolean", "integer", "decimal", "dateTime", "reference", "binary", "complex"
    ]
    description: Text | None = None
    required: Flag = False
    multiValued: Flag = False
    caseExact: Flag = False
    canonicalValues: list[Text] = []
    attributes: dict[str, SchemaAttributeModel] | None = Field(None, min_length=1)


class ExtensionModel(Model):
    """An extension of User that this integration accepts, under its URN.

    All its attributes are taken, mapped or not, whatever ``schemas`` of a request lists; they can
    be filtered, patched, and are in /Schemas. ``alias`` shortens paths in this file::

        schema:
          urn:ietf:params:scim:schemas:extension:contoso:2.0:User:
            name: Contoso
            alias: contoso                  # contoso.costCode
            attributes:
              costCode: { type: string, caseExact: true, canonicalValues: [A1, B2] }
              level: integer                # short form: just the type
              badge: { type: complex, attributes: { number: integer, color: string } }
    """

    name: Text | None = None
    description: Text | None = None
    alias: Text | None = None
    attributes: dict[str, SchemaAttributeModel] = Field(min_length=1)


class GroupOperationsModel(Model):
    """What becomes of the account of a group."""

    delete: Literal["delete", "ignore"] = "delete"
    missing: Literal["recreate", "fail"] = "recreate"


class MemberTableModel(Model):
    """The table at the target that says who is in which group."""

    object: Text = Field(min_length=1)
    group: Text = Field(min_length=1)
    member: Text = Field(min_length=1)


class MemberFieldModel(Model):
    """The field of a group at the target that lists its members."""

    field: Text = Field(min_length=1)


def _members(data: Any) -> Any:
    """Read ``members`` in the form that its first keys have."""
    if data is None:
        return None
    is_field = isinstance(data, dict) and "field" in data
    return (MemberFieldModel if is_field else MemberTableModel).model_validate(data)


class GroupsModel(ObjectsModel):
    """How groups become accounts."""

    members: Annotated[MemberTableModel | MemberFieldModel | None, BeforeValidator(_members)] = None
    operations: GroupOperationsModel = GroupOperationsModel()


class ReplyModel(Model):
    """The answer that a provider gets in a test; of ``body`` only what is named is compared."""

    status: int | None = Field(None, ge=200, le=599)
    body: dict[str, Anything] | None = Field(None, min_length=1)


class TestModel(Model):
    """An example of what the mapping does."""

    name: Text = Field(min_length=1)
    user: dict[str, Anything] | None = None
    group: dict[str, Anything] | None = None
    patch: list[dict[str, Anything]] | None = Field(None, min_length=1)
    put: dict[str, Anything] | None = None
    delete: Flag = False
    operation: TestedOperation | None = None
    target: dict[str, Anything] | None = None
    absent: Names = []
    members: list[Text] | None = None
    error: Text | None = None
    reply: ReplyModel | None = None


def _duration(text: str) -> str:
    """Refuse what is no time such as 1h. Raises ``ValueError``."""
    if read_duration(text) is None:
        raise ValueError(f'"{text[:20]}" is no time; write for example 1h, 30m or 7d')
    return text


class GuardModel(Model):
    """When leavers are held: more of them than these in a window of time."""

    leavers: Annotated[int, Field(ge=0), BeforeValidator(_resolved)] | None = None
    percent: Annotated[float, Field(ge=0.1, le=100), BeforeValidator(_resolved)] | None = None
    window: Annotated[
        Text, AfterValidator(_duration), Field(json_schema_extra={"pattern": DURATION.pattern})
    ] = "1h"


class MappingModel(Model):
    """A mapping file."""

    extends: Text | None = None
    integration: Text = Field(pattern=r"\A[a-z][a-z0-9-]{0,62}\z")
    title: Text | None = None
    path: Text | None = None
    target: Annotated[SerializeAsAny[TargetOptions], BeforeValidator(_of_kind)]
    # ``schema`` is a method of pydantic's.
    schema_: dict[str, ExtensionModel] = Field({}, alias="schema")
    tables: dict[str, Annotated[dict[str, Anything], Field(min_length=1)]] = {}
    let: dict[str, Text] = {}
    users: UsersModel
    groups: GroupsModel | None = None
    guard: GuardModel | None = None
    tests: list[TestModel] = []


# Which model stands where; a star is any key or index.
PLACES: tuple[tuple[Loc, type[Model]], ...] = (
    ((), MappingModel),
    (("schema", "*"), ExtensionModel),
    (("schema", "*", "attributes", "*"), SchemaAttributeModel),
    (("schema", "*", "attributes", "*", "attributes", "*"), SchemaAttributeModel),
    (("users",), UsersModel),
    (("users", "attributes", "*"), AttributeModel),
    (("users", "operations"), OperationsModel),
    (("users", "operations", "deactivate"), DeactivateModel),
    (("users", "operations", "reactivate"), SetModel),
    (("groups",), GroupsModel),
    (("groups", "attributes", "*"), AttributeModel),
    (("groups", "operations"), GroupOperationsModel),
    (("groups", "members"), MemberTableModel),
    (("guard",), GuardModel),
    (("tests", "*"), TestModel),
    (("tests", "*", "reply"), ReplyModel),
)


# Text that no file can hold, for what is not known.
UNKNOWN = "\0"
_STAND_INS: Mapping[Loc, Any] = {
    ("integration",): "unknown",
    ("target",): {"connector": "memory"},
    ("target", "connector"): "memory",
    **{
        (section, key): stand_in
        for section in ("users", "groups")
        for key, stand_in in (("object", UNKNOWN), ("key", UNKNOWN), ("match", [UNKNOWN]))
    },
}


def model_at(path: Loc) -> type[Model] | None:
    """Return the model of the mapping at ``path``."""
    for pattern, model in PLACES:
        if len(pattern) == len(path) and all(
            expected in ("*", step) for expected, step in zip(pattern, path, strict=True)
        ):
            return model
    return None


def read_model(data: Any) -> tuple[MappingModel | None, list[Fault]]:
    """Check ``data`` and return the model with what is wrong with it.

    What is at fault is left out of the model, or replaced where it is needed, so that the rest
    can be looked at too; None where that leaves nothing. ``data`` is not modified.
    """
    data = _long_forms(deepcopy(data))
    faults: list[Fault] | None = None
    seen: set[frozenset[tuple[str, Loc]]] = set()
    while True:
        try:
            return MappingModel.model_validate(data), faults or []
        except ValidationError as error:
            found = [
                Fault(each["type"], each["loc"], each["input"], each.get("ctx", {}))
                for each in error.errors()
            ]
        state = frozenset((fault.type, fault.loc) for fault in found)
        if state in seen:
            # What was put in for it is at fault too.
            return None, faults or found
        seen.add(state)
        # What a second look finds is missing only because it was left out.
        faults = found if faults is None else faults
        found = [fault for fault in found if not _replaced(data, fault)]
        paths = {_at_fault(data, fault) for fault in found}
        if () in paths:
            return None, faults
        # From the back, so that list indexes stay true.
        for path in sorted(paths, reverse=True):
            _leave_out(data, path)


def _replaced(data: Any, fault: Fault) -> bool:
    """Put something in for a key that is missing, where there is something for it."""
    if fault.type != "missing" or fault.loc not in _STAND_INS:
        return False
    for step in fault.loc[:-1]:
        data = data[step]
    data[fault.loc[-1]] = _STAND_INS[fault.loc]
    return True


def _at_fault(data: Any, fault: Fault) -> Loc:
    """Return the path of the piece of ``data`` that has the fault."""
    if fault.type == "missing":
        return fault.loc[:-1]
    for depth, step in enumerate(fault.loc):
        if not isinstance(data, dict | list) or (isinstance(data, dict) and step not in data):
            return fault.loc[:depth]
        data = data[step]  # type: ignore[index]  # a list is stepped into by its index
    return fault.loc


def _leave_out(data: Any, path: Loc) -> None:
    for step in path[:-1]:
        data = data[step]
    del data[path[-1]]


def _long_forms(data: Any) -> Any:
    """Write out short forms: of a rule, which is a SCIM path, and of a schema's attribute."""
    for section in ("users", "groups"):
        _write_out(data.get(section), "from")
    _write_out_deletion(data.get("users"))
    extensions = data.get("schema")
    for extension in extensions.values() if isinstance(extensions, dict) else ():
        _write_out(extension, "type")
    return data


def _write_out_deletion(users: Any) -> None:
    """Make ``{delete: true}`` of ``deactivate: delete``."""
    operations = users.get("operations") if isinstance(users, dict) else None
    if isinstance(operations, dict) and operations.get("deactivate") == "delete":
        operations["deactivate"] = {"delete": True}


def _write_out(owner: Any, key: str) -> None:
    """Make ``{key: x}`` of each attribute of ``owner`` that is a text, and of those inside."""
    attributes = owner.get("attributes") if isinstance(owner, dict) else None
    if not isinstance(attributes, dict):
        return
    for name, value in attributes.items():
        if isinstance(value, str):
            attributes[name] = {key: value}
        else:
            _write_out(value, key)
