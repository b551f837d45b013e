"""Options that several commands share, and how they end."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimweave.mapping import Diagnostic
    from scimweave.store.sqlite import SqliteStore

T = TypeVar("T")

FINDINGS = 1

Paths = Annotated[
    list[Path],
    typer.Argument(metavar="PATH...", help="Mapping files, or folders of them."),
]
StoreUrl = Annotated[
    str,
    typer.Option("--store", metavar="URL", envvar="SCIMWEAVE_STORE", help="Where state is kept."),
]
PublicUrl = Annotated[
    str | None,
    typer.Option(
        "--public-url",
        metavar="URL",
        envvar="SCIMWEAVE_PUBLIC_URL",
        help="How the provider reaches this server, for example https://scim.example.com.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DEFAULT_STORE = "sqlite:///var/scimweave.db"


def duration(text: str) -> timedelta:
    """Read a time such as 24h, for an option."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no duration; write for example 24h, 30m or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def fail(message: str) -> NoReturn:
    """End with exit code 1 and a message on standard error."""
    print(f"error: {message}", file=sys.stderr)
    raise typer.Exit(FINDINGS)


def write_new(text: str, output: Path | None) -> None:
    """Write a draft, laid out as ``fmt`` does it, to a new file or to standard output."""
    from scimweave.mapping.layout.canonical import canonical

    text = canonical(text, "the draft")
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        fail(f"{output} is there already, and a draft does not replace it")
    except OSError as error:
        fail(of_system(error))


def run_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop, or on asyncio's loop where uvloop does not exist."""
    if sys.platform == "win32":
        import asyncio

        return asyncio.run(main)
    import uvloop

    return uvloop.run(main)


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import orjson

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def print_findings(findings: Iterable[Diagnostic]) -> None:
    """Print diagnostics to standard error, with an empty line between them."""
    color = sys.stderr.isatty()
    for finding in findings:
        print(finding.render(color=color), file=sys.stderr, end="\n\n")


@asynccontextmanager
async def open_store(url: str) -> AsyncIterator[SqliteStore]:
    """Open the store beside a server that may be running on it."""
    from scimweave.store.sqlite import SqliteStore

    store = await SqliteStore.open(url, exclusive=False)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_existing_store(url: str) -> AsyncIterator[SqliteStore]:
    """Open a store that somebody has made; a misspelt one would look empty."""
    from scimweave.store.base import StoreError
    from scimweave.store.sqlite_file import path_of

    path = path_of(url)
    if not path.exists():
        raise StoreError(f"there is no store {path}; name the one of the server with --store")
    async with open_store(url) as store:
        yield store


@asynccontextmanager
async def open_store_of(url: str, integration: str) -> AsyncIterator[SqliteStore]:
    """Open a store that knows the integration; a misspelt one would look empty too."""
    from scimweave.store.base import StoreError

    async with open_existing_store(url) as store:
        known = await store.integrations()
        if integration not in known:
            names = ", ".join(known) or "none"
            raise StoreError(f"{url} knows no integration {integration!r} (it knows {names})")
        yield store


@contextmanager
def expected_errors() -> Iterator[None]:
    """End with a message, not a traceback, where files, store or target are at fault."""
    from scimweave.connectors.base import TargetError
    from scimweave.mapping import MappingError
    from scimweave.store.base import StoreError

    try:
        yield
    except MappingError as error:
        print_findings(error.diagnostics)
        raise typer.Exit(FINDINGS) from None
    except (StoreError, TargetError) as error:
        fail(str(error))
    except OSError as error:
        fail(of_system(error))


def of_system(error: OSError) -> str:
    """Say what the system refused, and of which file."""
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{os.fsdecode(error.filename)}: {error.strerror[:1].lower()}{error.strerror[1:]}"
