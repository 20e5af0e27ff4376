"""What is fuzzed: one function per reader and per parser, each with what must hold of whatever it is given.

A target takes bytes and returns nothing. It raises only if something is wrong: an exception that the code's contract
does not name, or rows that no file may give.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tecolote.corpus.rows import Origin, tables_of
from tecolote.errors import LimitExceeded, SourceRefused
from tecolote.records import DATA_COLUMNS
from tecolote.sources import archives, html_page, html_text, jsonbytes, markup, python_repr, registry, wacz
from tecolote.sources import private_shapes as shapes
from tecolote.sources.base import Options, Reader, Sink, Source
from tecolote.sources.members import pseudonymise

#: No fuzzed input may unpack to more: the fuzzer's own files are small.
_BUDGET = 4 << 20
_IDS = ("id", "account_id", "post_id", "thread_id", "in_reply_to_id", "version_of", "target_id", "src", "dst")
#: As a person would call the import: without a word, and with all that can be said.
_SAID = (
    Options(),
    Options(timezone="America/Mexico_City", date_order="dmy", observed_at=datetime(2026, 11, 1, tzinfo=UTC)),
)


def _text(words: Any) -> None:
    assert isinstance(words, str), type(words)
    words.encode()


def judge(raw: bytes, sink: Sink) -> None:
    """Assert what holds of every reading: spans, digests, ids, numbers, texts, and that tables can hold the rows."""
    for i in range(sink.count):
        start, length = sink.spans[2 * i : 2 * i + 2]
        assert start + length <= len(raw), "a span outside the file"
        assert hashlib.sha256(raw[start : start + length]).digest() == sink.digests[32 * i : 32 * i + 32]
    for locator, reason in sink.quarantined:
        _text(locator)
        _text(reason)
        assert reason, "quarantined without a reason"
    for note in sink.notes:
        _text(note)
    for table, rows in sink.rows.items():
        columns = ("rec", *DATA_COLUMNS[table])
        for row in rows:
            assert len(row) == len(columns), table
            assert 0 <= row[0] < sink.count, "a row of no record"
            for column, value in zip(columns, row, strict=True):
                _cell(f"{table}.{column}", column, value)
    given = sum(map(len, sink.rows.values()))
    refused = len(sink.quarantined)
    held = sum(table.num_rows for table in tables_of(sink, Origin("f", 0, "r", "1")).values())
    assert held + len(sink.quarantined) - refused == given, "a row that is neither in the tables nor quarantined"


def _cell(where: str, column: str, value: Any) -> None:
    if isinstance(value, str):
        value.encode()  # a lone surrogate cannot
        assert "\0" not in value, where
    elif isinstance(value, float):
        assert math.isfinite(value), where
    elif isinstance(value, datetime):
        assert value.tzinfo is not None, where
    assert column not in _IDS or value is None or isinstance(value, str), f"{where} is no text"


def _reading(reader: Reader) -> Callable[[bytes], None]:
    def run(raw: bytes) -> None:
        assert 0 <= reader.sniff(raw[:65536], "file") <= 1
        source = Source("file", io.BytesIO(raw), len(raw))
        chats = reader.chats(source)
        for chat in chats:
            _text(chat.title)
            for start, length in chat.spans or ():
                assert 0 <= start <= start + length <= len(raw), "a chat outside the file"
        sink = Sink()
        try:
            reader.read(source, sink, _SAID[len(raw) % 2])
        except SourceRefused as error:
            sink.quarantine("file", str(error))
        if any(chat.private for chat in chats):
            pseudonymise(sink, lambda platform, who: hashlib.sha256(who.encode()).hexdigest()[:8], ["Ana"])
        judge(raw, sink)

    return run


def _archives(raw: bytes) -> None:
    try:
        found = []
        for member in archives.members("f", io.BytesIO(raw), archives.Budget(_BUDGET)):
            assert isinstance(member.name, str)
            if not member.damage:
                try:
                    found.append((member.chain, member.stream.read()))
                except LimitExceeded:
                    raise
                except SourceRefused:
                    continue
        assert sum(len(data) for _, data in found) <= _BUDGET, "more than the budget came out"
        for chain, data in found[:3]:
            again = archives.open_member("f", io.BytesIO(raw), archives.Budget(_BUDGET), chain)
            assert again.read() == data, "a member is another one when opened by its chain"
    except SourceRefused:
        pass


def _json(raw: bytes) -> None:
    for into in (frozenset[str](), frozenset({"data", "messages", "a"})):
        sink = Sink()
        for piece in jsonbytes.pieces(Source("f", io.BytesIO(raw), len(raw)), sink, into):
            assert raw[piece.start : piece.start + len(piece.raw)] == piece.raw, "a span that is not its bytes"
            _text(piece.locator.encode("utf-8", "replace").decode())
            try:
                jsonbytes.decode(piece.raw, sink.note)
            except jsonbytes.Unreadable as bad:
                sink.quarantine("x", str(bad))
        judge(raw, sink)
    jsonbytes.glimpse(raw)


def _python_repr(raw: bytes) -> None:
    with contextlib.suppress(jsonbytes.Unreadable):
        python_repr.parse(raw.decode("utf-8", "surrogateescape"))


def _markup(raw: bytes) -> None:
    _text(markup.remark(io.BytesIO(raw)))
    _text(html_page.describe(raw))
    words, anchors = html_text.plain(raw.decode("utf-8", "replace"))
    assert words is None or isinstance(words, str)
    assert all(isinstance(anchor.href, str | None) for anchor in anchors)


def _wacz(raw: bytes) -> None:
    for fault in wacz.faults(io.BytesIO(raw)):
        _text(fault)


def _choice(raw: bytes) -> None:
    chosen = registry.pick(raw[:65536], "file")
    if chosen is None:
        _text(shapes.recognise(raw[:65536], "file"))


TARGETS: dict[str, Callable[[bytes], None]] = {
    **{module: _reading(reader) for module, reader in zip(registry.MODULES, registry.READERS, strict=True)},
    "archives": _archives,
    "json": _json,
    "python_repr": _python_repr,
    "markup": _markup,
    "wacz": _wacz,
    "choice": _choice,
}
