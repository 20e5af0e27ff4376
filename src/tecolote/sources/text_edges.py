"""Links, hashtags and mentions that stand in the text of formats which do not list them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINK = re.compile(r"https?://[^\s<>\"\u2066-\u2069]{3,2000}", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<![\w&/#])#(\w{0,138}[^\W\d_]\w{0,138})")
_MENTION = re.compile("(?<![\\w@/.])@(?:\u2068([^\u2068\u2069\\n]{1,100})\u2069|(\\w{2,64}))")
_TAIL = ".,;:!?)]}'’”»*_~"


def edges_of(text: str) -> Iterator[tuple[str, str, str]]:
    """Type, target and kind of target of each edge that ``text`` states, each once, in order.

    A link loses the punctuation behind it; a hashtag is lower case without its sign; a mention is a name.
    """
    seen = set()
    for found in _all(text):
        if found not in seen:
            seen.add(found)
            yield found


def _all(text: str) -> Iterator[tuple[str, str, str]]:
    if "://" in text:
        for link in _LINK.findall(text):
            yield "links_to", _trimmed(link), "link"
    if "#" in text:
        for tag in _HASHTAG.findall(_LINK.sub(" ", text)):
            yield "hashtag", tag.lower(), "hashtag"
    if "@" in text:
        for isolated, bare in _MENTION.findall(_LINK.sub(" ", text)):
            yield "mentions", isolated or bare, "account_name"


def _trimmed(link: str) -> str:
    """``link`` without closing punctuation; a bracket that it opened itself stays."""
    while link and link[-1] in _TAIL and not (link[-1] == ")" and link.count("(") >= link.count(")")):
        link = link[:-1]
    return link
