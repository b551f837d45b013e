"""scimweave schema."""

from __future__ import annotations

from scimweave_server.cli.options import print_json


def schema() -> None:
    """Print the JSON Schema of mapping files, with which editors complete and check them."""
    from scimweave.mapping.editor.schema import editor_schema
    from scimweave.mapping.functions.registry import functions

    print_json(editor_schema(functions()))
