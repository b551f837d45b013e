"""scimweave record."""

from __future__ import annotations

import os
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from scimweave_server.cli.options import (
    DEFAULT_STORE,
    StoreUrl,
    expected_errors,
    fail,
    run_loop,
)

MEBIBYTE = 1024 * 1024


@dataclass(slots=True)
class Recorded:
    """What is in the file, and why it ended."""

    exchanges: int = 0
    size: int = 0
    ended: str = "interrupted"


def record(
    integration: Annotated[str, typer.Argument(help="Name of the integration.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
    store: StoreUrl = DEFAULT_STORE,
    count: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="End after N requests.")
    ] = None,
    max_size: Annotated[
        int, typer.Option(min=1, metavar="MIB", help="End before the file is larger.")
    ] = 100,
    with_sensitive: Annotated[
        bool,
        typer.Option("--with-sensitive", help="Keep the values of sensitive attributes readable."),
    ] = False,
) -> None:
    """Record what a provider sends to a running server and what it is answered, until Ctrl-C.

    The file has a JSON value a line, for `scimweave replay`. Keys and other headers are never in
    it, nor passwords; values of attributes that the mapping calls sensitive are masked.
    """
    recorded = Recorded()
    with expected_errors():
        # Whoever may read the file may read what is personal in it.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        body = {"integration": integration, "with_sensitive": with_sensitive}
        try:
            run_loop(_record(store, body, descriptor, count, max_size * MEBIBYTE, recorded))
        except KeyboardInterrupt:
            pass
        finally:
            os.close(descriptor)
            if not recorded.size:
                file.unlink()
    print(f"{file}: {recorded.exchanges} requests, {recorded.size} bytes ({recorded.ended})")


def _append(descriptor: int, text: bytes, size: int) -> None:
    """Write a line whole or not at all. Raises ``OSError``."""
    if os.write(descriptor, text) < len(text):
        os.ftruncate(descriptor, size)
        raise OSError("the disk is full; the recording ends before the last request")


async def _record(
    store: str,
    body: dict[str, Any],
    descriptor: int,
    count: int | None,
    max_size: int,
    recorded: Recorded,
) -> None:
    import orjson

    from scimweave.store.sqlite_file import path_of
    from scimweave_server.cli.running_server import NoServer, Refused, ask

    try:
        async with aclosing(ask(path_of(store), "record", body)) as lines:
            async for line in lines:
                if "end" in line:
                    recorded.ended = line["end"] or "the server stopped"
                    return
                text = orjson.dumps(line) + b"\n"
                if recorded.size + len(text) > max_size:
                    recorded.ended = "the file is full"
                    return
                _append(descriptor, text, recorded.size)
                if not recorded.size:
                    print(f"recording {body['integration']}, until Ctrl-C", flush=True)
                recorded.size += len(text)
                recorded.exchanges += "method" in line
                if recorded.exchanges == count:
                    recorded.ended = "as many as were asked for"
                    return
        recorded.ended = "the server ended"
    except Refused as refused:
        fail(str(refused))
    except NoServer:
        fail(f"no server runs on the store {path_of(store)}; name that of the server with --store")
