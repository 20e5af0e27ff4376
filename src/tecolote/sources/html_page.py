"""A saved web page (SingleFile or plain HTML): recognised and kept as evidence. It gives no records and is not parsed.

SingleFile writes a comment with the address and the time at which the page was saved. It is the page's own word, made
by whoever saved it, and is passed on as such.
"""

from __future__ import annotations

import re

from tecolote.sources.html_text import plain

_PAGE = re.compile(
    rb"\s*+(?:<\?xml[^>]{0,200}>\s*+)?(?:<!--.{0,2000}?-->\s*+)?<(?:!doctype\s++html|html)\b", re.I | re.S
)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,2000})", re.I)
_SAVED = re.compile(r"Page saved with SingleFile\s+url:\s*(\S{1,2000})\s+saved date:\s*([^\r\n]{1,80})")
_SHOWN = 160


def describe(head: bytes) -> str:
    """What a page says of itself, for the table of an import; '' if ``head`` does not begin like HTML."""
    if not _PAGE.match(head):
        return ""
    text = head.decode("utf-8", "replace")
    title, saved = _TITLE.search(text), _SAVED.search(text)
    words = "kept, a web page saved with SingleFile" if saved else "kept, a web page"
    named = " ".join((plain(title[1])[0] or "").split()) if title else ""
    if named:
        words += f" “{named[:_SHOWN]}”"
    if saved:
        words += f"; it says: from {saved[1][:_SHOWN]}, {saved[2].strip()}"
    return words
