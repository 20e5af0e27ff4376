#!/usr/bin/env python3
"""Say yes or no about a Tecolote packet. Usage: python3 verify_packet.py [FOLDER] [--key KEY].

It needs Python 3.9 or newer and nothing else, writes nothing and opens no connection. Exit 0: everything holds; 1: it
names the first thing that does not; 2: it was called wrongly. What holds then: every file is the one that was sealed,
seal and checkpoint are signed by one key, every record is in the log under that checkpoint, and time-stamp tokens are
about this log (who signed a token is not checked here). Whose key it is no program can say: ask the signer for it.
Sources: RFC 8493 (BagIt 1.0); RFC 9162, section 2.1.3.2 (trees); C2SP signed-note and tlog-checkpoint; RFC 8032
(Ed25519), read strictly: no encoding but the canonical one, no key of small order; RFC 3161, section 2.4.1.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

FORMAT, SEAL = "tecolote packet 2", "tecolote packet seal 1"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
# MessageImprint of a token, up to its SHA-256: the algorithm with and without its empty parameters.
IMPRINTS = bytes.fromhex("3031300d060960864801650304020105000420"), bytes.fromhex("302f300b06096086480165030402010420")
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)


class Broken(Exception):
    """Something does not hold: where, and what."""


def need(holds: object, where: str, what: str) -> None:
    """Raise `Broken` unless ``holds``."""
    if not holds:
        raise Broken(where, what)


def _add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Sum of two points of the curve -x^2 + y^2 = 1 + D x^2 y^2 over GF(P)."""
    cross = D * a[0] * b[0] * a[1] * b[1] % P
    below = pow(1 - cross * cross, -1, P)
    x, y = a[0] * b[1] + a[1] * b[0], a[1] * b[1] + a[0] * b[0]
    return x * (1 - cross) * below % P, y * (1 + cross) * below % P


def _times(n: int, point: tuple[int, int]) -> tuple[int, int]:
    found = (0, 1)
    while n:
        found, point, n = (_add(found, point) if n & 1 else found), _add(point, point), n >> 1
    return found


def _point(raw: bytes) -> tuple[int, int]:
    """The point that 32 bytes stand for; (0, 1) unless they are its only encoding."""
    y, odd = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    fits = y < P and x * x % P == square and (x or not odd)
    return (P - x if x & 1 != odd else x, y) if fits else (0, 1)


def signed(key: bytes, text: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``text`` is of the Ed25519 ``key`` (32 bytes)."""
    scalar = int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or scalar >= ORDER:
        return False
    x, y = _point(key)
    base = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    found = _add(_times(scalar, base), _times(challenge, (P - x, y)))
    encoded = (found[1] | (found[0] & 1) << 255).to_bytes(32, "little")
    return encoded == signature[:32] and _times(8, (x, y)) != (0, 1)


def _unbase64(text: str) -> bytes:
    """Bytes of base64, if this is the only text that stands for them; else nothing."""
    raw = base64.b64decode(text.encode("ascii"), validate=True)
    return raw if base64.b64encode(raw).decode() == text else b""


def _key(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, id and public key of ``name+id+base64``."""
    name, identity, encoding = vkey.split("+", 2)
    raw = _unbase64(encoding)
    found = _sha(name.encode(), b"\n", raw)[:4]
    fits = len(raw) == 33 and raw[:1] == b"\x01" and name and not re.search(r"\s", name) and found.hex() == identity
    need(fits, "key", "it is no Ed25519 key of a signed note")
    return name, found, raw[1:]


def opened_note(raw: bytes, vkey: str, where: str) -> list[str]:
    """Lines of a note that the key, and it alone, has signed."""
    text, gap, line = raw.decode("utf-8").rpartition("\n\n")
    name, identity, key = _key(vkey)
    start = f"\u2014 {name} "
    clean = gap and line.startswith(start) and line.find("\n") == len(line) - 1
    need(clean and not re.search(r"[\x00-\x09\x0b-\x1f]", text), where, "it is no note signed by the packet's key")
    signature = _unbase64(line[len(start) : -1])
    holds = signature[:4] == identity and signed(key, (text + "\n").encode("utf-8"), signature[4:])
    need(holds, where, "the signature does not hold")
    return text.split("\n")


def opened_checkpoint(note: str, vkey: str) -> tuple[int, bytes]:
    """Size and root of a signed checkpoint of the key's own log."""
    lines = opened_note(note.encode("utf-8"), vkey, "checkpoint")
    need(len(lines) == 3 and lines[0] == _key(vkey)[0], "checkpoint", "it is not of the signer's log")
    root, fits = _unbase64(lines[2]), re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1])
    need(fits and len(root) == 32, "checkpoint", "its size or root is not as the format wants it")
    return int(lines[1]), root


def _sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def included(found: bytes, index: Any, size: Any, proof: list[str], root: bytes) -> bool:
    """Whether the leaf with that hash is number ``index`` of ``size`` under ``root``."""
    if type(index) is not int or type(size) is not int or not 0 <= index < size or len(found) != 32:
        return False
    at, last = index, size - 1
    for part in map(bytes.fromhex, proof):
        if last == 0 or len(part) != 32:
            return False
        if at & 1 or at == last:
            found = _sha(b"\x01", part, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = _sha(b"\x01", found, part)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def cell(value: Any) -> str:
    """A value as it stands in a CSV: text that a spreadsheet could run gets an apostrophe."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


class Check:
    """One check of the packet at ``path``; nothing is unpacked. ``key``: whose it must be, if that is known."""

    def __init__(self, path: Path, key: str | None = None) -> None:
        self.path, self.key = path, key
        self.sums: dict[str, tuple[str, str]] = {}
        self.proof: dict[str, Any] = {}
        self.leaves: dict[int, tuple[dict[str, Any], Any, bytes]] = {}

    def run(self) -> list[tuple[str, str]]:
        """What does not hold, as place and words; steps behind a fault are made as far as they can be."""
        faults = []
        for step in (self.open, self.bag, self.seal, self.log, self.records, self.tables, self.stamps):
            try:
                step()
            except Broken as fault:
                faults.append((fault.args[0], fault.args[1]))
            except Exception as error:  # whatever damage does to a reader, the answer is no
                faults.append((step.__name__, f"damaged, or not as the format wants it ({error!r:.200})"))
        return faults

    def open(self) -> None:
        """Find the files, by strict names and no links, and hash each."""
        for file in sorted(self.path.rglob("*")):
            name = file.relative_to(self.path).as_posix()
            need(not file.is_symlink() and (file.is_dir() or file.is_file()), name, "it is a link or no plain file")
            if file.is_file():
                need(NAME.fullmatch(name), repr(name), "no packet holds a file of this name: it was added later")
                raw = file.read_bytes()
                self.sums[name] = hashlib.sha256(raw).hexdigest(), hashlib.sha512(raw).hexdigest()

    def read(self, name: str) -> bytes:
        """Bytes of a file that was found."""
        need(name in self.sums, name, "it is missing")
        return (self.path / name).read_bytes()

    def bag(self) -> None:
        """The manifests list every file with its hashes, and no other."""
        need(self.read("bagit.txt") == BAGIT, "bagit.txt", "it does not announce BagIt 1.0")
        for prefix, below in (("manifest", True), ("tagmanifest", False)):
            files = sorted(n for n in self.sums if n.startswith("data/") is below and not n.startswith("tagmanifest-"))
            for at, name in enumerate((f"{prefix}-sha256.txt", f"{prefix}-sha512.txt")):
                found = [f"{self.sums[file][at]}  {file}" for file in files] + [""]
                stated = self.read(name).decode("utf-8").split("\n")
                for file in sorted(line.partition("  ")[2] for line in {*found} ^ {*stated}):
                    raise Broken(file or name, f"{name} does not fit: the file was changed, removed or added")
                need(found == stated, name, "it is not the sorted list of the packet's files")

    def seal(self) -> None:
        """One signature covers every file but those that only repeat hashes."""
        self.proof = json.loads(self.read("data/proof.json"))
        need(self.proof["format"] == FORMAT, "data/proof.json", "it is of a format that this program does not know")
        vkey = self.proof["key"]
        need(self.key in (None, vkey), "key", "the packet is signed by another key than the one given")
        tags = sorted(n for n in self.sums if not n.startswith(("data/", "tagmanifest-")) and n != "seal.txt")
        covered = [SEAL, _key(vkey)[0], *(f"{self.sums[n][0]}  {n}" for n in tags)]
        need(opened_note(self.read("seal.txt"), vkey, "seal.txt") == covered, "seal.txt", "it covers other files")

    def log(self) -> None:
        """Every leaf is in the log under the signed checkpoint, and every payload shown is the one committed to."""
        size, root = opened_checkpoint(self.proof["checkpoint"], self.proof["key"])
        for entry in self.proof["leaves"]:
            index, where, raw = entry["index"], f"leaf {entry['index']}", entry["leaf"].encode()
            found, leaf, payload = _sha(b"\x00", raw), json.loads(raw), entry.get("payload")
            under = index not in self.leaves and included(found, index, size, entry["proof"], root)
            need(under, where, "it is not under the checkpoint, or there twice")
            if payload is not None:
                opened = _sha(bytes.fromhex(entry["salt"]), _sha(payload.encode())).hex()
                need(opened == leaf["payload"], where, "its payload is not the one that it commits to")
            self.leaves[index] = (leaf, json.loads(payload or "null"), found)
        leaf, said, _ = self.leaves[self.proof["packet"]]
        need(leaf["type"] == "packet", f"leaf {self.proof['packet']}", "it is not the event of a packet")
        for name in ("records.json", "records.csv"):
            same = self.sums[f"data/{name}"][0] == said["files"][name]
            need(same, f"data/{name}", "it is not the file that was logged")

    def records(self) -> None:
        """Span to commitment to record tree to the leaf of its file; attachments by the leaf of their own."""
        shown = set()
        for entry in self.proof["records"]:
            where, leaf = f"record {entry['record']} of leaf {entry['leaf']}", self.leaves[entry["leaf"]][0]
            commitment = bytes.fromhex(entry.get("commitment", ""))
            if "raw" in entry:
                shown.add(f"data/{entry['raw']}")
                same = self.sums[f"data/{entry['raw']}"][0] == entry["sha256"]
                need(same, f"data/{entry['raw']}", "it is not the record that is proven")
                commitment = _sha(bytes.fromhex(entry["salt"]), bytes.fromhex(entry["sha256"]))
            tree = (entry["record"], leaf["records"], entry["proof"], bytes.fromhex(leaf["records_root"]))
            holds = leaf["type"] == "import.file" and included(_sha(b"\x00", commitment), *tree)
            need(holds, where, "it is not in the tree of the file's records")
        for entry in self.proof["media"]:
            name, (leaf, said, _) = f"data/{entry['path']}", self.leaves[entry["leaf"]]
            fits = leaf["type"] == "import.file" and said["sha256"] == entry["sha256"] == self.sums[name][0]
            need(fits, name, "it is not the attachment that was logged")
            shown.add(name)
        for name in self.sums:
            need(not name.startswith(("data/raw/", "data/media/")) or name in shown, name, "nothing proves it")

    def tables(self) -> None:
        """The tables list what is proven, and the history of custody is the one in the log, this packet at its end."""
        table, events = json.loads(self.read("data/records.json")), json.loads(self.read("data/custody.json"))["events"]
        rows = [(row["leaf_index"], row["record_index"], row["raw_sha256"]) for row in table["records"]]
        proven = [(entry["leaf"], entry["record"], entry.get("sha256")) for entry in self.proof["records"]]
        need(rows == proven, "data/records.json", "it does not list the records that are proven")
        out = io.StringIO()
        cells = ([cell(row[name]) for name in table["columns"]] for row in table["records"])
        csv.writer(out).writerows([table["columns"], *cells])
        need(out.getvalue().encode() == self.read("data/records.csv"), "data/records.csv", "it is not as records.json")
        for event in events:
            leaf, payload, _ = self.leaves[event["leaf"]]
            same = event == {**leaf, "payload": payload, "leaf": event["leaf"]}
            need(same, "data/custody.json", f"event {event['leaf']} is not as logged")
        last = events[-1]["leaf"] == self.proof["packet"]
        need(last, "data/custody.json", "it does not end with the event of this packet")

    def stamps(self) -> None:
        """Each time-stamp token is about a checkpoint under which leaves of this packet stand."""
        for entry in self.proof["stamps"]:
            where, (leaf, said, _) = f"data/stamps/{entry['leaf']}", self.leaves[entry["leaf"]]
            note, reply = self.read(f"{where}.note"), self.read(f"{where}.tsr")
            logged = said["note"].encode() == note and _unbase64(said["reply"]) == reply
            need(leaf["type"] == "timestamp" and logged, where, "note or token is not the one that was logged")
            need(any(start + _sha(note) in reply for start in IMPRINTS), where, "the token is not about the note")
            size, root = opened_checkpoint(said["note"], said["key"])
            for index, path in entry["paths"].items():
                under = included(self.leaves[int(index)][2], int(index), size, path, root)
                need(under, where, f"leaf {index} is not under the checkpoint that the token is about")


def main(words: list[str]) -> int:
    """Say yes or no on standard output; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packet", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", help="the signer's key, obtained from the signer: name+id+base64")
    given = parser.parse_args(words)
    found = Check(given.packet, given.key)
    faults = found.run()
    if faults:
        print(f"NO. It does not hold: {faults[0][0]}: {faults[0][1]}; {len(faults)} in all")
        return 1
    print(f"YES. {len(found.sums)} files, {len(found.proof['records'])} records, signed by {found.proof['key']}")
    for entry in found.proof["stamps"]:
        time = found.leaves[entry["leaf"]][1]["time"]
        print(f"Time-stamp token of {time}: it is about this log. NOT checked: who signed it (see README.txt)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
