from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    for folder in ("examples", "mappings"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path / "examples" / "demo.py"


def run(demo: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(demo)], check=False, capture_output=True, text=True, timeout=120
    )


def test_demo_provisions_everybody_as_expected(demo: Path) -> None:
    done = run(demo)
    assert (done.returncode, done.stderr) == (0, "")
    assert "All 27 accounts are as expected." in done.stdout
    assert "lea.muller@contoso.com → lea.dubois@contoso.com" in done.stdout
    assert re.search(r"^ \*  ada\.byrne@contoso\.com ", done.stdout, re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    for cycle in re.findall(r"^[12] +\d.*$", done.stdout, re.MULTILINE):
        assert f"\n{cycle}\n" in readme


def test_demo_fails_on_any_difference(demo: Path) -> None:
    expected = demo.parent / "people" / "expected.csv"
    expected.write_text(expected.read_text().replace("Senior Data Analyst", "Data Analyst"))
    done = run(demo)
    assert done.returncode == 1
    assert "missing: ('ada.byrne@contoso.com', 'true', 'Ada Byrne', 'Data Analyst'" in done.stderr
