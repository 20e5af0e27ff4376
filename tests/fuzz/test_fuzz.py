"""A slice of fuzzing in every run of the tests; the long runs are ``python -m tests.fuzz.run``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.run import SEEDS
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("target", TARGETS)
def test_the_seeds_hold(target: str) -> None:
    seeds = sorted((SEEDS / target).iterdir())
    assert seeds
    for seed in seeds:
        TARGETS[target](seed.read_bytes())


@pytest.mark.fuzz
def test_a_slice_of_fuzzing_breaks_nothing(tmp_path: Path) -> None:
    # The same inputs each time: what chance may still find is the business of the long runs, not of somebody's change.
    size = ["--executions", "80000", "--seed", "1", "--jobs", "2"]
    command = [sys.executable, "-m", "tests.fuzz.run", *size, "--keep", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
