"""The section ``schema``: extensions that a mapping file declares."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scimweave.mapping.model.value import Flag, Model, Text


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
    canonicalValues: list[Text] = Field([])
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
