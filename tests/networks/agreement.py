"""Do the engines agree on many events? ``python -m tests.networks.agreement --events 1000000 --engines duckdb``.

Every profile runs in the kernel and on each engine; the edges must be equal value by value. Ends with status 1
at the first difference.
"""

from __future__ import annotations

import argparse
import sys
import time

from bench.coaction_events import make

from tecolote.networks.coaction import PROFILES, coaction


def main(argv: list[str] | None = None) -> None:
    """Compare, and say how long each run took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--engines", default="duckdb,spark-local")
    parser.add_argument("--profiles", default=",".join(PROFILES))
    given = parser.parse_args(argv)
    events = make(given.events).events
    for profile in given.profiles.split(","):
        mine = coaction(events, profile).edges
        for engine in given.engines.split(","):
            began = time.perf_counter()
            theirs = coaction(events, profile, engine=engine).edges
            said = "equal" if theirs.equals(mine) else "DIFFERENT"
            took = time.perf_counter() - began
            print(f"{profile} on {engine}: {mine.num_rows:,} edges, {said}, {took:.1f} s", flush=True)
            if said != "equal":
                sys.exit(1)


if __name__ == "__main__":
    main()
