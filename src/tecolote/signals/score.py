"""Posts in, assessments out, as JSON Lines: the file behind ``tecolote score``."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tecolote import codebook
from tecolote.errors import TecoloteError
from tecolote.signals.assess import Assessment, Assessor

_MAX_LINE = 16 << 20
_HALF_ESCAPED, _HALF = re.compile(rb"\\u[dD][89a-fA-F]"), re.compile("[\ud800-\udfff]")


class _Line(msgspec.Struct):
    id: str | int
    text: str | None = None
    lang: str | None = None
    at: str | None = None


def score_file(
    in_path: str | Path,
    out_path: str | Path,
    progress: Callable[[int], None] | None = None,
    assessor: Assessor | None = None,
) -> dict[str, int]:
    """Assess every line of ``in_path`` into ``out_path``, in input order.

    A line in is ``{"id", "text", "lang"?, "at"?}`` (``at`` an ISO 8601 day or time). A line that cannot be
    read gives ``{"id": null, "line": n, "error": "..."}`` in its place, so that lines in and out
    correspond; empty lines are left out. ``progress`` is called with 1 per line.

    Returns:
        ``{"posts": n, "flagged": n, "abstained": n, "errors": n}``.

    Raises:
        TecoloteError: a file cannot be opened.
    """
    reader = assessor or Assessor(codebook.load())
    counts = {"posts": 0, "flagged": 0, "abstained": 0, "errors": 0}
    decoder = msgspec.json.Decoder(_Line)
    encoder = msgspec.json.Encoder()
    try:
        with open(in_path, "rb") as source, open(out_path, "wb") as sink:
            for number, raw in enumerate(source, 1):
                if raw.strip():
                    sink.write(encoder.encode(_scored(raw, number, decoder, reader, counts)) + b"\n")
                if progress is not None:
                    progress(1)
    except OSError as error:
        raise TecoloteError(f"{error.filename} cannot be opened: {error.strerror}", "Check both paths") from None
    return counts


def _scored(
    raw: bytes, number: int, decoder: msgspec.json.Decoder[_Line], reader: Assessor, counts: dict[str, int]
) -> dict[str, Any]:
    try:
        if len(raw) > _MAX_LINE:
            raise msgspec.DecodeError(f"longer than {_MAX_LINE >> 20} MB")
        line = _decoded(raw, decoder)
        at = msgspec.convert(line.at, dt.datetime if len(line.at) > 10 else dt.date) if line.at else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        counts["errors"] += 1
        return {"id": None, "line": number, "error": f"line {number}: {' '.join(str(error).split())[:200]}"}
    found = reader.assess(line.text, line.lang, at)
    counts["posts"] += 1
    counts["flagged"] += found.flag
    counts["abstained"] += found.abstain
    return {"id": line.id, **_public(found)}


def _decoded(raw: bytes, decoder: msgspec.json.Decoder[_Line]) -> _Line:
    """A line; halves of characters that stand in it as escapes become U+FFFD."""
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError:
        if not _HALF_ESCAPED.search(raw):
            raise
    try:
        told = json.loads(raw)
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from None
    if isinstance(told, dict):
        told = {name: _HALF.sub("\ufffd", value) if isinstance(value, str) else value for name, value in told.items()}
    return msgspec.convert(told, _Line)


def _public(found: Assessment) -> dict[str, Any]:
    names = (
        "flag",
        "abstain",
        "probability",
        "voice",
        "themes",
        "topics_mentioned",
        "groups",
        "severity",
        "target",
        "imminence",
        "victim_risk",
        "confidence",
        "lang",
    )
    row: dict[str, Any] = {name: getattr(found, name) for name in names}
    row["reasons"] = [
        {"signal": r.signal, "label": r.label, "span": None if r.a is None else [r.a, r.b], "why": r.why}
        for r in found.reasons
    ]
    return row
