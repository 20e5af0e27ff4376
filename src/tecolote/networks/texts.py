"""When two texts or two links count as the same object."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

#: Texts with fewer words are too common to say anything: "buenos días" is no coordination.
MIN_WORDS = 5

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_NAME = re.compile(r"@\S+")
_WORD = re.compile(r"\w+")
# What link shorteners and share buttons add; it names the sharer's route, not the page.
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|igshid|igsh|mc_cid|mc_eid|ref_src|ref_url|s_kwcid)\Z")


def text_object(text: str) -> str | None:
    """Key of a text without its addresses, names, punctuation and case; None below `MIN_WORDS` words.

    Returns:
        the first 16 hex digits of the SHA-256 of the words joined by one space (NFKC, casefolded).
    """
    plain = unicodedata.normalize("NFKC", _NAME.sub(" ", _ADDRESS.sub(" ", text))).casefold()
    words = _WORD.findall(plain)
    if len(words) < MIN_WORDS:
        return None
    return hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest()[:16]


def link_object(address: str) -> str:
    """An address without tracking parameters and fragment, scheme and host in lower case, http as https."""
    try:
        parts = urlsplit(address.strip())
        host = (parts.netloc or "").lower().removeprefix("www.")
        query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k.lower())]
    except ValueError:
        return address
    if not host:
        return address.strip()
    scheme = "https" if parts.scheme.lower() in ("http", "https", "") else parts.scheme.lower()
    return urlunsplit((scheme, host, parts.path.rstrip("/"), urlencode(query), ""))


def qut_text(text: str) -> str:
    """Text as ``co_tweet`` of the QUT toolkit 1.5.2 compares it: lower case, names cut, one space between."""
    return " ".join(_NAME.sub("", text.lower()).split())
