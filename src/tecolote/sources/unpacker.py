"""The child process that unpacks archives for `containers`: ``python -P -m tecolote.sources.unpacker``.

It is given no file: it asks its parent for bytes of the archive and hands back bytes of members. Its address space is
limited, and so is the processor time between two signs of progress; what breaks a decoder breaks this process alone.

Messages are a letter, a length (32 bits, big-endian) and a body. From the parent: ``O`` open (JSON), ``P`` bytes of the
member under way (offset and count), ``L`` its length, ``C`` go on to the next; after ``R`` the bytes asked for. To the
parent: ``R`` bytes of the archive wanted (offset and count), ``M`` a member and its first bytes, ``D`` bytes or a
length, ``B`` the member is damaged, ``X`` the archive is refused, ``E`` the end.

A member that fits into one message is not waited for, so that a zip of small files flows without a question; behind a
larger one the child waits for what its parent wants of it.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import resource
import struct
from typing import Any, BinaryIO

from tecolote.errors import LimitExceeded, SourceRefused
from tecolote.sources import archives

#: Bytes of a member that are sent unasked; a member shorter than this is sent whole.
FIRST = 256 << 10
#: Address space of the child; the decoder of Zstandard takes more for itself, up to the hard limit.
MEMORY = 768 << 20
MEMORY_HARD = 4 << 30
#: Processor seconds between two signs of progress.
SECONDS = 30
HEADER = struct.Struct(">cI")
RANGE = struct.Struct(">QI")
_STEP = 1 << 20


class _Anew(Exception):
    """The parent has begun to ask for something else."""


class _Link:
    """Both directions of the talk with the parent."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._in, self._out = incoming, outgoing

    def send(self, letter: bytes, body: bytes = b"") -> None:
        """Say something; it leaves when there is enough of it, or with the next `receive`."""
        self._out.write(HEADER.pack(letter, len(body)))
        self._out.write(body)

    def receive(self) -> tuple[bytes, bytes]:
        """The parent's next message.

        Raises:
            EOFError: there is no parent any more.
        """
        self._out.flush()
        head = self._in.read(HEADER.size)
        if len(head) < HEADER.size:
            raise EOFError
        letter, length = HEADER.unpack(head)
        return letter, self._in.read(length)


class _Archive(io.RawIOBase):
    """The archive's bytes, asked for where they are needed."""

    def __init__(self, link: _Link, size: int) -> None:
        self._link, self._size, self._at = link, size, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position."""
        at = offset + (0, self._at, self._size)[whence]
        if at < 0:
            raise OSError("a position before the beginning")
        self._at = at
        return at

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Fill ``buffer`` as far as the archive goes."""
        count = max(min(len(buffer), self._size - self._at), 0)
        if count:
            self._link.send(b"R", RANGE.pack(self._at, count))
            data = self._link.receive()[1]
            count = len(data)
            buffer[:count] = data
        self._at += count
        return count


def _allow() -> None:
    """Some more processor time, since there was progress."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + SECONDS)


def _limit(what: int, soft: int, hard: int | None = None) -> None:
    """Set a limit as far as this system lets us (macOS refuses some)."""
    now = resource.getrlimit(what)[1]
    hard = now if hard is None or 0 <= now < hard else hard
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (min(soft, hard) if hard >= 0 else soft, hard))


def _send_member(link: _Link, member: archives.Member) -> None:
    """One member: whole, or its beginning and then what the parent asks for."""
    _allow()
    damage, data = member.damage, b""
    try:
        data = b"" if damage else member.stream.read(FIRST)
    except LimitExceeded:
        raise
    except SourceRefused as error:
        damage = error.what
    whole = len(data) < FIRST
    about = json.dumps([member.chain, member.name, damage, whole]).encode()
    link.send(b"M", struct.pack(">I", len(about)) + about + data)
    if not whole:
        _answer(link, member.stream)


def _answer(link: _Link, stream: BinaryIO) -> None:
    """Bytes of the member under way, until the parent wants the next."""
    while True:
        letter, body = link.receive()
        if letter == b"C":
            return
        if letter == b"O":
            raise _Anew(body)
        try:
            if letter == b"L":
                _forward(stream, 1 << 62)
                link.send(b"D", struct.pack(">Q", stream.tell()))
            else:
                at, count = RANGE.unpack(body)
                _forward(stream, at)
                link.send(b"D", stream.read(count) if stream.tell() == at else b"")
        except LimitExceeded:
            raise
        except SourceRefused as error:
            link.send(b"B", error.what.encode("utf-8", "replace"))


def _forward(stream: BinaryIO, target: int) -> None:
    """Move to ``target`` or the end in steps, each of which is progress."""
    if stream.tell() > target:
        stream.seek(0)
    _allow()
    while (left := target - stream.tell()) > 0 and stream.read(min(_STEP, left)):
        _allow()


def _converse(link: _Link, asked: dict[str, Any]) -> None:
    """All members of an archive, or the one that was asked for."""
    size, name = asked["size"], asked["name"]
    stream: BinaryIO = io.BufferedReader(_Archive(link, size), 128 << 10)
    if asked["chain"] is None:
        for member in archives.members(name, stream, archives.Budget(asked["budget"])):
            _send_member(link, member)
    else:
        chain = tuple(asked["chain"])
        found = archives.open_member(name, stream, archives.Budget(asked["budget"]), chain)
        _send_member(link, archives.Member(chain, name, found))
    link.send(b"E")


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer until the parent is gone."""
    link = _Link(incoming, outgoing)
    asked = b""
    while True:
        try:
            asked = asked or link.receive()[1]
            _allow()
            order, asked = json.loads(asked), b""
            _converse(link, order)
        except _Anew as other:
            asked = other.args[0]
        except EOFError:
            return
        except SourceRefused as error:
            limit = isinstance(error, LimitExceeded)
            link.send(b"X", json.dumps([limit, error.what, error.hint]).encode())
        except MemoryError:
            words = f"unpacking it takes more than {MEMORY >> 20} MiB of memory"
            link.send(b"X", json.dumps([True, words, "If it is genuine, unpack it yourself"]).encode())


def main() -> None:
    """Limit this process, then serve on standard input and output."""
    _limit(resource.RLIMIT_AS, MEMORY, MEMORY_HARD)
    _limit(resource.RLIMIT_CORE, 0)
    with os.fdopen(os.dup(1), "wb", 1 << 20) as outgoing, os.fdopen(os.dup(0), "rb", 1 << 18) as incoming:
        os.dup2(2, 1)  # nothing else may speak there
        serve(incoming, outgoing)


if __name__ == "__main__":
    main()
