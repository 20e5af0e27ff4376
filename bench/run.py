"""``make bench``: this program beside its peers and beside the machine's bare limits, in one run.

Every figure is a ratio within the run, because machines differ. Whole processes are timed; peak memory is
that of the largest process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench import x_v2_file

WORK = Path(__file__).parent / "work"
ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass
class Run:
    wall: float
    cpu: float
    peak_mb: float


def timed(command: list[str], one_core: bool = False, env: dict[str, str] | None = None) -> Run:
    """Run a command to its end; its wall seconds, CPU seconds and peak memory."""
    began = time.perf_counter()
    with open(WORK / "last.log", "wb") as log:
        child = subprocess.Popen(
            command,
            cwd=WORK,
            stdout=log,
            stderr=log,
            env={**os.environ, **(env or {})},
            preexec_fn=(lambda: os.sched_setaffinity(0, {0})) if one_core else None,
        )
        _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    if status:
        sys.exit(f"{' '.join(command[:4])} failed:\n{(WORK / 'last.log').read_text()[-2000:]}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(runs: list[Run]) -> Run:
    return sorted(runs, key=lambda r: r.wall)[len(runs) // 2]


def bare_python(code: str, *arguments: str, one_core: bool = False) -> Run:
    return timed([sys.executable, "-c", code, *arguments], one_core)


HASH = "import hashlib,sys; h=hashlib.sha256(); f=open(sys.argv[1],'rb')\nwhile b:=f.read(1<<22): h.update(b)"
READ = "import sys; f=open(sys.argv[1],'rb')\nwhile b:=f.read(1<<22): pass"
COPY = """
import hashlib, os, sys
h = hashlib.sha256(); f = open(sys.argv[1], 'rb'); o = open(sys.argv[2], 'wb')
while b := f.read(1 << 22):
    h.update(b); o.write(b)
o.flush(); os.fsync(o.fileno())
"""


def peers() -> Path:
    """An environment of its own for the peers, from bench.txt."""
    folder = ROOT / ".venv-bench"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.stat().st_mtime < (ROOT / "locks/bench.txt").stat().st_mtime:
        subprocess.check_call([sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps"]
        subprocess.check_call([*pip, "--require-hashes", "-r", str(ROOT / "locks/bench.txt")])
        stamp.touch()
    return folder / "bin"


def bench_import(size: int, rounds: int) -> None:
    file, small = WORK / "posts.jsonl", WORK / "posts-small.jsonl"
    posts = x_v2_file.write(file, size)
    few = x_v2_file.write(small, min(size, 60 << 20))
    print(f"X v2: {file.stat().st_size / 1e9:.2f} GB, {posts:,} posts")
    read = median([bare_python(READ, str(file)) for _ in range(rounds)])
    hashed = median([bare_python(HASH, str(file)) for _ in range(rounds)])
    copied = median([bare_python(COPY, str(file), str(WORK / "copy")) for _ in range(rounds)])
    ours, one = [], []
    for number in range(rounds):
        for pinned, into in ((False, ours), (True, one)):
            case = WORK / f"case{number}{pinned}"
            into.append(
                timed(
                    [str(BIN / "tecolote"), "import", str(file), "--case", str(case)],
                    pinned,
                    {"TECOLOTE_KEYS": str(WORK / "keys")},
                )
            )
            shutil.rmtree(case)
    to_csv = [str(peers() / "twarc2"), "--bearer-token", "none", "csv", str(small), str(WORK / "out.csv")]
    twarc = median([timed(to_csv) for _ in range(rounds)])
    mine, single = median(ours), median(one)
    peer_rate = few / twarc.wall
    rows = [
        ("bare read", posts / read.wall, read),
        ("bare SHA-256", posts / hashed.wall, hashed),
        ("bare read, SHA-256, write, fsync", posts / copied.wall, copied),
        ("tecolote import, two cores", posts / mine.wall, mine),
        ("tecolote import, one core", posts / single.wall, single),
        (f"twarc-csv ({few:,} posts)", peer_rate, twarc),
    ]
    print(f"{'':36}{'posts/s':>10}{'x twarc-csv':>13}{'peak MB':>9}{'wall s':>8}")
    for name, rate, run in rows:
        print(f"{name:36}{rate:10,.0f}{rate / peer_rate:13.1f}{run.peak_mb:9.0f}{run.wall:8.1f}")


def bench_start(rounds: int) -> None:
    python = median([bare_python("pass") for _ in range(rounds * 3)])
    version = median([timed([str(BIN / "tecolote"), "--version"]) for _ in range(rounds * 3)])
    ratio = version.wall / python.wall
    print(f"start: python {python.wall:.3f} s, tecolote --version {version.wall:.3f} s ({ratio:.1f} x)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-mb", type=int, default=1000, help="size of the X v2 file")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    try:
        bench_start(given.rounds)
        bench_import(given.size_mb * 1_000_000, given.rounds)
    finally:
        shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
