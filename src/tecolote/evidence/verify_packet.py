#!/usr/bin/env python3
"""Say yes or no about a Tecolote packet, a folder or a zip. Usage: python3 verify_packet.py [PACKET] [--key KEY].

It needs Python 3.9 or newer and nothing else, writes nothing and opens no connection. Exit 0: everything holds; 1: it
names the first thing that does not; 2: it was called wrongly. What holds then: every file is the one that was sealed,
seal and checkpoint are signed by one key, and every record is in the log under that checkpoint. Whose key it is no
program can say: ask the signer for it and give it with --key.
Sources: BagIt 1.0 (RFC 8493); RFC 6962 and RFC 9162, section 2.1.3.2 (trees); C2SP signed-note and tlog-checkpoint;
RFC 8032 (Ed25519), read strictly: no encoding but the canonical one, no key of small order.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

FORMAT, SEAL = "tecolote packet 1", "tecolote packet seal 1"
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
FORMULA, MAX_BYTES, MAX_TEXT = ("=", "+", "-", "@", "\t", "\r"), 1 << 40, 1 << 30
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


class Broken(Exception):
    """Something does not hold: where, and what."""


def need(holds: object, where: str, what: str) -> None:
    """Raise `Broken` unless ``holds``."""
    if not holds:
        raise Broken(where, what)


# Ed25519: -x^2 + y^2 = 1 + D x^2 y^2 over GF(P), extended coordinates (x, y, z, xy/z)


def _add(a: Point, b: Point) -> Point:
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return ((t - s) * (v - u) % P, (v + u) * (t + s) % P, (v - u) * (v + u) % P, (t - s) * (t + s) % P)


def _times(n: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while n:
        found, point, n = (_add(found, point) if n & 1 else found), _add(point, point), n >> 1
    return found


def _decoded(raw: bytes) -> Point:
    """The point that 32 bytes stand for; ValueError unless they are its only encoding."""
    y, odd = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    top, below = (y * y - 1) % P, (D * y * y + 1) % P
    x = top * pow(below, 3, P) * pow(top * pow(below, 7, P), (P - 5) // 8, P) % P
    x = x if below * x * x % P == top else x * ROOT % P
    if y >= P or below * x * x % P != top or (x == 0 and odd):
        raise ValueError("these bytes stand for no point")
    x = P - x if x & 1 != odd else x
    return (x, y, 1, x * y % P)


def _encoded(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    return (point[1] * inverse % P | (point[0] * inverse % P & 1) << 255).to_bytes(32, "little")


def signed(key: bytes, text: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``text`` is of the Ed25519 ``key`` (32 bytes)."""
    scalar = int.from_bytes(signature[32:], "little")
    if len(key) != 32 or len(signature) != 64 or scalar >= ORDER:
        return False
    try:
        x, y, _, xy = point = _decoded(key)
    except ValueError:
        return False
    base = _decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    found = _encoded(_add(_times(scalar, base), _times(challenge, (P - x, y, 1, P - xy))))
    return found == signature[:32] and _encoded(_times(8, point)) != _encoded((0, 1, 1, 0))


def _unbase64(text: str) -> bytes:
    """Bytes of base64, if this is the only text that stands for them; else nothing."""
    raw = base64.b64decode(text.encode("ascii"), validate=True)
    return raw if base64.b64encode(raw).decode() == text else b""


def _key(vkey: str) -> tuple[str, bytes, bytes]:
    """Name, id and public key of ``name+id+base64``."""
    name, identity, encoding = vkey.split("+", 2)
    raw = _unbase64(encoding)
    found = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    fits = len(raw) == 33 and raw[:1] == b"\x01" and name and not re.search(r"\s", name) and found.hex() == identity
    need(fits, "key", "it is no Ed25519 key of a signed note")
    return name, found, raw[1:]


def opened_note(raw: bytes, vkey: str, where: str) -> list[str]:
    """Lines of a note that the key, and it alone, has signed."""
    text, gap, line = raw.decode("utf-8").rpartition("\n\n")
    name, identity, key = _key(vkey)
    start = f"\u2014 {name} "
    clean = gap and line.startswith(start) and line.find("\n") == len(line) - 1
    clean = clean and not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    need(clean, where, "it is no note signed by the packet's key")
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


def _unhex(text: Any) -> bytes:
    need(isinstance(text, str) and re.fullmatch("[0-9a-f]{64}", text), "data/proof.json", "a hash is not 64 hex digits")
    return bytes.fromhex(text)


def included(found: bytes, index: Any, size: Any, proof: list[Any], root: bytes) -> bool:
    """Whether the leaf with that hash is number ``index`` of ``size`` under ``root``."""
    if type(index) is not int or type(size) is not int or not 0 <= index < size or len(found) != 32:
        return False
    at, last = index, size - 1
    for part in map(_unhex, proof):
        if last == 0:
            return False
        if at & 1 or at == last:
            found = _sha(b"\x01", part, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = _sha(b"\x01", found, part)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len(dict(pairs)) == len(pairs), "JSON", "a name is there twice")
    return dict(pairs)


def _json(text: bytes) -> Any:
    return json.loads(text.decode("utf-8"), object_pairs_hook=_once)


def cell(value: Any) -> str:
    """A value as it stands in a CSV: text that a spreadsheet could run gets an apostrophe."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


class Check:
    """One check of the packet at ``path``; nothing is unpacked. ``key``: whose it must be, if that is known."""

    def __init__(self, path: Path, key: str | None = None) -> None:
        self.path, self.key, self.size = path, key, 0
        self.openers: dict[str, Any] = {}
        self.sums: dict[str, tuple[str, str]] = {}
        self.proof: dict[str, Any] = {}
        self.leaves: dict[int, tuple[dict[str, Any], Any]] = {}

    def run(self) -> list[tuple[str, str]]:
        """What does not hold, as place and words; steps behind a fault are made as far as they can be."""
        faults: list[tuple[str, str]] = []
        for step in (self.open, self.bag, self.seal, self.log, self.records, self.tables, self.custody):
            try:
                step()
            except Broken as fault:
                faults.append((fault.args[0], fault.args[1]))
            except Exception as error:  # whatever damage does to a reader, the answer is no
                faults.append((step.__name__, f"damaged, or not as the format wants it ({error!r:.200})"))
        return faults

    def open(self) -> None:
        """Find the files, by strict names and no links, and hash each."""
        if self.path.is_dir():
            for file in sorted(self.path.rglob("*")):
                name = file.relative_to(self.path).as_posix()
                need(not file.is_symlink() and (file.is_dir() or file.is_file()), name, "it is a link or no plain file")
                if file.is_file():
                    self._take(name, file.stat().st_size, lambda file=file: file.open("rb"))
        else:
            archive = zipfile.ZipFile(self.path)
            infos = [info for info in archive.infolist() if not info.is_dir()]
            top = next((i.filename[:-9] for i in infos if re.fullmatch("([^/]+/)?bagit.txt", i.filename)), "")
            for info in infos:
                known = info.filename.startswith(top) and info.compress_type in (0, 8)
                need(known, repr(info.filename), "it is not in the packet's folder, or packed in another way")
                self._take(info.filename[len(top) :], info.file_size, lambda info=info: archive.open(info))
        for name in self.openers:
            self.sums[name] = self._hashes(name)

    def _take(self, name: str, size: int, opener: Any) -> None:
        need(NAME.fullmatch(name), repr(name), "no packet holds a file of this name: it was added later")
        need(name not in self.openers, name, "it is there twice")
        self.openers[name], self.size = opener, self.size + size
        need(self.size <= MAX_BYTES, str(self.path), "it is too large")

    def _hashes(self, name: str) -> tuple[str, str]:
        short, long = hashlib.sha256(), hashlib.sha512()
        try:
            with self.openers[name]() as stream:
                for block in iter(lambda: stream.read(1 << 20), b""):
                    short.update(block)
                    long.update(block)
        except Exception as error:
            raise Broken(name, f"it cannot be read ({error!r:.200})") from None
        return short.hexdigest(), long.hexdigest()

    def _read(self, name: str) -> bytes:
        need(name in self.openers, name, "it is missing")
        with self.openers[name]() as stream:
            return bytes(stream.read(MAX_TEXT))

    def bag(self) -> None:
        """The manifests list every file with its hashes, and no other."""
        need(self._read("bagit.txt") == BAGIT, "bagit.txt", "it does not announce BagIt 1.0")
        data = sorted(n for n in self.sums if n.startswith("data/"))
        tags = sorted(n for n in self.sums if not n.startswith(("data/", "tagmanifest-")))
        for name, at, files in (("manifest-sha256.txt", 0, data), ("manifest-sha512.txt", 1, data),
                                ("tagmanifest-sha256.txt", 0, tags), ("tagmanifest-sha512.txt", 1, tags)):  # fmt: skip
            lines = self._read(name).decode("utf-8").split("\n")
            stated = {line.partition("  ")[2]: line for line in lines[:-1]}
            for file in files:
                need(file in stated, file, f"{name} does not list it: it was added later")
                need(stated[file] == f"{self.sums[file][at]}  {file}", file, f"it is not the file that {name} lists")
            for file in stated:
                need(file in self.sums, file, f"it is missing, though {name} lists it")
            fits = lines == [stated[file] for file in files] + [""]
            need(fits, name, "it is not the sorted list of the packet's files")

    def seal(self) -> None:
        """One signature covers every file but those that only repeat hashes."""
        self.proof = _json(self._read("data/proof.json"))
        need(self.proof["format"] == FORMAT, "data/proof.json", "it is of a format that this program does not know")
        vkey = self.proof["key"]
        need(self.key in (None, vkey), "key", "the packet is signed by another key than the one given")
        tags = sorted(n for n in self.sums if not n.startswith(("data/", "tagmanifest-")) and n != "seal.txt")
        covered = [SEAL, _key(vkey)[0], *(f"{self.sums[n][0]}  {n}" for n in tags)]
        need(opened_note(self._read("seal.txt"), vkey, "seal.txt") == covered, "seal.txt", "it covers other files")

    def log(self) -> None:
        """Every leaf is in the log under the signed checkpoint, and every payload shown is the one committed to."""
        size, root = opened_checkpoint(self.proof["checkpoint"], self.proof["key"])
        for entry in self.proof["leaves"]:
            where, raw, text = f"leaf {entry['index']}", entry["leaf"].encode(), entry.get("payload", "null").encode()
            need(entry["index"] not in self.leaves, where, "it is there twice")
            found = _sha(b"\x00", raw)
            need(included(found, entry["index"], size, entry["proof"], root), where, "it is not under the checkpoint")
            leaf, payload = _json(raw), _json(text)
            fits = payload is None or _sha(_unhex(entry["salt"]), _sha(text)).hex() == leaf["payload"]
            need(fits, where, "its payload is not the one that it commits to")
            self.leaves[entry["index"]] = (leaf, payload)
        leaf, said = self.leaves[self.proof["packet"]]
        fits = leaf["type"] == "packet" and set(said["files"]) == {"records.json", "records.csv"}
        need(fits, f"leaf {self.proof['packet']}", "it is not the event of a packet")
        for name, digest in said["files"].items():
            need(self.sums[f"data/{name}"][0] == digest, f"data/{name}", "it is not the file that was logged")

    def records(self) -> None:
        """Span to commitment to record tree to the leaf of its file; attachments by the leaf of their own."""
        shown = {f"data/{entry.get('raw', entry.get('path'))}" for entry in self.proof["records"] + self.proof["media"]}
        for entry in self.proof["records"]:
            where, leaf = f"record {entry['record']} of leaf {entry['leaf']}", self.leaves[entry["leaf"]][0]
            need(leaf["type"] == "import.file", where, "its leaf is not that of a file")
            if "raw" in entry:
                digest = self.sums[f"data/{entry['raw']}"][0]
                need(digest == entry["sha256"], f"data/{entry['raw']}", "it is not the record that is proven")
            known = "raw" in entry
            commitment = _sha(_unhex(entry["salt"]), _unhex(digest)) if known else _unhex(entry["commitment"])
            found, root = _sha(b"\x00", commitment), _unhex(leaf["records_root"])
            holds = included(found, entry["record"], leaf["records"], entry["proof"], root)
            need(holds, where, "it is not in the tree of the file's records")
        for entry in self.proof["media"]:
            name, (leaf, said) = f"data/{entry['path']}", self.leaves[entry["leaf"]]
            fits = leaf["type"] == "import.file" and said["sha256"] == entry["sha256"] == self.sums[name][0]
            need(fits, name, "it is not the attachment that was logged")
        for name in self.sums:
            need(not name.startswith(("data/raw/", "data/media/")) or name in shown, name, "nothing proves it")

    def tables(self) -> None:
        """The table of records says what is proven, and the CSV says what the JSON says."""
        table = _json(self._read("data/records.json"))
        rows = [(row["leaf_index"], row["record_index"], row["raw_sha256"]) for row in table["records"]]
        proven = [(entry["leaf"], entry["record"], entry.get("sha256")) for entry in self.proof["records"]]
        need(rows == proven, "data/records.json", "it does not list the records that are proven")
        csv.field_size_limit(MAX_TEXT)
        cells = list(csv.reader(io.StringIO(self._read("data/records.csv").decode("utf-8"), newline="")))
        stated = [table["columns"], *([cell(row[name]) for name in table["columns"]] for row in table["records"])]
        need(cells == stated, "data/records.csv", "it does not say what records.json says")

    def custody(self) -> None:
        """The history of custody is the one in the log, the event of this packet at its end."""
        events = _json(self._read("data/custody.json"))["events"]
        for event in events:
            leaf, payload = self.leaves[event["leaf"]]
            logged = {"leaf": event["leaf"], "payload": payload, **{n: leaf[n] for n in ("type", "at", "actor")}}
            need(event == logged, "data/custody.json", f"event {event['leaf']} is not as logged")
        last = events and events[-1]["leaf"] == self.proof["packet"]
        need(last, "data/custody.json", "the event of this packet is not at its end")


def main(words: list[str]) -> int:
    """Say yes or no on standard output; the exit status."""
    key = words.pop(words.index("--key") + 1) if "--key" in words[:-1] else None
    words = [word for word in words if word != "--key" or key is None]
    if len(words) > 1 or any(word.startswith("-") for word in words):
        print(__doc__)
        return 2
    found = Check(Path(words[0]) if words else Path(__file__).resolve().parent, key)
    faults = found.run()
    if faults:
        print(f"NO. It does not hold: {faults[0][0]}: {faults[0][1]}; {len(faults)} in all")
    else:
        print(f"YES. {len(found.sums)} files, {len(found.proof['records'])} records, signed by {found.proof['key']}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
