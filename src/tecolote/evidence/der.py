"""The little of DER (ITU-T X.690) that reading a time-stamp reply needs; no value is longer than what holds it."""

from __future__ import annotations

from tecolote.errors import EvidenceError

#: Most values that stand one behind the other.
_MAX_VALUES = 1000
Value = tuple[int, bytes]


def values(raw: bytes) -> list[Value]:
    """Tag and content of the values that stand one behind the other.

    Raises:
        EvidenceError: a value is cut off, its length is not in the shortest form, or there are too many.
    """
    found: list[Value] = []
    at = 0
    while at < len(raw):
        head = raw[at : at + 6]
        if len(head) < 2 or head[0] & 0x1F == 0x1F or len(found) >= _MAX_VALUES:
            raise EvidenceError("the bytes are no DER")
        more = max(head[1] - 0x80, 0)
        size = int.from_bytes(head[2 : 2 + more], "big") if more else head[1]
        shortest = more == 0 or (more <= 4 and len(head) >= 2 + more and size >= max(0x80, 1 << 8 * (more - 1)))
        end = at + 2 + more + size
        if head[1] == 0x80 or not shortest or end > len(raw):
            raise EvidenceError("the bytes are no DER, or cut off")
        found.append((head[0], raw[at + 2 + more : end]))
        at = end
    return found


def inside(raw: bytes, tag: int) -> list[Value]:
    """The values inside the one value that ``raw`` is, which must have ``tag``.

    Raises:
        EvidenceError: it has not.
    """
    found = values(raw)
    if len(found) != 1 or found[0][0] != tag:
        raise EvidenceError(f"the bytes are not one DER value with tag {tag:#x}")
    return values(found[0][1])


def encoded(tag: int, content: bytes) -> bytes:
    """A value with its tag and length."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
