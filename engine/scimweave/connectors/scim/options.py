"""The kind ``scim``: what a mapping file says of a target that speaks SCIM 2.0 itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from scimweave.connectors.base import AccountShape, Connector
from scimweave.connectors.http.options import HttpOptions, Section
from scimweave.connectors.kind import ConnectorKind
from scimweave.connectors.scim.check import check_scim
from scimweave.connectors.scim.path import read_path
from scimweave.mapping.model import Length, Text


def _path(text: str) -> str:
    read_path(text)
    return text


ScimPath = Annotated[Text, AfterValidator(_path)]


class ScimSection(Section):
    """Where the fields of users, or groups, are in the resources of the target."""

    fields: dict[str, ScimPath] = Field(
        default={}, description="Fields that are no SCIM paths themselves, with the path of each."
    )


class ScimOptions(HttpOptions):
    """A SCIM 2.0 service; ``url`` is its base, such as https://example.com/scim/v2."""

    update: Literal["auto", "patch", "put"] = Field(
        default="auto", description="How resources change: auto does what the service says it can."
    )
    paging: Literal["auto", "index", "cursor"] = Field(
        default="auto",
        description="How lists come in pages: auto takes cursors where they are offered.",
    )
    page_size: Length = Field(
        default=100, description="How many resources a page is asked to hold."
    )
    batch: Length = Field(
        default=100, description="How many members one PATCH puts into a group, or takes out of it."
    )
    users: ScimSection = Field(
        default_factory=ScimSection, description="Where the fields of users are."
    )
    groups: ScimSection = Field(
        default_factory=ScimSection, description="Where the fields of groups are."
    )


async def _open(options: Mapping[str, Any], shape: AccountShape) -> Connector:
    # aiohttp takes a while to import, and lint does without.
    from scimweave.connectors.scim.connector import ScimConnector  # noqa: PLC0415

    return ScimConnector.open(options, shape)


KIND = ConnectorKind(
    "scim",
    ScimOptions,
    frozenset({"groups", "member-field", "delete", "scan"}),
    _open,
    check_scim,
)
