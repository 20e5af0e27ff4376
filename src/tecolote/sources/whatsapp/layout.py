"""The line that begins a WhatsApp message, and what a whole file says about the order of its dates.

WhatsApp writes an export in the formats of the phone's language: ``[31/8/24, 8:47:01 p. m.] Ana: ...`` on iOS,
``31/8/24, 20:47 - Ana: ...`` on Android. One export has one layout. It states neither the order of day and
month nor a time zone.

The order of the dates is read from the whole file: see `date_order`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tecolote.sources.date_order import day_of

#: WhatsApp began in this year.
FIRST_YEAR = 2009
_KEPT_HOURS = 50_000
_STEPS = [timedelta(seconds=s) for s in range(3600)]

_MARK = rb"(?:\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf)"
_SPACE = rb"(?:[ \t]|\xc2\xa0|\xe2\x80[\x80-\x8f\xaf])"
#: Begins a message. Always applied to bytes in which a line break stands before the first line.
#: Groups: 1 header without marks, 2 bracket, 3-6 date parts and separator, 7 hour, 8 separator, 9 minute,
#: 10 second, 11 a or p.
HEADER = re.compile(
    rb"\n" + _MARK + rb"*((\[)?"
    rb"(\d{1,4})([./-]) ?(\d{1,2})\4 ?(\d{1,4})\.?,?"
    + _SPACE + rb"+(?:(?:um|klo|kl\.?|at|a las?|\xc3\xa0s?)" + _SPACE + rb"+)?"
    rb"(\d{1,2})([:.])(\d{2})(?:\8(\d{2}))?"
    rb"(?:" + _SPACE + rb"*([AaPp])\.?" + _SPACE + rb"*[Mm]\.?)?"
    rb"(?(2)\]" + _SPACE + rb"?|(?:" + _SPACE + rb"+- |(?(10): |(?!)))))"
)  # fmt: skip
_DIGITS = b"0123456789"
_HALVES = bytes.maketrans(b"AaP", b"ppp")


_NONE = rb"(?:(?!)())?"
_GROUPS = {
    3: rb"(\d{1,4})", 4: rb"([./-])", 5: rb"(\d{1,2})", 6: rb"(\d{1,4})", 7: rb"(\d{1,2})", 8: rb"([:.])",
    9: rb"(\d{2})", 10: rb"(\d{2})", 11: rb"([AaPp])",
}  # fmt: skip


def like(header: bytes) -> re.Pattern[bytes]:
    """`HEADER` for a file with one layout, that of ``header``: the same groups, found in half the time."""
    found = HEADER.match(b"\n" + header)
    if found is None:
        return HEADER
    pattern, at = rb"\n" + _MARK + rb"*(" + _NONE, found.start(1)
    for number, part in _GROUPS.items():
        if found[number] is None:
            pattern += _NONE
            continue
        pattern += re.escape(found.string[at : found.start(number)]) + part
        at = found.end(number)
    return re.compile(pattern + re.escape(found.string[at : found.end()]) + rb")")


def signature(header: bytes) -> bytes:
    """The layout of a header: what is left without its digits, 'a' and 'p' being one."""
    return header.translate(_HALVES, _DIGITS)


def local_time(match: re.Match[bytes], order: str) -> datetime | None:
    """The header's time without a zone, to the minute; None if there is no such time.

    A 12-hour clock may write its first hour as 0 or as 12.
    """
    day, hour = day_of((match[3], match[5], match[6]), order, FIRST_YEAR), _hour(match[7], match[11])
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
        day, hour = day_of((a or b"", b or b"", c or b""), self.order or "", FIRST_YEAR), _hour(written or b"", half)
        start = None
        if day is not None and hour is not None:
            start = datetime(day.year, day.month, day.day, hour, tzinfo=self.zone).astimezone(UTC)
        self._hours[key] = start
        return start
