"""A process with ``disk.c`` preloaded that forks one child for every trial, so that each starts in milliseconds.

A line of JSON on standard input names a step of the workload, the disk, and what is to go wrong; a line on
standard output says how it ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

from tecolote.errors import TecoloteError
from tests.evidence.durability.judge import KEYS
from tests.evidence.durability.workload import STEPS, promise, scale_down

LIBRARY = ctypes.CDLL(None)


def trial(step: str, disk: Path, call: int, kind: int) -> dict[str, object]:
    """Do a step while call number ``call`` goes wrong; how it ended, the calls made, and what was promised."""
    os.environ["TECOLOTE_KEYS"] = str(disk / KEYS)
    LIBRARY.disk_watch(str(disk).encode(), b"", b"")
    LIBRARY.disk_arm(call, kind)
    error = ""
    try:
        STEPS[step](disk / "case")
    except TecoloteError as found:
        error = f"TecoloteError: {found}"
    except OSError as found:
        error = f"OSError: {found}"
    except Exception as found:
        error = f"{type(found).__name__}: {found}"
    calls = LIBRARY.disk_count()
    LIBRARY.disk_arm(0, 0)
    return {"error": error, "calls": calls, "promise": None if error else promise(disk / "case")}


def forked(order: dict[str, object]) -> dict[str, object]:
    """A trial in a child, which is killed after ``delay_s`` if that is given."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        report = trial(str(order["step"]), Path(str(order["disk"])), int(str(order["call"])), int(str(order["kind"])))
        os.write(writing, json.dumps(report).encode())
        os._exit(0)
    os.close(writing)
    if order["delay_s"] is not None:
        time.sleep(float(str(order["delay_s"])))
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as said:
        raw = said.read()
    _, status = os.waitpid(child, 0)
    return {"error": f"killed: status {status}"} | (json.loads(raw) if raw else {})


def main() -> None:
    scale_down()
    for line in sys.stdin:
        print(json.dumps(forked(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
