"""Self-contained HTML pages, without scripts: style, frame and tables."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

STYLE = """
:root { color-scheme: light dark; --ink: #1d1d26; --soft: #5d5d70; --page: #fff; --line: #dcdce6; --bar: #5b4bd6;
  --against: #c2521c; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf2; --soft: #a5a5b8; --page: #14141b; --line: #34343f;
  --bar: #9d91ff; --against: #ff9c66; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; color: var(--soft); }
th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
details { margin: .2rem 0 0; } summary { cursor: pointer; color: var(--soft); }
header { display: flex; gap: .8rem; align-items: center; } header h1 { margin: 0; }
.bar { display: inline-block; height: .6em; border-radius: 3px; background: var(--bar); }
svg { display: block; max-width: 100%; } svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""


def page(title: str, sections: Iterable[str]) -> str:
    """Return a page of these sections of HTML; its title is HTML, too."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            *filter(None, sections),
            "</body>\n</html>\n",
        ]
    )


def text(value: object) -> str:
    """Escape a text; control characters, invalid in HTML, become �."""
    shown = "".join(sign if sign.isprintable() or sign.isspace() else "\ufffd" for sign in str(value))
    return html.escape(shown)


def table(head: Mapping[str, bool], rows: Iterable[list[str]], caption: str = "") -> str:
    """Return a table of HTML cells; its head marks numeric columns."""
    kinds = [' class="number"' if number else "" for number in head.values()]
    lines = [f"<table><caption>{caption}</caption>" if caption else "<table>", "<thead><tr>"]
    lines += [f'<th scope="col"{kind}>{name}</th>' for name, kind in zip(head, kinds, strict=True)]
    lines.append("</tr></thead><tbody>")
    for row in rows:
        cells = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True))
        lines.append(f"<tr>{cells}</tr>")
    lines.append("</tbody></table>")
    return "\n".join(lines)
