from __future__ import annotations

import pytest

from scimweave.mapping.compiler import compile_text
from small_mapping import mapping_text

KEYS = {
    "pool": "{ size: 9 }",
    "connect_timeout": "3",
    "statement_timeout": "3",
    "tls": "{ mode: require }",
    "soft_delete": "{ users: gone }",
    "children": "{ emails: { object: emails, parent: person, columns: { address: value } } }",
}
OF_SERVERS = ["pool", "connect_timeout", "statement_timeout", "tls"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("sqlite:///var/people.db", OF_SERVERS, id="sqlite"),
        pytest.param("sqlite+pysqlite:///var/people.db", OF_SERVERS, id="sqlite-with-driver"),
        pytest.param("${URL:-sqlite:///var/people.db}", OF_SERVERS, id="sqlite-by-default"),
        pytest.param("postgresql://localhost/people", [], id="postgresql"),
        pytest.param("mariadb://localhost/people", [], id="mariadb"),
    ],
)
def test_keys_that_sqlite_has_no_use_for_are_warned_of(url: str, expected: list[str]) -> None:
    target = "".join(f"  {key}: {value}\n" for key, value in {"url": url, **KEYS}.items())
    text = mapping_text().replace(
        "target: { connector: memory }\n", f"target:\n  connector: sql\n{target}"
    )
    _, findings = compile_text(text, "small.yaml", {})
    found = [each for each in findings if each.code == "unused-key"]
    assert {each.severity for each in found} <= {"warning"}
    lines = text.splitlines()
    marked = [lines[each.span.line - 1].partition(":")[0].strip() for each in found if each.span]
    assert marked == expected
