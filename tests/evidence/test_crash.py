"""A kill at any moment leaves a store that verifies, opens and continues; nothing acknowledged is lost."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tecolote.case import Case
from tecolote.errors import EvidenceError
from tecolote.evidence import Evidence, log
from tecolote.evidence.verify import verify_case

KILLS = 40

# Writes files and events for ever; says each commit, once it has returned, on standard output.
WRITER = """
import random, sys
from tecolote.case import Case
from tecolote.evidence import Evidence, segments
segments.PACK_BYTES = 8 << 20
case = Case.open(sys.argv[1])
source = random.Random(int(sys.argv[2]))
with case.writing():
    ev = Evidence.open(case, write=True)
    print("ready", flush=True)
    while True:
        for _ in range(source.choice([1, 1, 5, 60])):
            n = ev.size
            size = source.choice([10, 3000, 200_000, 2_500_000])
            blob = ev.put([random.Random(n).randbytes(size)])
            ev.append("step", {"n": n, "size": size, "blob": blob.sha256})
            if source.random() < 0.02:
                ev.abort()
        point = ev.commit()
        print(point.size, point.root, flush=True)
"""


def run_and_kill(case: Case, seed: int, delay: float) -> list[str]:
    """Start the writer, kill it ``delay`` seconds after it is ready; the commits that it acknowledged."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(case.root), str(seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(delay)
    writer.send_signal(signal.SIGKILL)
    rest, errors = writer.communicate()
    assert first == b"ready\n", errors.decode()
    return [line.decode() for line in rest.split(b"\n")[:-1]]


def test_kills_at_random_moments(case: Case) -> None:
    source = random.Random(11)
    acknowledged: dict[int, str] = {}
    checked = 0
    for kill in range(KILLS):
        lines = run_and_kill(case, kill, source.uniform(0, 0.2))
        acknowledged |= {int(size): root for size, root in (line.split() for line in lines)}
        assert verify_case(case) == []
        with Evidence.open(case) as ev:
            assert ev.size >= max(acknowledged, default=0)
            assert all(ev.checkpoint(size).root == root for size, root in acknowledged.items())
            for index in range(checked, ev.size):
                event = ev.event(index).payload
                assert event["n"] == index
                assert ev.read(event["blob"]).read() == random.Random(index).randbytes(event["size"])
            checked = ev.size
    assert acknowledged
    with case.writing(), Evidence.open(case, write=True) as ev:
        ev.append("after", {})
        ev.commit()
    assert verify_case(case) == []


def packs_of(case: Case) -> list[Path]:
    return sorted((case.evidence_folder / "packs").glob("*.pack"))


def test_a_log_torn_at_any_byte_of_an_unacknowledged_commit_is_cut(case: Case, tmp_path: Path) -> None:
    with case.writing(), Evidence.create(case) as ev:
        ev.append("kept", {"n": 0})
        before = ev.commit()
    path, mark = log.log_path(case.evidence_folder), case.keys / "acknowledged"
    kept_log, kept_mark = path.read_bytes(), mark.read_bytes()
    with case.writing(), Evidence.open(case, write=True) as ev:
        ev.append("torn", {"n": 1})
        ev.put([b"x" * 5000])
        ev.commit()
    whole = path.read_bytes()
    keep = tmp_path / "whole"
    shutil.copytree(case.root, keep)
    for end in [*range(len(kept_log), len(whole), 7), len(whole) - 1]:
        path.write_bytes(whole[:end])
        mark.write_bytes(kept_mark)
        assert verify_case(case) == []
        with Evidence.open(case) as ev:
            assert ev.checkpoint() == before
        if end % 5 == 0:
            with case.writing(), Evidence.open(case, write=True) as ev:
                assert ev.append("again", {"n": 2}) == 1
                ev.commit()
            assert verify_case(case) == []
            shutil.rmtree(case.root)
            shutil.copytree(keep, case.root)
    path.write_bytes(whole)
    mark.write_bytes(kept_mark)
    with case.writing(), Evidence.open(case, write=True) as ev:
        assert ev.size == 2


def test_zeros_behind_the_log_are_cut(filled: Case) -> None:
    """Some file systems make a file longer before they write into it."""
    path = log.log_path(filled.evidence_folder)
    size = path.stat().st_size
    with open(path, "ab") as out:
        out.write(bytes(5000))
    assert verify_case(filled) == []
    with filled.writing(), Evidence.open(filled, write=True) as ev:
        ev.append("x", {})
        ev.commit()
    assert path.stat().st_size > size
    assert verify_case(filled) == []


def test_an_unacknowledged_end_of_a_pack_is_cut(filled: Case) -> None:
    sizes = [p.stat().st_size for p in packs_of(filled)]
    with open(packs_of(filled)[-1], "ab") as out:
        out.write(os.urandom(100_000))
    (filled.evidence_folder / "packs" / "000099.pack").write_bytes(b"begun")
    assert verify_case(filled) == []
    with filled.writing(), Evidence.open(filled, write=True):
        assert [p.stat().st_size for p in packs_of(filled)] == sizes


@pytest.mark.parametrize("bytes_lost", [1, 40, 400, 2000])
def test_what_was_acknowledged_is_never_cut(filled: Case, bytes_lost: int) -> None:
    path = log.log_path(filled.evidence_folder)
    raw = path.read_bytes()
    path.write_bytes(raw[:-bytes_lost])
    with filled.writing(), pytest.raises(EvidenceError, match="backup"):
        Evidence.open(filled, write=True)
    assert path.read_bytes() == raw[:-bytes_lost]
    changed = bytearray(raw)
    changed[-bytes_lost] ^= 1
    path.write_bytes(changed)
    with filled.writing(), pytest.raises(EvidenceError):
        Evidence.open(filled, write=True)
    assert path.read_bytes() == bytes(changed)


def test_a_pack_that_lost_acknowledged_bytes_is_not_written_to(filled: Case) -> None:
    path = packs_of(filled)[-1]
    os.truncate(path, path.stat().st_size - 10)
    with filled.writing(), pytest.raises(EvidenceError, match="backup"):
        Evidence.open(filled, write=True)


def test_a_full_drive_leaves_the_case_as_it_was(filled: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write in turn fails once; what follows is done or as before."""
    real = os.pwrite
    raw = random.Random(5).randbytes(9 << 20)
    for turn in range(40):
        calls = 0

        def failing(handle: int, data: bytes, offset: int, turn: int = turn) -> int:
            nonlocal calls
            calls += 1
            if calls == turn + 1:
                real(handle, bytes(data[: len(data) // 2]), offset)
                raise OSError(28, "No space left on device")
            return real(handle, data, offset)

        with filled.writing(), Evidence.open(filled, write=True) as ev:
            before = ev.checkpoint()
            monkeypatch.setattr(os, "pwrite", failing)
            try:
                blob = ev.put([raw + bytes([turn])])
                ev.append("x", {"blob": blob.sha256})
                after = ev.commit()
            except (EvidenceError, OSError):
                monkeypatch.setattr(os, "pwrite", real)
                ev.abort()
                after = None
            monkeypatch.setattr(os, "pwrite", real)
        if after is None or turn % 10 == 0:
            assert verify_case(filled) == []
        with Evidence.open(filled) as ev:
            assert ev.checkpoint() == before if after is None else ev.size == before.size + 1
            assert ev.has(hashlib.sha256(raw + bytes([turn])).hexdigest()) is (after is not None)
        if calls <= turn:
            break
    assert calls <= turn, "every write has failed once"
