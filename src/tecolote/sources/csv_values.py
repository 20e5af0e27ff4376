"""Values of table cells: everything is text first and becomes a number or a time only where it can be nothing else.

Two things are read from the whole file before any value is: which mark is the decimal mark in its numbers, and the
order of day and month in its dates (`date_order`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from tecolote.sources import shapes
from tecolote.sources.base import Options, clean_text
from tecolote.sources.date_order import DateEvidence, day_of
from tecolote.sources.jsonbytes import Unreadable

#: No post is older: the first of the platforms began in 1997.
FIRST_YEAR = 1997
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_FRACTION = re.compile(r"\d{10,}[.,]\d+|\d+\.0+")
#: How programs write that a cell holds nothing.
_MISSING = {"NaN", "nan", "None", "null", "NULL", "<NA>", "N/A", "#N/A"}
_GROUPED = re.compile(r"\d{1,3}(?:([.,'’ \u00a0\u202f])\d{3})(?:\1\d{3})*")
_WHOLE = re.compile(r"(\d+)[.,]0+")
_DECIMAL = re.compile(r"\d+(?:[.,' ]\d{3})*([.,])(\d+)")
_ROUNDED = re.compile(r"[\d.,]+ ?(?:[KkMmBb]|mil|millones)")
_DATE = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})"
    r"(?:(?:,? +|T)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)? ?(?:([ap])\.? ?m\.?)?)?",
    re.IGNORECASE,
)
_SPACES = re.compile("[\u00a0\u2000-\u200b\u202f]")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_YES = {"yes": True, "true": True, "1": True, "si": True, "sí": True, "verdadero": True, "t": True}
_NO = {"no": False, "false": False, "0": False, "falso": False, "f": False}
_ITEM_KEYS = ("tag", "username", "screen_name", "expanded_url", "url", "text", "id")

Moment = shapes.Moment


class Values:
    """Reads cells as the whole file says they are written.

    Args:
        options: zone, date order and time of observation, as the user said.
        note: called with what is odd.
    """

    def __init__(self, options: Options, note: Callable[[str], None]) -> None:
        self.options = options
        self.note = note
        self.zone = options.zone
        self.dates = DateEvidence(FIRST_YEAR, in_order=False)
        self.saw_dates = False
        self.decimal: set[str] = set()
        self.order: str | None = None

    def study(self, dates: Iterable[str], numbers: Iterable[str]) -> None:
        """Take one row's dates and numbers as evidence."""
        for cell in dates:
            found = _DATE.fullmatch(_plain(cell))
            if found:
                self.saw_dates = True
                self.dates.see((found[1], found[3], found[4]))
        for cell in numbers:
            number = _DECIMAL.fullmatch(cell.strip())
            if number and len(number[2]) != 3 and number[2].strip("0"):
                self.decimal.add(number[1])

    def settle(self) -> None:
        """End of the evidence: fix the date order and say what it is."""
        if self.saw_dates:
            self.order, why = self.dates.settled()
            self.order = self.order or self.options.date_order
            if self.order != "ymd":
                self.note(why if self.dates.settled()[0] else f"{why}; read as {self.order or 'no time'}")

    def ident(self, cell: str | None) -> str | None:
        """An id as text; None if empty, or where a program wrote that it is missing.

        Raises:
            Unreadable: a spreadsheet has cut its digits.
        """
        text = (cell or "").strip()
        if text.startswith("'") and text[1:].isdigit():
            text = text[1:]
        if text in _MISSING:
            self.note(f"'{text}' in a column of ids is no id: the cell is empty")
            return None
        if _SCIENTIFIC.fullmatch(text) or _FRACTION.fullmatch(text):
            raise Unreadable(
                f"id {text[:40]!r} is a rounded number: a spreadsheet has cut its digits for good; "
                "export the file again and import it before it is opened in a spreadsheet"
            )
        return clean_text(text) or None

    def count(self, cell: str | None) -> int | None:
        """A count; None if empty, rounded ('45K') or no whole number."""
        text = (cell or "").strip()
        if not text:
            return None
        if text.isascii() and text.isdigit():
            return shapes.count(text)
        whole = _WHOLE.fullmatch(text)
        if whole:
            return shapes.count(whole[1])
        grouped = _GROUPED.fullmatch(text)
        if grouped and grouped[1] not in self.decimal:
            return shapes.count(re.sub(r"\D", "", text))
        if _ROUNDED.fullmatch(text):
            self.note("rounded counts such as '45K' are left out: the number itself is not in the file")
        return None

    def flag(self, cell: str | None) -> bool | None:
        """Yes or no in English, Spanish or digits; None for anything else."""
        text = (cell or "").strip().lower()
        return _YES.get(text, _NO.get(text))

    def words(self, cell: str | None) -> str | None:
        """A text; None if empty."""
        return clean_text(cell) or None

    def moment(self, cell: str | None, *, is_utc: bool = False) -> Moment:
        """UTC time, the time as written and its basis; ``is_utc`` where the column is known to be UTC."""
        raw = shapes.some((cell or "").strip())
        if raw is None:
            return None, None, "unknown"
        digits = raw.removesuffix(".0")
        if digits.isascii() and digits.isdigit() and len(digits) in (9, 10, 13):
            at, _, basis = shapes.epoch(int(digits), 1000 if len(digits) == 13 else 1)
            return at, raw, basis
        at, _, basis = shapes.moment(raw)
        if at is not None:
            return at, raw, basis
        local = self._local(raw)
        if local is None or not (is_utc or self.zone):
            return None, raw, "unknown"
        try:
            return (
                local.replace(tzinfo=UTC if is_utc else self.zone).astimezone(UTC),
                raw,
                ("utc" if is_utc else "user_given"),
            )
        except OverflowError:
            return None, raw, "unknown"

    def _local(self, raw: str) -> datetime | None:
        plain = _plain(raw)
        found = _DATE.fullmatch(plain)
        if found is None:
            try:
                return datetime.fromisoformat(plain).replace(tzinfo=None)
            except ValueError:
                return None
        order = "ymd" if len(found[1]) == 4 else self.order
        day = day_of((found[1], found[3], found[4]), order, FIRST_YEAR) if order else None
        if day is None:
            return None
        hour, minute, second = int(found[5] or 0), int(found[6] or 0), int(found[7] or 0)
        if found[5] is None:
            self.note("dates without a time of day are taken as the first minute of that day")
        if found[8]:
            if hour > 12:
                return None
            hour = hour % 12 + (12 if found[8] in "Pp" else 0)
        try:
            return datetime(day.year, day.month, day.day, hour, minute, second)
        except ValueError:
            return None

    def items(self, cell: str | None) -> list[str]:
        """The entries of a list in one cell: JSON, Python's way of writing a list, or divided by bar or comma."""
        text = (cell or "").strip()
        if not text or text == "[]":
            return []
        if text.startswith("["):
            return _listed(text)
        if "|" in text:
            parts = text.split("|")
        elif "://" in text:
            parts = re.split(r"[,\s]+(?=https?://)", text)
        else:
            parts = text.split(",")
        return [kept for part in parts if (kept := clean_text(part.strip()) or "")]


def _plain(cell: str) -> str:
    return _SPACES.sub(" ", cell).strip()


def _listed(text: str) -> list[str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return [clean_text(a or b) or "" for a, b in _QUOTED.findall(text[:65536]) if a or b]
    return [kept for item in shapes.seq(found) if (kept := _item(item))]


def _item(item: Any) -> str | None:
    if isinstance(item, dict):
        return next((shapes.some(item[k]) for k in _ITEM_KEYS if isinstance(item.get(k), str)), None)
    return shapes.some(item) if isinstance(item, str) else str(item) if isinstance(item, int) else None
