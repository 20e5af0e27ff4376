"""Values as the platforms write them: ids, counts, times, texts; and the tolerant mapping onto typed shapes.

Ids are text. A JSON integer becomes its digits exactly; a float or scientific notation has already lost
digits and is refused. Absent is None, and so is a count below zero, with which platforms say "hidden".
"""

from __future__ import annotations

import functools
import json
import re
import types
import typing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from tecolote.sources.base import Options, Sink, clean_text
from tecolote.sources.jsonbytes import Note, Piece, Unreadable, decode

_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+|\d+\.\d+")
_X_DATE = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) ([\d:]{8}) ([+-]\d{4}) (\d{4})")
_INT64 = (1 << 63) - 1
_INT32 = (1 << 31) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: What a mapping may raise when a platform has changed a record's shape.
MISSHAPEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)

Moment = tuple[datetime | None, str | None, str | None]


def ident(value: Any, *, numeric: bool = True) -> str | None:
    """An id as text, None if absent.

    Args:
        value: as found.
        numeric: the platform's ids are numbers, so that text in scientific notation is a lost id.

    Raises:
        Unreadable: a float, scientific notation, or no id at all (a list, a truth value).
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if numeric and _SCIENTIFIC.fullmatch(value):
            raise Unreadable(f"id {value[:40]!r} is in scientific notation: digits are lost; export ids as text")
        return clean_text(value)
    if isinstance(value, float):
        raise Unreadable(f"id {value!r} is a floating-point number: digits are lost; export ids as text")
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"id is a {type(value).__name__}")
    return str(value)


def required(value: Any, what: str, *, numeric: bool = True) -> str:
    """An id that the record must have.

    Raises:
        Unreadable: it is absent, or as in `ident`.
    """
    found = ident(value, numeric=numeric)
    if found is None:
        raise Unreadable(f"no {what}")
    return found


def count(value: Any) -> int | None:
    """A count; None where absent, hidden (below zero) or not a number."""
    if _digits(value) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INT64:
        return None
    return value


def _digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20


def small(value: Any) -> int | None:
    """A count of pixels, as `count`, within 32 bits."""
    found = count(value)
    return found if found is not None and found <= _INT32 else None


def milliseconds(seconds: Any) -> int | None:
    """Seconds, whole or with a fraction, as milliseconds."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e15:
        return None
    return round(seconds * 1000)


def words(value: Any) -> str | None:
    """A text that every store can hold; None if absent or not a text."""
    return clean_text(value) if isinstance(value, str) else None


def some(value: Any) -> str | None:
    """As `words`, and an empty text is absent."""
    return words(value) or None


def flag(value: Any) -> bool | None:
    """A truth value; None if absent or anything else."""
    return value if isinstance(value, bool) else None


def obj(value: Any) -> dict[str, Any]:
    """An object; {} if absent or anything else."""
    return value if isinstance(value, dict) else {}


def seq(value: Any) -> list[Any]:
    """A list; [] if absent or anything else."""
    return value if isinstance(value, list) else []


def objs(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def dig(value: Any, *keys: str) -> Any:
    """The value under nested keys; None where one is absent."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def compact(value: Any) -> str | None:
    """JSON text of a value that has no column of its own; None if there is nothing in it."""
    return clean_text(json.dumps(value, ensure_ascii=False, sort_keys=True)) if value else None


def moment(value: Any) -> Moment:
    """UTC time, the time as written and its `tz_basis`, from ISO 8601 / RFC 3339 or RFC 5322 (RFC 822) text.

    A time without a zone is not converted: the raw text stands, the basis is 'unknown'.
    """
    raw = words(value)
    if not raw:
        return None, None, None
    try:
        found: datetime | None = datetime.fromisoformat(raw)
    except ValueError:
        found = _other(raw)
    if found is None or found.tzinfo is None:
        return None, raw, "unknown"
    try:
        utc = found.astimezone(UTC)
    except OverflowError:
        return None, raw, "unknown"
    return utc, raw, "utc" if found.utcoffset() == timedelta(0) else "offset"


def _other(raw: str) -> datetime | None:
    """The X v1.1 form ('Wed Oct 10 20:19:24 +0000 2018'), an e-mail date, or None."""
    if len(raw) > 64:
        return None
    old = _X_DATE.fullmatch(raw)
    try:
        return parsedate_to_datetime(f"{old[2]} {old[1]} {old[5]} {old[3]} {old[4]}" if old else raw)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def epoch(value: Any, per_second: int = 1) -> Moment:
    """The same from a Unix time; ``per_second`` is 1000 for milliseconds, 1_000_000 for microseconds."""
    raw = str(value)[:40]
    if _digits(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, None, None
    try:
        return _EPOCH + timedelta(microseconds=round(value * 1_000_000 / per_second)), raw, "utc"
    except (OverflowError, ValueError):
        return None, raw, "unknown"


def seen(stated: datetime | None, options: Options) -> tuple[datetime | None, str]:
    """When counts were observed and on whose word: the record's, else the user's, else unknown."""
    if stated is not None:
        return stated, "record"
    return (options.observed_at, "user") if options.observed_at else (None, "unknown")


def each(piece: Piece, sink: Sink, rows: Callable[[int, Any], None]) -> None:
    """Decode one record and let ``rows`` add what it states; a record that does not fit is quarantined whole."""
    try:
        value = decode(piece.raw, sink.note)
    except Unreadable as bad:
        sink.quarantine(piece.locator, str(bad))
        return
    rec = sink.record(piece.start, piece.raw, piece.locator)
    try:
        rows(rec, value)
    except MISSHAPEN as bad:
        forget(sink, rec)
        sink.quarantine(piece.locator, reason(bad))


def forget(sink: Sink, rec: int) -> None:
    """Take back the rows of the last record, which turned out to be unreadable."""
    for rows in sink.rows.values():
        while rows and rows[-1][0] == rec:
            rows.pop()


def reason(bad: Exception) -> str:
    """Why a record is quarantined, in words."""
    if isinstance(bad, Unreadable):
        return words(str(bad)) or ""
    return words(f"the shape is not known ({type(bad).__name__}: {str(bad)[:100]})") or ""


def fit(value: Any, kind: Any, note: Note) -> Any:
    """The tolerant mapping: ``value`` as the typed shape ``kind``, leaving out what does not fit.

    Integers become ids where an id (text) is expected, digits become counts; a field of another type is
    left out and said. Strings are cleaned of lone surrogates.

    Raises:
        Unreadable: an id that lost digits.
    """
    if value is None:
        return None
    origin = typing.get_origin(kind)
    if origin is types.UnionType or origin is typing.Union:
        arms = [a for a in typing.get_args(kind) if a is not type(None)]
        return fit(value, next((a for a in arms if _is_list(a) == isinstance(value, list)), arms[0]), note)
    if origin is typing.Annotated:
        return fit(value, typing.get_args(kind)[0], note)
    if origin is list:
        inner = typing.get_args(kind)[0]
        fitted = [fit(v, inner, note) for v in value] if isinstance(value, list) else None
        return fitted and [v for v in fitted if v is not None]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _fit_struct(value, kind, note)
    return _fit_scalar(value, kind)


def _is_list(kind: Any) -> bool:
    return typing.get_origin(kind) is list


def _fit_scalar(value: Any, kind: Any) -> Any:
    if kind is str:
        return words(value) if isinstance(value, str) else ident(value) if isinstance(value, int | float) else None
    if kind is int:
        return count(value)
    if kind is bool:
        return flag(value)
    if kind is msgspec.Raw:
        return msgspec.Raw(json.dumps(value).encode())
    return None


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, tuple[str, Any]]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return {f.encode_name: (f.name, hints[f.name]) for f in msgspec.structs.fields(kind)}


def _fit_struct(value: Any, kind: type[msgspec.Struct], note: Note) -> Any:
    if not isinstance(value, dict):
        return None
    found: dict[str, Any] = {}
    for encoded, (name, hint) in _fields(kind).items():
        if value.get(encoded) is None:
            continue
        if encoded.endswith("id") and isinstance(value[encoded], str):
            ident(value[encoded])
        fitted = fit(value[encoded], hint, note)
        if fitted is None:
            note(f"'{encoded}' is not of the documented type and is left out")
        else:
            found[name] = fitted
    return kind(**found)
