"""The SCIM attributes that a mapping can name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scimweave.scim.path import ALIASES
from scimweave.scim.schema import USER_TYPE, ResourceType


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A resource type with its extensions, and short names of extensions in paths."""

    resource_type: ResourceType
    aliases: Mapping[str, str]


USER_VOCABULARY = Vocabulary(USER_TYPE, ALIASES)
