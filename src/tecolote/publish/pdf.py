"""The fact sheet as a PDF/A-3 by typst: two pages, shipped fonts only, the data file attached.

The date inside the file is that of the numbers, so the same statement gives the same bytes.
"""

from __future__ import annotations

import functools
import io
import json
from bisect import bisect_left
from collections.abc import Callable
from datetime import date
from typing import Any

from tecolote import __version__
from tecolote.publish.charts import Chart
from tecolote.publish.numbers import Number
from tecolote.publish.statement import Binding, Statement
from tecolote.publish.texts import say, show, show_count, texts
from tecolote.publish.typeset import typeset

_CARDS = ("posts", "accounts", "flagged", "urgent", "first", "last", "files", "quarantined")
_TEMPLATE = "factsheet.typ"
_PAGES = 2
#: Commas in a census label before the group's name begins.
_LABEL_PARTS = {"seeds": 1, "rounded": 2, "sum": 2, "union": 2, "hop": 1}
#: Size of the notes in points and width of the widest chart in per cent: the first pair that fits on two pages.
_FITTING = ((6.2, 100), (6.2, 84), (5.8, 84), (5.8, 72), (5.4, 72), (5.0, 64))
#: Charts of the sheet and their widths in pixels.
WIDTHS = {"timeline": 430, "voices": 560, "survival": 330}


def factsheet_pdf(statement: Statement, binding: Binding, data: bytes, charts: dict[str, Chart], lang: str) -> bytes:
    """The bytes of the PDF.

    Args:
        statement: what is stated.
        binding: where it stands in the log.
        data: the data file that is attached.
        charts: charts by name; one that is absent leaves a sentence in its place.
        lang: language of the pages.
    """
    drawings = {f"{chart.name}.svg": chart.svg.encode() for chart in charts.values()}
    words, day = _words(statement, binding, charts, lang), date.fromisoformat(statement.sheet.day)

    @functools.cache
    def made(fit: int) -> bytes:
        size, width = _FITTING[fit]
        fitted = json.dumps(words | {"note_size": size, "wide": width}, ensure_ascii=False).encode()
        return typeset(_TEMPLATE, {"factsheet.json": data, "sheet.json": fitted, **drawings}, day)

    # Each pair takes less room than the one before; where even the last is too large, it is what there is.
    fits = range(len(_FITTING) - 1)
    return made(bisect_left(fits, True, key=lambda fit: _pages(made(fit)) <= _PAGES))


def _pages(made: bytes) -> int:
    from pypdf import PdfReader

    return len(PdfReader(io.BytesIO(made)).pages)


def _words(statement: Statement, binding: Binding, charts: dict[str, Chart], lang: str) -> dict[str, Any]:
    """Everything the template prints."""
    marks = {id: at for at, id in enumerate(statement.face, 1)}
    by_id = {n.id: n for n in statement.numbers}

    def entry(id: str, label: Callable[[str], str] = str) -> dict[str, Any]:
        number = by_id[id]
        said = statement.parts["numbers"][id]
        text = ("≥" if said["at_least"] else "") + show(said["value"], number.kind, lang)
        return {
            "label": label(number.label[lang]),
            "text": text,
            "mark": marks[id],
            "value": said["value"],
            "interval": _interval(number, lang),
        }

    def family(prefix: str, label: Callable[[str], str] = str) -> list[dict[str, Any]]:
        return [entry(id, label) for id in statement.face if id.startswith(prefix)]

    def tail(text: str) -> str:
        return text.split(", ", 1)[-1]

    settings, day = statement.case.settings, date.fromisoformat(statement.sheet.day)
    return {
        "lang": lang,
        "title": settings.title,
        "purpose": settings.purpose,
        "fictional": settings.fictional,
        "timezone": settings.timezone,
        "date": day.isoformat(),
        "year": day.year,
        "month": day.month,
        "day": day.day,
        "made_by": say(lang, "page.made_by", version=__version__),
        "words": texts(lang)["page"],
        "cards": [entry(id) for id in _CARDS if id in marks],
        "voices": family("voice."),
        "false_flags": _false_flags(by_id["false_flags"], marks, lang),
        "themes": family("flagged.theme.", tail),
        "groups": family("flagged.group.", tail),
        "severity": family("flagged.severity.", tail),
        "read": family("posts.", tail),
        "coaction": [*family("suspected"), *family("coaction.")],
        "states": family("state."),
        "survival": family("survival."),
        "reach": _reach(statement, entry),
        "charts": {c.name: {"file": f"{c.name}.svg", "alt": c.alt} for c in charts.values()},
        "coarse": statement.parts["definitions"]["sheet"]["coarse"][lang],
        "key": _lines(binding.vkey, 64),
        "root": binding.root,
        "log_size": say(lang, "page.log_size", n=show_count(binding.size, lang)),
        "notes": _thirds(_notes(statement, marks, lang)),
    }


def _interval(number: Number, lang: str) -> str:
    if number.interval is None:
        return ""
    low, high = (show(edge, "share", lang) for edge in number.interval)
    return say(lang, "page.interval", low=low, high=high)


def _reach(statement: Statement, entry: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per group and platform: seeds, sum, union, one hop, as far as they are public."""
    rows: dict[str, dict[str, Any]] = {}
    for id in statement.face:
        if id.startswith("reach."):
            pair, measure = id.rsplit(".", 1)
            made = entry(id)
            row = rows.setdefault(pair, {"label": made["label"].split(", ", _LABEL_PARTS[measure])[-1], "cells": {}})
            row["cells"][measure] = made
    return list(rows.values())


def _false_flags(number: Number, marks: dict[str, int], lang: str) -> dict[str, Any]:
    known = number.id in marks
    text = show(number.value if known else None, number.kind, lang)
    return {
        "label": number.label[lang],
        "text": text,
        "mark": marks.get(number.id),
        "interval": _interval(number, lang) if known else "",
    }


def _notes(statement: Statement, marks: dict[str, int], lang: str) -> list[dict[str, str]]:
    """One note per number; those of one family share a note that spells out the first of them."""
    by_id = {n.id: n for n in statement.numbers}
    families: dict[str, list[str]] = {}
    for id in statement.face:
        families.setdefault(f"{_family(id)}." if "." in id else id, []).append(id)
    notes = []
    for ids in families.values():
        number = by_id[ids[0]]
        of = number.denominator
        notes.append(
            {
                "marks": _ranges([marks[id] for id in ids]),
                "label": number.label[lang],
                "definition": number.definition[lang],
                "date": number.date,
                "of": f"{show(of.value, 'count', lang)} {of.words[lang]}",
            }
        )
    return notes


def _ranges(marks: list[int]) -> str:
    """Marks as ranges: ``3–5, 9``."""
    runs: list[list[int]] = []
    for mark in marks:
        if runs and runs[-1][1] == mark - 1:
            runs[-1][1] = mark
        else:
            runs.append([mark, mark])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


def _family(id: str) -> str:
    parts = id.split(".")
    return f"{parts[0]}.{parts[-1]}" if parts[0] == "reach" else ".".join(parts[: 2 if parts[0] == "flagged" else 1])


def _thirds(notes: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    """The notes in three columns of about the same length."""
    lengths = [len(n["label"]) + len(n["definition"]) + len(n["of"]) + 45 for n in notes]
    columns: list[list[dict[str, str]]] = [[], [], []]
    done = 0
    for note, length in zip(notes, lengths, strict=True):
        columns[min(2, 3 * (done + length // 2) // max(sum(lengths), 1))].append(note)
        done += length
    return columns


def _lines(text: str, width: int) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), width)]
