"""Speed of the evidence store beside what the same machine can do at best: ``python -m bench.evidence``.

Every line gives our rate, the bare limit measured around it, and the ratio of the two; each a median.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.run import WORK
from tecolote.case import Case
from tecolote.evidence import Evidence
from tecolote.evidence.tree import Tree, verify_inclusion
from tecolote.evidence.verify import verify_case

BLOCK = 4 << 20


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def chunks(path: Path) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as file:
        while block := file.read(BLOCK):
            yield block


def bare_hash(path: Path) -> None:
    hasher = hashlib.sha256()
    for block in chunks(path):
        hasher.update(block)


def bare_encrypt(size: int) -> None:
    cipher, block, room = AESGCM(os.urandom(32)), os.urandom(BLOCK), bytearray(BLOCK + 16)
    for number in range(size // BLOCK):
        cipher.encrypt_into(number.to_bytes(12, "big"), block, None, room)


def bare_write(path: Path, size: int) -> None:
    block = os.urandom(BLOCK)
    with open(path, "wb", buffering=0) as out:
        for _ in range(size // BLOCK):
            out.write(block)
        os.fsync(out.fileno())
    path.unlink()


def bare_all(path: Path, out: Path) -> None:
    """Hash, encrypt, write and sync, one after the other."""
    hasher, cipher, room = hashlib.sha256(), AESGCM(os.urandom(32)), bytearray(BLOCK + 16)
    with open(out, "wb", buffering=0) as file:
        for number, block in enumerate(chunks(path)):
            hasher.update(block)
            with memoryview(room)[: len(block) + 16] as sealed:
                cipher.encrypt_into(number.to_bytes(12, "big"), block, None, sealed)
                file.write(sealed)
        os.fsync(file.fileno())
    out.unlink()


def synced(folder: Path, times: int = 50) -> float:
    """Seconds of one append of 4 KiB with its fsync."""
    with open(folder / "synced", "wb", buffering=0) as out:

        def append() -> None:
            for _ in range(times):
                out.write(bytes(4096))
                os.fsync(out.fileno())

        return seconds(append) / times


def fresh(folder: Path, name: str) -> Case:
    root = folder / name
    if root.exists():
        shutil.rmtree(root)
    return Case.create(root)


def kept(folder: Path, path: Path) -> float:
    """Seconds to keep a file and commit it, from an open case."""
    case = fresh(folder, "kept")
    with case.writing(), Evidence.create(case) as ev:
        ev.append("begun", {})
        ev.commit()

        def keep() -> None:
            blob = ev.put(chunks(path))
            ev.append("file", {"blob": blob.sha256})
            ev.commit()

        return seconds(keep)


def leaves(folder: Path, batch: int, number: int) -> float:
    """Seconds to log ``number`` events, committed after every ``batch``."""
    case = fresh(folder, "leaves")
    with case.writing(), Evidence.create(case) as ev:

        def log() -> None:
            for n in range(number):
                ev.append("step", {"n": n})
                if n % batch == batch - 1:
                    ev.commit()

        return seconds(log)


def proofs(number: int) -> tuple[float, float]:
    """Seconds to make and to check ``number`` proofs in a tree of 100,000 leaves."""
    tree = Tree.of([n.to_bytes(4, "big") for n in range(100_000)])
    tree.root()
    places = range(0, tree.size, tree.size // number)
    made: list[list[bytes]] = []
    making = seconds(lambda: made.extend(tree.inclusion(at) for at in places))
    root = tree.root()

    def check() -> None:
        if not all(verify_inclusion(tree.leaf(i), i, tree.size, p, root) for i, p in zip(places, made, strict=True)):
            raise RuntimeError("a proof does not hold")

    return making, seconds(check)


def verified(folder: Path, items: int) -> float:
    """Seconds to verify a case of ``items`` records, each 200 bytes, in ten files, with as many leaves as files."""
    case, length = fresh(folder, "verified"), 200
    with case.writing(), Evidence.create(case) as ev:
        for _ in range(10):
            raw = os.urandom(items // 10 * length)
            spans = array("Q", [x for at in range(0, len(raw), length) for x in (at, length)])
            parts = (raw[at : at + length] for at in range(0, len(raw), length))
            blob = ev.put([raw])
            records = ev.put_records(spans, b"".join(hashlib.sha256(part).digest() for part in parts))
            payload = {"name": "items", "blob": blob.sha256, "container": None, "records_blob": records.sha256}
            ev.append("import.file", payload, {"records": records.count, "records_root": records.root})
        ev.commit()
        for n in range(items):
            ev.append("item", {"n": n})
        ev.commit()
    faults = []
    took = seconds(lambda: faults.extend(verify_case(case)))
    if faults:
        raise RuntimeError(f"the case does not verify: {faults[0]}")
    return took


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size-mb", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(argv)
    WORK.mkdir(exist_ok=True)
    before = os.environ.get("TECOLOTE_KEYS")
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        os.environ["TECOLOTE_KEYS"] = f"{name}/keys"
        try:
            report(Path(name), given.size_mb << 20, given.rounds)
        finally:
            os.environ.pop("TECOLOTE_KEYS") if before is None else os.environ.update(TECOLOTE_KEYS=before)


def report(folder: Path, size: int, rounds: int) -> None:
    path = folder / "input"
    with open(path, "wb") as out:
        for _ in range(size // BLOCK):
            out.write(os.urandom(BLOCK))
    bare: dict[str, Callable[[], object]] = {
        "SHA-256": lambda: bare_hash(path),
        "AES-256-GCM": lambda: bare_encrypt(size),
        "write, fsync": lambda: bare_write(folder / "out", size),
        "hash, encrypt, write, fsync in turn": lambda: bare_all(path, folder / "out"),
    }
    took: dict[str, list[float]] = {name: [] for name in [*bare, "ours"]}
    for _ in range(rounds):
        for name, work in bare.items():
            took[name].append(seconds(work))
        took["ours"].append(kept(folder, path))
    ours = statistics.median(took["ours"])
    print(f"keep and commit a file of {size / 1e9:.2f} GB: {size / ours / 1e9:.2f} GB/s")
    for name in bare:
        limit = statistics.median(took[name])
        print(f"  bare {name:38}{size / limit / 1e9:6.2f} GB/s   ours / bare {limit / ours:5.2f}")
    sync = statistics.median(synced(folder) for _ in range(rounds))
    print(f"one append of 4 KiB with fsync: {1000 * sync:.2f} ms ({1 / sync:,.0f}/s)")
    for batch in (1, 10, 100, 1000):
        number = min(20_000, batch * 200)
        rate = number / statistics.median(leaves(folder, batch, number) for _ in range(rounds))
        print(f"  durable leaves/s, batch {batch:5}: {rate:9,.0f}   per fsync of the machine {rate * sync:8.2f}")
    made, checked = (statistics.median(times) for times in zip(*(proofs(10_000) for _ in range(rounds)), strict=True))
    print(f"proofs in a tree of 100,000: {10_000 / made:,.0f} made, {10_000 / checked:,.0f} checked per second")
    print(f"verify a case of 10,000 records and 10,010 leaves: {verified(folder, 10_000):.2f} s")


if __name__ == "__main__":
    main()
