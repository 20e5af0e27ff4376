"""A QR code of one size, for checkpoints on paper.

Source: ISO/IEC 18004. Version 13 (69 by 69 modules), error correction L, byte mode, mask 0: up to 425 bytes. A fixed
version and mask keep this small; every reader takes them.
"""

from __future__ import annotations

from collections.abc import Iterator

from tecolote.errors import EvidenceError

SIZE = 69
MAX_BYTES = 425
_BLOCKS, _DATA, _CHECK = 4, 107, 26
_ALIGNMENT = (6, 34, 62)
#: Format information for level L and mask 0, version information for 13, with their check bits.
_FORMAT, _VERSION = 0x77C4, 0x0D847


def modules(data: bytes) -> list[list[bool]]:
    """Rows of dark modules.

    Raises:
        EvidenceError: more than 425 bytes.
    """
    if len(data) > MAX_BYTES:
        raise EvidenceError(f"{len(data)} bytes do not fit into the QR code", "Hand the text over instead")
    grid: list[list[bool | None]] = [[None] * SIZE for _ in range(SIZE)]
    _patterns(grid)
    bits = (byte >> shift & 1 for byte in _codewords(data) for shift in range(7, -1, -1))
    for row, column in _free(grid):
        grid[row][column] = bool(next(bits)) ^ ((row + column) % 2 == 0)
    return [[bool(dark) for dark in row] for row in grid]


def path(data: bytes) -> str:
    """The dark modules as the path of an SVG, one unit each; the caller leaves four units white around them."""
    rows = enumerate(modules(data))
    return "".join(f"M{c} {r}h1v1h-1z" for r, row in rows for c, dark in enumerate(row) if dark)


def check_bytes(data: bytes, count: int) -> bytes:
    """Reed-Solomon check bytes over GF(256) with polynomial 0x11D."""
    divisor = [1]
    for power in range(count):
        root = _power(power)
        longer = [*divisor, 0]
        for at, factor in enumerate(divisor, 1):
            longer[at] ^= _times(factor, root)
        divisor = longer
    rest = [0] * count
    for byte in data:
        lead = byte ^ rest.pop(0)
        rest.append(0)
        rest = [r ^ _times(factor, lead) for r, factor in zip(rest, divisor[1:], strict=True)]
    return bytes(rest)


def _times(a: int, b: int) -> int:
    found = 0
    while b:
        found ^= a if b & 1 else 0
        a, b = (a << 1) ^ (0x11D if a & 0x80 else 0), b >> 1
    return found


def _power(exponent: int) -> int:
    found = 1
    for _ in range(exponent):
        found = _times(found, 2)
    return found


def _codewords(data: bytes) -> bytes:
    """Mode, length, data and padding in four blocks with their check bytes, interleaved."""
    number = (0b0100 << 16 | len(data)) << 8 * len(data) | int.from_bytes(data, "big")
    raw = (number << 4).to_bytes(len(data) + 3, "big")
    room = _BLOCKS * _DATA
    raw += (b"\xec\x11" * room)[: room - len(raw)]
    blocks = [raw[at : at + _DATA] for at in range(0, room, _DATA)]
    checks = [check_bytes(block, _CHECK) for block in blocks]
    return bytes(part[at] for parts in (blocks, checks) for at in range(len(parts[0])) for part in parts)


def _patterns(grid: list[list[bool | None]]) -> None:
    """Everything that is not data: timing, finders, alignment, format and version."""
    for at in range(SIZE):
        grid[6][at] = grid[at][6] = at % 2 == 0
    for row, column in ((3, 3), (3, SIZE - 4), (SIZE - 4, 3)):
        _square(grid, row, column, 4, (0, 1, 3))
    for row in _ALIGNMENT:
        for column in _ALIGNMENT:
            if (row, column) not in ((6, 6), (6, 62), (62, 6)):
                _square(grid, row, column, 2, (0, 2))
    for at in range(15):
        dark = bool(_FORMAT >> at & 1)
        row, column = (at + (at > 5), 8) if at < 8 else (8, 7 if at == 8 else 14 - at)
        grid[row][column] = dark
        row, column = (8, SIZE - 1 - at) if at < 8 else (SIZE - 15 + at, 8)
        grid[row][column] = dark
    grid[SIZE - 8][8] = True
    for at in range(18):
        near, far = at // 3, SIZE - 11 + at % 3
        grid[near][far] = grid[far][near] = bool(_VERSION >> at & 1)


def _square(grid: list[list[bool | None]], row: int, column: int, reach: int, dark: tuple[int, ...]) -> None:
    """Concentric squares; ``dark`` are the distances from the middle that are."""
    for r in range(max(0, row - reach), min(SIZE, row + reach + 1)):
        for c in range(max(0, column - reach), min(SIZE, column + reach + 1)):
            grid[r][c] = max(abs(r - row), abs(c - column)) in dark


def _free(grid: list[list[bool | None]]) -> Iterator[tuple[int, int]]:
    """Places for data: pairs of columns from the right, up and down in turn."""
    upward = True
    for right in [*range(SIZE - 1, 6, -2), 5, 3, 1]:
        for row in range(SIZE - 1, -1, -1) if upward else range(SIZE):
            for column in (right, right - 1):
                if grid[row][column] is None:
                    yield row, column
        upward = not upward
