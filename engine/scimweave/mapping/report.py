"""Collects the findings of one mapping file."""

from __future__ import annotations

from scimweave.mapping.diagnostics import Diagnostic, Related, Span, finding
from scimweave.mapping.document.source import Document, YamlPath


class Report:
    """The findings of a document; ``complete`` is False where a part could not be looked at."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Diagnostic] = []
        self.complete = True

    def at_value(
        self,
        code: str,
        message: str,
        path: YamlPath,
        label: str = "",
        *,
        help: str = "",
        related: tuple[Related, ...] = (),
    ) -> None:
        """Report about the value at ``path``, unless it could not even be read."""
        if self._is_faulty(path):
            return
        related = (*related, *self._used(path))
        self.add(code, message, self.document.value(path), label, help, related)

    def at_key(
        self,
        code: str,
        message: str,
        path: YamlPath,
        label: str = "",
        *,
        help: str = "",
        related: tuple[Related, ...] = (),
    ) -> None:
        """Report about the key at ``path``."""
        related = (*related, *self._used(path))
        self.add(code, message, self.document.key(path), label, help, related)

    def inside(
        self,
        code: str,
        message: str,
        path: YamlPath,
        position: int,
        length: int = 1,
        label: str = "",
        *,
        help: str = "",
    ) -> None:
        """Report about a piece of the scalar at ``path``, unless it could not even be read."""
        if self._is_faulty(path):
            return
        self.add(code, message, self.document.inside(path, position, length), label, help)

    def add(
        self,
        code: str,
        message: str,
        span: Span | None,
        label: str = "",
        help: str = "",
        related: tuple[Related, ...] = (),
    ) -> None:
        """Report about a piece of the file."""
        self.findings.append(finding(code, message, span, label, help=help, related=related))

    def _used(self, path: YamlPath) -> tuple[Related, ...]:
        """Return where a table is used, of which a row is at fault."""
        span = self.document.referring(path)
        return () if span is None else (Related(span, "used here"),)

    def _is_faulty(self, path: YamlPath) -> bool:
        faulty = self.document.is_faulty(path)
        self.complete = self.complete and not faulty
        return faulty
