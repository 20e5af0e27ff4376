"""Where the bytes of a file lie: on their own, and in containers that are kept whole.

From a zip the member's compressed bytes go and the rest stays readable. Any other container cannot lose a part: it
goes whole, and its other members are kept on their own from then on.
"""

from __future__ import annotations

import contextlib
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import BinaryIO

from tecolote.corpus.files import open_evidence
from tecolote.errors import SourceRefused
from tecolote.evidence import Event, Evidence
from tecolote.evidence.erase import Removal, digest_of, redacted
from tecolote.lifecycle.plan import Plan
from tecolote.sources import containers

_BLOCK = 1 << 20
_LOCAL = struct.Struct("<4s22xHH")


@dataclass
class Placing:
    """What the plan means for the kept bytes.

    Attributes:
        removal: for `tecolote.evidence.erase.erase`.
        overlay: leaf to the fields by which its bytes are found from now on.
    """

    removal: Removal = field(default_factory=Removal)
    overlay: dict[int, dict[str, object]] = field(default_factory=dict)


def place(evidence: Evidence, plan: Plan) -> Placing:
    """Find every place of the bytes that go, and put aside what stays of containers that cannot lose a part."""
    return _Placing(evidence, plan).find()


class _Placing:
    def __init__(self, evidence: Evidence, plan: Plan) -> None:
        self._evidence, self._plan, self._made = evidence, plan, Placing()
        gone = evidence.erasures().files
        self._files = {e.index: e for e in evidence.events("import.file") if e.index not in gone}
        self._containers = [
            e for e in evidence.events("import.container") if e.payload["kept"] == "whole" and evidence.has(_blob(e))
        ]
        self._ranges: dict[str, list[tuple[int, int]]] = {}  # by the hash of the file

    def find(self) -> Placing:
        plan, removal = self._plan, self._made.removal
        removal.records = {leaf: set(records) for leaf, records in plan.records.items() if records}
        removal.payloads = plan.files | plan.containers
        for leaf, records in plan.records.items():
            if leaf not in plan.files:
                known = self._evidence.records(leaf)
                self._ranges.setdefault(_blob(self._files[leaf]), []).extend(known.span(r) for r in sorted(records))
        wholes = {_blob(self._files[leaf]) for leaf in plan.files}
        for digest in wholes | set(self._ranges):
            for blob in self._own(digest):
                if digest in wholes:
                    removal.blobs.add(blob)
                else:
                    removal.ranges[blob] = self._ranges[digest]
        for event in self._containers:
            if event.index in plan.containers:
                removal.blobs.add(_blob(event))
            else:
                self._container(event, wholes | set(self._ranges))
        return self._made

    def _own(self, digest: str) -> set[str]:
        """The blobs that hold a file on its own; one that was erased from before has another name."""
        named = {e.payload["blob"] for e in self._files.values() if _blob(e) == digest and e.payload["blob"]}
        return {blob for blob in named | {digest} if self._evidence.has(blob)}

    # -- containers

    def _container(self, event: Event, digests: set[str]) -> None:
        blob = _blob(event)
        members = [e for e in self._files.values() if e.payload["container"] == blob]
        tops = {e.payload["chain"][0] for e in members if _blob(e) in digests}
        with self._evidence.read(blob) as stream:
            tops |= self._hidden(stream, event, digests, {tuple(e.payload["chain"]) for e in members})
            if not tops:
                return
            ranges = _zip_ranges(stream, tops)
        if ranges is None:
            self._made.removal.blobs.add(blob)
            self._made.overlay[event.index] = {"kept": "members"}
        else:
            self._made.removal.ranges[blob] = ranges
        for member in members:
            if (ranges is None or member.payload["chain"][0] in tops) and member.index not in self._plan.files:
                self._put_aside(member)

    def _hidden(self, stream: BinaryIO, event: Event, digests: set[str], known: set[tuple[int, ...]]) -> set[int]:
        """Positions of members that are the same file as one imported before, and so have no leaf of their own."""
        sizes = {int(e.public["bytes"]) for e in self._files.values() if _blob(e) in digests}
        found = set()
        budget = containers.Budget.of(int(event.public["bytes"]))
        stream.seek(0)
        for member in containers.members("container", stream, budget):
            if member.chain in known or member.chain[0] in found:
                continue
            with contextlib.suppress(SourceRefused):  # what an earlier erasure took cannot be unpacked
                if member.stream.seek(0, 2) in sizes:
                    member.stream.seek(0)
                    if digest_of(_blocks(member.stream)) in digests:
                        found.add(member.chain[0])
        return found

    def _put_aside(self, member: Event) -> None:
        """Keep a member on its own, without the records that go."""
        ranges = sorted(self._ranges.get(_blob(member), ()))
        with open_evidence(self._evidence, member.payload) as stream:
            kept = self._evidence.put(redacted(_blocks(stream), ranges))
        self._made.overlay[member.index] = {"blob": kept.sha256, "container": None, "chain": []}


def _blob(event: Event) -> str:
    digest: str = event.payload["sha256"]
    return digest


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _zip_ranges(stream: BinaryIO, tops: set[int]) -> list[tuple[int, int]] | None:
    """Start and length of the compressed bytes of entries; None where they cannot go without others."""
    stream.seek(0)
    if containers.kind(stream.read(512)) != "zip":
        return None
    try:
        entries = zipfile.ZipFile(stream).infolist()
        spans = []
        for info in entries:
            stream.seek(info.header_offset)
            magic, name, extra = _LOCAL.unpack(stream.read(_LOCAL.size))
            if magic != b"PK\x03\x04":
                return None
            spans.append((info.header_offset + _LOCAL.size + name + extra, info.compress_size))
    except (zipfile.BadZipFile, struct.error, ValueError, OSError):
        return None
    ordered = sorted(spans)
    if any(a + size > b for (a, size), (b, _) in pairwise(ordered)):
        return None  # entries that share bytes
    files = [span for span, info in zip(spans, entries, strict=True) if not info.is_dir()]
    return [files[position] for position in sorted(tops)]
