"""When two texts or two links count as the same object."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

#: Texts with fewer words are too common to say anything: "buenos días" is no coordination.
MIN_WORDS = 5

_NAME = re.compile(r"@\S+")
# What link shorteners and share buttons add; it names the sharer's route, not the page.
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|igshid|igsh|mc_cid|mc_eid|ref_src|ref_url|s_kwcid)\Z")


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
