"""Bringing an index up to what the log says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tecolote.errors import TecoloteError
from tecolote.evidence import log, notes
from tecolote.evidence.index import Batch, Index, IndexDamaged, Meta
from tecolote.evidence.segments import Row, unpack_entries
from tecolote.evidence.tree import leaf_hash

_ROWS = 20_000


def catch_up(index: Index, path: Path, tag: bytes, directory: Callable[[Row], bytes]) -> Meta:
    """Add every whole commit of the log at ``path`` that ``index`` lacks; the state after the last.

    ``directory`` gives the plaintext of a segment's directory. One that cannot be read is left out: what it
    names cannot be found then, and `verify` says why.

    Raises:
        IndexDamaged: the index does not fit the log.
    """
    meta = index.meta() or _nothing(tag)
    if meta.log_end > log.HEADER_BYTES and not log.stands_at(path, log.Place(meta.log_end, meta.chain)):
        raise IndexDamaged("the index is not of this log")
    ready, group = Batch(), Batch()
    before, reached = meta, meta
    for found in log.scan(path, log.Place(meta.log_end, meta.chain)):
        meta = _take(found, group, meta, directory)
        if found.kind == log.CHECKPOINT:
            _move(group, ready)
            reached = meta
            if len(ready.leaves) + len(ready.entries) > _ROWS:
                index.apply(ready, reached)
                ready, before = Batch(), reached
    if reached != before:
        index.apply(ready, reached)
    return reached


def _nothing(tag: bytes) -> Meta:
    begin = log.start(tag)
    return Meta(begin.end, begin.chain, 0, 0, 0, 0)


def _take(found: log.Found, group: Batch, meta: Meta, directory: Callable[[Row], bytes]) -> Meta:
    """Add one entry to the open group; the state after it."""
    size, segment, pack, pack_end = meta.size, meta.segment, meta.pack, meta.pack_end
    if found.kind == log.LEAF:
        group.leaves.append((size, found.offset, leaf_hash(found.body), leaf_type(found.body)))
        size += 1
    elif found.kind == log.SEGMENTS:
        for row in Row.unpack_rows(found.body):
            group.segments.append(row)
            segment = max(segment, row.segment + 1)
            pack, pack_end = max((pack, pack_end), (row.pack, row.end))
            try:
                group.entries.extend(unpack_entries(directory(row)))
            except TecoloteError:
                continue
    else:
        _, at, _ = notes.parse_checkpoint(notes.Note.parse(found.body).text)
        group.checkpoints.append((at, found.offset))
    return Meta(found.place.end, found.place.chain, size, segment, pack, pack_end)


def leaf_type(body: bytes) -> str:
    """The type of an event from its leaf; empty if it says none."""
    try:
        type_ = json.loads(body)["type"]
    except (ValueError, KeyError, TypeError):
        return ""
    return type_ if isinstance(type_, str) else ""


def _move(group: Batch, ready: Batch) -> None:
    for name, rows in vars(group).items():
        getattr(ready, name).extend(rows)
        rows.clear()
