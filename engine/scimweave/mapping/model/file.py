"""The file as a whole, and its sections of users, groups, target and guard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, LiteralString

from pydantic import AfterValidator, BeforeValidator, Field, SerializeAsAny, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from scimweave.mapping import target_kinds
from scimweave.mapping.guard import DURATION, read_duration
from scimweave.mapping.model.schema import ExtensionModel, SchemaAttributeModel
from scimweave.mapping.model.tests import ReplyModel, TestModel
from scimweave.mapping.model.value import (
    Anything,
    Flag,
    Length,
    Model,
    Names,
    Text,
    TypeName,
    resolved,
)

Loc = tuple[str | int, ...]


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
    ignore: Names = Field([])
    filterable: Names = Field([])
    unmapped: Literal["drop", "keep", "reject"] = "drop"
    patch_response: Literal["auto", 200, 204] = "auto"


class UsersModel(ObjectsModel):
    """How users become accounts."""

    lookup: Flag = True
    operations: OperationsModel = OperationsModel()


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


def _duration(text: str) -> str:
    """Refuse what is no time such as 1h. Raises ``ValueError``."""
    if read_duration(text) is None:
        raise ValueError(f'"{text[:20]}" is no time; write for example 1h, 30m or 7d')
    return text


class GuardModel(Model):
    """When leavers are held: more of them than these in a window of time."""

    leavers: Annotated[int, Field(ge=0), BeforeValidator(resolved)] | None = None
    percent: Annotated[float, Field(ge=0.1, le=100), BeforeValidator(resolved)] | None = None
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
    tables: dict[str, Annotated[dict[str, Anything], Field(min_length=1)]] = Field({})
    let: dict[str, Text] = Field({})
    users: UsersModel
    groups: GroupsModel | None = None
    guard: GuardModel | None = None
    tests: list[TestModel] = Field([])


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


def model_at(path: Loc) -> type[Model] | None:
    """Return the model of the mapping at ``path``."""
    for pattern, model in PLACES:
        if len(pattern) == len(path) and all(
            expected in ("*", step) for expected, step in zip(pattern, path, strict=True)
        ):
            return model
    return None
