"""docs/commands.md is made from the command line itself; ``make golden`` rewrites it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from scimweave_server.cli import app

DOCUMENT = Path(__file__).parents[3] / "docs" / "commands.md"
HEAD = """# Commands

Exit codes: 0 ok, 1 findings or failures, 2 usage. `python -m scimweave` is the same as `scimweave`.
"""


def test_every_command_and_option_stands_in_the_documentation() -> None:
    made = HEAD + "".join(_command(get_command(app), "scimweave"))
    if os.environ.get("UPDATE_GOLDEN"):
        DOCUMENT.write_text(made)
    assert DOCUMENT.read_text() == made


def _command(command: Any, name: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner is not None:
        for sub, each in inner.items():
            yield from _command(each, f"{name} {sub}")
        return
    arguments = " ".join(
        _argument(each) for each in command.params if not each.opts[0].startswith("-")
    )
    yield f"\n## `{' '.join(filter(None, [name, arguments]))}`\n\n{_text(command.help)}\n"
    options = [each for each in command.params if each.opts[0].startswith("-")]
    if options:
        yield "\n| option | meaning | default |\n|---|---|---|\n"
    for option in options:
        yield f"| `{_option(option)}` | {_text(option.help)} | {_default(option)} |\n"


def _argument(parameter: Any) -> str:
    text = parameter.metavar or parameter.name.upper()
    return text if parameter.required else f"[{text}]"


def _option(parameter: Any) -> str:
    value = "" if parameter.is_flag else f" {(parameter.metavar or parameter.name).upper()}"
    return f"{parameter.opts[0]}{value}"


def _default(parameter: Any) -> str:
    environment = f"`${parameter.envvar}`" if parameter.envvar else ""
    empty = parameter.is_flag or parameter.default is None or parameter.required
    default = "" if empty else f"`{_plain(parameter.default)}`"
    return ", ".join(filter(None, [environment, default]))


def _plain(default: Any) -> str:
    values = default if isinstance(default, list | tuple) else [default]
    return " ".join(str(getattr(each, "value", each)) for each in values)


def _text(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
