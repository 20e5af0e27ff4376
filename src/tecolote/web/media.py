"""Media: the list, and pictures out of the evidence store. Nothing is fetched from an address in a record."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import QueryDict

from tecolote.web.library import Pin
from tecolote.web.paging import Listing, Page, page
from tecolote.web.sources import open_by_digest

#: Pictures that are handed to the browser, by their first bytes. No SVG: it is a program.
_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
MAX_PICTURE_BYTES = 32 << 20
_COLUMNS = """
m.platform, m.id, m.type, m.sha256, m.mime, m.width, m.height, m.duration_ms, m.alt_text, m.status, m.url, m.local_path,
m.post_key, m.flag, m.by_time
"""


def find(pin: Pin, query: QueryDict) -> Page:
    """One page of media, newest post first; filters ``platform``, ``type`` and ``status``."""
    where: list[str] = []
    values: list[Any] = []
    for name in ("platform", "type", "status"):
        if query.get(name):
            where.append(f"coalesce(m.{name}, 'none') = ?")
            values.append(query[name])
    listing = Listing("browse.media m", _COLUMNS, "m.by_time", where=tuple(where), values=tuple(values))
    return page(pin, listing, query, size=48)


def facets(pin: Pin) -> dict[str, list[dict[str, Any]]]:
    """Values of the filters with their number of rows."""
    names = ("platform", "type", "status")
    return {name: pin.tally(f"media {name}", "browse.media", f"coalesce({name}, 'none')") for name in names}


def picture_type(head: bytes) -> str | None:
    """Media type of a picture that browsers draw, by its first bytes; None for anything else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def picture(pin: Pin, sha256: str) -> tuple[bytes, str] | None:
    """Bytes and type of a picture that a record of the case names and whose bytes are in evidence; else None."""
    named = pin.row("SELECT 1 AS yes FROM browse.media WHERE sha256 = ? LIMIT 1", [sha256])
    stream = open_by_digest(pin, sha256) if named else None
    if stream is None:
        return None
    with stream:
        raw = stream.read(MAX_PICTURE_BYTES + 1)
    kind = picture_type(raw[:16])
    if kind is None or len(raw) > MAX_PICTURE_BYTES or hashlib.sha256(raw).hexdigest() != sha256:
        return None
    return raw, kind
