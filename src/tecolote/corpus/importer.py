"""Import: bytes to evidence first, then records to tables.

For every file: plan (may it be kept, who reads it), keep its bytes, read its records, log one leaf
that commits to both, and only then make its rows visible. The same bytes again add nothing. After an
interruption the next import finds leaves whose rows are not in the tables yet and reads them again
from the evidence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tecolote.case import Case
from tecolote.corpus.asking import Questions, settled
from tecolote.corpus.commit import publish_tables
from tecolote.corpus.consents import ConsentLog
from tecolote.corpus.files import blocks, digest_of, live_files, open_evidence, remaining_rows
from tecolote.corpus.owners import Owners
from tecolote.corpus.pending import Pending
from tecolote.corpus.plan import Part, Permission, plan_container, plan_file, walk
from tecolote.corpus.reading import FileResult, read_rows, settings_of
from tecolote.corpus.stops import StopList, case_list, log_stop
from tecolote.corpus.store import Writing, read_manifest
from tecolote.errors import SourceRefused, TecoloteError
from tecolote.evidence import Checkpoint, Evidence
from tecolote.records import RECORD_TABLES
from tecolote.sources import containers, registry
from tecolote.sources.base import Options

if TYPE_CHECKING:
    from tecolote.sources.consent import Consent

Progress = Callable[[int, int, str], None]

_COMMIT_BYTES = 512 << 20
_COMMIT_S = 60.0


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
    stop_lists: Sequence[Path] = (),
    ask: Questions | None = None,
) -> ImportResult:
    """Take files, folders and containers of any supported format into a case.

    Args:
        case: the case; its lock is taken.
        paths: what to import.
        options: what the user said about the files.
        consent: record of the participant who gave private chats.
        progress: called with bytes done, bytes in all, and the current file.
        stop_lists: files of hashes that are never taken, beside the case's own; see `StopList.load`.
        ask: answers what neither files nor options say; None where nobody is there to ask.

    Raises:
        UsageError: a stop list cannot be read.
        CaseLocked: another process writes to the case.
    """
    stops = StopList.load([*case_list(case.root), *stop_lists])
    with case.writing():
        running = Import(case, options or Options(), consent, progress, stops, ask)
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
        running = Import(case, Options(), None, progress, StopList())
        running.writing.clear_records()
        count = running.catch_up(since=0)
        running.finish()
        return count


class Import:
    """One import while it runs: the evidence being written and the tables being filled."""

    def __init__(
        self,
        case: Case,
        options: Options,
        consent: Consent | None,
        progress: Progress | None,
        stops: StopList,
        ask: Questions | None = None,
    ) -> None:
        self.case = case
        self.options = options
        self.ask = ask
        self.progress = progress or (lambda done, total, name: None)
        self.evidence = Evidence.open(case, write=True)
        self.writing = Writing(case)
        self.results: list[FileResult] = []
        self.permission = Permission(consent, datetime.now(case.settings.zone).date(), stops, ask)
        self.pending = Pending(self.writing)
        self.owners = Owners()
        self._unsaved_bytes = 0
        self._dirty = False
        self._saved_at = time.monotonic()
        self._consents = ConsentLog(self.evidence)
        self._known: dict[str, dict[str | None, tuple[int, dict[str, Any]]]] = {}
        for event in live_files(self.evidence):
            self._remember(event.payload["sha256"], event.index, event.payload["settings"])
        self._containers = {e.payload["sha256"] for e in self.evidence.events("import.container")}

    # -- what is taken

    def take_all(self, paths: list[Path]) -> None:
        """Every file below ``paths``, one after the other; a file that fails never stops the rest."""
        found = list(walk(paths))
        self.owners.look(found)
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
        stopped = self.permission.stops.find(stream)
        if stopped is not None:
            self._refuse(Part(name, refused=stopped.reason, stopped=stopped))
            self._dirty |= log_stop(self.evidence, stopped)
            return
        head = stream.read(512)
        if containers.kind(head):
            self._take_container(name, stream, size)
            return
        part = plan_file(name, stream, size, self.permission, self.owners)
        if part.refused:
            self._refuse(part)
        elif part.public_spans:
            self._take_spans(part, stream)
        else:
            blob = self._keep(stream)
            self._read(part, blob, {"blob": blob, "container": None, "chain": []}, lambda: self.evidence.read(blob))

    def _take_container(self, name: str, stream: BinaryIO, size: int) -> None:
        parts = plan_container(name, stream, size, self.permission, self.owners)
        refused = [p for p in parts if p.refused or p.public_spans]
        if not refused:
            outer = self._keep(stream)
            self._log_container(name, outer, size, "whole", parts)
            with self.evidence.read(outer) as kept:
                self._take_members(name, kept, size, parts, outer)
        else:
            digest = digest_of(stream)
            self._log_container(name, digest, size, "members", parts)
            for part in parts:
                self._dirty |= part.stopped is not None and log_stop(self.evidence, part.stopped, digest, part.chain)
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
                "faults": [words for part in parts for words in part.faults],
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
                        self._refuse(part)
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
                    digest = digest_of(member.stream)
                    where = {"blob": None, "container": outer, "chain": list(part.chain)}
                beside[part.name.rsplit("/", 1)[-1].rsplit("!", 1)[-1]] = digest
                self._read(part, digest, where, lambda m=member: m.stream, beside)  # type: ignore[misc]

    def _take_spans(self, part: Part, stream: BinaryIO) -> None:
        """Public chats of a file whose private chats are left out: each range of bytes on its own."""
        for number, (start, length) in enumerate(part.public_spans):
            stream.seek(start)
            blob = self.evidence.put(blocks(stream, length)).sha256
            piece = Part(f"{part.name}#{number}", part.chain, part.reader)
            where: dict[str, Any] = {"blob": blob, "container": None, "chain": [], "offset": start}
            self._read(piece, blob, where, lambda b=blob: self.evidence.read(b))  # type: ignore[misc]
            self.results[-1].status = "partly"
            self.results[-1].reason = f"{part.private_chats} private chats without consent were left out"

    def _refuse(self, part: Part) -> None:
        self.results.append(FileResult(part.name, status="stopped" if part.stopped else "refused", reason=part.refused))

    def _keep(self, stream: BinaryIO) -> str:
        stream.seek(0)
        blob = self.evidence.put(blocks(stream))
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
        options = self.owners.options(part.name, part.reader, self.options)
        by_archive = options is not self.options
        if self.ask is not None:
            options = settled(self.ask, part, options, self._known.get(digest), opened)
        consent = self.permission.consent if part.private else None
        settings = settings_of(part.reader, part.private, options, consent)
        known = self._earlier(digest, settings, by_archive)
        if known and known[1] == settings:
            self._dirty |= consent is not None and self._consents.renews(consent, known[0])
            self.results.append(FileResult(part.name, digest, settings["reader"], "duplicate", "already in the case"))
            return
        if consent is not None:
            self._consents.takes(consent)
        name = f"private chat {digest[:8]}" if part.private and not self.options.keep_members else part.name
        reading = read_rows(
            self.case,
            self.evidence,
            self.pending,
            part.reader,
            name,
            part.private,
            opened(),
            settings,
            beside or {},
            self.evidence.size,
        )
        reading.result.path, reading.result.sha256 = part.name, digest
        reading.result.reason = "; ".join(part.faults) or reading.result.reason
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
            del self._known[digest][_owner(known[1])]
            self.pending.flush()
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
        self._remember(digest, leaf, settings)
        self._dirty = True
        self.results.append(reading.result)

    def _remember(self, digest: str, leaf: int, settings: dict[str, Any]) -> None:
        self._known.setdefault(digest, {})[_owner(settings)] = (leaf, settings)

    def _earlier(self, digest: str, settings: dict[str, Any], by_archive: bool) -> tuple[int, dict[str, Any]] | None:
        """The reading of the same bytes that this one repeats or replaces.

        The same bytes in the archives of two owners (both follow nobody) are two files, if the archives say so.
        """
        found = self._known.get(digest, {})
        if by_archive:
            return found.get(_owner(settings)) or found.get(None)
        return found.get(_owner(settings)) or next(reversed(found.values()), None)

    # -- what becomes visible

    def _save_if_due(self) -> None:
        if self._unsaved_bytes > _COMMIT_BYTES or (self._dirty and time.monotonic() - self._saved_at > _COMMIT_S):
            self.finish()

    def finish(self) -> Checkpoint:
        """Make everything so far durable and visible; the checkpoint."""
        self.pending.flush()
        self._consents.settle(self.permission.consent)
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
                self.pending.flush()
                self.writing.drop_leaf(event.payload["supersedes"])
        return len(behind)

    def _project(self, leaf: int, payload: dict[str, Any]) -> None:
        remaining = self.evidence.erasures().rows.get(leaf)
        if remaining is not None:
            # Records were erased from this file, so that its reader may not understand it any more.
            self.pending.take(remaining_rows(self.evidence, remaining), leaf)
            return
        settings = payload["settings"]
        reader = registry.by_name(settings["reader"], settings["reader_version"])
        stream = open_evidence(self.evidence, payload)
        known = self.evidence.records(leaf)
        reading = read_rows(
            self.case,
            self.evidence,
            self.pending,
            reader,
            payload["shown_as"],
            payload["private"],
            stream,
            settings,
            payload["beside"],
            leaf,
        )
        if reading.result.rows != payload["rows"] or (known.count if known else 0) != reading.count:
            raise SourceRefused(
                f"reading {payload['shown_as']} again gave other rows than leaf {leaf} says",
                "Run: tecolote verify",
            )


def _owner(settings: dict[str, Any]) -> str | None:
    owner: str | None = settings["mapping"].get("account_id")
    return owner
