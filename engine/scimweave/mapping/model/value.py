"""What the keys of a mapping take."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from scimweave.mapping.document.interpolation import EnvironmentText

TypeName = Literal["string", "integer", "decimal", "boolean", "date", "datetime", "uuid", "json"]


def resolved(value: Any) -> Any:
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


Flag = Annotated[bool, BeforeValidator(resolved)]
Length = Annotated[int, Field(gt=0), BeforeValidator(resolved)]
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
