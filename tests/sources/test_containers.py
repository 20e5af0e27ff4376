"""Containers are opened entry by entry, within limits, and nothing is written."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.errors import LimitExceeded, SourceRefused
from tecolote.sources import containers


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return out.getvalue()


def read(data: bytes) -> list[tuple[tuple[int, ...], str, bytes]]:
    found = containers.members("f", io.BytesIO(data), containers.Budget.of(len(data)))
    return [(m.chain, m.name, m.stream.read()) for m in found]


@settings(deadline=None)  # the first archive starts a process
@given(st.dictionaries(st.text("abc/.", min_size=1, max_size=12), st.binary(max_size=4000), min_size=1, max_size=6))
def test_members_come_back_and_open_again_by_their_chain(entries: dict[str, bytes]) -> None:
    names = {n: d for n, d in entries.items() if not n.endswith("/") and not containers.kind(d)}
    for data in (zipped(names), gzip.compress(tarred(names)), lzma.compress(tarred(names))):
        found = read(data)
        assert [content for _, _, content in found] == list(names.values())
        for chain, _, content in found:
            assert containers.open_member("f", io.BytesIO(data), len(data), chain).read() == content


def test_a_nested_archive_is_opened_and_named_through() -> None:
    inner = zipped({"post.json": b"{}"})
    assert read(zipped({"a.txt": b"x", "in.zip": inner})) == [
        ((0,), "f!a.txt", b"x"),
        ((1, 0), "f!in.zip!post.json", b"{}"),
    ]


def test_seeking_back_in_a_member_unpacks_again_without_spending_twice() -> None:
    data = zipped({"a": bytes(range(256)) * 4000})
    member = next(iter(containers.members("f", io.BytesIO(data), containers.Budget(1_100_000))))
    for _ in range(5):
        member.stream.seek(1000)
        assert member.stream.read(3) == bytes([232, 233, 234])
    assert member.stream.seek(0, 2) == 1_024_000


def test_a_bomb_is_refused_by_what_comes_out() -> None:
    bomb = zipped({"zeros": bytes(200 << 20)})
    with pytest.raises(LimitExceeded):
        read(bomb)
    with pytest.raises(LimitExceeded):
        read(gzip.compress(bytes(200 << 20)))


def test_depth_is_limited() -> None:
    data = b"{}"
    for _ in range(8):
        data = zipped({"deeper.zip": data})
    with pytest.raises(LimitExceeded):
        read(data)


def test_a_damaged_member_does_not_hide_the_others() -> None:
    data = bytearray(zipped({"bad": bytes(range(256)) * 50, "good": b"still here"}))
    data[60] ^= 0xFF
    found = containers.members("f", io.BytesIO(bytes(data)), containers.Budget.of(len(data)))
    outcome = []
    for member in found:
        try:
            outcome.append(member.damage or member.stream.read())
        except SourceRefused as error:
            outcome.append(str(error))
    assert outcome[1] == b"still here"
    assert "cannot be read" in str(outcome[0])


def test_an_encrypted_zip_says_what_to_do() -> None:
    data = bytearray(zipped({"a": b"secret"}))
    data[6] |= 1
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(SourceRefused, match="encrypted"):
        read(bytes(data))


@pytest.mark.data
def test_hostile_archives_end_as_specified(data: Path) -> None:
    folder = data / "evidence" / "hostile"
    for name in ("zip-nested.zip", "xz-bomb.json.xz"):
        with pytest.raises(LimitExceeded):
            read((folder / name).read_bytes())
    for name in ("zip-path-000.zip", "zip-path-003.zip", "zip-path-006.zip", "zip-path-009.zip"):
        assert any(n.endswith("good.json") and c for _, n, c in read((folder / name).read_bytes()))
    assert containers.kind((folder / "zip-prefix-html.zip").read_bytes()) is None


def test_zstandard_streams_come_out_whole_or_are_refused() -> None:
    plain = bytes(range(256)) * 5000
    frame = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True, write_checksum=True)
    ).compress(plain)
    assert containers.kind(frame) == "zstd"
    assert read(frame) == [((0,), "f!f", plain)]
    assert read(frame + frame)[0][2] == plain * 2
    again = containers.open_member("f", io.BytesIO(frame), len(frame), (0,))
    again.seek(1_000_000)
    assert again.read(2) == plain[1_000_000:1_000_002]
    again.seek(3)
    assert again.read(2) == plain[3:5]
    for cut in (5, 20, len(frame) - 1):
        with pytest.raises(SourceRefused):
            for member in containers.members("f", io.BytesIO(frame[:cut]), containers.Budget.of(cut)):
                if member.damage:
                    raise SourceRefused(member.damage)
                member.stream.read()
    with pytest.raises(SourceRefused):
        damaged = frame[:40] + bytes(8) + frame[48:]
        for member in containers.members("f", io.BytesIO(damaged), containers.Budget.of(len(damaged))):
            if member.damage:
                raise SourceRefused(member.damage)
            member.stream.read()


def test_a_zstandard_bomb_is_refused_by_what_comes_out() -> None:
    with pytest.raises(LimitExceeded):
        read(zstandard.ZstdCompressor().compress(bytes(200 << 20)))


def test_a_compressed_web_archive_is_no_container() -> None:
    assert containers.kind(gzip.compress(b"WARC/1.0\r\nWARC-Type: warcinfo\r\n")) is None
    assert containers.kind(gzip.compress(b"filedesc://x 0 0 text/plain 5\n")) is None
    assert containers.kind(gzip.compress(b"WAR")) == "gzip"
