from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from employees import Employees

ROOT = Path(__file__).parent.parent


def test_library_snippet_runs_as_it_stands(tmp_path: Path, target: Employees) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings", dirs_exist_ok=True)
    subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, check=True, timeout=60)
    row = target.row("ada@contoso.com")
    assert (row["job_title"], row["is_active"]) == ("Countess", 0)
