"""Power cuts by the thousand: ``python -m tests.evidence.durability.cuts --states 20000``.

Records a real workload with every call to the disk, builds the states that the disk may be in after a cut, opens
and repairs the case in each, and counts what was acknowledged and is gone. A tenth of the states are
cuts while a case that a first cut had left is opened and repaired. Prints a line for the program as it is, and one
for each planted bug, which must be caught.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from tests.evidence.durability import judge
from tests.evidence.durability.disk import Disk, Found, Recording, read_trace
from tests.evidence.durability.plants import PLANTS
from tests.evidence.durability.workload import WORK

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
#: Cuts of which a second cut, during the repair, is made.
FIRST_CUTS = 5
#: A folder in memory, where there is one: the trace knows what was safe, so the real disk need not.
MEMORY = Path("/dev/shm")
State = tuple[bytes, Found]


@dataclass
class Result:
    """States seen, how many of them differ, and how many violate a promise, by kind."""

    states: int = 0
    distinct: set[bytes] = field(default_factory=set)
    violating: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(self.kinds.items()))
        rate = self.states / self.seconds if self.seconds else 0
        return f"{self.violating:6} of {self.states:6} ({len(self.distinct)} distinct, {rate:.0f}/s) {kinds}"


def library(folder: Path) -> Path:
    """``disk.c``, compiled."""
    path = folder / "disk.so"
    if not path.exists():
        subprocess.run(
            ["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", path, HERE / "disk.c", "-lpthread"], check=True
        )
    return path


def record(folder: Path, work: str, plant: str = "none") -> Recording:
    """Do a piece of work on ``folder/disk`` and record it; the trace is checked against the folder afterwards."""
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    recording = Recording(Disk(disk), [])
    subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.evidence.durability.workload",
            work,
            plant,
            disk,
            folder / "trace",
            folder / "acks",
        ],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(library(folder.parent)), "TECOLOTE_KEYS": str(disk / judge.KEYS)},
        check=True,
    )
    recording.trace = list(read_trace(folder / "trace"))
    replayed = copy.deepcopy(recording.start)
    for op in recording.trace:
        if op.op != "A":
            replayed.apply(op)
    there = replayed.files()
    now = {p.relative_to(disk).as_posix(): p.read_bytes() for p in disk.rglob("*") if p.is_file()}
    differ = {name for name in now.keys() | there.keys() if now.get(name) != there.get(name)}
    if any(not name.endswith("-shm") for name in differ):
        raise AssertionError(f"the recorder has missed changes of {sorted(differ)}")
    return recording


def _quiet() -> None:
    """In a judging process: what it writes is thrown away, so nothing need be synced."""
    os.fsync = lambda handle: None


def _judge(job: tuple[Path, bytes, Found]) -> tuple[bytes, list[str]]:
    folder, said, files = job
    disk = folder / f"judged{os.getpid()}"
    judge.lay_out(files, disk)
    digest = hashlib.sha256()
    for name, raw in files.items():
        if not name.endswith("-shm"):
            digest.update(name.encode() + b"\0" + (b"folder" if raw is None else hashlib.sha256(raw).digest()))
    return digest.digest() + said[-1:], judge.violations(disk, said)


def weigh(states: Iterable[State], folder: Path, pool: ProcessPoolExecutor) -> Result:
    """Judge every state; in rounds, so that not all are held at once."""
    result, began = Result(), time.perf_counter()
    waiting: Iterator[State] = iter(states)
    while batch := list(islice(waiting, 200)):
        for digest, found in pool.map(_judge, [(folder, *state) for state in batch], chunksize=10):
            result.states += 1
            result.distinct.add(digest)
            if found:
                result.violating += 1
                result.kinds.update({what.split(":")[0] for what in found})
                result.examples += found[: 5 - len(result.examples)]
    result.seconds = time.perf_counter() - began
    return result


def second_cuts(recording: Recording, folder: Path, states: int, seed: int) -> Iterator[State]:
    """Cuts while a case that an earlier cut has left is opened, repaired and gone on with."""
    promised = [state for state in recording.cuts(12 * FIRST_CUTS, seed) if state[0]]
    for number in range(FIRST_CUTS):
        said, files = promised[number * len(promised) // FIRST_CUTS]
        inner = folder / f"second-{number}"
        judge.lay_out(files, inner / "disk")
        for more, found in record(inner, "again").cuts(states // FIRST_CUTS, seed + number):
            yield said + more, found


def run(
    folder: Path, states: int, seed: int, work: str = "whole", plant: str = "none", *, twice: bool = False
) -> Result:
    """Record ``work`` with ``plant`` and judge about ``states`` cuts of it, with ``twice`` also cuts of the repair."""
    inner = folder / re.sub(r"[^A-Za-z]+", "-", f"{work} {plant}")
    inner.mkdir()
    recording = record(inner, work, plant)
    with ProcessPoolExecutor(os.cpu_count(), initializer=_quiet) as pool:
        found = recording.cuts(states - states // 10 * twice, seed)
        more = second_cuts(recording, folder, states // 10, seed + 1) if twice else ()
        return weigh(chain(found, more), inner, pool)


def main(argv: list[str] | None = None) -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=20_000)
    parser.add_argument("--planted", type=int, default=400, help="states for each planted bug")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    failed = False
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        whole = run(folder, given.states, given.seed, twice=True)
        print(f"{'the program':28}{whole}", *whole.examples, sep="\n  ", flush=True)
        failed |= whole.violating > 0
        controls = [("whole", plant) for plant in PLANTS if plant != "none"]
        controls += [(work, "none") for work in WORK if work.startswith("sqlite")]
        for work, plant in controls:
            result = run(folder, given.planted, given.seed, work, plant)
            print(f"{plant if plant != 'none' else work:28}{result}", flush=True)
            failed |= (result.violating > 0) == (work == "sqlite-FULL")
    sys.exit("a promise was broken, or a planted bug was not caught" if failed else None)


if __name__ == "__main__":
    main()
