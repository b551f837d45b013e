"""Pieces of Markdown (CommonMark with tables), and the page as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from markdown_it import MarkdownIt

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|&~!()+-])")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto;
  padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.2rem; border-bottom: 1px solid #8886; padding-bottom: .25rem; }
code { font: .9em ui-monospace, monospace; background: #8882; border-radius: 3px;
  padding: .1em .3em; }
td:nth-child(-n+2) code { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { border: 1px solid #8886; padding: .35rem .55rem; text-align: left; vertical-align: top; }
th { background: #8882; }
li { margin: .3rem 0; }
td:nth-child(-n+2):nth-last-child(n+7) { min-width: 10rem; }
@page { size: landscape; margin: 12mm; }
@media print {
  body { margin: 0; max-width: none; font-size: 10pt; }
  table { font-size: 8.5pt; }
  .wide { overflow: visible; }
  tr { break-inside: avoid; }
  h2, p:has(+ ul), p:has(+ .wide) { break-after: avoid; }
}
""".strip()


def text(value: str) -> str:
    """Return words so that nothing in them is markup; one line."""
    return _ACTIVE.sub(r"\\\1", _one_line(value))


def code(value: str) -> str:
    """Return a code span that shows ``value`` as it is, in a table too; one line."""
    plain = _one_line(value)
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence = "`" * (longest + 1)
    space = " " if plain[:1] in "` " or plain[-1:] in "` " else ""
    shown = plain.replace("|", "\\|")
    return f"{fence}{space}{shown}{space}{fence}"


def codes(values: Iterable[str]) -> str:
    """Return code spans with commas between them."""
    return ", ".join(map(code, values))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; cells are Markdown of one line."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def to_html(title: str, markdown: str) -> str:
    """Return a whole page that needs no other file; markup in the text itself is only shown."""
    converter = MarkdownIt("commonmark", {"html": False}).enable("table")
    body = converter.render(markdown)
    body = body.replace("<table>", '<div class="wide"><table>')
    body = body.replace("</table>", "</table></div>")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(_one_line(title))}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
        f"<body>\n{body}</body>\n</html>\n"
    )


def _one_line(value: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in value).split())
