"""Parts of a text: plain words, links, hashtags and mentions, in order."""

from __future__ import annotations

import re

_PART = re.compile(r"(https?://\S+)|(#\w+)|(@\w+)")


def pieces(text: str) -> list[tuple[str, str]]:
    """``(kind, text)`` with kinds plain, link, hashtag and mention; together they are ``text``."""
    found, last = [], 0
    for match in _PART.finditer(text):
        if match.start() > last:
            found.append(("plain", text[last : match.start()]))
        found.append((("link", "hashtag", "mention")[match.lastindex - 1 if match.lastindex else 0], match[0]))
        last = match.end()
    if last < len(text) or not found:
        found.append(("plain", text[last:]))
    return found
