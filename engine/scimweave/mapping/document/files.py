"""The files that a mapping is made of: read within limits, and remembered with what they held."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from scimweave.mapping.diagnostics import MappingError, Span, finding

MAX_BYTES = 10 * 1024 * 1024
_LONG_LINE = 10_000


class Files:
    """Reads files; ``digests`` has what each held, ``b""`` for one that could not be read."""

    def __init__(self) -> None:
        self.digests: dict[Path, bytes] = {}

    def text(self, file: Path, span: Span | None = None) -> str:
        """Read a file in UTF-8; ``span`` is where another one names it. Raises ``MappingError``."""
        self.digests[file] = b""
        try:
            # A pipe or a device that another file names could make the reader wait for ever.
            if span is not None and file.exists() and not file.is_file():
                raise MappingError([finding("unreadable-file", f"{file}: not a file", span)])
            with file.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            fault = finding("unreadable-file", f"{file}: {reason}", span)
            raise MappingError([fault]) from None
        self.digests[file] = hashlib.sha256(content).digest()
        if len(content) > MAX_BYTES:
            message = f"{file} is larger than {MAX_BYTES // 1024 // 1024} MiB"
            place = span or _at(file, content, MAX_BYTES)
            raise MappingError([finding("too-large", message, place)])
        try:
            # Editors on Windows put a byte order mark before UTF-8.
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            there = _at(file, content, error.start)
            message = f"{file}:{there.line}: the file is not UTF-8"
            excel = ', in Excel as "CSV UTF-8"' if file.suffix.lower() == ".csv" else ""
            hint = f"save it with the encoding UTF-8{excel}"
            fault = finding("unreadable-file", message, span or there, help=hint)
            raise MappingError([fault]) from None


def _at(file: Path, content: bytes, position: int) -> Span:
    """Return where a byte of a file stands that cannot be read as a whole."""
    start = content.rfind(b"\n", 0, position) + 1
    if position - start > _LONG_LINE:
        position = start
    end = content.find(b"\n", position)
    # What is shown of a line is less than this.
    line = content[start : len(content) if end < 0 else end][: position - start + 1000]
    column = len(content[start:position].decode(errors="replace")) + 1
    number = content.count(b"\n", 0, position) + 1
    return Span(str(file), number, column, column + 1, line.decode(errors="replace"))


def beside(file: str | Path, name: str) -> Path:
    """Return the path of a file that another one names, in the form that is shortest to read."""
    path = Path(file).parent / name
    if "\0" in name:
        # No file is called so; reading it tells.
        return path
    plain = Path(os.path.normpath(path))
    # Behind a symbolic link, ".." is not the folder before it.
    return plain if same_file(plain, path) else path


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are of one file, which need not exist."""
    try:
        return one.resolve() == other.resolve()
    except (OSError, RuntimeError, ValueError):
        return False


def digest_of(file: Path) -> bytes:
    """Return what ``Files`` remembers of a file as it is now."""
    try:
        with file.open("rb") as stream:
            return hashlib.sha256(stream.read(MAX_BYTES + 1)).digest()
    except (OSError, ValueError):
        return b""
