"""What is put into a pack is what a reader finds there, past the page cache or through it."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.evidence import packfile
from tecolote.evidence.packfile import BLOCK, PackFile

STEPS = st.lists(
    st.tuples(st.integers(1, 3 * BLOCK + 5), st.sampled_from(["go on", "settle", "sync", "reopen", "cut"])), max_size=12
)


def write(path: Path, steps: list[tuple[int, str]]) -> bytes:
    """Put pieces of these lengths one behind the other; what the file must hold."""
    source, expected, file = random.Random(1), b"", PackFile(path, fresh=True)
    for length, then in steps:
        piece = source.randbytes(length)
        file.room(len(expected), length)[:] = piece
        file.put(len(expected), length)
        expected += piece
        if then != "go on":
            file.sync() if then == "sync" else file.settle()
            assert path.read_bytes() == expected
        if then == "cut":
            expected = expected[: source.randrange(len(expected) + 1)]
        if then in ("reopen", "cut"):
            file.close()
            os.truncate(path, len(expected))
            file = PackFile(path)
    file.settle()
    file.close()
    return expected


@settings(max_examples=60, deadline=None)
@given(STEPS, st.booleans())
def test_any_pieces_in_any_order_of_settling(steps: list[tuple[int, str]], direct: bool) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(packfile, "DIRECT_BYTES", BLOCK if direct else 1 << 30)
        assert write(Path(folder) / "pack", steps) == (Path(folder) / "pack").read_bytes()


STEPS_OF_ALL_KINDS = [(9000, "go on"), (5000, "settle"), (20_000, "go on"), (70, "go on")]


def is_direct(handle: int) -> bool:
    return bool(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_DIRECT)


def test_a_file_system_that_refuses_to_open_for_direct_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: Path, flags: int, mode: int = 0o600) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(path, flags, mode)

    monkeypatch.setattr(packfile, "DIRECT_BYTES", BLOCK)
    monkeypatch.setattr(os, "open", refuse)
    assert write(tmp_path / "pack", STEPS_OF_ALL_KINDS) == (tmp_path / "pack").read_bytes()


@pytest.mark.parametrize("taken", [0, 512, BLOCK, BLOCK + 512])
def test_a_direct_write_that_is_refused_or_taken_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    real = os.pwrite

    def partly(handle: int, data: memoryview, offset: int) -> int:
        if not is_direct(handle):
            return real(handle, data, offset)
        if not taken:
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(handle, data[:taken], offset)

    monkeypatch.setattr(packfile, "DIRECT_BYTES", BLOCK)
    monkeypatch.setattr(os, "pwrite", partly)
    assert write(tmp_path / "pack", STEPS_OF_ALL_KINDS) == (tmp_path / "pack").read_bytes()


def test_a_full_drive_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, data: memoryview, offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    for length in (10, packfile.DIRECT_BYTES + 10):
        file = PackFile(tmp_path / "pack", fresh=True)
        file.room(0, length)
        with pytest.raises(OSError, match="No space"):
            file.put(0, length)
        file.close()
