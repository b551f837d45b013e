"""The SCIM attributes that a mapping can name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scimweave.mapping.expression.lets import Let
from scimweave.scim.path import ALIASES
from scimweave.scim.schema import USER_TYPE, ResourceType
from scimweave.scim.syntax import AttributePath


@dataclass(frozen=True, slots=True)
class NamedExpression:
    """A named expression with all that it reads, also by way of others.

    ``impure`` are the functions that it calls whose result differs each time.
    """

    let: Let
    sources: tuple[AttributePath, ...]
    impure: frozenset[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A resource type with its extensions, and short names of extensions in paths.

    ``lets`` are the named expressions that rules may read; ``broken_lets`` those that were
    reported.
    """

    resource_type: ResourceType
    aliases: Mapping[str, str]
    lets: Mapping[str, NamedExpression] = field(default_factory=lambda: MappingProxyType({}))
    broken_lets: frozenset[str] = frozenset()

    @property
    def expressions(self) -> Mapping[str, Let]:
        """The named expressions by name, as an expression takes them."""
        return {name: named.let for name, named in self.lets.items()}


USER_VOCABULARY = Vocabulary(USER_TYPE, ALIASES)
