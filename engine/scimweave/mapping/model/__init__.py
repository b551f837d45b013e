"""A mapping file as a model: which keys there are, what each takes, and what is read into it."""

from scimweave.mapping.model.file import (
    PLACES,
    AttributeModel,
    GroupsModel,
    GuardModel,
    Loc,
    MappingModel,
    MemberFieldModel,
    MemberTableModel,
    ObjectsModel,
    SetModel,
    TargetOptions,
    UsersModel,
    model_at,
)
from scimweave.mapping.model.reading import Fault, read_model
from scimweave.mapping.model.schema import ExtensionModel, SchemaAttributeModel
from scimweave.mapping.model.tests import TestModel
from scimweave.mapping.model.value import (
    Anything,
    Flag,
    Length,
    Model,
    Names,
    Secret,
    Text,
    TypeName,
)

__all__ = [
    "PLACES",
    "Anything",
    "AttributeModel",
    "ExtensionModel",
    "Fault",
    "Flag",
    "GroupsModel",
    "GuardModel",
    "Length",
    "Loc",
    "MappingModel",
    "MemberFieldModel",
    "MemberTableModel",
    "Model",
    "Names",
    "ObjectsModel",
    "SchemaAttributeModel",
    "Secret",
    "SetModel",
    "TargetOptions",
    "TestModel",
    "Text",
    "TypeName",
    "UsersModel",
    "model_at",
    "read_model",
]
