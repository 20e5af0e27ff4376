"""Making small cases with files, records, tables and several checkpoints."""

from __future__ import annotations

import hashlib
import json
import random
from array import array

from tecolote.case import Case
from tecolote.evidence import Evidence


def put_file(ev: Evidence, name: str, lines: list[bytes]) -> int:
    """Keep a file of lines with one record for each and log it; the leaf."""
    raw = b"\n".join(lines)
    spans, digests, at = array("Q"), bytearray(), 0
    for line in lines:
        spans.extend((at, len(line)))
        digests += hashlib.sha256(line).digest()
        at += len(line) + 1
    blob = ev.put([raw])
    records = ev.put_records(spans, digests)
    payload = {"name": name, "blob": blob.sha256, "container": None, "records_blob": records.sha256}
    return ev.append("import.file", payload, {"records": records.count, "records_root": records.root})


def write_tables(case: Case, ev: Evidence, seed: int) -> None:
    """Two table files (any bytes), the manifest, and the event that names it, as the importer does."""
    source, files = random.Random(seed), []
    for table in ("posts", "edges"):
        path = case.corpus_folder / table / f"{seed}.parquet"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source.randbytes(300))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append({"path": path.relative_to(case.root).as_posix(), "sha256": digest, "bytes": 300})
    manifest = json.dumps({"files": files}).encode()
    ev.append("tables", {"checkpoint": ev.size}, {"manifest_sha256": hashlib.sha256(manifest).hexdigest()})
    ev.commit()
    (case.corpus_folder / "manifest.json").write_bytes(manifest)


def fill(case: Case, *, large: bool) -> None:
    """Three small files in three commits, one over several segments if ``large``, and tables."""
    source = random.Random(7)
    with case.writing(), Evidence.create(case) as ev:
        ev.append("case.created", {"settings": {}})
        for number in range(3):
            put_file(ev, f"file{number}.jsonl", [source.randbytes(30).hex().encode() for _ in range(40)])
            ev.commit()
        if large:
            put_file(ev, "large.jsonl", [source.randbytes(9000).hex().encode() for _ in range(300)])
            ev.commit()
        write_tables(case, ev, 1)
