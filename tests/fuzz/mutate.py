"""Changes that keep a file near its format: what flips bits alone rarely gets past the parser."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

_WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e300, 10**20, 10**400, "", " ", "0", "1.0E+18", "NaN", "\ud800", "\0", "\u202e@x",
    "2026-13-45T99:99:99Z", "2026-03-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01", "https://t.co/[",
    "x" * 300, [], {}, [[]], [None], {"": None}, [{}], {"id": {}}, 253402300800, -62135596801, "@\u2068a\u2069",
)  # fmt: skip
_CELLS = (
    b"", b'"', b'""', b"\n", b"\r", b"\0", b"NaN", b"1e999", b"-1", b"[", b"{'a': 1", b"\xff", b"\xef\xbb\xbf",
    b"2026-02-30 25:61", b"99/99/99, 99:99 - ", b"\xe2\x80\x8e", b"\xe2\x80\xaf", b"WARC/1.0\r\n", b"&#xD800;",
    b"<div class=", b"\\ud800", b"\\x", b": ", b";", b"\t", b"PK\x03\x04",
)  # fmt: skip


def mutated(raw: bytes, limit: int, seed: int, plain: Callable[[bytes, int], bytes]) -> bytes:
    """A changed ``raw``: a value of its JSON, a line, a cell, or (``plain``) any byte as the fuzzer likes."""
    chance = random.Random(seed)
    way = chance.randrange(4)
    made = None
    if way == 0:
        made = _json(raw, chance)
    if made is None and way <= 1:
        made = _lines(raw, chance)
    if made is None and way == 2:
        at = chance.randrange(len(raw) + 1)
        made = raw[:at] + chance.choice(_CELLS) + raw[at + chance.choice((0, 0, 1, 4)) :]
    return plain(raw, limit) if made is None or len(made) > limit else made


def _json(raw: bytes, chance: random.Random) -> bytes | None:
    """One document, or one line of several, with one value replaced, removed, doubled or moved."""
    lines = raw.split(b"\n")
    number = chance.randrange(len(lines))
    whole = len(lines) < 2 or raw[:2] in (b"{\n", b"[\n")
    body = raw if whole else lines[number]
    before = b""
    if body.startswith(b"window."):
        before, _, body = body.partition(b"= ")
        before += b"= "
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    places: list[tuple[Any, Any]] = []
    _collect(value, places)
    if not places:
        return None
    holder, key = chance.choice(places)
    way = chance.randrange(5)
    if way == 0:
        del holder[key]
    elif way == 1:
        other, there = chance.choice(places)
        if isinstance(holder, dict | list) and isinstance(other, dict | list):
            holder[key] = json.loads(json.dumps(other[there]))
    elif way == 2 and isinstance(holder, list):
        holder.append(json.loads(json.dumps(holder[key])))
    elif way == 3 and isinstance(holder, dict):
        holder[str(chance.choice(places)[1])] = holder[key]
    else:
        holder[key] = chance.choice(_WRONG)
    made = before + json.dumps(value, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    if whole:
        return made
    lines[number] = made
    return b"\n".join(lines)


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            _collect(value[key], places)


def _lines(raw: bytes, chance: random.Random) -> bytes | None:
    """Lines doubled, removed, exchanged or cut."""
    lines = raw.splitlines(keepends=True)
    if not lines:
        return None
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    way = chance.randrange(4)
    if way == 0:
        lines.insert(other, lines[at])
    elif way == 1 and len(lines) > 1:
        del lines[at]
    elif way == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
    return b"".join(lines)
