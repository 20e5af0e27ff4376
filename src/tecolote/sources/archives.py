"""Zip, tar, gzip, xz and Zstandard files opened entry by entry: what the child of `containers` does.

Imports nothing heavy: it runs in a process of its own, under limits, beside the import. Names of members are as found
and may hold anything.
"""

from __future__ import annotations

import gzip
import io
import lzma
import resource
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from tecolote.errors import LimitExceeded, SourceRefused

MAX_DEPTH = 4
MAX_ENTRIES = 200_000
#: Bytes that may come out of any archive, however small it is.
FREE_BYTES = 64 << 20
#: Beyond `FREE_BYTES`, how many bytes may come out for each byte of the outermost file.
MAX_RATIO = 250
_XZ_MEMORY = 256 << 20
#: Dumps are written with windows of 2 GiB; memory is only touched as far as bytes come out, which is counted.
_ZSTD_WINDOW = 1 << 31
#: Bytes given to the Zstandard decoder at once: at most 32 MiB come out of them (RFC 8878, a block is 128 KiB).
_ZSTD_STEP = 1024
#: Address space that the decoder needs for such a window.
_ZSTD_SPACE = 3 << 30
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

#: What a damaged or dishonest archive raises on reading.
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError,
    RuntimeError,
)  # fmt: skip


@dataclass
class Budget:
    """Bytes that one outermost file may still unpack to, all members and depths together."""

    left: int

    @classmethod
    def of(cls, size: int) -> Budget:
        """The budget of an outermost file of ``size`` bytes."""
        return cls(FREE_BYTES + MAX_RATIO * size)

    def spend(self, count: int) -> None:
        """Take ``count`` bytes.

        Raises:
            LimitExceeded: the file unpacks to more than it may.
        """
        self.left -= count
        if self.left < 0:
            raise LimitExceeded(
                "it unpacks to far more than its size, as a decompression bomb does",
                "If it is genuine, unpack it yourself and import the files",
            )


class Bounded(io.RawIOBase):
    """A member's bytes: seekable, counted against a budget, damage raised as `SourceRefused`."""

    def __init__(self, inner: BinaryIO, budget: Budget) -> None:
        self._inner = inner
        self._budget = budget
        self._high = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always: going back unpacks again."""
        return True

    def tell(self) -> int:
        """Position in the unpacked bytes."""
        return self._inner.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position; reading up to it counts."""
        if whence == io.SEEK_END:
            while self.read(1 << 20):
                pass
            return self._inner.seek(self._high + offset)
        return self._inner.seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        """Up to ``size`` bytes.

        Raises:
            LimitExceeded: more comes out than the budget allows.
            SourceRefused: the archive is damaged or encrypted.
        """
        want = -1 if size is None else size
        if want < 0:
            parts = []
            while part := self.read(1 << 20):
                parts.append(part)
            return b"".join(parts)
        try:
            data = self._inner.read(want)
            position = self._inner.tell()
        except DAMAGE as error:
            raise SourceRefused(f"the archive cannot be read: {_words(error)}") from None
        if position > self._high:
            self._budget.spend(position - self._high)
            self._high = position
        return data

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """For `io.BufferedReader`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@dataclass(frozen=True)
class Member:
    """A file inside a container.

    Attributes:
        chain: positions from the outermost file.
        name: for people.
        stream: its bytes, valid until the next member is asked for.
        damage: why it cannot be read, if its first bytes could not.
    """

    chain: tuple[int, ...]
    name: str
    stream: BinaryIO
    damage: str = ""


def kind(head: bytes) -> str | None:
    """'zip', 'tar', 'gzip', 'xz', 'zstd' by the first bytes, or None.

    A zip behind other bytes is not opened: such a file is meant to be two things at once. A compressed web archive
    is no container: its records are compressed one by one and its reader checks each.
    """
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"\x1f\x8b\x08"):
        return None if _is_web_archive(head) else "gzip"
    if head.startswith(_ZSTD_MAGIC):
        return "zstd"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head[257:262] == b"ustar":
        return "tar"
    return None


def _is_web_archive(head: bytes) -> bool:
    try:
        first = zlib.decompressobj(31).decompress(head, 16)
    except zlib.error:
        return False
    return first.startswith((b"WARC/", b"filedesc://"))


def members(name: str, stream: BinaryIO, budget: Budget, chain: tuple[int, ...] = ()) -> Iterator[Member]:
    """Every file inside a container, nested containers opened, in the container's own order.

    A stream is valid until the next member is asked for.

    Raises:
        LimitExceeded: too deep, too many entries, or too much comes out.
        SourceRefused: the container is damaged or encrypted.
    """
    if len(chain) > MAX_DEPTH:
        raise LimitExceeded(f"archives are nested more than {MAX_DEPTH} deep", "Unpack the outer ones yourself")
    for position, (found, inner) in enumerate(_entries(name, stream)):
        if position >= MAX_ENTRIES:
            raise LimitExceeded(f"it has more than {MAX_ENTRIES} entries", "Split it")
        here = (*chain, position)
        bounded = Bounded(inner, budget)
        try:
            head = bounded.read(512)
            bounded.seek(0)
        except LimitExceeded:
            raise
        except SourceRefused as error:
            yield Member(here, f"{name}!{found}", io.BytesIO(), str(error))
            continue
        whole: BinaryIO = io.BufferedReader(bounded, 1 << 18)
        if kind(head):
            yield from members(f"{name}!{found}", whole, budget, here)
        else:
            yield Member(here, f"{name}!{found}", whole)


def open_member(name: str, stream: BinaryIO, budget: Budget, chain: tuple[int, ...]) -> BinaryIO:
    """The bytes of one member, by its chain, as `members` would hand them out."""
    for position in chain:
        _, inner = _entry_at(name, stream, position)
        stream = io.BufferedReader(Bounded(inner, budget), 1 << 18)
    return stream


def _entry_at(name: str, stream: BinaryIO, position: int) -> tuple[str, BinaryIO]:
    for at, found in enumerate(_entries(name, stream, only=position)):
        if at == position:
            return found
    raise SourceRefused(f"{name} has no member {position}")


def _entries(name: str, stream: BinaryIO, only: int | None = None) -> Iterator[tuple[str, BinaryIO]]:
    stream.seek(0)
    what = kind(stream.read(512))
    stream.seek(0)
    try:
        if what == "zip":
            yield from _zip_entries(stream, only)
        elif what == "tar":
            yield from _tar_entries(stream, only)
        elif what == "gzip":
            yield _bare(name, ".gz"), gzip.GzipFile(fileobj=stream, mode="rb")  # type: ignore[misc]
        elif what == "zstd":
            yield _bare(name, ".zst"), io.BufferedReader(_Zstd(stream), 1 << 18)
        else:
            yield _bare(name, ".xz"), _Xz(stream)  # type: ignore[misc]
    except DAMAGE as error:
        raise SourceRefused(f"the archive cannot be read: {_words(error)}") from None


def _zip_entries(stream: BinaryIO, only: int | None) -> Iterator[tuple[str, BinaryIO]]:
    # Neither the archive nor its members are closed here: a member outlives the search that found it.
    archive = zipfile.ZipFile(stream)
    files = [info for info in archive.infolist() if not info.filename.endswith("/")]
    for position, info in enumerate(files):
        if only is not None and position != only:
            yield info.filename, io.BytesIO()
            continue
        if info.flag_bits & 1:
            raise SourceRefused("the archive is encrypted", "Unpack it with its password and import the files")
        yield info.filename, archive.open(info)  # type: ignore[misc]


def _tar_entries(stream: BinaryIO, only: int | None) -> Iterator[tuple[str, BinaryIO]]:
    archive = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115  (as for zip)
    position = -1
    for info in archive:
        if info.isreg():
            position += 1
            inner = None if only is not None and position != only else archive.extractfile(info)
            yield info.name, inner or io.BytesIO()  # type: ignore[misc]


class _Xz(lzma.LZMAFile):
    """An xz stream whose dictionary may not take more memory than we allow."""

    def __init__(self, stream: BinaryIO) -> None:
        checker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
        stream.seek(0)
        checker.decompress(stream.read(4096), max_length=1)
        stream.seek(0)
        super().__init__(stream)


class _Zstd(io.RawIOBase):
    """A Zstandard stream of one or more frames (RFC 8878); one that is cut off raises, where the library is silent."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if 0 <= soft < _ZSTD_SPACE and (hard < 0 or hard >= _ZSTD_SPACE):  # limited, as the child is
            resource.setrlimit(resource.RLIMIT_AS, (_ZSTD_SPACE, hard))
        self._rewind()

    def _rewind(self) -> None:
        import zstandard

        self._stream.seek(0)
        self._new = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj
        self._decoder: Any = None
        self._waiting, self._ready, self._position = b"", b"", 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always: going back unpacks again."""
        return True

    def tell(self) -> int:
        """Position in the unpacked bytes."""
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position, reading up to it."""
        target = offset if whence == io.SEEK_SET else self._position + offset
        if whence == io.SEEK_END:
            raise OSError("the unpacked length is not known")
        if target < self._position:
            self._rewind()
        while self._position < target and self.read(min(1 << 20, target - self._position)):
            pass
        return self._position

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Fill ``buffer`` as far as one step goes; 0 at the end.

        Raises:
            OSError: the stream is damaged.
            EOFError: it ends inside a frame.
        """
        while not self._ready and self._step():
            pass
        taken = self._ready[: len(buffer)]
        buffer[: len(taken)] = taken
        self._ready = self._ready[len(taken) :]
        self._position += len(taken)
        return len(taken)

    def _step(self) -> bool:
        """Decode the next few bytes; False at the end of the file."""
        import zstandard

        part = self._waiting or self._stream.read(_ZSTD_STEP)
        self._waiting = b""
        if not part:
            if self._decoder is not None:
                raise EOFError("the Zstandard stream ends inside a frame")
            return False
        self._decoder = self._decoder or self._new()
        try:
            self._ready = self._decoder.decompress(part)
        except zstandard.ZstdError as error:
            raise OSError(f"damaged Zstandard stream: {error}") from None
        if self._decoder.eof:
            self._waiting, self._decoder = self._decoder.unused_data, None
        return True


def _bare(name: str, ending: str) -> str:
    last = name.rsplit("!", 1)[-1].rsplit("/", 1)[-1]
    return last[: -len(ending)] if last.endswith(ending) else last


def _words(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
