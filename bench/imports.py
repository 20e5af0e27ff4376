"""Import of X API v2 beside twarc-csv, a bare copy and a bare hash: ``python -m bench.imports``."""

from __future__ import annotations

import argparse
import shutil

from bench import x_v2_file
from bench.run import BIN, WORK, bare_python, median, peers, timed

HASH = "import hashlib,sys; h=hashlib.sha256(); f=open(sys.argv[1],'rb')\nwhile b:=f.read(1<<22): h.update(b)"
READ = "import sys; f=open(sys.argv[1],'rb')\nwhile b:=f.read(1<<22): pass"
COPY = """
import hashlib, os, sys
h = hashlib.sha256(); f = open(sys.argv[1], 'rb'); o = open(sys.argv[2], 'wb')
while b := f.read(1 << 22):
    h.update(b); o.write(b)
o.flush(); os.fsync(o.fileno())
"""


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


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-mb", type=int, default=1000, help="size of the X v2 file")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(argv)
    WORK.mkdir(exist_ok=True)
    try:
        bench_import(given.size_mb * 1_000_000, given.rounds)
    finally:
        shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
