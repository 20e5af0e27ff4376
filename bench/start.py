"""What it costs to begin: ``python -m bench.start``."""

from __future__ import annotations

import shutil

from bench.run import BIN, WORK, bare_python, median, timed

ROUNDS = 9


def main(argv: list[str] | None = None) -> None:
    WORK.mkdir(exist_ok=True)
    try:
        python = median([bare_python("pass") for _ in range(ROUNDS)])
        version = median([timed([str(BIN / "tecolote"), "--version"]) for _ in range(ROUNDS)])
    finally:
        shutil.rmtree(WORK)
    ratio = version.wall / python.wall
    print(f"python {python.wall:.3f} s, tecolote --version {version.wall:.3f} s ({ratio:.1f} x)")


if __name__ == "__main__":
    main()
