"""Web archives: places and digests against FastWARC and the standard library; nothing cut is ever passed."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import containers, wacz
from tecolote.sources.warc import READER
from tests.sources.reading import Sink, counts, read, rows

URL = "https://example.org/a"


def sample(data: Path, name: str) -> bytes:
    return (data / "exports" / "warc_wacz" / name).read_bytes()


def starts(sink: Sink) -> list[int]:
    return list(sink.spans[::2])


@pytest.mark.data
@pytest.mark.parametrize("name", ["example.warc.gz", "example-resource.warc.gz", "post-test.warc.gz"])
def test_records_lie_where_another_program_finds_them(data: Path, name: str) -> None:
    raw = sample(data, name)
    assert READER.sniff(raw[:65536], "renamed") == 0.95
    assert containers.kind(raw[:512]) is None
    sink = read(READER, raw)
    assert not sink.quarantined
    assert starts(sink) == [record.stream_pos for record in ArchiveIterator(io.BytesIO(raw), parse_http=False)]
    for i in range(sink.count):
        start, length = sink.spans[2 * i : 2 * i + 2]
        assert gzip.decompress(raw[start : start + length]).startswith(b"WARC/1.0\r\n")


@pytest.mark.data
def test_values_read_by_hand(data: Path) -> None:
    sink = read(READER, sample(data, "example.warc.gz"))
    assert counts(sink) == {"media": 1, "observations": 2}
    first, second = rows(sink, "observations")
    assert (first["target_id"], first["state"], first["reason"]) == ("http://example.com/", "live", "HTTP 200 OK")
    assert first["observed_at"] == datetime(2017, 3, 6, 4, 2, 6, tzinfo=UTC)
    assert second["observed_at"] == datetime(2017, 3, 6, 4, 3, 48, tzinfo=UTC)
    assert rows(sink, "media")[0]["sha256"] is None, "the body is compressed: its bytes do not lie there as they are"
    arc = sample(data, "example.arc")
    old = read(READER, arc)
    assert (old.count, old.quarantined) == (2, [])
    assert rows(old, "observations")[0]["observed_at"] == datetime(2014, 2, 16, 5, 2, 21, tzinfo=UTC)
    body = arc[arc.index(b"<!doctype html>") :][:1270]
    assert rows(old, "media")[0]["sha256"] == hashlib.sha256(body).hexdigest()
    posts = read(READER, sample(data, "post-test.warc.gz"))
    assert [m["id"] for m in rows(posts, "media")] == [
        "http://httpbin.org/post", "http://httpbin.org/post", "http://httpbin.org/post?foo=bar",
    ]  # fmt: skip


@pytest.mark.data
def test_what_is_damaged_is_said(data: Path) -> None:
    cut = read(READER, sample(data, "example-trunc.warc"))
    assert starts(cut) == [0, 488, 2566]
    assert [reason for _, reason in cut.quarantined] == ["another length than the 973 bytes that its header states"]
    digests = read(READER, sample(data, "example-digest.warc"))
    assert starts(digests) == [922, 1840, 2758]
    assert [place for place, _ in digests.quarantined] == ["record 0, byte 0"]
    whole = sample(data, "example.warc.gz")
    short = read(READER, whole[:-700])
    assert short.count == 4
    assert [reason for _, reason in short.quarantined] == ["cut off: its gzip member does not end"]


@pytest.mark.data
def test_a_wacz_is_checked_against_its_list(data: Path) -> None:
    good = sample(data, "valid_example_1.wacz")
    assert wacz.faults(io.BytesIO(good)) == []
    assert wacz.faults(io.BytesIO(sample(data, "invalid_example_1.wacz"))) == [
        "data/indexes/index.cdx.gz is listed and not there", "data/archive/test.txt is not listed",
    ]  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name)[:-1] + b"!" if "warc" in name else old.read(name))
    assert wacz.faults(out) == ["archive/example-collection.warc does not have the digest that is listed"]
    assert wacz.faults(io.BytesIO(b"PK\x03\x04 no")) != []
    members = containers.members("x.wacz", io.BytesIO(good), containers.Budget.of(len(good)))
    inner = next(m.stream.read() for m in members if m.name.endswith(".warc"))
    assert read(READER, inner).count == len(list(ArchiveIterator(io.BytesIO(inner), parse_http=False)))


def record(status: bytes, body: bytes, url: str = URL, more: bytes = b"") -> bytes:
    block = b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html\r\n\r\n" + body
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: <{url}>\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
    digest = b"WARC-Block-Digest: sha256:" + hashlib.sha256(block).hexdigest().encode() + b"\r\n"
    length = f"Content-Type: application/http;msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + more + digest + length.encode() + block + b"\r\n\r\n"


def test_answers_are_never_merged() -> None:
    answers = [
        b"200 OK",
        b"404 Not Found",
        b"410 Gone",
        b"451 Unavailable",
        b"403 No",
        b"301 Moved",
        b"503 Busy",
        b"200",
    ]
    sink = read(READER, b"".join(record(status, b"x") for status in answers))
    assert [(o["state"], o["reason"]) for o in rows(sink, "observations")] == [
        ("live", "HTTP 200 OK"), ("not_found", "HTTP 404 Not Found"), ("deleted", "HTTP 410 Gone"),
        ("withheld", "HTTP 451 Unavailable"), ("restricted", "HTTP 403 No"), ("unknown", "HTTP 301 Moved"),
        ("unknown", "HTTP 503 Busy"), ("live", "HTTP 200"),
    ]  # fmt: skip
    assert {o["target_id"] for o in rows(sink, "observations")} == {URL}
    assert {m["sha256"] for m in rows(sink, "media")} == {hashlib.sha256(b"x").hexdigest()}


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.booleans(), st.data())
def test_every_cut_is_reported_and_whole_records_stay(bodies: list[bytes], packed: bool, data: st.DataObject) -> None:
    parts = [record(b"200 OK", body, f"{URL}{n}") for n, body in enumerate(bodies)]
    files = [gzip.compress(part) for part in parts] if packed else parts
    raw = b"".join(files)
    assert [m["id"] for m in rows(read(READER, raw), "media")] == [f"{URL}{n}" for n in range(len(bodies))]
    keep = data.draw(st.integers(0, len(raw) - 1))
    sink = read(READER, raw[:keep])
    whole, left = 0, keep
    # A record counts once its block is whole; the four bytes behind it are not part of it.
    for part in files:
        need = len(part) if packed else len(part) - 4
        if left >= need:
            whole += 1
        left -= len(part)
    assert sink.count == whole
    rest = keep - sum(len(part) for part in files[:whole])
    assert bool(sink.quarantined) is (rest > 0)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_of_a_block_is_found(where: int, by: int) -> None:
    raw = bytearray(record(b"200 OK", b"testigo" * 40))
    start = raw.index(b"HTTP/1.1")
    at = start + where % (len(raw) - 4 - start)
    raw[at] ^= by
    sink = read(READER, bytes(raw))
    assert (sink.count, len(sink.quarantined)) == (0, 1)


def test_one_member_for_many_records_bombs_and_noise() -> None:
    together = gzip.compress(record(b"200 OK", b"a") + record(b"404 No", b"b"))
    sink = read(READER, together)
    assert [tuple(sink.spans[i : i + 2]) for i in (0, 2)] == [(0, len(together))] * 2
    assert any("compressed together" in note for note in sink.notes)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b"WARC/1.0\r\n" + bytes(100 << 20)) + packer.flush()
    assert "unpacks to more" in read(READER, bomb).quarantined[0][1]
    noise = b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\nx\r\n" + record(b"200 OK", b"y") + b"trailing"
    found = read(READER, noise)
    assert (found.count, len(found.quarantined)) == (1, 2)
    assert READER.sniff(b"filedesc://x 0 0 t 5\n", "") == 0.95
    endless = read(READER, b"WARC/1.0\r\n" * 100_000)
    assert len(endless.quarantined) == 1000
    assert "not read further" in endless.notes[0]


@pytest.mark.parametrize("between", [b"\r\n", b"\n", b"\r\n\r\n", b"\n\n", b"\r\n\r\n\r\n"])
@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\n\r\n"])
def test_records_with_one_line_break_between_them_are_whole(between: bytes, end: bytes) -> None:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhola"
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {URL}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
    one = head.encode() + b"Content-Type: application/http\r\nContent-Length: %d\r\n\r\n" % len(block) + block
    sink = read(READER, between.join([one, one, one]) + end)
    assert not sink.quarantined and counts(sink) == {"media": 3, "observations": 3}
    assert {sink.spans[i] for i in (1, 3, 5)} == {len(one)}
    short = one.replace(b"Content-Length: %d" % len(block), b"Content-Length: %d" % (len(block) - 1))
    assert len(read(READER, between.join([short, one]) + end).quarantined) == 1


def _record(kind: str, block: bytes, **headers: str) -> bytes:
    stated = {"WARC-Type": kind, "WARC-Target-URI": URL, "WARC-Date": "2024-01-01T00:00:00Z"} | headers
    stated |= {"Content-Type": "application/http", "Content-Length": str(len(block))}
    return (
        b"WARC/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in stated.items()).encode() + b"\r\n" + block + b"\r\n\r\n"
    )


def test_what_a_server_left_unchanged_is_live_and_gives_no_file() -> None:
    profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    raw = _record("revisit", b"HTTP/1.1 304 Not Modified\r\n\r\n", **{"WARC-Profile": profile})
    raw += _record("response", b"HTTP/1.1 304 Not Modified\r\n\r\n") + _record("revisit", b"")
    sink = read(READER, raw)
    assert counts(sink) == {"observations": 2} and not sink.quarantined
    assert {(o["state"], o["reason"]) for o in rows(sink, "observations")} == {("live", "HTTP 304 Not Modified")}


def test_a_capture_in_segments_has_no_hash_of_its_first_part() -> None:
    whole = "sha1:" + "A" * 32  # of the parts together
    first = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nho"
    raw = _record("response", first, **{"WARC-Segment-Number": "1", "WARC-Payload-Digest": whole})
    raw += _record("continuation", b"la", **{"WARC-Segment-Number": "2", "WARC-Segment-Total-Length": "46"})
    sink = read(READER, raw)
    assert not sink.quarantined and counts(sink) == {"media": 1, "observations": 1}
    assert rows(sink, "media")[0]["sha256"] is None and any("Segment" in note for note in sink.notes)
