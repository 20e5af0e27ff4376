"""Canonical JSON: one value, one sequence of bytes.

Source: RFC 8785 (JSON Canonicalization Scheme). Numbers follow ECMAScript, keys are sorted by UTF-16
code units, text is UTF-8 without escapes other than those that JSON demands.
"""

from __future__ import annotations

import json
import math
from json.encoder import encode_basestring
from typing import Any

from tecolote.errors import EvidenceError

_EXACT = 2**53 - 1
_MAX_DEPTH = 64


def canonical(value: Any) -> bytes:
    """UTF-8 bytes of ``value``: dictionaries with text keys, lists, tuples, text, numbers, booleans, None.

    Raises:
        EvidenceError: a value JSON has no exact form for (NaN, an integer beyond 2**53 - 1, a lone
            surrogate, another type) or nesting deeper than 64.
    """
    try:
        return _encode(value, 0).encode("utf-8")
    except UnicodeEncodeError:
        raise EvidenceError("an event holds a lone surrogate", "Replace it before logging") from None


def parse_canonical(raw: bytes) -> Any:
    """The value of ``raw``, if ``raw`` is its canonical form.

    Raises:
        EvidenceError: it is not JSON, or not canonical (duplicate keys and spaces included).
    """
    try:
        value = json.loads(raw, parse_int=_integer)
    except (ValueError, RecursionError, OverflowError):
        raise EvidenceError("an entry is not JSON") from None
    if canonical(value) != raw:
        raise EvidenceError("an entry is not canonical JSON")
    return value


def _integer(digits: str) -> int | float:
    """A whole number; beyond 2**53 - 1 it can only have been a float."""
    number = int(digits)
    return number if abs(number) <= _EXACT else float(number)


def _encode(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > _EXACT:
            raise EvidenceError(f"{value} is too large for a JSON number", "Write it as text")
        return str(int(value))
    if isinstance(value, float):
        return _number(value)
    if depth >= _MAX_DEPTH:
        raise EvidenceError(f"an event is nested deeper than {_MAX_DEPTH}", "Keep long material in a blob")
    if isinstance(value, dict):
        return _object(value, depth)
    if isinstance(value, list | tuple):
        return "[" + ",".join([_encode(item, depth + 1) for item in value]) + "]"
    raise EvidenceError(f"an event cannot hold a {type(value).__name__}", "Write it as text")


def _object(value: dict[Any, Any], depth: int) -> str:
    for key in value:
        if not isinstance(key, str):
            raise EvidenceError(f"an event cannot have the key {key!r}", "Use text keys")
    # Code points sort like UTF-16 code units unless a key holds a character beyond the BMP.
    plain = all(map(str.isascii, value))
    keys = sorted(value) if plain else sorted(value, key=lambda k: k.encode("utf-16-be"))
    return "{" + ",".join([f"{encode_basestring(k)}:{_encode(value[k], depth + 1)}" for k in keys]) + "}"


def _number(value: float) -> str:
    """ECMAScript's Number::toString; Python's repr gives the same shortest digits in another layout."""
    if not math.isfinite(value):
        raise EvidenceError(f"JSON has no {value}", "Leave the field out")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + ("" if fraction == "0" else fraction)
    point = len(whole) + int(exponent or 0)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"
