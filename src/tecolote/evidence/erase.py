"""Destroying bytes of the evidence: segments are written anew without them, and the old ones lose key and bytes.

The order makes it safe to stop at any point. The new segments and the tombstone are one commit: before it nothing is
lost, behind it the tombstone says which segments must go, and every later opening for writing goes on with it. Of an
old segment first the ciphertext is overwritten, then its key; a key that is still there says that it is not done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tecolote.errors import EvidenceError
from tecolote.evidence import log, segments
from tecolote.evidence.blobs import open_blob
from tecolote.evidence.canon import parse_canonical
from tecolote.evidence.erasure import TYPE, runs
from tecolote.evidence.recordset import RecordSet
from tecolote.evidence.segments import BLOB, PAYLOAD, RECORDS, Entry, Part, Row
from tecolote.evidence.store import Evidence

_Id = tuple[int, bytes]


@dataclass
class Removal:
    """What is to be destroyed.

    Attributes:
        ranges: SHA-256 (hex) of kept bytes to start and length of what goes from them.
        blobs: SHA-256 (hex) of kept bytes that go whole.
        records: leaf of a file to the records that go from its tree: their digests and salts.
        payloads: leaves whose payload goes.
    """

    ranges: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)
    records: dict[int, set[int]] = field(default_factory=dict)
    payloads: set[int] = field(default_factory=set)


@dataclass
class _Survey:
    """What the segments of the log hold.

    Attributes:
        rows: where they lie.
        entries: what is in them, as named last.
        named: the segments whose directories name it.
        twins: hashes (hex) of the blobs that lie at the same parts.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    entries: dict[_Id, Entry] = field(default_factory=dict)
    named: dict[_Id, set[int]] = field(default_factory=dict)
    twins: dict[tuple[Part, ...], set[str]] = field(default_factory=dict)


def erase(evidence: Evidence, removal: Removal, told: dict[str, Any], public: dict[str, Any]) -> int:
    """Destroy what ``removal`` names, under a tombstone; the tombstone's leaf.

    What was put before and not committed goes into the same commit.

    Args:
        evidence: open for writing.
        removal: what goes.
        told: payload of the tombstone; what was changed and destroyed is added to it.
        public: what the tombstone says in public beside the destroyed segments.

    Raises:
        EvidenceError: something cannot be read or written; nothing is destroyed then.
        KeyMissing: the key of a segment that holds other things as well is missing.
    """
    survey = _look(evidence)
    dropped = {(BLOB, bytes.fromhex(sha)) for sha in removal.blobs}
    dropped |= {(PAYLOAD, _payload_key(evidence, leaf)) for leaf in removal.payloads}
    patches: dict[int, list[tuple[int, bytes]]] = {}
    changed = set()
    for sha, ranges in removal.ranges.items():
        entry = survey.entries.get((BLOB, bytes.fromhex(sha)))
        if entry is None:
            raise EvidenceError(f"the bytes {sha} are missing", "Run: tecolote verify")
        changed.add(sha)
        for start, length in ranges:
            for segment, at, _, many in _within(entry, start, length):
                patches.setdefault(segment, []).append((at, bytes(many)))
    for leaf, records in removal.records.items():
        changed |= _patch_records(evidence, survey, leaf, records, patches)
    dead = set(patches).union(*(survey.named.get(id_, set()) for id_ in dropped))
    dead |= {part.segment for id_ in dropped if id_ in survey.entries for part in survey.entries[id_].parts}
    _rewrite(evidence, survey, dead, dropped, patches)
    leaf = evidence.append(
        TYPE, told | {"changed": sorted(changed), "gone": sorted(removal.payloads)}, public | {"segments": runs(dead)}
    )
    evidence.commit()
    evidence.settle()
    return leaf


def _look(evidence: Evidence) -> _Survey:
    """Every segment that is not destroyed, by the log and the segments' own directories."""
    found, dead = _Survey(), evidence.destroyed()
    for entry in log.scan(evidence._log, log.start(segments.case_tag(evidence.case.settings.id))):
        if entry.kind == log.SEGMENTS:
            found.rows |= {row.segment: row for row in Row.unpack_rows(entry.body) if row.segment not in dead}
    for row in found.rows.values():
        for entry_ in segments.unpack_entries(evidence._directory(row)):
            id_ = (entry_.kind, entry_.key)
            found.entries[id_] = entry_
            found.named.setdefault(id_, set()).add(row.segment)
    for (kind, key), entry_ in found.entries.items():
        if kind == BLOB:
            found.twins.setdefault(entry_.parts, set()).add(key.hex())
    return found


def _payload_key(evidence: Evidence, leaf: int) -> bytes:
    return bytes.fromhex(parse_canonical(evidence.leaf_bytes(leaf))["payload"])


def _within(entry: Entry, start: int, length: int) -> Iterator[tuple[int, int, int, int]]:
    """Where ``length`` bytes from ``start`` of a blob lie: segment, offset there, offset in the range, length."""
    at = 0
    for part in entry.parts:
        first, last = max(start, at), min(start + length, at + part.length)
        if first < last:
            yield part.segment, part.offset + first - at, first - start, last - first
        at += part.length


def _patch_records(
    evidence: Evidence, survey: _Survey, leaf: int, records: set[int], patches: dict[int, list[tuple[int, bytes]]]
) -> set[str]:
    """Put commitments in the place of digests, and zeros in that of salts; hash of what changes thereby."""
    root = parse_canonical(evidence.leaf_bytes(leaf))["records_root"]
    entry = survey.entries.get((RECORDS, bytes.fromhex(root)))
    if entry is None or not records:
        return set()
    with open_blob(entry, evidence._plain) as stream:
        known = RecordSet(stream.read())
    for record in sorted(records):
        for start, value in known.without(record):
            for segment, at, done, length in _within(entry, start, len(value)):
                patches.setdefault(segment, []).append((at, value[done : done + length]))
    return survey.twins.get(entry.parts, set())


def _rewrite(
    evidence: Evidence, survey: _Survey, dead: set[int], dropped: set[_Id], patches: dict[int, list[tuple[int, bytes]]]
) -> None:
    """Write the segments ``dead`` anew: what stays at its place, nothing else, and entries that point there."""
    stays = {
        id_: entry
        for id_, entry in survey.entries.items()
        if id_ not in dropped
        and (not survey.named[id_].isdisjoint(dead) or any(part.segment in dead for part in entry.parts))
    }
    kept: dict[int, list[Part]] = {}
    for entry in stays.values():
        for part in entry.parts:
            if part.segment in dead:
                kept.setdefault(part.segment, []).append(part)
    evidence.move(_fresh(evidence, kept, patches), stays.values())


def _fresh(
    evidence: Evidence, kept: dict[int, list[Part]], patches: dict[int, list[tuple[int, bytes]]]
) -> Iterator[tuple[int, memoryview]]:
    """The plaintext of each segment without what goes; one at a time, so that a large case needs no more memory."""
    for segment, parts in sorted(kept.items()):
        old = memoryview(evidence._plain(segment))
        plain = bytearray(len(old))
        for part in parts:
            plain[part.offset : part.offset + part.length] = old[part.offset : part.offset + part.length]
        for offset, value in patches.get(segment, ()):
            plain[offset : offset + len(value)] = value
        yield segment, memoryview(plain)


def redacted(chunks: Iterator[bytes], ranges: list[tuple[int, int]]) -> Iterator[bytes]:
    """The same bytes with zeros in ``ranges`` (start, length)."""
    at = 0
    for chunk in chunks:
        fresh = bytearray(chunk)
        for start, length in ranges:
            first, last = max(start - at, 0), min(start + length - at, len(fresh))
            if first < last:
                fresh[first:last] = bytes(last - first)
        at += len(fresh)
        yield bytes(fresh)


def digest_of(chunks: Iterable[bytes]) -> str:
    """SHA-256 (hex) of bytes that come in pieces."""
    hasher = hashlib.sha256()
    for chunk in chunks:
        hasher.update(chunk)
    return hasher.hexdigest()
