"""Files that are none, in every command that takes a mapping file."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conftest import PRECIATE
from scimweave_server.cli import app
from serving import PATIENCE

GOOD = PRECIATE.read_bytes()
# MAPPING stands for the file; each may end only where it cannot be read.
COMMANDS = (
    "lint MAPPING",
    "lint --provider entra MAPPING",
    "lint --connect MAPPING",
    "lint --format sarif MAPPING",
    "test MAPPING",
    "test --coverage MAPPING",
    "try --once MAPPING",
    "docs MAPPING",
    "init-target --dry-run MAPPING",
    "serve --port 0 MAPPING",
    "explain preciate ada --mappings MAPPING",
    "plan preciate --mappings MAPPING",
    "plan preciate --file MAPPING --mappings GOOD",
    "apply preciate --mappings MAPPING",
)


def _bomb() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines).encode()


CONTENTS: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "only-comments": b"# nothing\n",
    "broken": b"users: [",
    "tab": GOOD.replace(b"    email:", b"\temail:"),
    "tab-first": b"\tintegration: preciate\n",
    "a-list": b"- a\n- b\n",
    "a-text": b"hello",
    "a-number": b"42\n",
    "null": b"~\n",
    "two-documents": GOOD + b"\n---\n" + GOOD,
    "binary": bytes(range(256)) * 40,
    "latin-1": GOOD.replace(b"Preciate", b"Pr\xe9ciate"),
    "utf-16": GOOD.decode().encode("utf-16"),
    "nul": GOOD.replace(b"Preciate", b"Pre\x00ciate"),
    "ten-megabytes": GOOD + b"# " + b"x" * (10 * 1024 * 1024) + b"\n",
    "ten-megabytes-of-keys": b"".join(b"key%d: value\n" % n for n in range(700_000)),
    "alias-bomb": _bomb(),
    "alias-to-itself": b"a: &a [*a]\n",
    "deep-flow": b"a: " + b"[" * 20_000 + b"]" * 20_000,
    "deep-block": b"".join(b" " * n + b"a:\n" for n in range(3000)),
    "deep-rule": GOOD.replace(b"title: Preciate", b"title: " + b"{a: " * 400 + b"1" + b"}" * 400),
    "unknown-unicode-key": GOOD + "ключ: значение\n".encode(),
    "duplicate-unicode-key": GOOD + "ü: 1\nü: 2\n".encode(),
    "merge-key": GOOD + b"<<: { a: b }\n",
    "python-tag": GOOD + b"x: !!python/object/apply:os.system ['true']\n",
    "long-line": GOOD + b"x" * 200_000 + b": 1\n",
    "long-expression": GOOD.replace(
        b"job_title:    title", b'job_title: { expr: "' + b"(" * 9000 + b'" }'
    ),
    "long-path": GOOD.replace(b"job_title:    title", b"job_title: " + b"a." * 9000 + b"b"),
}


def run(command: str, file: Path, good: Path, store: str) -> Any:
    places = {"MAPPING": str(file), "GOOD": str(good)}
    words = [places.get(word, word) for word in command.split()]
    return CliRunner().invoke(app, words, env={"SCIMWEAVE_STORE": store}, input="yes\n")


@pytest.fixture
def good(mapping: Path) -> Path:
    return mapping


@pytest.mark.parametrize("command", COMMANDS)
def test_file_that_is_none_is_a_finding_with_its_place(
    command: str, tmp_path: Path, good: Path, store_url: str
) -> None:
    _refuses(command, CONTENTS, tmp_path, good, store_url)


def test_key_is_not_made_for_a_file_that_cannot_be_read(
    tmp_path: Path, good: Path, store_url: str
) -> None:
    # Mistakes further down do not stand between an operator and a new key.
    names = ("missing", "empty", "broken", "tab", "binary", "ten-megabytes", "alias-bomb", "nul")
    contents = {name: CONTENTS[name] for name in names}
    _refuses("key generate preciate --mappings MAPPING", contents, tmp_path, good, store_url)
    assert not list(tmp_path.glob("scimweave.db*"))


def _refuses(
    command: str, contents: Mapping[str, bytes | None], tmp_path: Path, good: Path, store_url: str
) -> None:
    for name, content in contents.items():
        file = tmp_path / f"{name}.yaml"
        if content is not None:
            file.write_bytes(content)
        started = time.monotonic()
        result = run(command, file, good, store_url)
        assert time.monotonic() - started < PATIENCE, name
        assert result.exit_code == 1, (name, result.output)
        assert isinstance(result.exception, SystemExit), (name, result.exception)
        shown = result.stdout if "sarif" in command else result.stderr
        assert "Traceback" not in result.output
        assert f"{name}.yaml" in shown, (name, shown[:500])
        assert len(result.output) < 100_000, name
        if content is not None and "sarif" not in command:
            assert re.search(rf"--> \S*{name}\.yaml:\d+:\d+", shown), (name, shown[:500])


@pytest.mark.parametrize("command", COMMANDS)
def test_folder_without_a_mapping_is_a_finding(
    command: str, tmp_path: Path, good: Path, store_url: str
) -> None:
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    result = run(command, folder, good, store_url)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "folder.yaml" in result.output


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: b"\xef\xbb\xbf" + text, id="byte-order-mark"),
        pytest.param(lambda text: text.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"), id="both"),
        pytest.param(lambda text: text.rstrip(b"\n"), id="no-last-line-end"),
        pytest.param(
            lambda text: text.replace(b"job_title", "Stellenübersicht".encode()), id="unicode-key"
        ),
    ],
)
@pytest.mark.parametrize(
    "command", ["lint MAPPING", "test MAPPING", "docs MAPPING", "try --once MAPPING"]
)
def test_file_of_another_editor_is_taken(
    command: str, change: Callable[[bytes], bytes], tmp_path: Path, good: Path, store_url: str
) -> None:
    file = tmp_path / "other.yaml"
    file.write_bytes(change(GOOD))
    assert run(command, file, good, store_url).exit_code == 0


def test_mistakes_of_a_file_with_a_mark_and_foreign_line_ends_have_their_places(
    tmp_path: Path, good: Path, store_url: str
) -> None:
    file = tmp_path / "m.yaml"
    text = GOOD.replace(
        b"department:   enterprise.department", b"department:   enterprise.departmnt"
    )
    number = 1 + text[: text.index(b"departmnt")].count(b"\n")
    for content in (text, b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")):
        file.write_bytes(content)
        shown = run("lint MAPPING", file, good, store_url).stderr
        assert f"m.yaml:{number}:19" in shown


def test_all_mistakes_of_a_file_are_told_at_once(
    tmp_path: Path, good: Path, store_url: str
) -> None:
    file = tmp_path / "m.yaml"
    text = GOOD.replace(b"title\n", b"titel\n", 1).replace(b"name.givenName\n", b"name.given\n", 1)
    file.write_bytes(text.replace(b"match: [email]", b"match: [mail]") + b"more: 1\n")
    shown = run("lint MAPPING", file, good, store_url).stderr
    assert re.findall(r"^error\[(.*?)\]", shown, re.MULTILINE) == [
        "match-unmapped",
        "unknown-attribute",
        "unknown-attribute",
        "unknown-key",
    ]
