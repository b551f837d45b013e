from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from scimweave.mapping import MappingError, duplicates, lint, load, load_all, mapping_files
from small_mapping import NO_ENVIRONMENT, mapping_text

MAPPINGS = Path(__file__).parents[3] / "mappings"


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def found(*paths: Path) -> list[tuple[str, str]]:
    """Return file name and code of each finding."""
    findings = lint(paths, NO_ENVIRONMENT)
    return [(Path(each.span.file).name if each.span else "", each.code) for each in findings]


def test_mappings_that_come_along_have_no_findings() -> None:
    assert lint([MAPPINGS], NO_ENVIRONMENT) == []


def test_folder_stands_for_its_mapping_files(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "notes.txt", ".hidden.yaml", "deeper/c.yaml"):
        write(tmp_path, name, "")
    files = mapping_files([tmp_path, tmp_path / "b.yaml", tmp_path / "notes.txt"])
    assert [file.name for file in files] == ["a.yml", "b.yaml", "notes.txt"]


def test_findings_of_all_files_come_together(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", mapping_text("x: titel"))
    write(tmp_path, "b.yaml", "integration: [")
    write(tmp_path, "c.yaml", mapping_text())
    nowhere = tmp_path / "nowhere.yaml"
    assert found(tmp_path, nowhere) == [
        ("a.yaml", "unknown-attribute"),
        ("b.yaml", "syntax"),
        ("", "unreadable-file"),
    ]


def test_load_all_gives_all_or_none(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", mapping_text())
    write(tmp_path, "b.yaml", mapping_text().replace("small", "other"))
    assert [each.integration for each in load_all([tmp_path], {})] == ["small", "other"]
    write(tmp_path, "b.yaml", mapping_text("x: titel"))
    with pytest.raises(MappingError) as caught:
        load_all([tmp_path], {})
    assert [each.code for each in caught.value.diagnostics] == ["unknown-attribute"]


def test_warnings_do_not_keep_a_mapping_from_loading(tmp_path: Path) -> None:
    text = mapping_text().replace("memory", "sql, url: 'mysql://a:b@c/d'")
    file = write(tmp_path, "a.yaml", text)
    (made,) = load_all([file], {})
    assert [each.code for each in made.warnings] == ["literal-secret"]
    assert lint([file], {}) == list(made.warnings)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param("path: /a\n", "path: /b\n", ["duplicate-integration"], id="name"),
        pytest.param("path: /a\n", "path: /a\n", ["duplicate-integration", "duplicate-path"]),
        pytest.param("", "path: /scim/small/v2\n", ["duplicate-integration", "duplicate-path"]),
    ],
)
def test_two_integrations_in_one_place(
    tmp_path: Path, first: str, second: str, expected: list[str]
) -> None:
    write(tmp_path, "a.yaml", mapping_text(more=first))
    write(tmp_path, "b.yaml", mapping_text(more=second))
    assert found(tmp_path) == [("b.yaml", code) for code in expected]


def test_one_program_is_no_duplicate(tmp_path: Path) -> None:
    made = load(write(tmp_path, "a.yaml", mapping_text()), {})
    assert duplicates([made]) == []


def test_same_file_given_twice_is_one_mapping(tmp_path: Path) -> None:
    file = write(tmp_path, "a.yaml", mapping_text())
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    assert found(tmp_path, file, link) == []


@pytest.mark.parametrize("name", ["nothing-here", "loop.yaml", "folder.yaml"])
def test_path_without_a_mapping_is_a_finding(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    (tmp_path / "folder.yaml").mkdir()
    assert found(tmp_path / name) == [("", "unreadable-file")]


def test_lint_is_quick_from_a_cold_start() -> None:
    code = "from pathlib import Path; import sys; from scimweave.mapping import lint\n"
    code += "sys.exit(len(lint([Path(sys.argv[1])])))"
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code, str(MAPPINGS)], check=True)
        seconds.append(time.perf_counter() - started)
    # 0.25 s on an idle core; the rest is for machines that do other things too.
    assert min(seconds) < 1.5


def test_import_leaves_the_model_for_later() -> None:
    code = "import sys, scimweave.mapping; sys.exit('pydantic' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
