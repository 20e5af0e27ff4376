"""What a disk found after a power cut, a kill or a fault owes to what was acknowledged before."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

from tecolote.case import Case
from tecolote.errors import TecoloteError
from tecolote.evidence import Evidence
from tecolote.evidence.verify import verify_case

#: The user's key folder on the disk; like the default one it lies deeper than what is there before.
KEYS = "home/config/tecolote/keys"


def lay_out(files: dict[str, bytes | None], disk: Path) -> None:
    """Put a disk in place of the last one."""
    shutil.rmtree(disk, ignore_errors=True)
    disk.mkdir(parents=True)
    made = {""}
    for name, raw in files.items():
        folder = name if raw is None else name.rpartition("/")[0]
        if folder not in made:
            (disk / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        if raw is not None:
            (disk / name).write_bytes(raw)


def violations(disk: Path, said: bytes) -> list[str]:
    """What does not hold of the case below ``disk``; empty if every promise of ``said`` (JSON lines) is kept."""
    if (disk / "case/lock").exists():
        os.utime(disk / "case/lock", (0, 0))  # as if longer had passed than a lock without a name stands
    promises = [json.loads(line) for line in said.splitlines()]
    if promises and "rows" in promises[-1]:
        return _rows(disk / "case/rows.db", promises[-1]["rows"])
    os.environ["TECOLOTE_KEYS"] = str(disk / KEYS)
    try:
        return _case(disk / "case", [p for p in promises if "size" in p])
    except TecoloteError as error:
        return [f"unreadable: {error}"]
    except Exception as error:
        return [f"unreadable: {type(error).__name__}: {error}"]


def _case(root: Path, promises: list[dict[str, object]]) -> list[str]:
    if not promises:
        return _unpromised(root)
    case = Case.open(root)
    found = [f"does not verify: {fault}" for fault in verify_case(case)]
    with Evidence.open(case) as ev:
        found += _kept(ev, promises)
        named = [e.public["manifest_sha256"] for e in ev.events("tables")] if not found else []
    if found:
        return found
    manifest = root / "corpus/manifest.json"
    if promises[-1]["tables"] is not None:
        now = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.exists() else None
        if now not in named[named.index(promises[-1]["tables"]) :]:
            return ["lost: the tables that were acknowledged"]
    return _goes_on(case, promises)


def _goes_on(case: Case, promises: list[dict[str, object]]) -> list[str]:
    """Repair by opening for writing, and one more commit."""
    with case.writing(wait_s=0), Evidence.open(case, write=True) as ev:
        found = _kept(ev, promises)
        size = ev.size
        ev.append("after", {"n": size, "blob": ev.put([b"after the cut"]).sha256})
        if ev.commit().size != size + 1:
            found.append("unreadable: the next commit does not follow")
    return found + [f"does not verify after repair: {fault}" for fault in verify_case(case)]


def _kept(ev: Evidence, promises: list[dict[str, object]]) -> list[str]:
    last = promises[-1]
    if ev.size < int(str(last["size"])):
        return [f"lost: {int(str(last['size'])) - ev.size} acknowledged leaves"]
    return [f"lost: checkpoint {p['size']}" for p in promises if ev.checkpoint(int(str(p["size"]))).root != p["root"]]


def _unpromised(root: Path) -> list[str]:
    """Before the first promise there may be a case or none; one that is there can be used."""
    if not (root / "case.toml").exists():
        return []
    return _goes_on(Case.open(root), [{"size": 0, "root": hashlib.sha256().hexdigest()}])


def _rows(path: Path, count: int) -> list[str]:
    """The rows that SQLite alone keeps."""
    try:
        rows = sqlite3.connect(path)
        try:
            whole = rows.execute("PRAGMA integrity_check").fetchone()[0]
            there = rows.execute("SELECT count(*) FROM rows").fetchone()[0]
        finally:
            rows.close()
    except sqlite3.Error as error:
        return [f"unreadable: {error}"]
    if whole != "ok":
        return [f"unreadable: {whole}"]
    return [f"lost: {count - there} rows"] if there < count else []
