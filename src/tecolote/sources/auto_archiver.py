"""The ``db.csv`` of auto-archiver (Bellingcat): which addresses were archived, when, and into which files.

Its cells are Python reprs; they are read by `python_repr`, never evaluated. ``nothing archived`` says that the tool got
nothing, not that the page is gone: its state is unknown. ``tzlocal()`` is the zone of the machine that archived, which
the file does not name: such a time is read only in a zone that the user gives. For the generic extractor ``timestamp``
is what the web server said of the file (Last-Modified), not when the post was made, and is not taken.

A row is the archive's word about an address: a post whose id is the address, with the stored files as media.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from tecolote.sources import csv_text, python_repr, shapes
from tecolote.sources.base import Chat, Options, Sink, Source, clean_text
from tecolote.sources.chat_state import media_type
from tecolote.sources.csv_columns import platform_of
from tecolote.sources.jsonbytes import Unreadable
from tecolote.sources.shapes import obj, objs, required, seq, some

_COLUMNS = ("status", "metadata", "media")
_SHA256 = re.compile(r"(?:SHA-?256:)?([0-9a-fA-F]{64})")
_NOTHING = "nothing archived"


class AutoArchiver:
    """Reader of auto-archiver's database; see the module's words."""

    name = "auto_archiver"
    version = "1"
    title = "auto-archiver database (db.csv)"
    obtained = "Bellingcat's auto-archiver with csv_db"
    proven = True
    platform = ""

    def sniff(self, head: bytes, name: str) -> float:
        """Sure by the three columns and a repr in them."""
        first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].strip().replace(b'"', b"")
        return 0.9 if first == b"status,metadata,media" else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """None: what an archiver was told to archive."""
        return []

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all rows; see `Reader.read`."""
        skip = 3 if source.head.startswith(b"\xef\xbb\xbf") else 0
        dialect = csv_text.Dialect("utf-8", skip, ",", _COLUMNS, 1.0, 0)
        for row in csv_text.table_rows(source, dialect):
            if row.number == 1:
                continue
            place = f"row {row.number}"
            if row.fault or len(row.cells) != len(_COLUMNS):
                sink.quarantine(place, row.fault or f"{len(row.cells)} cells where there are {len(_COLUMNS)} columns")
                continue
            rec = sink.record(row.start, row.raw, place)
            try:
                _rows(sink, rec, row.cells, options)
            except shapes.MISSHAPEN as bad:
                shapes.forget(sink, rec)
                sink.quarantine(place, shapes.reason(bad))


def _rows(sink: Sink, rec: int, cells: list[str], options: Options) -> None:
    status, facts = cells[0].strip(), obj(python_repr.parse(cells[1]))
    if not status:
        raise Unreadable("no status")
    url = required(facts.get("url") or facts.get("webpage_url"), "address", numeric=False)
    platform = platform_of(url) or "web"
    at = _moment(facts.get("_processed_at"), options)[0]
    nothing = status == _NOTHING
    sink.add(
        "observations", rec, platform=platform, target_kind="post", target_id=url,
        state="unknown" if nothing or "success" not in status else "live", reason=clean_text(status),
        observed_at=at or options.observed_at, observed_by="checker",
    )  # fmt: skip
    if nothing:
        return
    stated = None if "generic" in status.lower() else facts.get("timestamp")
    when = _moment(stated, options)
    said = some(facts.get("content")) or some(facts.get("description"))
    text = "\n\n".join(dict.fromkeys(part for part in (some(facts.get("title")), said) if part)) or None
    author = some(facts.get("author")) or some(facts.get("uploader"))
    sink.add(
        "posts", rec, platform=platform, id=url, id_is_derived=True, kind="post", author_name=author,
        created_at=when[0], created_at_raw=when[1], tz_basis=when[2], text=text, url=url,
    )  # fmt: skip
    for number, item in enumerate(objs(python_repr.parse(cells[2]))):
        _media(sink, rec, platform, url, number, item)


def _media(sink: Sink, rec: int, platform: str, post: str, number: int, item: dict[str, Any]) -> None:
    """A stored file: where it lies in the archive, its hash as the archiver took it, and where it came from."""
    facts = obj(item.get("properties"))
    path = some(item.get("_key")) or some(item.get("key")) or next(filter(None, map(some, seq(item.get("urls")))), None)
    found = _SHA256.fullmatch(some(facts.get("hash")) or "")
    kind, mime = media_type(some(item.get("_mimetype")) or some(item.get("mimetype")), path)
    remote = path is not None and "://" in path
    digest = found[1].lower() if found else None
    sink.add(
        "media", rec, platform=platform, id=f"{post}#{number}", post_id=post, type=kind, mime=mime,
        url=path if remote else some(facts.get("original_url")) or some(facts.get("src")),
        local_path=None if remote or path is None else path.removeprefix("./"), sha256=digest, status="present",
    )  # fmt: skip


def _moment(value: Any, options: Options) -> shapes.Moment:
    """A time; one without a zone is read in the user's, if one was given."""
    if not isinstance(value, datetime):
        return shapes.moment(value) if isinstance(value, str) else (None, None, None)
    raw = value.isoformat()
    if value.tzinfo is not None:
        return value.astimezone(UTC), raw, "utc"
    if options.zone is None:
        return None, raw, "unknown"
    try:
        return value.replace(tzinfo=options.zone).astimezone(UTC), raw, "user_given"
    except OverflowError:
        return None, raw, "unknown"


READER = AutoArchiver()
