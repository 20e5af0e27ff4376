"""WARC and ARC files, compressed or not, also inside WACZ: captures of web pages as evidence.

Each record is a record of the file, with its span as it lies there (compressed where the file is). A response says what
a server answered for an address at a time: an observation. 200 is live and so is 304, 404 not found, 410 deleted, 451
withheld, 401 and 403 restricted; what moved, failed or was refused for haste is unknown, with the server's words.
Nothing is merged: each answer is an observation of its own. The captured file is a media row of platform ``web`` with
its address as id.

A record that is cut off, of another length than it states or without the digest that it states is quarantined and
gives no row; see `warc_cut`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from tecolote.sources import shapes
from tecolote.sources.base import Chat, Options, Sink, Source, clean_text
from tecolote.sources.chat_state import media_type
from tecolote.sources.shapes import moment, some
from tecolote.sources.warc_cut import Cut, dechunked, http_parts, is_web_archive, records

#: A file with so many faults is noise; each costs a search for the next record.
MAX_FAULTS = 1000
_STATES = {401: "restricted", 403: "restricted", 404: "not_found", 410: "deleted", 451: "withheld"}


class Warc:
    """Reader of web archives; see the module's words."""

    name = "warc"
    version = "2"
    title = "Web archives (WARC, WARC.gz, ARC, inside WACZ)"
    obtained = "ArchiveWeb.page, Browsertrix, wget --warc-file, Heritrix, the Wayback Machine's own files"
    proven = True
    platform = "web"

    def sniff(self, head: bytes, name: str) -> float:
        """Sure by the first line of the first record."""
        return 0.95 if is_web_archive(head) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """None: captured pages."""
        return []

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all records; see `Reader.read`."""
        last, faults = -1, 0
        for number, cut in enumerate(records(source)):
            place = f"record {number}"
            if cut.fault:
                faults += 1
                sink.quarantine(f"{place}, byte {cut.start}", cut.fault)
                if faults >= MAX_FAULTS:
                    sink.note(f"not read further behind {MAX_FAULTS} faults, at byte {cut.start}")
                    return
                continue
            if cut.start == last and source.head.startswith(b"\x1f\x8b"):
                sink.note("several records are compressed together: each has the whole gzip member as its span")
            last = cut.start
            rec = sink.record(cut.start, cut.raw, place)
            try:
                _rows(sink, rec, cut)
            except shapes.MISSHAPEN as bad:
                shapes.forget(sink, rec)
                sink.quarantine(place, shapes.reason(bad))


def _rows(sink: Sink, rec: int, cut: Cut) -> None:
    kind = cut.headers.get("warc-type")
    url = clean_text(some((cut.headers.get("warc-target-uri") or "").strip("<>")))
    at = moment(cut.headers.get("warc-date"))[0]
    if url is None or kind not in ("response", "revisit", "resource"):
        return
    if kind == "resource":
        _captured(sink, rec, url, cut.headers.get("content-type"), cut.block)
        return
    status, words, headers, body = http_parts(cut.block)
    whole = "warc-segment-number" not in cut.headers
    if not whole:
        sink.note(
            "captures that continue in other records (WARC-Segment-Number) are in the file: their parts have no hash"
        )
    if cut.headers.get("warc-truncated"):
        sink.note("captures that the crawler cut short by itself (WARC-Truncated) are in the file")
    if status is None:
        if "arc-mime" not in cut.headers:
            sink.note("a response that is not HTTP gives no observation")
        return
    # 304 answers a question with a condition: without the condition it had been 200 (RFC 9110 section 15.4.5).
    state = "live" if 200 <= status < 300 or status == 304 else _STATES.get(status, "unknown")
    sink.add(
        "observations", rec, platform="web", target_kind="media", target_id=url, state=state,
        reason=clean_text(f"HTTP {status} {words}".strip()), observed_at=at, observed_by="checker",
    )  # fmt: skip
    if state == "live" and status != 304 and kind == "response":
        plain = whole and not headers.get("content-encoding")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = dechunked(body)
        _captured(sink, rec, url, headers.get("content-type"), body if plain else None)


def _captured(sink: Sink, rec: int, url: str, stated: Any, body: bytes | None) -> None:
    """The captured file; its hash where the bytes lie there without a further coding."""
    kind, mime = media_type(some((stated or "").partition(";")[0].strip().lower()), url)
    sink.add(
        "media", rec, platform="web", id=url, url=url, type=kind, mime=mime, status="present",
        sha256=sha256(body).hexdigest() if body is not None else None,
    )  # fmt: skip


READER = Warc()
