"""A power cut at any moment loses nothing acknowledged and leaves a case that opens; planted bugs are caught."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.evidence.durability.cuts import MEMORY, run
from tests.evidence.durability.disk import Disk, Found, Op, Style
from tests.evidence.durability.plants import PLANTS

pytestmark = pytest.mark.cc
STATES, PLANTED = 1000, 100


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)


def test_a_thousand_power_cuts(folder: Path) -> None:
    found = run(folder, STATES, 1, twice=True)
    assert found.states > STATES * 0.95 and len(found.distinct) > STATES / 2
    assert found.violating == 0, found.examples


@pytest.mark.parametrize("plant", [name for name in PLANTS if name != "none"])
def test_a_planted_bug_is_caught(folder: Path, plant: str) -> None:
    assert run(folder, PLANTED, 2, plant=plant).violating > 0


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_rows_of_sqlite_are_lost_without_full_syncs(folder: Path, level: str) -> None:
    assert run(folder, PLANTED, 3, f"sqlite-{level}").kinds["lost"] > 0


def test_rows_of_sqlite_survive_with_full_syncs(folder: Path) -> None:
    assert run(folder, PLANTED, 3, "sqlite-FULL").violating == 0


def cut(disk: Disk, names: str, data: str, seed: int = 1) -> Found:
    return disk.cut(Style(random.Random(seed), names, data))


def test_the_model_keeps_what_posix_promises_and_no_more(tmp_path: Path) -> None:
    disk, top = Disk(tmp_path), str(tmp_path)
    disk.apply(Op("C", 11, 0, 0, f"{top}/a", b""))
    disk.apply(Op("W", 11, 0, 0, "", b"x" * 2000))
    disk.apply(Op("S", 11, 0, 0, "", b""))
    assert cut(disk, "none", "all") == {}, "a synced file is lost with its name"
    assert cut(disk, "all", "none") == {"a": b"x" * 2000}
    disk.apply(Op("S", tmp_path.stat().st_ino, 0, 1, "", b""))
    disk.apply(Op("W", 11, 1000, 0, "", b"y" * 1500))
    assert cut(disk, "none", "none") == {"a": b"x" * 2000}
    found = {cut(disk, "some", "some", seed)["a"] or b"" for seed in range(300)}
    edges = [1000, 1024, 1536, 2048, 2500]
    for raw in found:
        whole = raw.ljust(2500, b"\0")
        assert whole[:1000] == b"x" * 1000
        for start, end in pairwise(edges):
            assert whole[start:end].strip(b"x\0") in (b"", b"y" * (end - start)), "a sector is one or the other"
    assert len(found) > 8, "lost, torn and whole"
    disk.apply(Op("R", 0, 0, 0, f"{top}/a", f"{top}/b".encode()))
    assert set(cut(disk, "none", "none")) == {"a"}
    assert set(cut(disk, "all", "none")) == {"b"}, "a rename is one step"
