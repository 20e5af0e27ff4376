"""Large files of lines, read by several processes: each takes a block of whole lines.

How a line is read depends on nothing but the line, so a block read elsewhere gives the same rows. Results
come back in the order of the file; only the index of a block's first record is added here.
"""

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.shared_memory import SharedMemory
from typing import BinaryIO

import pyarrow as pa

from tecolote.corpus.rows import Origin, no_collection, tables_of
from tecolote.sources.base import Options, Sink, Source

#: Smaller files are not worth starting processes for.
MIN_BYTES = 32 << 20
_BLOCK = 3 << 20
#: Blocks that may wait for each process, so that none is idle while the importer writes.
_AHEAD = 4


@dataclass
class Block:
    """What one block gave: rows by table, and the records' spans and digests as a `Sink` keeps them."""

    tables: dict[str, pa.Table]
    spans: bytes
    digests: bytes
    quarantined: list[tuple[str, str]]
    notes: list[str]

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self.digests) // 32


def workers() -> int:
    """How many processes this machine lets us use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_blocks(source: Source, origin: Origin, options: Options, count: int) -> Iterator[Block]:
    """The rows of a file of lines, block by block, in the order of the file.

    Args:
        source: the file; ``origin.reader`` must be a reader of lines.
        origin: what all rows share.
        options: what the user said.
        count: number of processes.
    """
    waiting: deque[tuple[Future[Block], SharedMemory]] = deque()
    # 'spawn': a fork would copy the locks of Arrow's and DuckDB's threads in whatever state they are.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        try:
            for first_line, start, data in _cut(source.open()):
                shared = SharedMemory(create=True, size=len(data))
                _view(shared)[: len(data)] = data
                piece = _Piece(source.name, source.head, shared.name, len(data), first_line, start)
                waiting.append((pool.submit(_read_block, piece, origin, options), shared))
                if len(waiting) > _AHEAD * count:
                    yield _taken(waiting)
            while waiting:
                yield _taken(waiting)
        finally:
            for future, shared in waiting:
                future.cancel()
                _release(shared)


def _taken(waiting: deque[tuple[Future[Block], SharedMemory]]) -> Block:
    """The result of the oldest block; its bytes are given back whatever happened."""
    future, shared = waiting.popleft()
    try:
        return future.result()
    finally:
        _release(shared)


def _view(shared: SharedMemory) -> memoryview:
    """The bytes of memory that is open."""
    if shared.buf is None:
        raise ValueError("the shared memory is closed")
    return shared.buf


def _release(shared: SharedMemory) -> None:
    shared.close()
    shared.unlink()


def _cut(stream: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Number of its first line (from 1), offset, and bytes of each block of whole lines."""
    line, offset = 1, 0
    rest = b""
    while True:
        data = stream.read(_BLOCK)
        cut = data.rfind(b"\n") + 1 if data else 0
        block = rest + data[:cut] if data else rest
        if data and not cut:
            rest += data
            continue
        rest = data[cut:]
        if block:
            yield line, offset, block
            line += block.count(b"\n")
            offset += len(block)
        if not data:
            return


@dataclass(frozen=True)
class _Piece:
    """A block as it goes to a worker: its bytes stay in memory that both see, a pipe would halve the speed."""

    name: str
    head: bytes
    memory: str
    size: int
    first_line: int
    start: int


def _read_block(piece: _Piece, origin: Origin, options: Options) -> Block:
    """Runs in a worker."""
    from tecolote.sources.registry import by_name

    shared = SharedMemory(piece.memory)
    data = io.BytesIO(_view(shared)[: piece.size])
    shared.close()
    source = Source(piece.name, data, piece.size, head=piece.head, first_line=piece.first_line, offset=piece.start)
    sink = Sink()
    with no_collection():
        by_name(origin.reader, origin.reader_version).read(source, sink, options)
    spans, digests = sink.spans.tobytes(), bytes(sink.digests)
    return Block(tables_of(sink, origin), spans, digests, sink.quarantined, sink.notes)
