"""OpenTimestamps proofs (``.ots``): which file they are about, and what each path in them leads to.

Source: the format as the reference client writes it (version 1). Nothing is asked of a calendar or a block chain: a
pending path says who was asked; a Bitcoin path says which Merkle root block N must have for the proof to hold, so that
a person can compare it with a copy of that block's header.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from tecolote.errors import SourceRefused

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
_MAX_BYTES, _MAX_DEPTH, _MAX_STEPS, _MAX_MESSAGE, _MAX_PAYLOAD = 1 << 20, 256, 10_000, 4096, 8192
_PENDING = bytes.fromhex("83dfe30d2ef90c8e")
_BLOCKS = {
    bytes.fromhex("0588960d73d71901"): "bitcoin",
    bytes.fromhex("06869a0d73d71b45"): "litecoin",
    bytes.fromhex("30fe8087b5c7ead7"): "ethereum",
}
_DIGESTS = {0x02: ("sha1", 20), 0x03: ("ripemd160", 20), 0x08: ("sha256", 32), 0x67: ("keccak256", 32)}


@dataclass(frozen=True)
class Attestation:
    """The end of a path.

    Attributes:
        kind: ``pending``, ``bitcoin``, ``litecoin``, ``ethereum`` or ``unknown``.
        height: block that it names, if it names one.
        calendar: address of the calendar of a pending path; never fetched.
        merkle_root: hex, as block explorers show it, that the block must have; None where a step of the path uses a
            hash that this machine cannot compute.
    """

    kind: str
    height: int | None = None
    calendar: str = ""
    merkle_root: str | None = None


@dataclass(frozen=True)
class Proof:
    """A proof: hash algorithm and digest (hex) of the file that it is about, and its ends."""

    algorithm: str
    digest: str
    attestations: tuple[Attestation, ...]

    def as_payload(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {"algorithm": self.algorithm, "digest": self.digest, "attestations": [*map(asdict, self.attestations)]}


def read(raw: bytes) -> Proof:
    """Read a proof.

    Raises:
        SourceRefused: it is none, of another version, cut off, or larger or deeper than any honest one.
    """
    if not raw.startswith(MAGIC) or len(raw) > _MAX_BYTES:
        raise SourceRefused("no OpenTimestamps proof")
    reader = _Reader(raw, len(MAGIC))
    if reader.number() != 1:
        raise SourceRefused("an OpenTimestamps proof of another version")
    algorithm, size = _DIGESTS.get(reader.take(1)[0], ("", 0))
    if not algorithm:
        raise SourceRefused("an OpenTimestamps proof about an unknown hash")
    digest = reader.take(size)
    reader.follow(digest, 0)
    if reader.at != len(raw):
        raise SourceRefused("an OpenTimestamps proof with bytes behind its end")
    return Proof(algorithm, digest.hex(), tuple(reader.found))


class _Reader:
    def __init__(self, raw: bytes, at: int) -> None:
        self._raw, self.at, self._steps = raw, at, 0
        self.found: list[Attestation] = []

    def take(self, size: int) -> bytes:
        """The next bytes."""
        end = self.at + size
        if end > len(self._raw):
            raise SourceRefused("an OpenTimestamps proof that is cut off")
        taken, self.at = self._raw[self.at : end], end
        return taken

    def number(self) -> int:
        """A number of seven bits a byte, the lowest first."""
        value = shift = 0
        while shift < 63:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
        raise SourceRefused("an OpenTimestamps proof with a number that is too long")

    def text(self, limit: int) -> bytes:
        """Bytes with their length before them."""
        size = self.number()
        if size > limit:
            raise SourceRefused("an OpenTimestamps proof with a part that is too long")
        return self.take(size)

    def follow(self, message: bytes | None, depth: int) -> None:
        """Every path from a message; None stands for one that cannot be computed here."""
        while True:
            tag = self.take(1)[0]
            fork = tag == 0xFF
            self._step(self.take(1)[0] if fork else tag, message, depth)
            if not fork:
                return

    def _step(self, tag: int, message: bytes | None, depth: int) -> None:
        self._steps += 1
        if depth > _MAX_DEPTH or self._steps > _MAX_STEPS:
            raise SourceRefused("an OpenTimestamps proof that is too deep or too long")
        if tag == 0:
            self._attestation(message)
            return
        self.follow(self._result(tag, message), depth + 1)

    def _result(self, tag: int, message: bytes | None) -> bytes | None:
        """What an operation makes of a message."""
        made: Callable[[bytes], bytes | None]
        if tag in (0xF0, 0xF1):
            more = self.text(_MAX_MESSAGE)
            made = (lambda m: m + more) if tag == 0xF0 else (lambda m: more + m)
        elif tag in (0xF2, 0xF3):
            made = (lambda m: m[::-1]) if tag == 0xF2 else (lambda m: m.hex().encode())
        elif tag in _DIGESTS:
            made = lambda m: _digest(_DIGESTS[tag][0], m)  # noqa: E731
        else:
            raise SourceRefused(f"an OpenTimestamps proof with an unknown step {tag:#x}")
        result = None if message is None else made(message)
        if result is not None and len(result) > _MAX_MESSAGE:
            raise SourceRefused("an OpenTimestamps proof with a message that is too long")
        return result

    def _attestation(self, message: bytes | None) -> None:
        kind, payload = self.take(8), self.text(_MAX_PAYLOAD)
        inside = _Reader(payload, 0)
        if kind == _PENDING:
            self.found.append(Attestation("pending", calendar=inside.text(1000).decode("utf-8", "replace")))
        elif kind in _BLOCKS:
            root = None if message is None else message[::-1].hex()
            self.found.append(Attestation(_BLOCKS[kind], inside.number(), merkle_root=root))
        else:
            self.found.append(Attestation("unknown"))


def _digest(name: str, message: bytes) -> bytes | None:
    """A digest; None where this machine's OpenSSL has it not."""
    try:
        return hashlib.new(name, message, usedforsecurity=False).digest()
    except ValueError:
        return None
