"""What the dates of a whole file say about the order of day, month and year.

Each order (dmy, mdy, ymd) is refuted by a date that it makes impossible: no such day, or a year before the format
existed. An order is *settled* when

1. it is the only one left (a day above 12 does this), or
2. all that are left read every date alike (1/1, 5/5), or
3. for files whose records stand in the order of their arrival: under this order they never step back by a day, while
   under each other one they do at least three times. Once or twice may be a phone's clock.

Otherwise it is not settled and nobody guesses. A year of two digits in the first place is not considered: hardly a
phone language writes it so (Unicode CLDR: Korean, Basque), and a user can say it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

ORDERS = ("dmy", "mdy", "ymd")
_STEPS_BACK = 3

#: The three numbers of a date as written.
Parts = tuple[bytes, bytes, bytes] | tuple[str, str, str]


def day_of(parts: Parts, order: str, first_year: int) -> date | None:
    """The date that three numbers mean in an order, None if there is none. Two-digit years are of this century."""
    numbers: dict[str, bytes | str] = dict(zip(order, parts, strict=True))
    year = int(numbers["y"])
    if len(numbers["y"]) <= 2:
        year += 2000
    elif len(numbers["y"]) != 4:
        return None
    if len(numbers["d"]) > 2 or len(numbers["m"]) > 2 or year < first_year:
        return None
    try:
        return date(year, int(numbers["m"]), int(numbers["d"]))
    except ValueError:
        return None


@dataclass(frozen=True)
class DateQuestion:
    """Between which orders a file cannot decide, and a date of it as written."""

    orders: tuple[str, ...]
    example: str


@dataclass
class DateEvidence:
    """The dates of a file, or of one layout in it, taken one after the other.

    Attributes:
        first_year: no date is older.
        in_order: the records stand in the order of their arrival.
    """

    first_year: int
    in_order: bool = True
    _possible: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(ORDERS, True))
    _back: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDERS, 0))
    _differ: set[tuple[str, str]] = field(default_factory=set)
    _last: dict[str, date] = field(default_factory=dict)
    _previous: Parts | None = None
    _example: str = ""

    def see(self, parts: Parts) -> None:
        """Take the next date of the file."""
        if parts == self._previous:
            return
        self._previous = parts
        if len(parts[0]) != 4:
            self._possible["ymd"] = False
        days = {order: day_of(parts, order, self.first_year) for order in ORDERS if self._possible[order]}
        for order, day in days.items():
            if day is None:
                self._possible[order] = False
                continue
            if order in self._last and day < self._last[order]:
                self._back[order] += 1
            self._last[order] = day
        differ = {(a, b) for a, b in combinations(days, 2) if days[a] != days[b]}
        if differ and not self._example:
            self._example = "/".join(part.decode() if isinstance(part, bytes) else part for part in parts)
        self._differ |= differ

    def question(self) -> DateQuestion | None:
        """What a person can settle; None where the file settles it or no order fits."""
        left = tuple(order for order in ORDERS if self._possible[order])
        return DateQuestion(left, self._example) if left and self.settled()[0] is None else None

    def settled(self) -> tuple[str | None, str]:
        """The order and, in words, why; None where the file cannot settle it."""
        left = [order for order in ORDERS if self._possible[order]]
        if not left:
            return None, "no order of day, month and year fits all dates"
        if len(left) == 1:
            return left[0], f"dates are {left[0]}: every other order makes one of them impossible"
        if not any(pair in self._differ for pair in combinations(left, 2)):
            return left[0], "dates read alike in every order"
        steady = [order for order in left if self._back[order] == 0]
        others = [self._back[order] for order in left if order not in steady]
        if self.in_order and len(steady) == 1 and min(others) >= _STEPS_BACK:
            return steady[0], f"dates are {steady[0]}: in any other order the messages step back in time"
        return None, f"dates may be {' or '.join(left)}: the file cannot settle it; give --date-order"
