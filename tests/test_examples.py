"""The examples run as they stand, with their real counterparts, and notice what goes wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from servers.slapd import Slapd

ROOT = Path(__file__).parent.parent
CUSTOM = ROOT / "examples" / "custom-connector"

pytestmark = pytest.mark.slow


def run(script: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script)], check=False, capture_output=True, text=True, timeout=180
    )


def changed_copy(folder: Path, name: str) -> Path:
    """Copy the examples, with another title expected of Ada Byrne and nobody in Facilities."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    expected = folder / "examples" / "people" / "expected.csv"
    text = expected.read_text().replace("Senior Data Analyst", "Data Analyst")
    expected.write_text(text.replace(",Facilities", ",Finance"))
    return folder / "examples" / name / "run.py"


@pytest.fixture
def example(request: pytest.FixtureRequest) -> str:
    """Return the name of an example, whose real counterpart is installed."""
    name: str = request.param
    if name == "ldap":
        server: Slapd = request.getfixturevalue("slapd")
        assert server.port
    if name == "sql-postgres":
        request.getfixturevalue("postgresql_server")
    return name


@pytest.mark.parametrize(
    ("example", "last"),
    [
        ("ldap", "All 27 entries are as expected."),
        ("custom-connector", "All 26 cards are as expected."),
        ("rest-api", "All 27 accounts are as expected."),
        ("scim-relay", "All 27 resources are as expected."),
        ("sql-postgres", "All 27 rows are as expected."),
    ],
    indirect=["example"],
)
def test_example_provisions_everybody(example: str, last: str) -> None:
    done = run(ROOT / "examples" / example / "run.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 failed" in done.stdout
    assert done.stdout.strip().endswith(last)


@pytest.mark.parametrize(
    "example",
    ["ldap", "custom-connector", "rest-api", "scim-relay", "sql-postgres"],
    indirect=True,
)
def test_example_fails_on_any_difference(tmp_path: Path, example: str) -> None:
    done = run(changed_copy(tmp_path, example))
    assert done.returncode == 1
    assert "missing: (" in done.stderr
    assert "not as expected" in done.stderr


def test_package_of_a_connector_passes_its_own_tests(tmp_path: Path) -> None:
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", *words, str(CUSTOM)], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=CUSTOM,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout


def test_mapping_without_its_package_is_refused_by_name() -> None:
    command = [sys.executable, "-m", "scimweave_server", "lint", str(CUSTOM / "doors.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert '"connector" is ' in done.stderr
    assert 'not "door-cards"' in done.stderr
