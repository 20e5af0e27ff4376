"""Geometry of the small pictures that pages draw as inline SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HEIGHT = 100


@dataclass(frozen=True)
class Bar:
    """One month: position and height of the bar and of its flagged part, and the numbers."""

    month: str
    count: int
    flagged: int
    x: float
    width: float
    top: float
    height: float
    flagged_top: float
    flagged_height: float
    is_january: bool


def _number(month: str) -> int:
    year, _, rest = month.partition("-")
    return int(year) * 12 + int(rest) - 1


def bars(months: list[dict[str, Any]], width: float) -> list[Bar]:
    """One bar per month between the first and the last, empty months included, if these span at most 50 years.

    Args:
        months: rows with ``month`` ('YYYY-MM'), ``n`` and ``flagged``.
        width: of the whole picture.
    """
    if not months:
        return []
    found = {_number(row["month"]): row for row in months}
    first, last = min(found), max(found)
    shown = list(range(first, last + 1)) if last - first < 600 else sorted(found)
    step = width / len(shown)
    top = max(row["n"] for row in months)
    result = []
    for place, number in enumerate(shown):
        row = found.get(number, {"n": 0, "flagged": 0})
        height = HEIGHT * row["n"] / top
        flagged = HEIGHT * row["flagged"] / top
        result.append(
            Bar(
                f"{number // 12:04d}-{number % 12 + 1:02d}",
                row["n"],
                row["flagged"],
                round(place * step, 2),
                round(step * 0.8, 2),
                round(HEIGHT - height, 2),
                round(height, 2),
                round(HEIGHT - flagged, 2),
                round(flagged, 2),
                number % 12 == 0,
            )
        )
    return result


@dataclass(frozen=True)
class Spark:
    """The same months as two outlines (SVG path data), for rows of tables."""

    all: str
    flagged: str


def spark(months: list[dict[str, Any]], width: float) -> Spark:
    """Outlines of `bars`."""
    drawn = bars(months, width)

    def outline(parts: list[tuple[float, float, float]]) -> str:
        return "".join(f"M{x} {HEIGHT}V{top}h{wide}V{HEIGHT}z" for x, top, wide in parts if top < HEIGHT)

    return Spark(
        outline([(bar.x, bar.top, bar.width) for bar in drawn]),
        outline([(bar.x, bar.flagged_top, bar.width) for bar in drawn]),
    )
