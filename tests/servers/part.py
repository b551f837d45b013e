"""What all real parts have in common: found or installed, started, waited for, stopped."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 30.0
_POLL = 0.02
# Linux, IANA and Windows give others to connections.
_PORTS = range(20_000, 32_000)


class Unavailable(Exception):
    """This machine lacks a real part, and it cannot be installed; the message says why."""


def find_or_install(program: str, *, package: str) -> Path:
    """Return where a program is; root installs the Debian package that has it.

    Raises ``Unavailable``.
    """
    if found := _find(program):
        return found
    install = f"apt-get install {package}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Unavailable(f"there is no {program}, and only root on Debian can `{install}`")
    _apt_get("update")
    done = _apt_get("install", "--yes", "--no-install-recommends", package)
    if found := _find(program):
        return found
    reason = (done.stderr or done.stdout).strip().splitlines()
    raise Unavailable(f"`{install}` gave no {program}: {reason[-1] if reason else 'no reason'}")


def _find(program: str) -> Path | None:
    # Servers stand where only root looks.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(program, path=path)
    return Path(found) if found else None


def _apt_get(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        # Somebody else may install something at the same time.
        ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=300", *words],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """Make a folder that goes away again; its path is short, as those of sockets have to be."""
    with tempfile.TemporaryDirectory(prefix=f"scimweave-{name}-", ignore_cleanup_errors=True) as at:
        yield Path(at)


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens.

    It is none of those that the system gives to connections: one of these could take it meanwhile.
    """
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def listens(port: int) -> bool:
    """Whether somebody answers at a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(
    command: Sequence[str | Path], *, ready: Callable[[], bool], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; yields when ``ready`` says that it answers.

    ``log`` takes what it prints, and is shown where it does not start.
    """
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as server,
    ):
        try:
            _wait_until(ready, server, log)
            yield server
        finally:
            _stop(server)


def _wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_TIMEOUT
    while not ready():
        if server.poll() is not None or time.monotonic() > end:
            printed = log.read_text(errors="replace")[-4000:]
            raise RuntimeError(f"{server.args!r} did not start:\n{printed}")
        time.sleep(_POLL)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
