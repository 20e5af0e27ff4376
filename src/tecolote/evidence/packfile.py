"""The file of a pack while it is written: large segments go to the drive past the system's page cache.

Copying gigabytes into the page cache costs more processor time than hashing and encrypting them together. So
whole blocks of a large segment are written directly (``O_DIRECT``) from memory that is aligned to them; the bytes
behind the last whole block wait in memory until the next segment, or until `PackFile.settle` writes them as
any other file. Where a file system does not know direct writing, everything is written as any other file.
"""

from __future__ import annotations

import errno
import mmap
import os
from pathlib import Path

from tecolote.evidence.keys import sync_file

#: A multiple of what drives ask direct writes to be aligned to.
BLOCK = 4096
#: Segments shorter than this (in bytes) are written through the page cache.
DIRECT_BYTES = 1 << 20


class PackFile:
    """One open pack. Not for several threads at once."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Open a pack to append to it; ``fresh`` begins one, in place of what an interrupted write left there.

        Raises:
            OSError: the drive refused.
        """
        self._path = path
        self._file = os.open(path, os.O_RDWR | (os.O_CREAT | os.O_TRUNC if fresh else 0), 0o600)
        self._direct: int | None = None
        self._may_be_direct = hasattr(os, "O_DIRECT")
        self._memory = mmap.mmap(-1, BLOCK)
        self._begun: tuple[int, bytes] = (0, b"")  # offset of a block that waits in memory, and its bytes

    def room(self, offset: int, length: int) -> memoryview:
        """Memory to fill with the ``length`` bytes that `put` is then to write at ``offset``."""
        lead = offset % BLOCK
        if lead + length > len(self._memory):
            self._memory = mmap.mmap(-1, -(-(lead + length) // BLOCK) * BLOCK)
        return memoryview(self._memory)[lead : lead + length]

    def put(self, offset: int, length: int) -> None:
        """Write what the room holds. Others see it after `settle`, it is safe after `sync`.

        Raises:
            OSError: the drive refused.
        """
        with memoryview(self._memory) as memory:
            lead = offset % BLOCK
            if length < DIRECT_BYTES or not self._may_be_direct:
                self.settle()
                _write_all(self._file, memory[lead : lead + length], offset)
                return
            start, end = offset - lead, lead + length
            at, begun = self._begun
            memory[:lead] = begun if at == start and len(begun) == lead else os.pread(self._file, lead, start)
            whole = end - end % BLOCK
            done = self._put_directly(memory[:whole], start)
            if done < whole:
                _write_all(self._file, memory[done:end], start + done)
                self._begun = (0, b"")
            else:
                self._begun = (start + whole, bytes(memory[whole:end]))

    def _put_directly(self, blocks: memoryview, offset: int) -> int:
        """Write whole blocks past the page cache; how many bytes of them the file system took."""
        done = 0
        try:
            if self._direct is None:
                self._direct = os.open(self._path, os.O_WRONLY | os.O_DIRECT)
            while done < len(blocks) and done % BLOCK == 0:
                done += os.pwrite(self._direct, blocks[done:], offset + done)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self._may_be_direct = False
        return done

    def settle(self) -> None:
        """Write the block that waits in memory, so that every reader of the file sees all of it.

        Raises:
            OSError: the drive refused.
        """
        at, begun = self._begun
        if begun:
            _write_all(self._file, memoryview(begun), at)
        self._begun = (0, b"")

    def sync(self) -> None:
        """Make all of it durable.

        Raises:
            OSError: the drive refused.
        """
        self.settle()
        sync_file(self._file)

    def close(self) -> None:
        """Close the file; a block that waits in memory is forgotten."""
        os.close(self._file)
        if self._direct is not None:
            os.close(self._direct)


def _write_all(file: int, data: memoryview, offset: int) -> None:
    while data:
        done = os.pwrite(file, data, offset)
        data, offset = data[done:], offset + done
