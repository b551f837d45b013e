"""Which integration a file is of and where it is served, whatever else is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from scimweave.mapping.diagnostics import MappingError
from scimweave.mapping.document.extends import read_document
from scimweave.mapping.document.files import Files
from scimweave.mapping.document.interpolation import interpolate
from scimweave.mapping.lint import mapping_files
from scimweave.mapping.project import default_path


def endpoints(paths: Iterable[Path], env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the endpoint path of each integration, also of files that have errors elsewhere."""
    found: dict[str, str] = {}
    for file in mapping_files(paths):
        try:
            files = Files()
            document = read_document(files.text(file), str(file), files).document
        except MappingError:
            continue
        interpolate(document, env)
        data = document.data()
        if isinstance(name := data.get("integration"), str):
            path = data.get("path")
            found[name] = path if isinstance(path, str) else default_path(name)
    return found
