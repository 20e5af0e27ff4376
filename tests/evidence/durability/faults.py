"""Every call to the disk fails in turn, and the process is killed: ``python -m tests.evidence.durability.faults``.

Each step of the workload starts from the disk that the steps before it left. A call returns EIO once, or ENOSPC from
then on, or writes half of what it was given; or the process ends before it, in the middle of it, or at a moment
of the clock. Afterwards the step is done, or the case is as it was and the step can be taken again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.evidence.durability import judge
from tests.evidence.durability.cuts import MEMORY, ROOT, library
from tests.evidence.durability.workload import STEPS

#: As in ``disk.c``.
KINDS = {"EIO": 1, "ENOSPC": 2, "short write": 3}
KILL, KILL_HALF = 4, 5


@dataclass
class Outcomes:
    """Trials by how they ended, and what was violated."""

    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {n}" for name, n in sorted(self.counts.items()))
        return f"{len(self.violations)} violations in {sum(self.counts.values())} trials: {counts}"


@dataclass(frozen=True)
class Base:
    """A disk before a step: the calls that the step makes, the seconds it takes, and what was promised by then."""

    step: str
    saved: Path
    calls: int
    seconds: float
    said: bytes


class Bench:
    """Trials on one disk, in a server with the library preloaded."""

    def __init__(self, folder: Path, server: subprocess.Popen[str]) -> None:
        self._server, self._folder, self.disk = server, folder, folder / "disk"
        self.bases = list(self._bases())

    def ask(self, step: str, call: int = 0, kind: int = 0, delay_s: float | None = None) -> dict[str, Any]:
        """One trial on the disk as it is."""
        order = {"step": step, "disk": str(self.disk), "call": call, "kind": kind, "delay_s": delay_s}
        assert self._server.stdin is not None and self._server.stdout is not None
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        answer: dict[str, Any] = json.loads(self._server.stdout.readline())
        return answer

    def _bases(self) -> Iterator[Base]:
        """Each step once as it should be, the disk before it kept."""
        self.disk.mkdir()
        said = b""
        for step in STEPS:
            saved = self._folder / f"before-{step}"
            shutil.copytree(self.disk, saved)
            began = time.perf_counter()
            report = self.ask(step)
            assert not report["error"], report
            yield Base(step, saved, report["calls"], time.perf_counter() - began, said)
            said += json.dumps(report["promise"]).encode() + b"\n"

    def trial(self, base: Base, name: str, outcomes: Outcomes, **wrong: Any) -> None:
        """One step with one thing going wrong, and what the disk then owes."""
        shutil.rmtree(self.disk)
        shutil.copytree(base.saved, self.disk)
        report = self.ask(base.step, **wrong)
        ended, said = report["error"].split(":")[0] or "done", base.said
        if ended == "done":
            said += json.dumps(report["promise"]).encode() + b"\n"
        outcomes.counts[f"{name} {ended}"] += 1
        found = judge.violations(self.disk, said)
        if ended not in ("done", "TecoloteError", "OSError", "killed"):
            found.append(f"an error that is none of ours: {report['error']}")
        if ended != "done" and base.said and not found:
            again = self.ask(base.step)
            if again["error"]:
                found.append(f"the step cannot be taken again: {again['error']}")
            else:
                found += judge.violations(self.disk, said + json.dumps(again["promise"]).encode())
        outcomes.violations += [f"{base.step}, {name} {wrong}, {ended}: {what}" for what in found]

    def faults(self, share: float = 1.0, seed: int = 1) -> Outcomes:
        """Each kind of fault at every call in turn, or a random share of these trials."""
        source, outcomes = random.Random(seed), Outcomes()
        for base in self.bases:
            for call in range(1, base.calls + 1):
                for name, kind in KINDS.items():
                    if source.random() < share:
                        self.trial(base, name, outcomes, call=call, kind=kind)
        return outcomes

    def kills(self, number: int, seed: int) -> Outcomes:
        """Kills at random: by the clock, before a call, and in the middle of one."""
        source, outcomes = random.Random(seed), Outcomes()
        for turn in range(number):
            base = source.choices(self.bases, [b.calls for b in self.bases])[0]
            if turn % 2:
                self.trial(base, "kill by the clock", outcomes, delay_s=source.uniform(0, base.seconds))
            else:
                kind = source.choice([KILL, KILL_HALF])
                self.trial(base, "kill at a call", outcomes, call=source.randint(1, base.calls), kind=kind)
        return outcomes


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """A bench in ``folder``, with its server."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.evidence.durability.server"],
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(library(folder))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Bench(folder, server)
    finally:
        assert server.stdin is not None
        server.stdin.close()
        server.wait()


def main(argv: list[str] | None = None) -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="share of the faults to try")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name, bench(Path(name)) as trials:
        print("calls:", ", ".join(f"{b.step} {b.calls}" for b in trials.bases), flush=True)
        found = [trials.faults(given.share, given.seed), trials.kills(given.kills, given.seed)]
    for outcomes in found:
        print(outcomes, *outcomes.violations[:20], sep="\n  ")
    sys.exit("a promise was broken" if any(outcomes.violations for outcomes in found) else None)


if __name__ == "__main__":
    main()
