"""Zip, tar, gzip, xz and Zstandard files, entry by entry, in bounded memory; nothing is ever extracted to a name.

A member is addressed by its chain of positions from the outermost file (``[3]``, or ``[3, 0]`` for a
member of a nested archive), never by its name: names are text for people.

Unpacking is done by a child process with limits of memory and processor time (`unpacker`), which is kept for the next
archive. It reads ahead while this process works, so that small members cost no wait.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO, cast

from tecolote.errors import LimitExceeded, SourceRefused
from tecolote.sources.archives import FREE_BYTES, MAX_DEPTH, MAX_ENTRIES, MAX_RATIO, Budget, Member, kind
from tecolote.sources.base import clean_text
from tecolote.sources.unpacker import HEADER, RANGE

__all__ = [
    "FREE_BYTES", "MAX_DEPTH", "MAX_ENTRIES", "MAX_RATIO", "Budget", "Member", "kind", "members", "open_member",
]  # fmt: skip

_BUFFER = 256 << 10


def members(name: str, stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Every file inside a container, nested containers opened, in the container's own order.

    A stream is valid until the next member is asked for.

    Args:
        name: of the container, for people.
        stream: its bytes, seekable.
        budget: bytes that may come out.

    Raises:
        LimitExceeded: too deep, too many entries, or too much comes out or is needed.
        SourceRefused: the container is damaged or encrypted.
    """
    talk = _Talk(name, stream, budget, None)
    try:
        while (member := talk.member()) is not None:
            yield member
            talk.go_on()
    finally:
        talk.leave()


def open_member(name: str, stream: BinaryIO, size: int, chain: tuple[int, ...]) -> BinaryIO:
    """The bytes of one member, by its chain, as `members` would hand them out.

    Raises:
        LimitExceeded: as for `members`.
        SourceRefused: as for `members`, or there is no such member.
    """
    talk = _Talk(name, stream, Budget.of(size), chain)
    try:
        member = talk.member()
    except BaseException:
        talk.end()
        raise
    if member is None or member.damage:
        talk.end()
        raise SourceRefused(member.damage if member else f"{name} has no member {list(chain)}")
    if isinstance(member.stream, io.BytesIO):
        talk.drain()
    return member.stream


class _Child:
    """One unpacking process and the pipes to it."""

    def __init__(self) -> None:
        # -P: a folder of hostile files may be the working directory, and nothing is imported from it.
        command = [sys.executable, "-P", "-m", "tecolote.sources.unpacker"]
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._in = cast(BinaryIO, self._process.stdout)
        self._out = cast(BinaryIO, self._process.stdin)

    def send(self, letter: bytes, body: bytes = b"") -> None:
        """Say something at once."""
        try:
            self._out.write(HEADER.pack(letter, len(body)) + body)
            self._out.flush()
        except (BrokenPipeError, ValueError):  # it is gone, or was ended
            raise self._died() from None

    def receive(self) -> tuple[bytes, bytes]:
        """The child's next message."""
        head = b"" if self._in.closed else self._in.read(HEADER.size)
        if len(head) < HEADER.size:
            raise self._died()
        letter, length = HEADER.unpack(head)
        return letter, self._in.read(length)

    def _died(self) -> LimitExceeded:
        self.stop()
        return LimitExceeded(
            "unpacking it took more memory or processor time than is allowed, or broke the unpacker",
            "If it is genuine, unpack it yourself and import the files",
        )

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._out, self._in):
            try:
                pipe.close()
            except OSError:
                continue


_idle: list[_Child] = []
_lock = threading.Lock()


def _stop_idle() -> None:
    while _idle:
        _idle.pop().stop()


atexit.register(_stop_idle)
os.register_at_fork(after_in_child=_idle.clear)


class _Talk:
    """What is asked of a child about one container.

    Attributes:
        alone: the member under way is the last that is wanted.
    """

    def __init__(self, name: str, stream: BinaryIO, budget: Budget, chain: tuple[int, ...] | None) -> None:
        with _lock:
            found = _idle.pop() if _idle else None
        self._child: _Child = found if found and found.alive else _Child()
        self._ended = False
        self._stream = stream
        self.alone = chain is not None
        self._finished = self._waiting = False
        asked = {"name": name, "size": stream.seek(0, 2), "budget": budget.left, "chain": chain}
        self._child.send(b"O", json.dumps(asked).encode())

    def member(self) -> Member | None:
        """The next member; None behind the last."""
        body = self._until(b"M")
        if body is None:
            return None
        (length,) = struct.unpack_from(">I", body)
        chain, name, damage, whole = json.loads(body[4 : 4 + length])
        data = body[4 + length :]
        self._waiting = not whole
        stream: BinaryIO = io.BytesIO(data)
        if not whole:
            stream = io.BufferedReader(_Rest(self, data), _BUFFER)
        return Member(tuple(chain), clean_text(name) or "", stream, damage)

    def ask(self, letter: bytes, body: bytes = b"") -> bytes:
        """Bytes of the member under way, or its length.

        Raises:
            LimitExceeded: too much comes out.
            SourceRefused: it is damaged, or not under way any more.
        """
        if not self._waiting:
            raise SourceRefused("the archive has moved on to another member")
        self._child.send(letter, body)
        return self._until(b"D") or b""

    def go_on(self) -> None:
        """Let the child go on to the next member."""
        if self._waiting:
            self._waiting = False
            self._child.send(b"C")

    def leave(self) -> None:
        """No further member is wanted; the one under way may still be read."""
        if self._waiting:
            self.alone = True
        else:
            self.end()

    def drain(self) -> None:
        """Hear the end, where nothing else can come."""
        try:
            self._until(b"E")
        finally:
            self.end()

    def end(self) -> None:
        """Give the child back; it is ended if it may still be speaking."""
        if self._ended:
            return
        self._ended = True
        if (self._finished or self._waiting) and self._child.alive:
            with _lock:
                _idle.append(self._child)
        else:
            self._child.stop()
        self._waiting = False

    def _until(self, wanted: bytes) -> bytes | None:
        """The body of the next message of that kind, None at the end; serves the archive's bytes meanwhile."""
        while True:
            letter, body = self._child.receive()
            if letter == b"R":
                at, count = RANGE.unpack(body)
                self._stream.seek(at)
                self._child.send(b"S", self._stream.read(count))
            elif letter == wanted and letter != b"E":
                return body
            elif letter == b"B":
                raise SourceRefused(body.decode("utf-8", "replace"))
            else:
                self._finished, self._waiting = True, False
                if letter == b"X":
                    limit, what, hint = json.loads(body)
                    raise (LimitExceeded if limit else SourceRefused)(what, hint)
                return None


class _Rest(io.RawIOBase):
    """A member that did not come whole: its beginning is here, the rest is asked for."""

    def __init__(self, talk: _Talk, first: bytes) -> None:
        self._talk, self._first, self._at = talk, first, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always: going back unpacks again."""
        return True

    def tell(self) -> int:
        """Position in the unpacked bytes."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position; the end is found by unpacking up to it."""
        if whence == io.SEEK_END:
            offset += int.from_bytes(self._talk.ask(b"L"), "big")
        elif whence == io.SEEK_CUR:
            offset += self._at
        self._at = max(offset, 0)
        return self._at

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Fill ``buffer`` as far as the member goes.

        Raises:
            LimitExceeded: too much comes out.
            SourceRefused: the member is damaged.
        """
        data = self._first[self._at : self._at + len(buffer)]
        if not data and len(buffer):
            data = self._talk.ask(b"P", RANGE.pack(self._at, len(buffer)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Give the child back, if nothing else is wanted of it."""
        if self._talk.alone and not self.closed:
            self._talk.end()
        super().close()
