"""A chat that somebody saved again as UTF-16: read as UTF-8, with every span found again in the file's own bytes.

The apps write UTF-8; Windows' editors and spreadsheets save UTF-16 with a byte order mark (RFC 2781 section 3.2).
"""

from __future__ import annotations

import io

from tecolote.sources.base import Source

_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_MAX_BYTES = 256 << 20


def is_utf16(head: bytes) -> bool:
    """Whether a file begins with a byte order mark of UTF-16."""
    return head[:2] in _MARKS


class Recoded:
    """The same chat in UTF-8.

    Attributes:
        source: the chat in UTF-8; unpaired surrogates and a last odd byte are U+FFFD.
    """

    def __init__(self, source: Source) -> None:
        """Decode the whole file.

        Raises:
            LimitExceeded: it is longer than 256 MiB.
        """
        self._found = source.read_all(_MAX_BYTES)
        self._code = _MARKS[self._found[:2]]
        self._utf8 = self._found[2:].decode(self._code, "replace").encode()
        self._at, self._at_found = 0, 2
        self.source = Source(source.name, io.BytesIO(self._utf8), len(self._utf8))

    def place(self, start: int, raw: bytes) -> tuple[int, bytes]:
        """Where ``raw``, which begins at byte ``start`` of `source`, stands in the file, and its bytes there.

        Spans must be asked for in the order of the file.
        """
        self._at_found += self._units(self._utf8[self._at : start])
        self._at = start
        return self._at_found, self._found[self._at_found : self._at_found + self._units(raw)]

    def _units(self, utf8: bytes) -> int:
        return len(utf8.decode().encode(self._code))
