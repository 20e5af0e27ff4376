"""Plain text from the HTML in which the fediverse and others write posts. Nothing is ever rendered.

One linear pass over tags: paragraphs and line breaks become line ends, scripts and styles are dropped, everything else
stays as its text. Addresses of anchors come out beside it.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from tecolote.sources.base import clean_text

#: Characters of HTML that are read; what is longer than any post is cut and said by the caller.
MAX_HTML = 1 << 20
# Possessive throughout: no input makes the pass longer than linear.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9-]*+)((?:[^<>"']|"[^"]*+"|'[^']*+')*+)>|<![^<>]*+>""")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_HIDDEN = {"script", "style", "template", "head"}
_BLOCKS = {
    "p", "div", "blockquote", "ul", "ol", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6", "article", "section",
}  # fmt: skip
_LINES = {"br", "li", "tr", "hr"}
_BLANK = re.compile(r"[ \t]*\n[ \t]*")
_MANY = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Anchor:
    """A link in a text: address and the words of its ``class`` attribute."""

    href: str
    classes: frozenset[str]


def plain(text: str) -> tuple[str | None, list[Anchor]]:
    """The text of a piece of HTML, None if there is none, and its links."""
    parts: list[str] = []
    anchors: list[Anchor] = []
    hidden = ""
    at = 0
    text = text[:MAX_HTML]
    for tag in _TAG.finditer(text):
        if not hidden:
            parts.append(html.unescape(text[at : tag.start()]))
        at = tag.end()
        name = (tag[2] or "").lower()
        if hidden:
            hidden = "" if tag[1] and name == hidden else hidden
        elif name in _HIDDEN and not tag[1]:
            hidden = name
        else:
            parts.append("\n\n" if name in _BLOCKS else "\n" if name in _LINES and not tag[1] else "")
            if name == "a" and not tag[1]:
                anchors += _anchor(tag[3])
    if not hidden:
        parts.append(html.unescape(text[at:]))
    found = _MANY.sub("\n\n", _BLANK.sub("\n", "".join(parts).replace("\r", ""))).strip()
    return clean_text(found) or None, anchors


def _anchor(attributes: str) -> list[Anchor]:
    found = {m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(attributes)}
    href = clean_text(found.get("href", "").strip())
    return [Anchor(href, frozenset(found.get("class", "").split()))] if href else []
