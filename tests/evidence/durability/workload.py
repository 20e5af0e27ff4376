"""What is recorded, stopped or made to fail: a case from its making to a change of keys.

Runs in a process into which ``disk.c`` is preloaded. Each step says what it was promised once its call has
returned, by a line in the file of acknowledgements.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import random
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus import importer
from tecolote.evidence import Evidence, packfile, packs, segments
from tests.corpus import exports
from tests.evidence.durability.plants import PLANTS

Say = Callable[[dict[str, object]], None]


def scale_down() -> None:
    """Small segments and packs and frequent commits, so that little data goes through every path."""
    packs.SEGMENT_BYTES = 16 << 10
    packs._FLUSH_BYTES = 40 << 10
    packfile.DIRECT_BYTES = 8 << 10
    segments.PACK_BYTES = 96 << 10
    importer._COMMIT_BYTES = 4000


def promise(root: Path) -> dict[str, object]:
    """The state of a case that has just been acknowledged."""
    with Evidence.open(Case.open(root)) as ev:
        point = ev.checkpoint()
    manifest = root / "corpus/manifest.json"
    tables = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else None
    return {"size": point.size, "root": point.root, "tables": tables}


def init(root: Path) -> None:
    verbs.init(root, title="cut")


def import_first(root: Path) -> None:
    verbs.import_exports(root, [write_export(root, "a", 6, 1), write_export(root, "b", 6, 100)])


def import_more(root: Path) -> None:
    verbs.import_exports(root, [write_export(root, "c", 9, 200)])


def rotate(root: Path) -> None:
    verbs.rotate(root)


def write_blobs(root: Path) -> None:
    """Blobs of every size, over segments and packs, one of them taken back."""
    source = random.Random(3)
    case = Case.open(root)
    with case.writing(), Evidence.open(case, write=True) as ev:
        for number, size in enumerate([10, 3000, 20_000, 90_000, 50, 40_000]):
            blob = ev.put([source.randbytes(size)])
            ev.append("step", {"n": number, "blob": blob.sha256})
            if number == 2:
                ev.abort()
            elif number % 2:
                ev.commit()
        ev.commit()


STEPS: dict[str, Callable[[Path], None]] = {
    "init": init,
    "import_first": import_first,
    "rotate": rotate,
    "import_more": import_more,
    "write_blobs": write_blobs,
}


def write_export(root: Path, name: str, posts: int, first: int) -> Path:
    """An export beside the folder that is watched."""
    path = root.parent.parent / f"{name}.jsonl"
    path.write_bytes(exports.x_v2(posts, first=first))
    return path


def whole(root: Path, say: Say) -> None:
    for name, step in STEPS.items():
        step(root)
        say(promise(root) | {"done": name})


def again(root: Path, say: Say) -> None:
    """Open a case that a cut has left, and go on."""
    case = Case.open(root)
    with case.writing(), Evidence.open(case, write=True) as ev:
        for number in range(2):
            ev.append("again", {"n": number, "blob": ev.put([os.urandom(5000)]).sha256})
            ev.commit()
    verbs.import_exports(root, [write_export(root, "d", 3, 300)])
    say(promise(root) | {"done": "again"})


def sqlite_of_record(root: Path, say: Say, synchronous: str) -> None:
    """Rows that SQLite alone is to keep: shows that the recorder sees what SQLite does to its files."""
    root.mkdir()
    for folder in (root, root.parent):
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    rows = sqlite3.connect(root / "rows.db", isolation_level=None)
    rows.execute("PRAGMA journal_mode = WAL")
    rows.execute(f"PRAGMA synchronous = {synchronous}")
    rows.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, raw BLOB)")
    for number in range(40):
        rows.execute("INSERT INTO rows VALUES (?, ?)", (number, bytes([number]) * 900))
        if number % 15 == 14:
            rows.execute("PRAGMA wal_checkpoint(PASSIVE)")
        say({"rows": number + 1})
    rows.close()


WORK: dict[str, Callable[[Path, Say], None]] = {"whole": whole, "again": again} | {
    f"sqlite-{level}": lambda root, say, level=level: sqlite_of_record(root, say, level)
    for level in ("FULL", "NORMAL", "OFF")
}


def main() -> None:
    """``workload NAME PLANT DISK TRACE ACKS``: record a piece of work on DISK/case, keys in DISK/keys."""
    name, plant, disk, trace, acks = sys.argv[1:]
    scale_down()
    PLANTS[plant]()
    library = ctypes.CDLL(None)
    handle = os.open(acks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    library.disk_watch(disk.encode(), trace.encode(), acks.encode())
    WORK[name](Path(disk) / "case", lambda state: os.write(handle, json.dumps(state).encode() + b"\n") and None)


if __name__ == "__main__":
    main()
