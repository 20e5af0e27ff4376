"""Verbs of the fictional case."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tecolote.case import Case
from tecolote.verbs.corpus import import_exports, init

if TYPE_CHECKING:
    from tecolote.corpus.importer import ImportResult
    from tecolote.demo import DemoPaths
    from tecolote.verbs.progress import Progress


def write_demo(out: Path, seed: int, hostile: bool, scale: float) -> DemoPaths:
    """Write the demo's export files, its truth and its codebook below ``out``."""
    from tecolote.demo import write_demo as write

    return write(out, seed=seed, hostile=hostile, scale=scale)


def import_demo(made: DemoPaths, case_dir: Path, progress: Progress | None = None) -> ImportResult:
    """Make the fictional case of a demo and take its exports and its truth into it."""
    import json

    from tecolote.evidence import Evidence

    if not (case_dir / "case.toml").exists():
        init(
            case_dir,
            title="Demo: four invented groups in ten invented towns",
            purpose="Demonstration with fictional material",
            lawful_basis="No personal data: every name is invented",
            timezone="America/Mexico_City",
            fictional=True,
        )
    result = import_exports(
        case_dir,
        [made.exports],
        consent=made.consent,
        timezone="America/Mexico_City",
        progress=progress,
    )
    case = Case.open(case_dir)
    with case.writing():
        evidence = Evidence.open(case, write=True)
        truth = json.loads(made.truth.read_bytes())
        if all(event.payload != truth for event in evidence.events("truth")):
            evidence.append("truth", payload=truth, public={})
            evidence.commit()
    return result


class StepTimer:
    """Prints how long each step took, so that a slow one is seen."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    @contextlib.contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time one step."""
        began = time.perf_counter()
        yield
        self._say(f"{time.perf_counter() - began:7.1f} s  {step}")
