"""The evidence trail of a row: its raw bytes, and the two paths that prove them to be in the log.

A record is a span of bytes of a file. Its commitment is a leaf of the file's own tree; that tree's root and the
file's commitment are in a leaf of the log; the log's tree is signed in a checkpoint (RFC 6962, section 2.1). Every
step is checked here anew, from the bytes; nothing is taken from a table.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from tecolote.errors import TecoloteError
from tecolote.web.library import Pin
from tecolote.web.sources import shown_name

MAX_RAW_BYTES = 64 << 10


@dataclass(frozen=True)
class Check:
    """One step of the proof: what was compared (`bytes`, `record`, `log`), and whether it holds."""

    step: str
    holds: bool


def trail(pin: Pin, source: dict[str, Any]) -> dict[str, Any]:
    """Raw bytes and checks for the provenance columns of a row.

    Returns:
        ``error`` in words if the evidence cannot be read; else ``raw`` (text, at most 64 KiB of it), ``raw_bytes``
        (size), ``sha256``, ``file``, ``records`` (of the file), ``checks``, ``proven`` and ``log`` (size and root).
    """
    try:
        return _trail(pin, source)
    except (TecoloteError, OSError, KeyError, IndexError, ValueError) as error:
        return {"error": str(error) or type(error).__name__, "proven": False, "checks": []}


def _trail(pin: Pin, source: dict[str, Any]) -> dict[str, Any]:
    from tecolote.corpus.files import open_evidence
    from tecolote.evidence.tree import leaf_hash, verify_inclusion

    evidence, leaf, index = pin.evidence, source["leaf_index"], source["record_index"]
    event = evidence.event(leaf)
    records = evidence.records(leaf)
    start, length = records.span(index)
    with open_evidence(evidence, event.payload) as stream:
        stream.seek(start)
        digest, head = _digest(stream, length)
    commitment = hashlib.sha256(records.salt(index) + digest).digest()
    root = bytes.fromhex(event.public["records_root"])
    checkpoint = evidence.checkpoint()
    in_log = verify_inclusion(
        leaf_hash(evidence.leaf_bytes(leaf)),
        leaf,
        checkpoint.size,
        evidence.inclusion(leaf, checkpoint.size),
        bytes.fromhex(checkpoint.root),
    )
    in_file = verify_inclusion(leaf_hash(commitment), index, records.count, records.proof(index), root)
    said = json.loads(evidence.leaf_bytes(leaf))
    checks = [
        Check("bytes", digest == source["raw_sha256"] == records.digest(index)),
        Check("record", in_file),
        Check("log", in_log and said.get("records_root") == event.public["records_root"]),
    ]
    return {
        "error": "",
        "file": shown_name(event),
        "file_sha256": event.payload["sha256"],
        "event": event.type,
        "at": event.at,
        "actor": event.actor,
        "leaf": leaf,
        "record": index,
        "records": records.count,
        "span": [start, start + length],
        "raw": head.decode("utf-8", "replace"),
        "raw_bytes": length,
        "raw_cut": length > len(head),
        "sha256": digest.hex(),
        "checks": [asdict(check) for check in checks],
        "proven": all(check.holds for check in checks),
        "log": {"size": checkpoint.size, "root": checkpoint.root},
    }


def _digest(stream: Any, length: int) -> tuple[bytes, bytes]:
    """SHA-256 of the next ``length`` bytes, and the beginning of them."""
    sha, head, left = hashlib.sha256(), b"", length
    while left:
        block = stream.read(min(left, 1 << 20))
        if not block:
            raise ValueError("the file in evidence is shorter than the record's span")
        head += block[: MAX_RAW_BYTES - len(head)]
        sha.update(block)
        left -= len(block)
    return sha.digest(), head
