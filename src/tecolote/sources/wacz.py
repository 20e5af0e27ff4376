"""WACZ (Web Archive Collection Zipped 1.1.1): whether its files are those that ``datapackage.json`` lists.

Whether somebody signed the list (WACZ Signing and Verification 0.1.0) is not checked, only that it is the list whose
digest stands in ``datapackage-digest.json``.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from typing import Any, BinaryIO

from tecolote.errors import LimitExceeded
from tecolote.sources.archives import Budget
from tecolote.sources.jsonbytes import Unreadable, decode
from tecolote.sources.shapes import dig, objs, some

LIST = "datapackage.json"
_DIGEST = "datapackage-digest.json"
_MAX_LIST = 8 << 20
_MAX_FAULTS = 100
#: What the format allows; other methods of a zip may ask for gigabytes of memory.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HASHES = {"sha256", "sha512", "sha1", "md5", "sha224", "sha384"}


def faults(stream: BinaryIO) -> list[str]:
    """What a WACZ does not keep of its own promises, in words; empty if all holds or it is no WACZ.

    Each listed file must be there, with its length and digest; files that are not listed are named too. Files are
    read in pieces, each once for a kind of digest, and no more bytes than an import may unpack. Of more than 100
    faults the rest is counted.
    """
    try:
        stream.seek(0)
        if stream.read(2) != b"PK":
            return []
        size = stream.seek(0, 2)
        with zipfile.ZipFile(stream) as archive:
            if LIST not in archive.namelist():
                return []
            found = _Check(archive, Budget.of(size)).faults()
    except Unreadable as bad:
        return [f"{LIST}: {bad}"]
    except LimitExceeded:
        return ["the files that are listed unpack to more than is allowed"]
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, RuntimeError, EOFError, ValueError) as bad:
        return [f"the archive cannot be read: {str(bad)[:100]}"]
    return found[:_MAX_FAULTS] + ([f"and {len(found) - _MAX_FAULTS} more"] if len(found) > _MAX_FAULTS else [])


class _Check:
    """One archive, its names, and the bytes that may still come out of it."""

    def __init__(self, archive: zipfile.ZipFile, budget: Budget) -> None:
        self._archive, self._budget = archive, budget
        self._names = archive.namelist()
        self._present = set(self._names)
        self._measured: dict[tuple[str, str], tuple[int, str | None]] = {}

    def faults(self) -> list[str]:
        """What does not hold."""
        listed = self._document(LIST)
        if not isinstance(listed, dict):
            return [f"{LIST} is not an object"]
        found = ["two files have one name"] if len(self._present) < len(self._names) else []
        if _DIGEST in self._present:
            found += self._list_itself()
        if not isinstance(listed.get("resources"), list):
            return [*found, f"{LIST} lists no files"]
        names = set()
        for item in objs(listed["resources"]):
            name = some(item.get("path")) or ""
            names.add(name)
            found += self._resource(name, item)
        extra = sorted(self._present - {LIST, _DIGEST} - names)
        return found + [f"{name[:200]} is not listed" for name in extra if not name.endswith("/")]

    def _document(self, name: str) -> Any:
        info = self._archive.getinfo(name)
        if info.file_size > _MAX_LIST:
            raise Unreadable(f"longer than {_MAX_LIST >> 20} MiB")
        if info.compress_type not in _METHODS:
            raise Unreadable("compressed in a way that the format does not allow")
        return decode(self._archive.read(name), lambda words: None)

    def _list_itself(self) -> list[str]:
        """Whether the list is the one whose digest the archive states."""
        try:
            stated = some(dig(self._document(_DIGEST), "hash")) or ""
        except Unreadable as bad:
            return [f"{_DIGEST}: {bad}"]
        return self._digest(LIST, stated, "sha256")

    def _resource(self, name: str, item: dict[str, Any]) -> list[str]:
        if name not in self._present:
            return [f"{name[:200]} is listed and not there"]
        if self._archive.getinfo(name).compress_type not in _METHODS:
            return [f"{name[:200]} is compressed in a way that the format does not allow"]
        found = []
        length = item.get("bytes", dig(item, "stats", "bytes"))
        if isinstance(length, int) and length != (size := self._measure(name, "sha256")[0]):
            found.append(f"{name[:200]} has {size} bytes where {length} are listed")
        stated = some(item.get("hash")) or some(dig(item, "stats", "hash")) or ""
        return found + self._digest(name, stated, some(item.get("hashing")) or "sha256")

    def _digest(self, name: str, stated: str, usual: str) -> list[str]:
        kind, _, value = stated.rpartition(":")
        digest = self._measure(name, (kind or usual).lower())[1]
        if not stated:
            return [f"{name[:200]} has no digest"]
        if digest is None:
            return [f"{name[:200]} has a digest of an unknown kind"]
        return [] if digest == value.lower() else [f"{name[:200]} does not have the digest that is listed"]

    def _measure(self, name: str, kind: str) -> tuple[int, str | None]:
        """Length and digest of a member, None for a kind of digest that is not known."""
        kind = kind if kind in _HASHES else ""
        if (name, kind) not in self._measured:
            digest = hashlib.new(kind, usedforsecurity=False) if kind else None
            size = 0
            with self._archive.open(name) as stream:
                while block := stream.read(1 << 20):
                    size += len(block)
                    self._budget.spend(len(block))
                    if digest:
                        digest.update(block)
            self._measured[name, kind] = size, digest.hexdigest() if digest else None
        return self._measured[name, kind]
