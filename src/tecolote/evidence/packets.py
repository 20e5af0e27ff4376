"""Checking a packet twice: by the file that ships inside it, and by this room's own tree, notes and OpenSSL.

The two share no line of the checks of signatures, leaves and records. What either of them refuses is refused.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tecolote.errors import EvidenceError
from tecolote.evidence.canon import parse_canonical
from tecolote.evidence.fault import Fault
from tecolote.evidence.notes import Note, Verifier, parse_checkpoint
from tecolote.evidence.recordset import commitment
from tecolote.evidence.tree import leaf_hash, verify_inclusion
from tecolote.evidence.verify_packet import Check


def verify_packet(path: Path, key: str | None = None) -> list[Fault]:
    """What does not hold in a packet, a folder or a zip; empty when everything does.

    Args:
        path: the packet.
        key: the signer's public key as text (``name+id+base64``), obtained from the signer.
    """
    check = Check(path, key)
    faults = [Fault(where, what) for where, what in check.run()]
    if faults:
        return faults
    with check.openers["seal.txt"]() as stream:
        seal = stream.read()
    return second_opinion(check.proof, seal)


def second_opinion(proof: dict[str, Any], seal: bytes) -> list[Fault]:
    """What does not hold of signatures, leaves and records of a proof as parsed, by the room's own code."""
    try:
        return _faults(proof, seal)
    except (EvidenceError, KeyError, TypeError, ValueError, AttributeError, LookupError) as error:
        return [Fault("data/proof.json", f"incomplete or malformed ({error})")]


def _faults(proof: dict[str, Any], seal: bytes) -> list[Fault]:
    key = Verifier.parse(proof["key"])
    Note.parse(seal).signers([key])
    note = Note.parse(proof["checkpoint"].encode())
    note.signers([key])
    origin, size, root = parse_checkpoint(note.text)
    faults = [] if origin == key.name else [Fault("checkpoint", "it is not of the signer's log")]
    leaves: dict[int, dict[str, Any]] = {}
    for entry in proof["leaves"]:
        index, raw = entry["index"], entry["leaf"].encode()
        if index in leaves or not verify_inclusion(leaf_hash(raw), index, size, _path(entry), root):
            faults.append(Fault(f"leaf {index}", "it is not under the checkpoint, or there twice"))
        leaves[index] = parse_canonical(raw)
        if "payload" in entry:
            found = commitment(bytes.fromhex(entry["salt"]), hashlib.sha256(entry["payload"].encode()).digest())
            if found.hex() != leaves[index]["payload"]:
                faults.append(Fault(f"leaf {index}", "its payload is not the one that it commits to"))
    for entry in proof["records"]:
        leaf = leaves[entry["leaf"]]
        known = "raw" in entry
        value = (
            commitment(bytes.fromhex(entry["salt"]), bytes.fromhex(entry["sha256"]))
            if known
            else bytes.fromhex(entry["commitment"])
        )
        of = bytes.fromhex(leaf["records_root"])
        if not verify_inclusion(leaf_hash(value), entry["record"], leaf["records"], _path(entry), of):
            where = f"record {entry['record']} of leaf {entry['leaf']}"
            faults.append(Fault(where, "it is not in the tree of the file's records"))
    for entry in proof["media"]:
        payload = next(e["payload"] for e in proof["leaves"] if e["index"] == entry["leaf"])
        if json.loads(payload)["sha256"] != entry["sha256"]:
            faults.append(Fault(f"data/{entry['path']}", "it is not the attachment that was logged"))
    return faults


def _path(entry: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(part) for part in entry["proof"]]
