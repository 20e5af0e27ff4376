"""A call to the disk that fails, or a process that is killed, leaves a step done or the case as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.evidence.durability.cuts import MEMORY
from tests.evidence.durability.faults import KINDS, Bench, bench
from tests.evidence.durability.workload import STEPS

pytestmark = pytest.mark.cc


@pytest.fixture(scope="module")
def trials() -> Iterator[Bench]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name, bench(Path(name)) as made:
        yield made


def test_faults_at_calls_of_every_step(trials: Bench) -> None:
    assert [base.step for base in trials.bases] == list(STEPS)
    assert all(base.calls > 40 for base in trials.bases)
    found = trials.faults(share=0.06)
    assert not found.violations
    assert {name.rsplit(" ", 1)[0] for name in found.counts} == set(KINDS)
    assert any(name.endswith("done") for name in found.counts)
    assert any(name.endswith("Error") for name in found.counts)


def test_kills(trials: Bench) -> None:
    found = trials.kills(40, 2)
    assert not found.violations
    assert found.counts["kill at a call killed"] == 20
