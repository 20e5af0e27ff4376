"""The shipped examples: minimal pairs, single sentences, and frames whose slots are filled from lists.

All were written for this project; none is a real post. Pairs and singles are data under
``signals/data/examples``; a frame (`Frame`) says the same words once as an act and once as the report,
the testimony or the joke of it, so that who speaks is all that tells the two apart.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from importlib import resources
from typing import Literal

import msgspec

from tecolote.codebook import safe_yaml

_SLOT = re.compile(r"\{([a-z_]+)(?:\.([0-9]))?\}")


class Pair(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Two sentences: one performs ``theme``; the other, in ``voice`` and ``genre``, does not."""

    theme: str
    do: str
    clean: str = msgspec.field(name="not")
    voice: str
    genre: str


class Frame(Pair, forbid_unknown_fields=True, kw_only=True):
    """A pair with slots, ``{list}`` or ``{list.form}``; both sentences share the entries of their slots."""

    id: str
    count: int


class Single(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Sentences of one voice and genre; with ``themes`` they are performed."""

    voice: str
    genre: str
    texts: list[str]
    themes: list[str] = []


class Examples(msgspec.Struct, forbid_unknown_fields=True):
    """A file of examples; with ``holdout`` its pairs, or half of them (`is_held`), only measure.

    ``lists`` fill the slots of ``frames``; an entry's forms are divided by `` | ``.
    """

    holdout: Literal["", "half", "all"] = ""
    pairs: list[Pair] = []
    singles: list[Single] = []
    lists: dict[str, list[str]] = {}
    frames: list[Frame] = []


class Row(msgspec.Struct, frozen=True):
    """One training sentence; rows of one ``unit`` stay in one fold."""

    text: str
    voice: str
    unit: str
    source: str
    weight: float = 1.0
    functionality: str = ""
    themes: tuple[str, ...] = ()
    held: bool = False


def is_held(pair: Pair) -> bool:
    """Whether a pair of a ``holdout`` file is kept for measuring: a hash of its first sentence decides."""
    return zlib.crc32(pair.do.encode()) % 2 == 0


def examples() -> list[Row]:
    """The written examples as rows: pairs, then singles, of each file in order of name."""
    return [row for name, file in _files() for row in _written(name, file)]


def framed(weight: float = 1.0) -> list[Row]:
    """The filled frames as rows of ``weight``; all fillings of one frame are one unit."""
    return [row for _, file in _files() for frame in file.frames for row in _filled(frame, file.lists, weight)]


def _files() -> Iterator[tuple[str, Examples]]:
    folder = resources.files("tecolote.signals") / "data" / "examples"
    for entry in sorted(folder.iterdir(), key=lambda p: p.name):
        if entry.name.endswith(".yaml"):
            yield entry.name, msgspec.convert(safe_yaml.load(entry.read_bytes()), Examples)


def _written(name: str, file: Examples) -> Iterator[Row]:
    for i, pair in enumerate(file.pairs):
        held = file.holdout == "all" or (file.holdout == "half" and is_held(pair))
        yield from _both(pair, f"{name}:{i}", "examples", 1.0, held)
    for i, single in enumerate(file.singles):
        for j, text in enumerate(single.texts):
            unit = f"{name}:s{i}:{j}"
            yield Row(text, single.voice, unit, "examples", 1.0, single.genre, tuple(single.themes))


def _both(pair: Pair, unit: str, source: str, weight: float, held: bool = False) -> Iterator[Row]:
    yield Row(pair.do, "perpetrator", unit, source, weight, pair.theme, (pair.theme,), held)
    yield Row(pair.clean, pair.voice, unit, source, weight, pair.genre, (), held)


def _filled(frame: Frame, lists: dict[str, list[str]], weight: float) -> Iterator[Row]:
    slots = sorted({m.group(1) for m in _SLOT.finditer(frame.do + frame.clean)})
    for n in range(frame.count):
        chosen = {
            # A hash and no chance: the same sentences on every machine.
            slot: lists[slot][zlib.crc32(f"{frame.id}:{n}:{slot}".encode()) % len(lists[slot])].split(" | ")
            for slot in slots
        }

        def fill(text: str, chosen: dict[str, list[str]] = chosen) -> str:
            return _SLOT.sub(lambda m: chosen[m.group(1)][int(m.group(2) or 0)], text)

        pair = msgspec.structs.replace(frame, do=fill(frame.do), clean=fill(frame.clean))
        yield from _both(pair, f"frame:{frame.id}", "frames", weight)
