"""WARC (ISO 28500) and ARC files cut into records, each checked for being whole.

A reader that trusts the length in a header hands out half a record without a word. Here a record counts only if all of
its bytes are there, if what must stand behind it stands there, if its gzip member ends with the right checksum
(RFC 1952), and if its block and payload have the digests that it states.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tecolote.sources.base import MAX_RECORD_BYTES, Source

_BLOCK = 1 << 16
_HEADER_LIMIT = 1 << 18
_VERSION = re.compile(rb"WARC/[01]\.\d+\r?\n")
_BEHIND = re.compile(rb"\r?\n(?:\r?\n|\r?\Z|(?=WARC/[01]\.\d))|\r?\Z")
_NEXT = re.compile(rb"\n(?=WARC/[01]\.\d)")
_ARC = re.compile(rb"(\S{1,8192}) (\S+) (\d{14}|\d{12}|0) (.{0,400}?) ?(\d{1,12})\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[^\r\n]{0,200})?\r\n")
_HASHES = {"sha1": "sha1", "sha-1": "sha1", "sha256": "sha256", "sha-256": "sha256", "sha512": "sha512", "md5": "md5"}


@dataclass(frozen=True)
class Cut:
    """One record, or what is left of one.

    Attributes:
        start: first byte in the file.
        raw: its bytes in the file, compressed where the file is.
        headers: names in lower case; of an ARC record the names that WARC has for the same.
        block: what follows the headers.
        fault: why it does not count, '' if it is whole.
    """

    start: int
    raw: bytes
    headers: dict[str, str]
    block: bytes
    fault: str = ""


def is_web_archive(head: bytes) -> bool:
    """Whether a file begins like WARC or ARC, compressed or not."""
    if head.startswith(b"\x1f\x8b\x08"):
        try:
            head = zlib.decompressobj(31).decompress(head, 64)
        except zlib.error:
            return False
    return bool(_VERSION.match(head)) or head.startswith(b"filedesc://")


def records(source: Source) -> Iterator[Cut]:
    """Every record of a file, in order; whatever cannot be one is a `Cut` with a fault."""
    if source.head.startswith(b"\x1f\x8b"):
        for start, raw, plain, fault in _gzip_members(source.open()):
            if fault:
                yield Cut(start, raw, {}, b"", fault)
                continue
            for found in _plain(plain, 0):
                # Several records in one member cannot be addressed alone: each has the member as its span.
                yield Cut(start, raw, found.headers, found.block, found.fault)
    else:
        yield from _plain(source.read_all(), 0)


def _gzip_members(stream: BinaryIO) -> Iterator[tuple[int, bytes, bytes, str]]:
    """Start, bytes and content of each gzip member; the last says why it cannot be read."""
    start, waiting = 0, b""
    while True:
        waiting = waiting or stream.read(_BLOCK)
        if not waiting:
            return
        decoder, size = zlib.decompressobj(31), 0
        taken: list[bytes] = []
        out: list[bytes] = []
        try:
            while not decoder.eof:
                if not waiting:
                    waiting = stream.read(_BLOCK)
                    if not waiting:
                        yield start, b"".join(taken), b"", "cut off: its gzip member does not end"
                        return
                taken.append(waiting)
                out.append(decoder.decompress(waiting, _BLOCK))
                waiting = b""
                size += len(out[-1])
                while decoder.unconsumed_tail and size <= MAX_RECORD_BYTES:
                    out.append(decoder.decompress(decoder.unconsumed_tail, _BLOCK))
                    size += len(out[-1])
                if size > MAX_RECORD_BYTES:
                    yield start, b"".join(taken), b"", f"unpacks to more than {MAX_RECORD_BYTES >> 20} MiB"
                    return
        except zlib.error as bad:
            yield start, b"".join(taken), b"", f"damaged gzip member: {bad}"
            return
        waiting = decoder.unused_data
        raw = b"".join(taken)
        raw = raw[: len(raw) - len(waiting)]
        yield start, raw, b"".join(out), ""
        start += len(raw)


def _plain(data: bytes, at: int) -> Iterator[Cut]:
    """The records of uncompressed bytes."""
    arc = data[at : at + 11] == b"filedesc://"
    while at < len(data):
        if data[at] in b"\r\n":
            at += 1
            continue
        if not arc and not _VERSION.match(data, at):
            arc = bool(_ARC.match(data, at)) and not _NEXT.search(data, at)
        found, end = _arc(data, at) if arc else _warc(data, at)
        yield found
        at = end


def _warc(data: bytes, at: int) -> tuple[Cut, int]:
    behind = _END.search(data, at, at + _HEADER_LIMIT)
    if not _VERSION.match(data, at) or not behind:
        return _lost(data, at, "neither a WARC header nor the end of one")
    headers = _headers(data[at : behind.start()].decode("utf-8", "replace"))
    length = headers.get("content-length", "")
    if not length.isascii() or not length.isdigit() or len(length) > 15:
        return _lost(data, at, "its header states no length")
    start, end = behind.end(), behind.end() + int(length)
    if end > len(data):
        return _lost(data, at, f"cut off: {len(data) - start} of {length} bytes")
    if end - at > MAX_RECORD_BYTES:
        return Cut(at, b"", headers, b"", f"longer than {MAX_RECORD_BYTES >> 20} MiB"), end
    if not _BEHIND.match(data, end):  # two line breaks; some writers put one
        return _lost(data, at, f"another length than the {length} bytes that its header states", headers)
    block = data[start:end]
    return Cut(at, data[at:end], headers, block, _digest_fault(headers, block)), end


def _arc(data: bytes, at: int) -> tuple[Cut, int]:
    line = _ARC.match(data, at)
    if not line:
        return Cut(at, data[at:], {}, b"", "neither an ARC header nor the end of one"), len(data)
    url, ip, date, mime = (part.decode("utf-8", "replace") for part in line.groups()[:4])
    start, end = line.end(), line.end() + int(line[5])
    if end > len(data):
        return Cut(at, data[at:], {}, b"", f"cut off: {len(data) - start} of {int(line[5])} bytes"), len(data)
    stamp = f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:14] or '00'}Z"
    kind = "warcinfo" if url.startswith("filedesc://") else "response"
    headers = {"warc-type": kind, "warc-target-uri": url, "warc-date": stamp, "warc-ip-address": ip, "arc-mime": mime}
    return Cut(at, data[at:end], headers, data[start:end]), end


def _lost(data: bytes, at: int, why: str, headers: dict[str, str] | None = None) -> tuple[Cut, int]:
    """What cannot be a record, up to the next beginning of one."""
    found = _NEXT.search(data, at + 1)
    end = found.end() if found else len(data)
    return Cut(at, data[at:end], headers or {}, b"", why), end


def _headers(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in re.sub(r"\r?\n[ \t]+", " ", text).splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def http_parts(block: bytes) -> tuple[int | None, str, dict[str, str], bytes]:
    """Status, reason, headers and body of an HTTP response; status None if it is none."""
    head, _, body = block.partition(b"\r\n\r\n") if b"\r\n\r\n" in block else block.partition(b"\n\n")
    line = re.match(rb"HTTP/\d(?:\.\d)? +(\d{3})(?: +([^\r\n]{0,200}))?", head)
    if not line:
        return None, "", {}, block
    headers = _headers(head[:_HEADER_LIMIT].decode("latin-1"))
    return int(line[1]), (line[2] or b"").decode("latin-1").strip(), headers, body


def _digest_fault(headers: dict[str, str], block: bytes) -> str:
    """Which stated digest the bytes do not have, '' if they have all. Unknown kinds of digest say nothing."""
    if _differs(headers.get("warc-block-digest"), [block]):
        return "its bytes do not have the block digest that it states"
    stated = headers.get("warc-payload-digest")
    segment = "warc-segment-number" in headers  # the digest is that of all parts
    if stated and not segment and headers.get("warc-type") in ("response", "request", "resource"):
        body = block
        if headers.get("content-type", "").startswith("application/http"):
            body = block.partition(b"\r\n\r\n")[2]
        # Writers disagree on whether the transfer coding belongs to the payload.
        if _differs(stated, [body, dechunked(body)]):
            return "its payload does not have the digest that it states"
    return ""


def _differs(stated: str | None, candidates: list[bytes]) -> bool:
    """Whether none of the candidates has the stated digest, which writers put in base 16, 32, 64 or URL-safe 64."""
    kind, _, value = (stated or "").partition(":")
    name = _HASHES.get(kind.strip().lower())
    if not name:
        return False
    value = value.strip().rstrip("=")
    for data in candidates:
        digest = hashlib.new(name, data, usedforsecurity=False).digest()
        if value.lower() in (digest.hex(), base64.b32encode(digest).decode().lower().rstrip("=")):
            return False
        if value.replace("-", "+").replace("_", "/") == base64.b64encode(digest).decode().rstrip("="):
            return False
    return True


def dechunked(body: bytes) -> bytes:
    """A body without its chunked transfer coding (RFC 9112 section 7.1); as it is where it has none."""
    parts: list[bytes] = []
    at = 0
    while True:
        size = _CHUNK.match(body, at)
        if not size:
            return body
        length = int(size[1], 16)
        if length == 0:
            return b"".join(parts)
        parts.append(body[size.end() : size.end() + length])
        at = size.end() + length + 2
        if at > len(body):
            return body
