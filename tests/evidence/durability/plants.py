"""Bugs planted into the process under test: what the replayer must catch, or it proves nothing.

The index of a case is a cache that is built anew from the log, so the two settings of SQLite are planted where
they matter: in the log of record, which is then synced as SQLite would sync its own under ``synchronous=OFF``
(never) and ``NORMAL`` (once in many commits); and, word for word, in rows that SQLite alone keeps (`workload`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from tecolote.evidence import store

_fsync = os.fsync


def _skip(skipped: Callable[[int, Path], bool]) -> None:
    def fsync(handle: int) -> None:
        if not skipped(handle, Path(os.readlink(f"/proc/self/fd/{handle}"))):
            _fsync(handle)

    os.fsync = fsync


def no_fsync_before_rename() -> None:
    _skip(lambda handle, path: path.suffix == ".tmp")


def no_folder_fsync() -> None:
    _skip(lambda handle, path: stat.S_ISDIR(os.fstat(handle).st_mode))


def log_synchronous_off() -> None:
    _skip(lambda handle, path: path.name == "entries")


def log_synchronous_normal() -> None:
    count = [0]

    def skipped(handle: int, path: Path) -> bool:
        if path.name != "entries":
            return False
        count[0] += 1
        return count[0] % 8 != 0

    _skip(skipped)


def commit_before_blob() -> None:
    """The log is extended first, the packs are synced after it."""
    late: list[Path] = []

    def skipped(handle: int, path: Path) -> bool:
        if path.suffix != ".pack":
            return False
        late.append(path)
        return True

    _skip(skipped)
    acknowledge = store.Evidence._acknowledge

    def synced_late(self: store.Evidence, *given: object) -> None:
        acknowledge(self, *given)  # type: ignore[arg-type]
        for path in set(late):
            handle = os.open(path, os.O_RDWR)
            _fsync(handle)
            os.close(handle)
        late.clear()

    store.Evidence._acknowledge = synced_late  # type: ignore[method-assign]


PLANTS: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "no fsync before rename": no_fsync_before_rename,
    "no folder fsync": no_folder_fsync,
    "log synchronous=OFF": log_synchronous_off,
    "log synchronous=NORMAL": log_synchronous_normal,
    "commit before blob": commit_before_blob,
}
