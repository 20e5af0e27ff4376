"""CBOR (RFC 8949) as provenance manifests use it: definite lengths, bounded depth and number of items.

A map is a dictionary (keys: text, bytes or whole numbers, each once), a tag is left out, what has no use in a manifest
(indefinite lengths, halves, simple values) is refused.
"""

from __future__ import annotations

import struct
from typing import Any

from tecolote.errors import SourceRefused

_MAX_DEPTH, _MAX_ITEMS = 32, 100_000
_SIMPLE = {20: False, 21: True, 22: None, 23: None}


def decode(raw: bytes) -> Any:
    """The one value that ``raw`` holds.

    Raises:
        SourceRefused: it is cut off, holds more than one value, or is built in a way that is not read here.
    """
    reader = _Reader(raw)
    value = reader.value(0)
    if reader.at != len(raw):
        raise SourceRefused("CBOR with bytes behind its end")
    return value


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._items = 0
        self.at = 0

    def _take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self._raw):
            raise SourceRefused("CBOR that is cut off")
        taken, self.at = self._raw[self.at : end], end
        return taken

    def _size(self, info: int) -> int:
        """The number in, or behind, the first byte."""
        if info < 24:
            return info
        if info > 27:
            raise SourceRefused("CBOR of indefinite length")
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    def value(self, depth: int) -> Any:
        """The next value."""
        self._items += 1
        if depth > _MAX_DEPTH or self._items > _MAX_ITEMS:
            raise SourceRefused("CBOR that is too deep or too long")
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if major == 7:
            return self._plain(info)
        size = self._size(info)
        if major in (2, 3):
            text = self._take(size)
            return text if major == 2 else text.decode("utf-8", "replace")
        if major == 4:
            return [self.value(depth + 1) for _ in range(self._counted(size))]
        if major == 5:
            return self._map(size, depth)
        return self.value(depth + 1) if major == 6 else (size if major == 0 else -1 - size)

    def _counted(self, size: int) -> int:
        """A number of items that can be there: each takes a byte at least."""
        if size > len(self._raw) - self.at:
            raise SourceRefused("CBOR that is cut off")
        return size

    def _map(self, size: int, depth: int) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for _ in range(self._counted(size)):
            key = self.value(depth + 1)
            if not isinstance(key, str | bytes | int) or key in found:
                raise SourceRefused("CBOR with a key that is there twice, or that is no name")
            found[key] = self.value(depth + 1)
        return found

    def _plain(self, info: int) -> Any:
        """A truth value, nothing, or a number with a point."""
        if info in _SIMPLE:
            return _SIMPLE[info]
        if info == 26:
            return struct.unpack(">f", self._take(4))[0]
        if info == 27:
            return struct.unpack(">d", self._take(8))[0]
        raise SourceRefused("CBOR with a value that is not read here")
