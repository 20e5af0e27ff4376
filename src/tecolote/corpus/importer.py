"""Import: bytes to evidence first, then records to tables.

For every file: plan (may it be kept, who reads it), keep its bytes, read its records, log one leaf
that commits to both, and only then make its rows visible. The same bytes again add nothing. After an
interruption the next import finds leaves whose rows are not in the tables yet and reads them again
from the evidence.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from tecolote.case import Case
from tecolote.corpus.files import live_files, open_evidence
from tecolote.corpus.plan import Part, Permission, plan_container, plan_file, walk
from tecolote.corpus.rows import Origin, no_collection, tables_of
from tecolote.corpus.store import MANIFEST, Writing, read_manifest
from tecolote.errors import SourceRefused, TecoloteError
from tecolote.evidence import Checkpoint, Evidence
from tecolote.evidence.keys import pseudonym
from tecolote.records import RECORD_TABLES
from tecolote.sources import containers, markup, registry
from tecolote.sources.base import Options, Reader, Sink, Source
from tecolote.sources.members import pseudonymise

if TYPE_CHECKING:
    from tecolote.sources.consent import Consent

Progress = Callable[[int, int, str], None]

_FLUSH_RECORDS = 2_000
_PART_ROWS = 120_000
_COMMIT_BYTES = 512 << 20
_COMMIT_S = 60.0
_BLOCK = 4 << 20
_KEPT_QUARANTINE = 1000


@dataclass
class FileResult:
    """What one file of an import gave.

    Attributes:
        path: name inside the import, members behind '!'.
        sha256: hex; '' where the file was refused unread.
        source: reader, or None.
        status: read, kept (no reader), partly (private chats left out), duplicate, refused.
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
class ImportResult:
    """All files of an import and the checkpoint that covers them."""

    files: list[FileResult]
    size: int
    root: str

    def as_json(self) -> dict[str, Any]:
        """The object that ``tecolote import --json`` prints."""
        files = [{**vars(f), "rows": dict.fromkeys(RECORD_TABLES, 0) | f.rows} for f in self.files]
        return {"files": files, "checkpoint": {"size": self.size, "root": self.root}}


def import_exports(
    case: Case,
    paths: list[Path],
    options: Options | None = None,
    consent: Consent | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Take files, folders and containers of any supported format into a case.

    Args:
        case: the case; its lock is taken.
        paths: what to import.
        options: what the user said about the files.
        consent: record of the participant who gave private chats.
        progress: called with bytes done, bytes in all, and the current file.

    Raises:
        CaseLocked: another process writes to the case.
    """
    with case.writing():
        running = Import(case, options or Options(), consent, progress)
        try:
            running.catch_up()
            running.take_all(paths)
            checkpoint = running.finish()
        except BaseException:
            running.evidence.abort()
            raise
        return ImportResult(running.results, checkpoint.size, checkpoint.root)


def project_all(case: Case, progress: Progress | None = None) -> int:
    """Build every record table again from the evidence alone; the number of files read."""
    with case.writing():
        running = Import(case, Options(), None, progress)
        running.writing.clear_records()
        count = running.catch_up(since=0)
        running.finish()
        return count


class Import:
    """One import while it runs: the evidence being written and the tables being filled."""

    def __init__(self, case: Case, options: Options, consent: Consent | None, progress: Progress | None) -> None:
        self.case = case
        self.options = options
        self.consent = consent
        self.progress = progress or (lambda done, total, name: None)
        self.evidence = Evidence.open(case, write=True)
        self.writing = Writing(case)
        self.results: list[FileResult] = []
        self.permission = Permission(consent, datetime.now(case.settings.zone).date())
        self._pending: dict[str, list[pa.Table]] = {table: [] for table in RECORD_TABLES}
        self._pending_rows = 0
        self._leaves = [-1, -1]
        # Parquet is encoded in C without the interpreter's lock, beside the reading of what follows.
        self._writer = ThreadPoolExecutor(1)
        self._written: Future[None] | None = None
        self._unsaved_bytes = 0
        self._dirty = False
        self._saved_at = time.monotonic()
        self._consent_logged = False
        self._known = {e.payload["sha256"]: (e.index, e.payload["settings"]) for e in live_files(self.evidence)}
        self._containers = {e.payload["sha256"] for e in self.evidence.events("import.container")}

    # -- what is taken

    def take_all(self, paths: list[Path]) -> None:
        """Every file below ``paths``, one after the other; a file that fails never stops the rest."""
        found = list(walk(paths))
        total = sum(p.stat().st_size for _, p, why in found if not why)
        done = 0
        for name, path, why in found:
            self.progress(done, total, name)
            if why:
                self.results.append(FileResult(name, status="refused", reason=why))
                continue
            try:
                with open(path, "rb") as stream:
                    size = path.stat().st_size
                    self._take(name, stream, size)
                    done += size
            except (SourceRefused, PermissionError, IsADirectoryError) as error:
                reason = str(error) if isinstance(error, TecoloteError) else f"cannot be opened: {error.strerror}"
                self.results.append(FileResult(name, status="refused", reason=reason))
            self._save_if_due()
        self.progress(total, total, "")

    def _take(self, name: str, stream: BinaryIO, size: int) -> None:
        head = stream.read(512)
        if containers.kind(head):
            self._take_container(name, stream, size)
            return
        part = plan_file(name, stream, size, self.permission)
        if part.refused:
            self.results.append(FileResult(part.name, status="refused", reason=part.refused))
        elif part.public_spans:
            self._take_spans(part, stream)
        else:
            blob = self._keep(stream)
            self._read(part, blob, {"blob": blob, "container": None, "chain": []}, lambda: self.evidence.read(blob))

    def _take_container(self, name: str, stream: BinaryIO, size: int) -> None:
        parts = plan_container(name, stream, size, self.permission)
        refused = [p for p in parts if p.refused or p.public_spans]
        if not refused:
            outer = self._keep(stream)
            self._log_container(name, outer, size, "whole", parts)
            with self.evidence.read(outer) as kept:
                self._take_members(name, kept, size, parts, outer)
        else:
            stream.seek(0)
            self._log_container(name, _hash(stream), size, "members", parts)
            self._take_members(name, stream, size, parts, None)

    def _log_container(self, name: str, digest: str, size: int, kept: str, parts: list[Part]) -> None:
        if digest in self._containers:
            return
        self._containers.add(digest)
        private = sum(p.private_chats for p in parts)
        self.evidence.append(
            "import.container",
            payload={
                "name": name,
                "sha256": digest,
                "bytes": size,
                "kept": kept,
                "members": len(parts),
                "private_chats_left_out": private,
            },
            public={"bytes": size, "kept": kept},
        )
        self._dirty = True

    def _take_members(self, name: str, stream: BinaryIO, size: int, parts: list[Part], outer: str | None) -> None:
        """Members in two passes: files without a reader first, so that readers can name their hashes."""
        by_chain = {p.chain: p for p in parts}
        beside: dict[str, str] = {}
        for reading in (False, True):
            stream.seek(0)
            for member in containers.members(name, stream, containers.Budget.of(size)):
                part = by_chain[member.chain]
                if part.refused:
                    if not reading:
                        self.results.append(FileResult(part.name, status="refused", reason=part.refused))
                    continue
                if (part.reader is not None) is not reading:
                    continue
                if part.public_spans:
                    self._take_spans(part, member.stream)
                    continue
                where: dict[str, Any]
                if outer is None:
                    digest = blob = self._keep(member.stream)
                    where = {"blob": blob, "container": None, "chain": []}
                else:
                    digest = _hash(member.stream)
                    where = {"blob": None, "container": outer, "chain": list(part.chain)}
                beside[part.name.rsplit("/", 1)[-1].rsplit("!", 1)[-1]] = digest
                self._read(part, digest, where, lambda m=member: m.stream, beside)  # type: ignore[misc]

    def _take_spans(self, part: Part, stream: BinaryIO) -> None:
        """Public chats of a file whose private chats are left out: each range of bytes on its own."""
        for number, (start, length) in enumerate(part.public_spans):
            stream.seek(start)
            blob = self.evidence.put(_blocks(stream, length)).sha256
            piece = Part(f"{part.name}#{number}", part.chain, part.reader)
            where: dict[str, Any] = {"blob": blob, "container": None, "chain": [], "offset": start}
            self._read(piece, blob, where, lambda b=blob: self.evidence.read(b))  # type: ignore[misc]
            self.results[-1].status = "partly"
            self.results[-1].reason = f"{part.private_chats} private chats without consent were left out"

    def _keep(self, stream: BinaryIO) -> str:
        stream.seek(0)
        blob = self.evidence.put(_blocks(stream))
        self._unsaved_bytes += blob.size
        return blob.sha256

    # -- what is read

    def _read(
        self,
        part: Part,
        digest: str,
        where: dict[str, Any],
        opened: Callable[[], BinaryIO],
        beside: dict[str, str] | None = None,
    ) -> None:
        """Read a file whose bytes are kept, and log it."""
        settings = _settings(part, self.options, self.consent)
        known = self._known.get(digest)
        if known and known[1] == settings:
            self.results.append(FileResult(part.name, digest, settings["reader"], "duplicate", "already in the case"))
            return
        self._log_consent(part)
        name = f"private chat {digest[:8]}" if part.private and not self.options.keep_members else part.name
        reading = self._read_rows(part.reader, name, part.private, opened(), settings, beside or {})
        reading.result.path, reading.result.sha256 = part.name, digest
        payload = {
            "name": part.name,
            "shown_as": name,
            "sha256": digest,
            "private": part.private,
            **where,
            "settings": settings,
            "beside": reading.beside,
            "records_blob": reading.records.sha256 if reading.records else None,
            **{k: v for k, v in vars(reading.result).items() if k not in ("path", "sha256", "why")},
            "quarantine": reading.quarantine,
        }
        if known:
            payload["supersedes"] = known[0]
            self._write_pending(at_least=0)
            self._wait_for_writer()
            self.writing.drop_leaf(known[0])
        records = reading.records
        leaf = self.evidence.append(
            "import.file",
            payload=payload,
            public={
                "bytes": reading.size,
                "records": records.count if records else 0,
                "records_root": records.root if records else sha256().hexdigest(),
            },
        )
        if leaf != reading.leaf:
            raise RuntimeError(f"leaf {leaf} where {reading.leaf} was promised")
        self._known[digest] = (leaf, settings)
        self._dirty = True
        self.results.append(reading.result)
        self._write_pending(at_least=_PART_ROWS)

    def _log_consent(self, part: Part) -> None:
        if part.private and self.consent is not None and not self._consent_logged:
            self.evidence.append("consent", payload=self.consent.as_payload(), public={})
            self._consent_logged = True

    def _read_rows(
        self,
        reader: Reader | None,
        name: str,
        private: bool,
        stream: BinaryIO,
        settings: dict[str, Any],
        beside: dict[str, str],
        leaf: int | None = None,
    ) -> Reading:
        size = stream.seek(0, 2)
        leaf = self.evidence.size if leaf is None else leaf
        result = FileResult(name, source=reader.name if reader else None)
        if reader is None:
            result.status, result.reason = "kept", markup.remark(stream) or "kept, no reader"
            return Reading(result, size, leaf)
        sink = Sink()
        origin = Origin(name, leaf, reader.name, reader.version)
        give = _Collector(self, sink, origin, result, beside)
        if not private:
            sink.on_flush(_FLUSH_RECORDS, give)
        options = _options(settings)
        try:
            with no_collection():
                reader.read(Source(name, stream, size), sink, options)
        except TecoloteError as error:
            sink.quarantine("file", str(error))
        except Exception as error:  # a reader's defect costs this file's rest, never the run
            sink.quarantine("file", f"the reader stopped: {type(error).__name__}: {str(error)[:200]}")
        if private and not options.keep_members:
            key = self.case
            pseudonymise(sink, lambda platform, who: pseudonym(key, platform, who), options.consent_givers)
        give(sink)
        result.quarantined, result.notes = len(sink.quarantined), sink.notes
        result.why = [f"{where}: {why}" for where, why in sink.quarantined[:5]]
        reading = Reading(result, size, leaf, beside=give.found_beside)
        reading.quarantine = [list(q) for q in sink.quarantined[:_KEPT_QUARANTINE]]
        if sink.count:
            reading.records = self.evidence.put_records(sink.spans, sink.digests)
        return reading

    # -- what is written

    def collect(self, tables: dict[str, pa.Table], leaf: int) -> None:
        """Hold rows until there are enough for a file of their own."""
        for table, rows in tables.items():
            self._pending[table].append(rows)
            self._pending_rows += rows.num_rows
        if self._leaves[0] < 0:
            self._leaves[0] = leaf
        self._leaves[1] = leaf
        if self._pending_rows >= _PART_ROWS:
            self._write_pending(at_least=0)

    def _write_pending(self, at_least: int) -> None:
        if self._pending_rows <= at_least:
            return
        self._wait_for_writer()
        held, leaves = self._pending, list(self._leaves)
        self._pending = {table: [] for table in RECORD_TABLES}
        self._pending_rows, self._leaves = 0, [-1, -1]
        self._written = self._writer.submit(self._write, held, leaves)

    def _write(self, held: dict[str, list[pa.Table]], leaves: list[int]) -> None:
        for table, parts in held.items():
            if parts:
                label = f"{leaves[0]}-{leaves[1]}"
                self.writing.add(table, pa.concat_tables(parts), label=label, leaves=leaves)

    def _wait_for_writer(self) -> None:
        """Until what was handed to the writer is in its files; a failure of the writer is raised here."""
        if self._written is not None:
            self._written.result()
            self._written = None

    def _save_if_due(self) -> None:
        if self._unsaved_bytes > _COMMIT_BYTES or (self._dirty and time.monotonic() - self._saved_at > _COMMIT_S):
            self.finish()

    def finish(self) -> Checkpoint:
        """Make everything so far durable and visible; the checkpoint."""
        self._write_pending(at_least=0)
        self._wait_for_writer()
        checkpoint = publish_tables(self.evidence, self.writing)
        self._unsaved_bytes, self._dirty, self._saved_at = 0, False, time.monotonic()
        return checkpoint

    def catch_up(self, since: int | None = None) -> int:
        """Read again, from the evidence, every logged file whose rows are not in the tables; how many."""
        projected = read_manifest(self.case)["checkpoint"]["size"] if since is None else since
        behind = [e for e in live_files(self.evidence) if e.index >= projected and e.payload["source"]]
        for done, event in enumerate(behind):
            self.progress(done, len(behind), event.payload["shown_as"])
            self._project(event.index, event.payload)
        for event in self.evidence.events("import.file"):
            if event.index >= projected and event.payload.get("supersedes") is not None:
                self._write_pending(at_least=0)
                self._wait_for_writer()
                self.writing.drop_leaf(event.payload["supersedes"])
        return len(behind)

    def _project(self, leaf: int, payload: dict[str, Any]) -> None:
        settings = payload["settings"]
        reader = registry.by_name(settings["reader"], settings["reader_version"])
        stream = open_evidence(self.evidence, payload)
        known = self.evidence.records(leaf)
        reading = self._read_rows(
            reader, payload["shown_as"], payload["private"], stream, settings, payload["beside"], leaf
        )
        if reading.result.rows != payload["rows"] or (known.count if known else 0) != reading.count:
            raise SourceRefused(
                f"reading {payload['shown_as']} again gave other rows than leaf {leaf} says",
                "Run: tecolote verify",
            )
        self._write_pending(at_least=_PART_ROWS)


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
    records: Any = None
    quarantine: list[list[str]] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of raw records."""
        return self.records.count if self.records else 0


class _Collector:
    """Turns what a sink holds into tables, counts them, and links media to files beside the export."""

    def __init__(self, run: Import, sink: Sink, origin: Origin, result: FileResult, beside: dict[str, str]) -> None:
        self.run, self.origin, self.result, self.beside = run, origin, result, beside
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
        self.run.collect(tables, self.origin.leaf_index)

    def _widen(self, first: datetime | None, last: datetime | None) -> None:
        if first is None or last is None:
            return
        low, high = _stamp(first), _stamp(last)
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


def publish_tables(evidence: Evidence, writing: Writing) -> Checkpoint:
    """Commit the evidence, log the manifest's hash, and put the manifest in place; the checkpoint.

    The order matters: bytes and leaves first, then the leaf that names the manifest, then the manifest.
    Where nothing has changed nothing is logged.
    """
    checkpoint = evidence.commit()
    in_force = read_manifest(writing.case)
    manifest = writing.manifest({"size": checkpoint.size, "root": checkpoint.root})
    unread = any(e.index >= in_force["checkpoint"]["size"] for e in evidence.events("import.file"))
    if json.loads(manifest)["files"] == in_force["files"] and not unread:
        return checkpoint
    digest = sha256(manifest).hexdigest()
    # The hash of the manifest being replaced lets `verify` accept it if we are stopped before the rename.
    now = writing.case.corpus_folder / MANIFEST
    replaced = sha256(now.read_bytes()).hexdigest() if now.exists() else None
    public = {"manifest_sha256": digest, "replaces_sha256": replaced}
    evidence.append("tables", payload={"checkpoint": checkpoint.size}, public=public)
    checkpoint = evidence.commit()
    writing.commit(manifest)
    writing.sweep()
    return checkpoint


def _settings(part: Part, options: Options, consent: Consent | None) -> dict[str, Any]:
    """What decides how a file's bytes become rows; the same settings on the same bytes add nothing."""
    reader = part.reader
    return {
        "reader": reader.name if reader else None,
        "reader_version": reader.version if reader else None,
        "timezone": options.timezone,
        "date_order": options.date_order,
        "mapping": dict(sorted(options.mapping.items())),
        "observed_at": _stamp(options.observed_at) if options.observed_at else None,
        "keep_members": options.keep_members if part.private else False,
        "givers": sorted(consent.givers) if consent and part.private else [],
    }


def _options(settings: dict[str, Any]) -> Options:
    observed = settings["observed_at"]
    return Options(
        timezone=settings["timezone"],
        date_order=settings["date_order"],
        mapping=settings["mapping"],
        observed_at=datetime.fromisoformat(observed) if observed else None,
        keep_members=settings["keep_members"],
        consent_givers=frozenset(settings["givers"]),
    )


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _blocks(stream: BinaryIO, length: int | None = None) -> Iterator[bytes]:
    left = length
    while left is None or left > 0:
        block = stream.read(_BLOCK if left is None else min(_BLOCK, left))
        if not block:
            return
        if left is not None:
            left -= len(block)
        yield block


def _hash(stream: BinaryIO) -> str:
    stream.seek(0)
    digest = sha256()
    for block in _blocks(stream):
        digest.update(block)
    return digest.hexdigest()
