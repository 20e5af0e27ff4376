"""Reading one file: its rows into the tables to come, its record tree, and what a person is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from tecolote.case import Case
from tecolote.corpus.pending import Pending
from tecolote.corpus.rows import Origin, no_collection, tables_of
from tecolote.errors import TecoloteError
from tecolote.evidence import Evidence, RecordSet
from tecolote.evidence.keys import pseudonym
from tecolote.sources import markup
from tecolote.sources.base import Options, Reader, Sink, Source
from tecolote.sources.consent import Consent
from tecolote.sources.jsonbytes import not_utf8
from tecolote.sources.members import pseudonymise

_FLUSH_RECORDS = 2_000
_KEPT_QUARANTINE = 1000


@dataclass
class FileResult:
    """What one file of an import gave.

    Attributes:
        path: name inside the import, members behind '!'.
        sha256: hex; '' where the file was refused unread.
        source: reader, or None.
        status: read, kept (no reader), partly (private chats left out), duplicate, refused, stopped (on a stop list).
        reason: why it was not read, or ''.
        rows: rows by table.
        quarantined: records that could not be read.
        first: time of the first post, or None.
        last: time of the last post, or None.
        notes: anomalies in words.
        why: the first quarantine reasons, with their places.
    """

    path: str
    sha256: str = ""
    source: str | None = None
    status: str = "read"
    reason: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    first: str | None = None
    last: str | None = None
    notes: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)


@dataclass
class Reading:
    """What reading one file gave.

    Attributes:
        result: counts for people.
        size: bytes.
        leaf: the leaf it will have.
        records: its record tree; None without records.
        quarantine: places and reasons.
        beside: attachments that its media rows name and the container holds: name to SHA-256.
    """

    result: FileResult
    size: int
    leaf: int
    records: RecordSet | None = None
    quarantine: list[list[str]] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of raw records."""
        return self.records.count if self.records else 0


def read_rows(
    case: Case,
    evidence: Evidence,
    pending: Pending,
    reader: Reader | None,
    name: str,
    private: bool,
    stream: BinaryIO,
    settings: dict[str, Any],
    beside: dict[str, str],
    leaf: int,
) -> Reading:
    """Read one file.

    Args:
        case: for the pseudonyms of members.
        evidence: takes the record tree.
        pending: takes the rows.
        reader: who reads it; None keeps it as evidence only.
        name: how the rows name the file.
        private: members other than the giver get pseudonyms.
        stream: its bytes.
        settings: see `settings_of`.
        beside: files that lie beside it in its container: name to SHA-256 (hex).
        leaf: the leaf that will commit to it.
    """
    size = stream.seek(0, 2)
    leaf = evidence.size if leaf is None else leaf
    result = FileResult(name, source=reader.name if reader else None)
    if reader is None:
        result.status, result.reason = "kept", markup.remark(stream) or "kept, no reader"
        result.notes = [note for note in (not_utf8(stream),) if note]
        return Reading(result, size, leaf)
    sink = Sink()
    origin = Origin(name, leaf, reader.name, reader.version)
    give = _Collector(pending, origin, result, beside)
    if not private:
        sink.on_flush(_FLUSH_RECORDS, give)
    options = options_of(settings)
    try:
        with no_collection():
            reader.read(Source(name, stream, size), sink, options)
    except TecoloteError as error:
        sink.quarantine("file", str(error))
    except Exception as error:  # a reader's defect costs this file's rest, never the run
        sink.quarantine("file", f"the reader stopped: {type(error).__name__}: {str(error)[:200]}")
    if private and not options.keep_members:
        pseudonymise(sink, lambda platform, who: pseudonym(case, platform, who), options.consent_givers)
    give(sink)
    result.quarantined, result.notes = len(sink.quarantined), sink.notes
    result.why = [f"{where}: {why}" for where, why in sink.quarantined[:5]]
    reading = Reading(result, size, leaf, beside=give.found_beside)
    reading.quarantine = [list(q) for q in sink.quarantined[:_KEPT_QUARANTINE]]
    if sink.count:
        reading.records = evidence.put_records(sink.spans, sink.digests)
    return reading


class _Collector:
    """Turns what a sink holds into tables, counts them, and links media to files beside the export."""

    def __init__(self, pending: Pending, origin: Origin, result: FileResult, beside: dict[str, str]) -> None:
        self.pending, self.origin, self.result, self.beside = pending, origin, result, beside
        self.found_beside: dict[str, str] = {}

    def __call__(self, sink: Sink) -> None:
        """Take the rows that ``sink`` holds."""
        tables = tables_of(sink, self.origin)
        if self.beside and "media" in tables:
            tables["media"] = _link_media(tables["media"], self.beside, self.found_beside)
        for table, rows in tables.items():
            self.result.rows[table] = self.result.rows.get(table, 0) + rows.num_rows
        if "posts" in tables:
            posts = tables["posts"]
            said = posts.filter(pc.not_equal(posts["kind"], "event"))  # "channel created" is nobody's utterance
            span = pc.min_max(said["created_at"]).as_py()
            self._widen(span["min"], span["max"])
        self.pending.take(tables, self.origin.leaf_index)

    def _widen(self, first: datetime | None, last: datetime | None) -> None:
        if first is None or last is None:
            return
        low, high = stamp(first), stamp(last)
        self.result.first = min(self.result.first or low, low)
        self.result.last = max(self.result.last or high, high)


def _link_media(media: pa.Table, beside: dict[str, str], found: dict[str, str]) -> pa.Table:
    """Hashes and status of attachments that lie beside the chat in its container; ``found`` takes them up."""
    rows = media.to_pylist()
    for row in rows:
        name = (row["local_path"] or "").replace("\\", "/").rsplit("/", 1)[-1]
        if name in beside:
            row["sha256"], row["status"] = beside[name], "present"
            found[name] = beside[name]
    return pa.Table.from_pylist(rows, schema=media.schema)


def settings_of(reader: Reader | None, private: bool, options: Options, consent: Consent | None) -> dict[str, Any]:
    """What decides how a file's bytes become rows; the same settings on the same bytes add nothing."""
    return {
        "reader": reader.name if reader else None,
        "reader_version": reader.version if reader else None,
        "timezone": options.timezone,
        "date_order": options.date_order,
        "mapping": dict(sorted(options.mapping.items())),
        "observed_at": stamp(options.observed_at) if options.observed_at else None,
        "keep_members": options.keep_members if private else False,
        "givers": sorted(consent.givers) if consent and private else [],
    }


def options_of(settings: dict[str, Any]) -> Options:
    """The options that `settings_of` wrote down."""
    observed = settings["observed_at"]
    return Options(
        timezone=settings["timezone"],
        date_order=settings["date_order"],
        mapping=settings["mapping"],
        observed_at=datetime.fromisoformat(observed) if observed else None,
        keep_members=settings["keep_members"],
        consent_givers=frozenset(settings["givers"]),
    )


def stamp(moment: datetime) -> str:
    """A time in ISO 8601, UTC, with Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
