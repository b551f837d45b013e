"""Kinds of target that installed packages bring, as the mapping language sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from scimweave.mapping import load_text, target_kinds
from small_mapping import findings, mapping_text

PLUGIN = """
from scimweave.connectors.kind import ConnectorKind, TargetOptions
from scimweave.mapping.model import Flag, Model, Secret, Text

class Auth(Model):
    token: Secret
    scheme: Text = "Bearer"
    password: Secret | None = None

class Options(TargetOptions):
    host: Text
    auth: Auth | None = None
    retry: Flag = False

async def open_it(options, shape):
    raise NotImplementedError

KIND = ConnectorKind("acme", Options, frozenset({"delete"}), open_it)
"""
Plug = Callable[[str], None]


@pytest.fixture
def plug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plug]:
    """Install a module with a kind under the name ``acme``."""
    ours = dict(target_kinds._entries())
    target_kinds.kind.cache_clear()

    def install(code: str) -> None:
        module = f"acme_{abs(hash(code))}"
        (tmp_path / f"{module}.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path))
        entry = EntryPoint("acme", f"{module}:KIND", target_kinds.GROUP)
        monkeypatch.setattr(target_kinds, "_entries", lambda: {**ours, "acme": entry})

    yield install
    target_kinds.kind.cache_clear()


def with_target(text: str, more: str = "") -> str:
    return mapping_text(more=more).replace("{ connector: memory }", text)


def messages(text: str) -> list[str]:
    return [each.message for each in findings(text)]


def test_options_of_a_package_reach_its_connector(plug: Plug) -> None:
    plug(PLUGIN)
    text = with_target("{ connector: acme, host: h, auth: { token: '${TOKEN:-t}' } }")
    found = load_text(text, "small.yaml", {}).target
    assert found.connector == "acme"
    assert found.options == {"host": "h", "auth": {"token": "t"}}


@pytest.mark.parametrize(
    ("target", "message", "label"),
    [
        ("{ connector: acme, hots: h }", 'unknown key "hots"', 'did you mean "host"?'),
        ("{ connector: acme }", '"target" has no "host"', ""),
        ("{ connector: acme, host: 3 }", '"host" is text, not a number', ""),
        (
            "{ connector: acme, host: h, auth: { token: '${T:-t}', shceme: x } }",
            'unknown key "shceme"',
            'did you mean "scheme"?',
        ),
        ("{ connector: acme, host: h, auth: {} }", '"auth" has no "token"', ""),
        (
            "{ connector: acme, host: h, auth: { token: s3cret } }",
            '"token" is a secret in clear',
            "",
        ),
        (
            "{ connector: acme, host: h, auth: { token: '${T:-t}', password: s3cret } }",
            '"password" is a secret in clear',
            "",
        ),
    ],
)
def test_what_is_wrong_below_target_is_found(
    plug: Plug, target: str, message: str, label: str
) -> None:
    plug(PLUGIN)
    found = {each.message: each for each in findings(with_target(target))}
    assert message in found
    assert found[message].label == label
    assert "s3cret" not in str(found[message])


def test_what_a_kind_cannot_do_is_not_offered(plug: Plug) -> None:
    plug(PLUGIN)
    groups = "groups: { object: g, key: id, match: name, attributes: { name: displayName } }\n"
    text = with_target("{ connector: acme, host: h }", groups)
    assert 'the connector "acme" holds no groups' in messages(text)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise RuntimeError('no license')", "does not load: RuntimeError: no license"),
        ("KIND = 3", "gives no ConnectorKind"),
        (
            PLUGIN.replace('frozenset({"delete"})', 'frozenset({"fly"})'),
            'has a feature "fly" that nobody knows',
        ),
    ],
)
def test_package_that_brings_no_kind_is_named(plug: Plug, code: str, words: str) -> None:
    plug(code)
    (found,) = findings(with_target("{ connector: acme, host: h }"))
    assert found.code == "bad-package"
    assert words in found.message


def test_installation_without_connectors_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_kinds, "_entries", dict)
    target_kinds.kind.cache_clear()
    try:
        (found,) = findings(mapping_text())
    finally:
        target_kinds.kind.cache_clear()
    assert found.code == "bad-package"
    assert "install scimweave again" in found.message


def test_our_own_kinds_cannot_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = EntryPoint("sql", "evil:KIND", target_kinds.GROUP)
    real = list(target_kinds._entries().values())
    monkeypatch.setattr(target_kinds, "entry_points", lambda group: [theirs, *real])
    target_kinds._entries.cache_clear()
    try:
        assert target_kinds._entries()["sql"].value != "evil:KIND"
    finally:
        monkeypatch.undo()
        target_kinds._entries.cache_clear()
