"""Functions that installed packages bring."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from scimweave.mapping.functions.packages import GROUP, bring
from scimweave.mapping.functions.registry import REGISTRY

DOCUMENT = Path(__file__).parents[3] / "docs" / "functions.md"
TRY = """
from scimweave.mapping.expression.compiled import compile_expression
from scimweave.mapping.functions.registry import functions
example = functions()["acme_badge"].examples[0]
assert compile_expression(example.expression)(example.document) == example.result
"""


def install(folder: Path, package: str, code: str, value: str | None = None) -> None:
    """Put a package into a folder, with what an installer leaves of it."""
    folder.mkdir(exist_ok=True)
    (folder / f"{package}.py").write_text(code)
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    target = value or f"{package}:FUNCTIONS"
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{package} = {target}\n")


def documented() -> str:
    """The example of the documentation."""
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1)


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_documented_package_brings_its_function(tmp_path: Path) -> None:
    install(tmp_path, "acme_scim", documented())
    done = run(TRY, tmp_path)
    assert done.returncode == 0, done.stderr


def test_two_packages_with_one_function_are_an_error_that_names_them(tmp_path: Path) -> None:
    for name in ("acme_scim", "other_scim"):
        install(tmp_path, name, documented())
    lint = "from pathlib import Path; from scimweave.mapping import lint\n"
    mapping = Path(__file__).parents[3] / "mappings" / "preciate.yaml"
    done = run(f"{lint}for each in lint([Path({str(mapping)!r})]): print(each)", tmp_path)
    assert "error[bad-package]: the package other_scim brings a function acme_badge()" in (
        done.stdout
    )
    assert "that the package acme_scim has too" in done.stdout


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (documented().replace("acme_badge", "lower"), "a function lower() that scimweave has too"),
        ("FUNCTIONS = {}", "gives no Library of functions: bad_functions:FUNCTIONS"),
        ("import nowhere_to_be_found", "does not load: ModuleNotFoundError: No module"),
        ("raise RuntimeError('no license')", "does not load: RuntimeError: no license"),
        ("x = 1", "does not load: AttributeError"),
        (documented().replace("def acme_badge", "def Größe"), 'has a function "Größe", whose name'),
    ],
)
def test_package_with_a_problem_brings_nothing(
    code: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad_functions.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bad_functions", raising=False)
    brought = bring([EntryPoint("bad", "bad_functions:FUNCTIONS", GROUP)], REGISTRY)
    assert not brought.functions
    assert [problem in each for each in brought.problems] == [True]
    sys.modules.pop("bad_functions", None)
