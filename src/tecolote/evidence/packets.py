"""Checking a packet twice: by the file that ships inside it, and by this room's own tree, notes and OpenSSL.

The two share no line of the checks of signatures, leaves and records. What either of them refuses is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from tecolote.errors import EvidenceError
from tecolote.evidence.canon import parse_canonical
from tecolote.evidence.fault import Fault
from tecolote.evidence.notes import Note, Verifier, parse_checkpoint
from tecolote.evidence.recordset import commitment
from tecolote.evidence.timestamp import stamp_faults
from tecolote.evidence.tree import leaf_hash, verify_inclusion
from tecolote.evidence.verify_packet import NAME, Broken, Check, need

#: Most bytes of a zipped packet, unpacked.
_MAX_ZIPPED = 1 << 40


class ZipCheck(Check):
    """The same check of a packet that is still zipped; nothing is unpacked."""

    def open(self) -> None:
        """Find the files, by strict names, and hash each."""
        self._archive = zipfile.ZipFile(self.path)
        self._members: dict[str, zipfile.ZipInfo] = {}
        infos = [info for info in self._archive.infolist() if not info.is_dir()]
        top = next((i.filename[:-9] for i in infos if re.fullmatch("([^/]+/)?bagit.txt", i.filename)), "")
        for info in infos:
            name = info.filename[len(top) :]
            known = info.filename.startswith(top) and info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            need(known, repr(info.filename), "it is not in the packet's folder, or packed in another way")
            need(NAME.fullmatch(name), repr(name), "no packet holds a file of this name: it was added later")
            need(name not in self._members, name, "it is there twice")
            self._members[name] = info
        need(sum(i.file_size for i in infos) <= _MAX_ZIPPED, str(self.path), "it unpacks to too much")
        for name, info in self._members.items():
            self.sums[name] = self._hashes(name, info)

    def _hashes(self, name: str, info: zipfile.ZipInfo) -> tuple[str, str]:
        short, long = hashlib.sha256(), hashlib.sha512()
        try:
            with self._archive.open(info) as stream:
                while block := stream.read(1 << 20):
                    short.update(block)
                    long.update(block)
        except Exception as error:
            raise Broken(name, f"it cannot be read ({error!r:.200})") from None
        return short.hexdigest(), long.hexdigest()

    def read(self, name: str) -> bytes:
        """Bytes of a file that was found."""
        need(name in self.sums, name, "it is missing")
        return self._archive.read(self._members[name])


def is_packet(path: Path) -> bool:
    """Whether this is one of our packets, whole or not, and no bag that somebody else made."""
    return path.is_file() or any((path / name).exists() for name in ("seal.txt", "verify_packet.py", "data/proof.json"))


def checker(path: Path, key: str | None = None) -> Check:
    """The check that fits what is at ``path``."""
    return Check(path, key) if path.is_dir() else ZipCheck(path, key)


def verify_packet(path: Path, key: str | None = None) -> list[Fault]:
    """What does not hold in a packet, a folder or a zip; empty when everything does.

    Args:
        path: the packet.
        key: the signer's public key as text (``name+id+base64``), obtained from the signer.
    """
    check = checker(path, key)
    faults = [Fault(where, what) for where, what in check.run()]
    return faults or second_opinion(check.proof, check.read("seal.txt"))


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
    for entry in proof["stamps"]:
        faults += [Fault(f"data/stamps/{entry['leaf']}", what) for what in _stamp(proof, entry)]
    return faults


def _stamp(proof: dict[str, Any], entry: dict[str, Any]) -> list[str]:
    """What does not hold of a time-stamp token: its signature and chain, its note, and the leaves under that."""
    shown = {e["index"]: e for e in proof["leaves"]}
    said = json.loads(shown[entry["leaf"]]["payload"])
    _, size, root = parse_checkpoint(Note.parse(said["note"].encode()).text)
    faults = stamp_faults(said, {size: root})
    for index, path in entry["paths"].items():
        found = leaf_hash(shown[int(index)]["leaf"].encode())
        if not verify_inclusion(found, int(index), size, [bytes.fromhex(part) for part in path], root):
            faults.append(f"leaf {index} is not under the checkpoint that the token is about")
    return faults


def _path(entry: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(part) for part in entry["proof"]]
