"""CSV text as rows whose fields know where they stand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scimweave_server.simulate.finding import Finding, PeopleError


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its ``fields``, and its ``raw`` text from ``line`` on (1-based)."""

    file: Path
    line: int
    raw: str
    fields: list[str]

    def at(self, index: int, message: str) -> Finding:
        """Return a finding at the first character of a field."""
        offset = 0
        for field in self.fields[:index]:
            # Strict parsing leaves two spellings: bare, or quoted with doubled quotes inside.
            quoted = self.raw.startswith('"', offset)
            offset += len(field) + 1 + (2 + field.count('"') if quoted else 0)
        before = self.raw[:offset]
        column = len(before) - (before.rfind("\n") + 1) + 1
        return Finding(self.file, self.line + before.count("\n"), column, message)


def read_rows(file: Path) -> Iterator[Row]:
    """Yield the records of a UTF-8 CSV file, header first; raises PeopleError."""
    lines = list(io.StringIO(_text(file), newline=""))
    reader = csv.reader(lines, strict=True)
    while True:
        start = reader.line_num
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise PeopleError([Finding(file, start + 1, 1, f"no CSV: {error}")]) from None
        if fields is None:
            return
        if fields:
            yield Row(file, start + 1, "".join(lines[start : reader.line_num]), fields)


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise PeopleError([Finding(file, None, None, error.strerror or str(error))]) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig")) + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise PeopleError([Finding(file, line, column, message)]) from None
