from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scimweave_server.cli import app

MESSY = "title: 'Small'\nintegration: small   # its name\n"
NEAT = "integration: small   # its name\ntitle: Small\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(MESSY, encoding="utf-8")
    return file


def fmt(*words: object) -> Result:
    return CliRunner().invoke(app, ["fmt", *map(str, words)])


def test_files_are_rewritten_and_named(file: Path) -> None:
    result = fmt(file)
    assert result.exit_code == 0
    assert result.stdout == f"formatted: {file}\n1 formatted, 0 in canonical form already\n"
    assert file.read_text(encoding="utf-8") == NEAT
    assert fmt(file).stdout == "0 formatted, 1 in canonical form already\n"


def test_folder_stands_for_its_files_and_bases(tmp_path: Path, file: Path) -> None:
    (tmp_path / "_base.yaml").write_text("users: {key: id}\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("a:   b\n", encoding="utf-8")
    rows = json.loads(fmt(tmp_path, "--json").stdout)
    assert rows == [
        {"file": str(tmp_path / "_base.yaml"), "changed": True},
        {"file": str(file), "changed": True},
    ]


def test_check_fails_and_changes_nothing(file: Path) -> None:
    result = fmt(file, "--check")
    assert result.exit_code == 1
    assert f"would change: {file}" in result.stdout
    assert file.read_text(encoding="utf-8") == MESSY


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
@pytest.mark.parametrize("text", [MESSY, MESSY.rstrip("\n"), MESSY.replace("\n", "\r\n")])
def test_diff_is_a_patch_that_does_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "small.yaml"
    file.write_bytes(text.encode())
    result = fmt(file, "--diff")
    assert result.exit_code == 0
    assert file.read_bytes() == text.encode()
    command = ["patch", "--binary", "--silent", str(file)]
    subprocess.run(command, input=result.stdout_bytes, check=True, timeout=60)
    assert file.read_text(encoding="utf-8") == NEAT


def test_diff_with_check_fails(file: Path) -> None:
    result = fmt(file, "--diff", "--check")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, f"--- {file}")


def test_byte_order_mark_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + NEAT.encode())
    assert fmt(file, "--check").exit_code == 1
    assert fmt(file).exit_code == 0
    assert file.read_bytes() == NEAT.encode()


def test_nothing_is_written_where_one_file_does_not_parse(tmp_path: Path, file: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("integration: x\nusers: [\n", encoding="utf-8")
    result = fmt(tmp_path)
    assert result.exit_code == 1
    assert f"{broken}:3:1" in result.stderr
    assert file.read_text(encoding="utf-8") == MESSY


def test_mistakes_in_the_content_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text("users: {atributes:   {a: nonsense}}\n", encoding="utf-8")
    assert fmt(file).exit_code == 0
    assert file.read_text(encoding="utf-8") == "users: { atributes: { a: nonsense } }\n"


@pytest.mark.parametrize("name", ["nowhere.yaml", "empty"])
def test_nothing_to_format_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    result = fmt(tmp_path / name)
    assert result.exit_code == 1
    assert name in result.stderr


def test_mode_and_symbolic_link_stay(tmp_path: Path, file: Path) -> None:
    file.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(file.name)
    assert fmt(link).exit_code == 0
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == NEAT
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.yaml", "small.yaml"]


def test_file_is_whole_where_it_cannot_be_replaced(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = fmt(file)
    assert result.exit_code == 1
    assert "No space left" in result.stderr
    assert file.read_text(encoding="utf-8") == MESSY
    assert [each.name for each in file.parent.iterdir()] == ["small.yaml"]
