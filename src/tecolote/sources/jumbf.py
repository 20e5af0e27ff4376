"""JUMBF boxes (ISO/IEC 19566-5) in JPEG, PNG and MP4 files, as C2PA 2.1 (appendix A) places its manifests.

JPEG: segments APP11, numbered; PNG: one chunk ``caBX``; MP4: a box ``uuid`` at the top. Nothing is rendered or decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from tecolote.errors import SourceRefused

#: Longest manifest that is read, in bytes, and most boxes and levels in it.
MAX_BYTES = 16 << 20
_MAX_BOXES, _MAX_DEPTH = 5_000, 12
_PNG = b"\x89PNG\r\n\x1a\n"
_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@dataclass
class Box:
    """A superbox: its label, the bytes that hashes are made of, the boxes in it and its plain contents.

    Attributes:
        label: name inside its parent.
        kind: 16 bytes that say what it is.
        raw: everything behind its own length and type.
        boxes: superboxes inside.
        contents: type (4 bytes) and bytes of what else is inside.
    """

    label: str
    kind: bytes
    raw: bytes
    boxes: list[Box] = field(default_factory=list)
    contents: list[tuple[bytes, bytes]] = field(default_factory=list)

    def content(self, type_: bytes) -> bytes | None:
        """The first content of a type, such as ``b"cbor"``."""
        return next((raw for found, raw in self.contents if found == type_), None)


def find(stream: BinaryIO) -> bytes | None:
    """The manifest store in a JPEG, PNG or MP4 file; None where there is none or the file is something else.

    Raises:
        SourceRefused: there is one, and it is cut off or too long.
    """
    stream.seek(0)
    head = stream.read(12)
    stream.seek(0)
    if head[:2] == b"\xff\xd8":
        return _in_jpeg(stream)
    if head[:8] == _PNG:
        return _in_png(stream)
    if head[4:8] == b"ftyp":
        return _in_mp4(stream)
    return None


def _in_jpeg(stream: BinaryIO) -> bytes | None:
    parts: dict[int, list[tuple[int, bytes]]] = {}
    stream.seek(2)
    total = 0
    while True:
        marker = stream.read(4)
        if len(marker) < 4 or marker[0] != 0xFF or marker[1] in (0xDA, 0xD9):
            break
        size = int.from_bytes(marker[2:], "big") - 2
        if marker[1] != 0xEB:
            stream.seek(max(size, 0), 1)
            continue
        body = stream.read(max(size, 0))
        total += len(body)
        if total > MAX_BYTES:
            raise SourceRefused("its provenance manifest is too long")
        if body[:2] == b"JP" and len(body) >= 16:
            number, order = struct.unpack(">HI", body[2:8])
            parts.setdefault(number, []).append((order, body[8:]))
    for pieces in parts.values():
        pieces.sort()
        # Every piece repeats length and type of the box.
        head = 16 if pieces[0][1][:4] == b"\0\0\0\1" else 8
        whole = pieces[0][1] + b"".join(piece[head:] for _, piece in pieces[1:])
        if whole[4:8] == b"jumb":
            return whole
    return None


def _in_png(stream: BinaryIO) -> bytes | None:
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"caBX":
            return _bounded(stream, size)
        if kind == b"IEND":
            break
        stream.seek(size + 4, 1)
    return None


def _in_mp4(stream: BinaryIO) -> bytes | None:
    at = 0
    for _ in range(_MAX_BOXES):
        stream.seek(at)
        head = stream.read(16)
        if len(head) < 8:
            break
        size, start = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, start = int.from_bytes(head[8:16], "big"), 16
        if size < start:
            break
        if head[4:8] == b"uuid":
            stream.seek(at + start)
            if stream.read(16) == _C2PA_UUID:
                purpose, _, rest = _bounded(stream, size - start - 16)[4:].partition(b"\0")
                if purpose == b"manifest":
                    return rest[8:]
        at += size
    return None


def _bounded(stream: BinaryIO, size: int) -> bytes:
    if not 0 <= size <= MAX_BYTES:
        raise SourceRefused("its provenance manifest is too long")
    found = stream.read(size)
    if len(found) < size:
        raise SourceRefused("its provenance manifest is cut off")
    return found


def boxes(raw: bytes) -> list[Box]:
    """The superboxes of a manifest store.

    Raises:
        SourceRefused: a box is cut off, or there are too many, or they are too deep.
    """
    budget = [_MAX_BOXES]
    return [_super(content, 0, budget) for type_, content in _plain(raw, budget) if type_ == b"jumb"]


def _plain(raw: bytes, budget: list[int]) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of the boxes that stand one behind the other."""
    at = 0
    while at < len(raw):
        budget[0] -= 1
        size, start = int.from_bytes(raw[at : at + 4], "big"), 8
        if size == 1:
            size, start = int.from_bytes(raw[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(raw) - at
        if budget[0] < 0 or size < start or at + size > len(raw):
            raise SourceRefused("its provenance manifest is cut off, or has too many boxes")
        yield raw[at + 4 : at + 8], raw[at + start : at + size]
        at += size


def _super(raw: bytes, depth: int, budget: list[int]) -> Box:
    if depth > _MAX_DEPTH:
        raise SourceRefused("its provenance manifest is too deep")
    inside = _plain(raw, budget)
    type_, description = next(inside, (b"", b""))
    if type_ != b"jumd" or len(description) < 17:
        raise SourceRefused("its provenance manifest has a box without a description")
    label = description[17:].partition(b"\0")[0].decode("utf-8", "replace") if description[16] & 2 else ""
    box = Box(label, description[:16], raw)
    for found, content in inside:
        if found == b"jumb":
            box.boxes.append(_super(content, depth + 1, budget))
        else:
            box.contents.append((found, content))
    return box
