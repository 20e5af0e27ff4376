"""Coverage-guided fuzzing (atheris, libFuzzer) of all targets, one process each.

    python -m tests.fuzz.run                                  # 2,000 executions of each target
    python -m tests.fuzz.run --executions 1000000             # in all, shared out evenly
    python -m tests.fuzz.run --seconds 120 --jobs 2           # as long as that, in all
    python -m tests.fuzz.run --reader telegram --executions 50000 --corpus found/
    python -m tests.fuzz.run --reader telegram --repeat crash-0a1b2c

An input that breaks a target is kept under ``--keep``, its trace is printed, and the run ends with exit 1.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

SEEDS = Path(__file__).parent / "seeds"
_EACH = 2_000
_SLOWEST_S = 20
_MEMORY_MB = 1_500
_LONGEST = 6_000


@dataclass(frozen=True)
class Outcome:
    """What fuzzing one target gave: executions, branches seen, seconds, and what broke it ('' if nothing did)."""

    target: str
    executions: int
    coverage: int
    seconds: float
    broken: str


def fuzz(target: str, args: list[str], keep: Path) -> None:
    """Run libFuzzer on one target in this process, an input that breaks it into ``keep``; never returns."""
    import atheris

    from tests.fuzz.mutate import mutated
    from tests.fuzz.targets import TARGETS

    def mutator(data: bytes, limit: int, seed: int) -> bytes:
        return mutated(data, limit, seed, atheris.Mutate)

    def run_one(raw: bytes) -> None:
        try:
            TARGETS[target](raw)
        except Exception:
            (keep / f"{target}-{sha256(raw).hexdigest()[:12]}").write_bytes(raw)
            raise

    atheris.Setup([target, *args], run_one, custom_mutator=mutator)
    atheris.Fuzz()


def _start(target: str, work: Path, opts: argparse.Namespace, share: tuple[int, float]) -> int:
    """Begin one target in a process of its own; its id. Instrumented modules are inherited, not loaded again."""
    found = (opts.corpus or work) / target
    found.mkdir(parents=True, exist_ok=True)
    opts.keep.mkdir(parents=True, exist_ok=True)
    args = [
        f"-runs={share[0]}", f"-max_total_time={int(share[1])}", f"-timeout={_SLOWEST_S}", f"-max_len={_LONGEST}",
        f"-rss_limit_mb={_MEMORY_MB}", f"-artifact_prefix={opts.keep}/{target}-", "-print_final_stats=1", str(found),
    ]  # fmt: skip
    if opts.seed:
        args.insert(0, f"-seed={opts.seed}")
    if (SEEDS / target).is_dir():
        args.append(str(SEEDS / target))
    child = os.fork()
    if child == 0:
        log = os.open(work / f"{target}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        with contextlib.suppress(BaseException):
            fuzz(target, args, opts.keep)
        os._exit(99)
    return child


def _outcome(target: str, work: Path, status: int, seconds: float) -> Outcome:
    log = (work / f"{target}.log").read_text("utf-8", "replace")
    executions = [int(n) for n in re.findall(r"number_of_executed_units: (\d+)", log)]
    executions += [int(n) for n in re.findall(r"^#(\d+)\t", log, re.MULTILINE)][-1:]
    coverage = [int(n) for n in re.findall(r" cov: (\d+)", log)][-1:]
    broken = ""
    if os.waitstatus_to_exitcode(status) != 0:
        at = log.find(" === Uncaught Python exception: ===")
        broken = log[at:][:3000] if at >= 0 else log[-3000:]
    return Outcome(target, (executions or [0])[0], (coverage or [0])[0], seconds, broken)


def run(opts: argparse.Namespace) -> list[Outcome]:
    """Fuzz every target that was asked for, a few at a time."""
    import atheris

    said = io.StringIO()
    rooms = ["tecolote.sources", "tecolote.corpus"]
    with contextlib.redirect_stderr(said), atheris.instrument_imports(include=rooms):
        from tests.fuzz.targets import TARGETS

    wanted = opts.reader or list(TARGETS)
    unknown = sorted(set(wanted) - set(TARGETS))
    if unknown:
        sys.exit(f"no target {', '.join(unknown)}; there are: {', '.join(TARGETS)}")
    if opts.seconds:
        share = (-1, max(1.0, opts.seconds * opts.jobs / len(wanted)))
    else:
        share = (max(1, -(-opts.executions // len(wanted))) if opts.executions else _EACH, 0.0)
    outcomes, running = [], {}
    with tempfile.TemporaryDirectory(prefix="tecolote-fuzz-") as folder:
        work, waiting = Path(folder), list(wanted)
        while waiting or running:
            while waiting and len(running) < opts.jobs:
                target = waiting.pop(0)
                running[_start(target, work, opts, share)] = (target, time.monotonic())
            child, status = os.wait()
            target, began = running.pop(child)
            outcomes.append(_outcome(target, work, status, time.monotonic() - began))
            _say(outcomes[-1])
    return outcomes


def _say(one: Outcome) -> None:
    rate = one.executions / max(one.seconds, 0.001)
    words = "BROKEN" if one.broken else "ok"
    print(f"{one.target:<24}{one.executions:>10,}{rate:>8,.0f}/s{one.coverage:>8,} branches  {words}", flush=True)
    if one.broken:
        print(one.broken, flush=True)


def main(argv: list[str] | None = None) -> int:
    """Parse the command line, fuzz, print a line per target; 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--executions", type=int, default=0, help="in all, shared out evenly")
    parser.add_argument("--seconds", type=float, default=0.0, help="in all, shared out evenly")
    parser.add_argument("--reader", action="append", help="one target; may be given again")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--seed", type=int, default=0, help="of chance; 0: another one each time")
    parser.add_argument("--corpus", type=Path, help="keep what was found here, and go on from it")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-broken"), help="where inputs that break a target go")
    parser.add_argument("--repeat", type=Path, help="run one input on the targets named, without fuzzing")
    opts = parser.parse_args(argv)
    if opts.repeat:
        from tests.fuzz.targets import TARGETS

        for target in opts.reader or []:
            TARGETS[target](opts.repeat.read_bytes())
        return 0
    outcomes = run(opts)
    broken = [one.target for one in outcomes if one.broken]
    print(f"{sum(one.executions for one in outcomes):,} executions of {len(outcomes)} targets, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
