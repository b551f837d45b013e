"""A file that is replaced as a whole, or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_file(file: Path, text: str) -> None:
    """Give a file other content; its mode stays, and a symbolic link goes on to point to it.

    Raises ``OSError``; the file is then as it was.
    """
    real = Path(os.path.realpath(file))
    status = real.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{file}: not a regular file")
    if not os.access(real, os.W_OK):
        raise PermissionError(f"{file}: permission denied")
    handle, beside = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as stream:
            if hasattr(os, "chown"):
                # Only root may give a file away.
                with suppress(PermissionError):
                    os.chown(beside, status.st_uid, status.st_gid)
            os.chmod(beside, stat.S_IMODE(status.st_mode))
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, real)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
