"""The child process that unpacks: what breaks it breaks nothing else, and it is used again."""

from __future__ import annotations

import io
import lzma
import os
import signal
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest

from tecolote.errors import LimitExceeded, SourceRefused
from tecolote.sources import containers
from tests.sources.test_containers import read, zipped

BIG = os.urandom(1 << 20) * 3


def test_large_members_are_read_in_any_order_while_another_archive_is_open() -> None:
    one, two = zipped({"a": BIG, "b": b"small", "c": BIG[::-1]}), zipped({"x": BIG})
    outer = containers.members("one", io.BytesIO(one), containers.Budget.of(len(one)))
    first = next(outer)
    other = containers.open_member("two", io.BytesIO(two), len(two), (0,))
    first.stream.seek(2 << 20)
    assert first.stream.read(100) == BIG[2 << 20 :][:100]
    assert other.read(500_000) == BIG[:500_000]
    first.stream.seek(5)
    assert first.stream.read(5) == BIG[5:10]
    assert [m.stream.read() for m in outer] == [b"small", BIG[::-1]]
    assert other.seek(0, 2) == len(BIG)
    other.close()
    with pytest.raises(SourceRefused, match="moved on"):
        first.stream.seek(0, 2)


def test_an_archive_that_wants_too_much_memory_is_refused_and_the_next_is_read() -> None:
    raw = bytearray(_lzma_zip(b"x" * 1000))
    at = raw.index(struct.pack("<BBH", 9, 4, 5))
    raw[at + 5 : at + 9] = struct.pack("<I", 0xFFFF0000)  # the dictionary that the decoder has to make room for
    with pytest.raises(LimitExceeded, match="memory"):
        read(bytes(raw))
    assert read(zipped({"a": b"1"})) == [((0,), "f!a", b"1")]


def _lzma_zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", data)
    return out.getvalue()


def test_a_child_that_dies_costs_its_archive_alone() -> None:
    raw = zipped({"a": BIG, "b": b"2"})
    outer = containers.members("f", io.BytesIO(raw), containers.Budget.of(len(raw)))
    member = next(outer)
    os.kill(_child_of(), signal.SIGKILL)
    with pytest.raises(LimitExceeded, match="unpack it yourself"):
        member.stream.seek(0, 2)
    with pytest.raises(SourceRefused):
        next(outer)
    assert read(raw)[1] == ((1,), "f!b", b"2")


def _child_of() -> int:
    """The process under way: the only one that is ours, runs the unpacker and is not idle."""
    idle = {child._process.pid for child in containers._idle}
    listed = subprocess.run(["ps", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    (found,) = {int(p) for p, parent, args in rows if int(parent) == os.getpid() and "unpacker" in args} - idle
    return found


def test_time_without_progress_ends_the_child() -> None:
    lines = "import tecolote.sources.unpacker as u\nu.SECONDS = 0\nu._allow()\nwhile True:\n    pass\n"
    done = subprocess.run([sys.executable, "-c", lines], check=False, timeout=60)
    assert -done.returncode in (signal.SIGXCPU, signal.SIGKILL)


def test_nothing_is_imported_from_the_folder_of_the_files(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "zipfile.py").write_text("raise SystemExit\n")
    (tmp_path / "lzma.py").write_text("raise SystemExit\n")
    monkeypatch.chdir(tmp_path)
    containers._stop_idle()
    assert read(lzma.compress(b"hola")) == [((0,), "f!f", b"hola")]


def test_damage_far_inside_a_member_is_said_when_it_is_reached() -> None:
    raw = bytearray(zipped({"a": BIG, "b": b"whole"}))
    raw[2 << 20] ^= 0xFF
    outcome = []
    for member in containers.members("f", io.BytesIO(bytes(raw)), containers.Budget.of(len(raw))):
        try:
            outcome.append(zlib.crc32(member.stream.read()))
        except SourceRefused as error:
            outcome.append(str(error))
    assert "cannot be read" in str(outcome[0])
    assert outcome[1] == zlib.crc32(b"whole")
