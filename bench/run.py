"""This program beside its peers and beside the machine's bare limits, in one run: ``make bench``.

``make bench BENCH="imports graph"`` runs some topics; each also runs alone, with options of its own
(``python -m bench.imports --help``). Every figure is a ratio within the run, because machines differ.
Whole processes are timed; peak memory is that of the largest process.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

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


TOPICS = ("start", "imports", "evidence", "voice", "coaction", "graph", "communities")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(TOPICS)}; all without one")
    wanted = parser.parse_args().topics or TOPICS
    unknown = sorted(set(wanted) - set(TOPICS))
    if unknown:
        parser.error(f"no topic {unknown[0]}; there are {', '.join(TOPICS)}")
    for topic in wanted:
        print(f"\n== {topic}", flush=True)
        importlib.import_module(f"bench.{topic}").main([])


if __name__ == "__main__":
    main()
