"""WACZ (Web Archive Collection Zipped 1.1.1): whether its files are those that ``datapackage.json`` lists."""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from typing import Any, BinaryIO

from tecolote.sources.jsonbytes import Unreadable, decode
from tecolote.sources.shapes import dig, objs, some

_LIST = "datapackage.json"
_MAX_LIST = 8 << 20
_MAX_BYTES = 16 << 30
_HASHES = {"sha256", "sha512", "sha1", "md5", "sha224", "sha384"}


def faults(stream: BinaryIO) -> list[str]:
    """What a WACZ does not keep of its own promises, in words; empty if all holds or it is no WACZ.

    Each listed file must be there, with its length and digest; files that are not listed are named too.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            if _LIST not in archive.namelist() or archive.getinfo(_LIST).file_size > _MAX_LIST:
                return []
            listed = decode(archive.read(_LIST), lambda words: None)
            return _check(archive, listed) if isinstance(listed, dict) else [f"{_LIST} is not an object"]
    except Unreadable as bad:
        return [f"{_LIST}: {bad}"]
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, RuntimeError, EOFError, ValueError) as bad:
        return [f"the archive cannot be read: {str(bad)[:100]}"]


def _check(archive: zipfile.ZipFile, listed: dict[str, Any]) -> list[str]:
    """What does not hold of the files that ``listed`` names."""
    if not isinstance(listed.get("resources"), list):
        return []
    found, names = [], set()
    present = set(archive.namelist())
    for item in objs(listed["resources"]):
        name = some(item.get("path")) or ""
        names.add(name)
        if name not in present:
            found.append(f"{name[:200]} is listed and not there")
            continue
        stated = some(item.get("hash")) or some(dig(item, "stats", "hash")) or ""
        kind, _, value = stated.rpartition(":")
        kind = (kind or some(item.get("hashing")) or "sha256").lower()
        size, digest = _measure(archive, name, kind)
        length = item.get("bytes", dig(item, "stats", "bytes"))
        if isinstance(length, int) and length != size:
            found.append(f"{name[:200]} has {size} bytes where {length} are listed")
        if digest is None:
            found.append(f"{name[:200]} has a digest of an unknown kind")
        elif digest != value.lower():
            found.append(f"{name[:200]} does not have the digest that is listed")
    kept = {_LIST, "datapackage-digest.json"} | names
    return found + [f"{name[:200]} is not listed" for name in sorted(present - kept) if not name.endswith("/")]


def _measure(archive: zipfile.ZipFile, name: str, kind: str) -> tuple[int, str | None]:
    """Length and digest of a member, None for a kind of digest that is not known."""
    digest = hashlib.new(kind, usedforsecurity=False) if kind in _HASHES else None
    size = 0
    with archive.open(name) as stream:
        while size < _MAX_BYTES and (block := stream.read(1 << 20)):
            size += len(block)
            if digest:
                digest.update(block)
    return size, digest.hexdigest() if digest else None
