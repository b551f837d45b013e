"""How a text is written: plain, in single or in double quotes."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from types import MappingProxyType

import yaml
from yaml.emitter import Emitter

from scimweave.mapping.document.scalars import resolve
from scimweave.mapping.layout.tree import Leaf

_ANALYZER = Emitter(io.StringIO(), allow_unicode=True)
# What YAML 1.1 takes for something else, by its first character.
_OTHER_TYPES: Mapping[str, list[tuple[str, re.Pattern[str]]]] = (
    yaml.SafeLoader.yaml_implicit_resolvers
)
_OCTAL = re.compile(r"0o[0-7]+")
_MERGE = "<<"
_NOT_IN_FLOW = re.compile(r"^:|[,?\[\]{}]")
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')
_ESCAPES = MappingProxyType({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def quoted(text: str, is_flow: bool, *, is_key: bool = False) -> str:
    """Write a text on one line; ``is_key`` says that it need not look like a text."""
    analysis = _ANALYZER.analyze_scalar(text)
    is_plain = analysis.allow_block_plain and not analysis.multiline
    if is_flow and _NOT_IN_FLOW.search(text):
        is_plain = False
    if is_plain and (is_key or _is_text_to_everybody(text)):
        return text
    if not analysis.allow_single_quoted or analysis.multiline:
        return f'"{_ESCAPED.sub(_escape, text)}"'
    # A doubled quote is an escape too.
    if "'" in text and '"' not in text and "\\" not in text:
        return f'"{text}"'
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def key_text(key: Leaf, is_flow: bool) -> str:
    """Write a key; all are text, so that one which was plain stays so."""
    if key.style == "*":
        # A colon could be a part of the name.
        return f"{key.text} "
    if is_merge(key):
        return key.text
    text = quoted(key.text, is_flow, is_key=key.style is None and key.text not in ("", _MERGE))
    return f"&{key.anchor} {text}" if key.anchor else text


def is_merge(key: Leaf | None) -> bool:
    """Whether a key takes the entries of another mapping in."""
    return key is not None and key.style is None and key.text == _MERGE


def _is_text_to_everybody(text: str) -> bool:
    """Whether no YAML, of whatever version, takes it for anything but text when it is plain."""
    if text == _MERGE or not isinstance(resolve(text), str) or _OCTAL.fullmatch(text):
        return False
    candidates = [*_OTHER_TYPES.get(text[:1], []), *_OTHER_TYPES.get("", [])]
    return not any(pattern.match(text) for _, pattern in candidates)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    return _ESCAPES.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
