"""Taking the bytes and the keys of segments that a tombstone has condemned; it can be taken up at any point.

Of a segment first the ciphertext is overwritten, then its key is destroyed: a key that is still there says that its
segment is not done.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tecolote.errors import KeyMissing
from tecolote.evidence import segments
from tecolote.evidence.keys import SegmentKeys, sync_file
from tecolote.evidence.segments import Row

_ZEROS = bytes(1 << 20)


def waiting(keys: SegmentKeys, condemned: Iterable[int]) -> list[int]:
    """Those of the condemned segments that still have a key, in order."""
    return [number for number in sorted(condemned) if _has_key(keys, number)]


def overwrite(packs: Path, rows: Iterable[Row]) -> None:
    """Zeros over the ciphertext of segments, durably. Their headers stay: the log holds them too.

    Args:
        packs: the folder of the packs.
        rows: where the segments lie.

    Raises:
        OSError: the drive refused.
    """
    by_pack: dict[int, list[Row]] = {}
    for row in rows:
        by_pack.setdefault(row.pack, []).append(row)
    for pack, here in by_pack.items():
        handle = os.open(segments.pack_path(packs, pack), os.O_WRONLY)
        try:
            for row in here:
                at = segments.data_offset(row)
                while at < row.end:
                    at += os.pwrite(handle, _ZEROS[: row.end - at], at)
            sync_file(handle)
        finally:
            os.close(handle)


def _has_key(keys: SegmentKeys, segment: int) -> bool:
    try:
        keys.get(segment)
    except KeyMissing:
        return False
    return True
