"""The line that begins a WhatsApp message, and what a whole file says about the order of its dates.

WhatsApp writes an export in the formats of the phone's language: ``[31/8/24, 8:47:01 p. m.] Ana: ...`` on iOS,
``31/8/24, 20:47 - Ana: ...`` on Android. One export has one layout. It states neither the order of day and
month nor a time zone.

**Date order.** Each order (dmy, mdy, ymd) is refuted by a date that it makes impossible: no such day, or a year
before 2009, when WhatsApp began. An order is *settled* when

1. it is the only one left (a day above 12 does this), or
2. all that are left read every date alike (1/1, 5/5), or
3. messages, which are exported in the order of their arrival, never step back by a day under this order, while
   under each other one they do at least three times. Once or twice may be a phone's clock.

Otherwise it is not settled and nobody guesses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

FIRST_YEAR = 2009
_STEPS_BACK = 3
_KEPT_HOURS = 50_000
_STEPS = [timedelta(seconds=s) for s in range(3600)]
ORDERS = ("dmy", "mdy", "ymd")

_MARK = rb"(?:\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf)"
_SPACE = rb"(?:[ \t]|\xc2\xa0|\xe2\x80[\x80-\x8f\xaf])"
#: Begins a message. Always applied to bytes in which a line break stands before the first line.
#: Groups: 1 header without marks, 2 bracket, 3-6 date parts and separator, 7 hour, 8 separator, 9 minute,
#: 10 second, 11 a or p.
HEADER = re.compile(
    rb"\n" + _MARK + rb"*((\[)?"
    rb"(\d{1,4})([./-]) ?(\d{1,2})\4 ?(\d{1,4})\.?,?"
    rb"(?:" + _SPACE + rb"+(?:um|klo|kl\.?|at|a las|a la|\xc3\xa0s|\xc3\xa0))?" + _SPACE + rb"+"
    rb"(\d{1,2})([:.])(\d{2})(?:\8(\d{2}))?"
    rb"(?:" + _SPACE + rb"*([AaPp])\.?" + _SPACE + rb"*[Mm]\.?)?"
    rb"(?(2)\]" + _SPACE + rb"?|(?:" + _SPACE + rb"+- |(?(10): |(?!)))))"
)
_DIGITS = b"0123456789"
_HALVES = bytes.maketrans(b"AaP", b"ppp")

Parts = tuple[bytes, bytes, bytes]


def signature(header: bytes) -> bytes:
    """The layout of a header: what is left without its digits, 'a' and 'p' being one."""
    return header.translate(_HALVES, _DIGITS)


def day_of(parts: Parts, order: str) -> date | None:
    """The date that three numbers mean in an order, None if there is none."""
    numbers = dict(zip(order, parts, strict=True))
    year = int(numbers["y"])
    if len(numbers["y"]) <= 2:
        year += 2000
    elif len(numbers["y"]) != 4:
        return None
    if len(numbers["d"]) > 2 or len(numbers["m"]) > 2 or year < FIRST_YEAR:
        return None
    try:
        return date(year, int(numbers["m"]), int(numbers["d"]))
    except ValueError:
        return None


@dataclass
class DateEvidence:
    """What the dates of one layout, seen in the order of the file, say about their order."""

    possible: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(ORDERS, True))
    back: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDERS, 0))
    _differ: set[tuple[str, str]] = field(default_factory=set)
    _last: dict[str, date] = field(default_factory=dict)
    _previous: Parts | None = None

    def see(self, parts: Parts) -> None:
        """Take the next date of the file."""
        if parts == self._previous:
            return
        self._previous = parts
        days = {order: day_of(parts, order) for order in ORDERS if self.possible[order]}
        for order, day in days.items():
            if day is None:
                self.possible[order] = False
                continue
            if order in self._last and day < self._last[order]:
                self.back[order] += 1
            self._last[order] = day
        self._differ |= {(a, b) for a, b in combinations(days, 2) if days[a] != days[b]}

    def settled(self) -> tuple[str | None, str]:
        """The order and, in words, why; None where the file cannot settle it."""
        left = [order for order in ORDERS if self.possible[order]]
        if not left:
            return None, "no order of day, month and year fits all dates"
        if len(left) == 1:
            return left[0], f"dates are {left[0]}: every other order makes one of them impossible"
        if not any(pair in self._differ for pair in combinations(left, 2)):
            return left[0], "dates read alike in every order"
        steady = [order for order in left if self.back[order] == 0]
        if len(steady) == 1 and all(self.back[o] >= _STEPS_BACK for o in left if o != steady[0]):
            return steady[0], f"dates are {steady[0]}: in any other order the messages step back in time"
        return None, f"dates may be {' or '.join(left)}: the file cannot settle it; give --date-order"


def local_time(match: re.Match[bytes], order: str) -> datetime | None:
    """The header's time without a zone, to the minute; None if there is no such time.

    A 12-hour clock may write its first hour as 0 or as 12.
    """
    day, hour = day_of((match[3], match[5], match[6]), order), _hour(match[7], match[11])
    if day is None or hour is None or int(match[9]) > 59:
        return None
    return datetime(day.year, day.month, day.day, hour, int(match[9]))


def _hour(written: bytes, half: bytes | None) -> int | None:
    hour = int(written)
    if half:
        return None if hour > 12 else hour % 12 + (12 if half in b"Pp" else 0)
    return None if hour > 23 else hour


class Clock:
    """Turns headers into UTC; an hour is worked out once (no zone has changed its clocks inside one since 2009)."""

    def __init__(self, order: str | None, zone: ZoneInfo | None) -> None:
        self.order = order
        self.zone = zone
        self._hours: dict[tuple[bytes | None, ...], datetime | None] = {}

    def utc(self, match: re.Match[bytes]) -> datetime | None:
        """The time in UTC; None without a zone or without a settled date order.

        A time that occurs twice when clocks go back is the first of the two.
        """
        if self.zone is None or self.order is None:
            return None
        key = match.group(3, 5, 6, 7, 11)
        start = self._hours[key] if key in self._hours else self._look_up(key)
        minute, second = int(match[9]), int(match[10] or 0)
        if start is None or minute > 59 or second > 59:
            return None
        return start + _STEPS[minute * 60 + second]

    def _look_up(self, key: tuple[bytes | None, ...]) -> datetime | None:
        if len(self._hours) > _KEPT_HOURS:
            self._hours.clear()
        a, b, c, written, half = key
        day, hour = day_of((a or b"", b or b"", c or b""), self.order or ""), _hour(written or b"", half)
        start = None
        if day is not None and hour is not None:
            start = datetime(day.year, day.month, day.day, hour, tzinfo=self.zone).astimezone(UTC)
        self._hours[key] = start
        return start
