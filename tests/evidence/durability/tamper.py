"""Random one-byte flips over packs, log, keys, manifest and tables: ``python -m tests.evidence.durability.tamper``.

Each must be found, with the file named first, and in packs and log the range of bytes in which it lies.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tecolote.case import Case
from tests.evidence.durability.cuts import MEMORY
from tests.evidence.making import fill
from tests.evidence.test_verify import covered, flip, places, spans


def located(case: Case, path: Path, at: int, found: list[str]) -> bool:
    """Whether the first fault names the file and, where it names bytes, the changed one."""
    if not found or not found[0].startswith(path.relative_to(case.root).as_posix()):
        return False
    if path.parent.name not in ("packs", "log"):
        return True
    first, last = spans(found[0]) if "bytes" in found[0] else (at, at)
    return first <= at <= last


def main(argv: list[str] | None = None) -> None:
    """Print how many flips were found and located, by folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    source, tried, missed = random.Random(given.seed), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        os.environ["TECOLOTE_KEYS"] = f"{name}/keys"
        case = Case.create(Path(name) / "case")
        fill(case, large=False)
        files = covered(case)
        for _ in range(given.flips):
            path = source.choice(files)
            at, bit = source.randrange(path.stat().st_size), 1 << source.randrange(8)
            flip(path, at, bit)
            tried[path.parent.name] += 1
            if not located(case, path, at, places(case)):
                missed[path.parent.name] += 1
            flip(path, at, bit)
    print(f"found and located: {tried.total() - missed.total():,} of {tried.total():,}")
    for folder, number in sorted(tried.items()):
        print(f"  {folder:10}{number - missed[folder]:8,} of {number:,}")
    sys.exit("a changed byte was not found, or not located" if missed else None)


if __name__ == "__main__":
    main()
