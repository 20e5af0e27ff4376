"""Charts as Vega-Lite specifications, and as SVG by vl-convert: no network, no data address, shipped fonts only.

Colours are those of Okabe and Ito (2008), which people with colour-blindness tell apart; lines also differ in their
dashes, and each chart carries a sentence that says what it shows.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from tecolote.publish.figures import VOICES
from tecolote.publish.numbers import Number
from tecolote.publish.sheet import Sheet
from tecolote.publish.texts import say, value_name

#: Share of all posts that the earliest months may hold and still be left out of the timeline.
_OLD = 0.005
INK, MUTED, RULE = "#1b2733", "#5a6875", "#dfe4e8"
COLOURS = {
    "perpetrator": "#D55E00",
    "reporter": "#0072B2",
    "victim": "#009E73",
    "fan": "#E69F00",
    "neutral": "#A7AFB6",
}
#: Colours of series without a meaning of their own.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
Spec = dict[str, Any]
Names = Callable[[str, str], str]


@dataclass(frozen=True)
class Chart:
    """One chart: its name, title, the sentence for those who cannot see it, its specification and its SVG."""

    name: str
    title: str
    alt: str
    spec: Spec
    svg: str


def draw(name: str, lang: str, spec: Spec) -> Chart:
    """The chart with its picture; title and sentence come from the language files."""
    title, alt = say(lang, f"page.chart_{name}"), say(lang, f"page.chart_{name}_alt")
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": alt,
        **spec,
        "config": _config(),
    }
    return Chart(name, title, alt, whole, to_svg(whole, lang))


@functools.cache
def _fonts() -> None:
    import vl_convert

    vl_convert.register_font_directory(str(resources.files(__package__).joinpath("fonts")))


def to_svg(spec: Spec, lang: str) -> str:
    """SVG of a specification whose data are inside it; nothing is ever fetched."""
    import vl_convert

    _fonts()
    locale: Literal["es-MX", "en-US"] = "es-MX" if lang == "es" else "en-US"
    svg: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[], format_locale=locale, time_format_locale=locale)
    return svg


def _config() -> Spec:
    text = {"labelFont": "Inter", "titleFont": "Inter", "labelColor": MUTED, "titleColor": MUTED, "labelFontSize": 11}
    return {
        "font": "Inter",
        "background": None,
        "view": {"stroke": None},
        "axis": text
        | {
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "gridColor": RULE,
            "domainColor": MUTED,
            "tickColor": RULE,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "titlePadding": 8,
        },
        "legend": text | {"titleFontSize": 11, "titleFontWeight": "normal", "orient": "top", "symbolType": "square"},
        "text": {"font": "Inter", "fontSize": 11, "color": INK},
    }


def timeline(sheet: Sheet, lang: str, width: int = 640, height: int = 210) -> Spec | None:
    """Flagged posts and posts that report or warn, by month; None without dated posts.

    Months without posts are zero. The first months of all, which together hold less than half a per cent of the
    posts, are left out and said in the subtitle.
    """
    found = sheet.rows(
        "SELECT month, count(*) AS n, count(*) FILTER (WHERE flag) AS flagged, "
        "count(*) FILTER (WHERE voice = 'reporter' AND NOT flag) AS reporter FROM sheet.posts "
        "WHERE month IS NOT NULL GROUP BY ALL ORDER BY month"
    )
    total, older = sum(row["n"] for row in found), 0
    while len(found) > 2 and older + found[0]["n"] < _OLD * total:
        older += found.pop(0)["n"]
    if len(found) < 2:
        return None
    there = {row["month"]: row for row in found}
    nothing = {"flagged": 0, "reporter": 0}
    months = _months(found[0]["month"], found[-1]["month"])
    rows = [{"month": f"{month}-01", **{k: there.get(month, nothing)[k] for k in nothing}} for month in months]
    labels = {"flagged": say(lang, "page.posts_flagged"), "reporter": value_name(lang, "voice", "reporter")}
    values = [{"month": r["month"], "n": r[k], "series": label} for r in rows for k, label in labels.items()]
    names = list(labels.values())
    colour = {
        "field": "series",
        "type": "nominal",
        "legend": {"title": None, "symbolType": "stroke", "symbolStrokeWidth": 3},
        "scale": {"domain": names, "range": [COLOURS["perpetrator"], COLOURS["reporter"]]},
    }
    note = {
        "title": {
            "text": say(lang, "page.older", n=f"{older:,}", month=months[0]),
            "font": "Inter",
            "fontSize": 10,
            "fontWeight": "normal",
            "color": MUTED,
            "anchor": "start",
            "orient": "bottom",
        }
    }
    return (note if older else {}) | {
        "width": width,
        "height": height,
        "data": {"values": values},
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "x": {
                "field": "month",
                "type": "temporal",
                "title": None,
                "axis": {"format": "%b %Y", "grid": False, "labelFlush": True, "tickCount": 8},
            },
            "y": {
                "field": "n",
                "type": "quantitative",
                "title": say(lang, "page.axis_posts"),
                "axis": {"tickCount": 5},
            },
            "color": colour,
            "strokeDash": {"field": "series", "legend": None, "scale": {"domain": names, "range": [[1, 0], [5, 3]]}},
        },
    }


def _months(first: str, last: str) -> list[str]:
    """Every month from ``first`` to ``last``, as ``YYYY-MM``."""
    a, b = (int(text[:4]) * 12 + int(text[5:]) - 1 for text in (first, last))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(a, b + 1)]


def themes(numbers: list[Number], lang: str, width: int = 380, most: int = 10) -> Spec | None:
    """Bars of flagged posts by theme, from the numbers themselves."""
    return bars(
        [(n.label[lang].split(", ", 1)[-1], n.value) for n in numbers if n.id.startswith("flagged.theme.")][:most],
        lang,
        width,
    )


def bars(pairs: list[tuple[str, Any]], lang: str, width: int) -> Spec | None:
    """Horizontal bars with their counts at the end."""
    if not pairs:
        return None
    values = [{"name": name, "n": n} for name, n in pairs]
    y = {
        "field": "name",
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": 230, "labelColor": INK, "labelFontSize": 11.5},
    }
    x = {"field": "n", "type": "quantitative", "axis": None}
    return {
        "width": width,
        "height": {"step": 23},
        "data": {"values": values},
        "encoding": {"y": y, "x": x},
        "layer": [
            {"mark": {"type": "bar", "color": COLOURS["perpetrator"], "height": 13}},
            {
                "mark": {"type": "text", "align": "left", "dx": 5},
                "encoding": {"text": {"field": "n", "type": "quantitative", "format": ",d"}},
            },
        ],
    }


def heat(sheet: Sheet, lang: str, names: Names, width: int = 40) -> Spec | None:
    """Flagged posts by theme and group; protected accounts are in no group, small cells say so."""
    rows = sheet.rows(
        "SELECT theme, g, count(*) AS n FROM (SELECT unnest(themes) AS theme, groups FROM sheet.posts WHERE flag), "
        "LATERAL (SELECT unnest(groups) AS g) GROUP BY ALL ORDER BY n DESC"
    )
    groups = list(dict.fromkeys(r["g"] for r in rows))[:9]
    if not groups:
        return None
    values = [
        {
            "theme": names("theme", r["theme"]),
            "group": names("group", r["g"]),
            "n": r["n"],
            "label": f"{r['n']:,}",
            "shade": max(r["n"], 1),
        }
        for r in rows
        if r["g"] in groups
    ]
    limit = max(v["n"] for v in values) * 0.6
    return {
        "width": {"step": max(width, 560 // max(len(groups), 3))},
        "height": {"step": 25},
        "data": {"values": values},
        "encoding": {
            "x": {
                "field": "group",
                "type": "nominal",
                "title": None,
                "sort": [names("group", g) for g in groups],
                "axis": {
                    "orient": "top",
                    "labelAngle": 0,
                    "labelLimit": max(width, 560 // max(len(groups), 3)) - 4,
                    "labelColor": INK,
                },
            },
            "y": {
                "field": "theme",
                "type": "nominal",
                "title": None,
                "sort": {"field": "n", "op": "sum", "order": "descending"},
                "axis": {"labelLimit": 230, "labelColor": INK},
            },
        },
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "white", "strokeWidth": 2},
                "encoding": {
                    "color": {
                        "field": "shade",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"type": "sqrt", "range": ["#FBEDE3", "#D55E00", "#7A3400"]},
                    }
                },
            },
            {
                "mark": {"type": "text"},
                "encoding": {
                    "text": {"field": "label", "type": "nominal"},
                    "color": {"condition": {"test": f"datum.n > {limit}", "value": "white"}, "value": INK},
                },
            },
        ],
    }


def voices(numbers: list[Number], lang: str, names: Names, width: int = 560) -> Spec | None:
    """Share of each voice, one bar per platform."""
    found = [n for n in numbers if n.id.startswith("voice.") and n.id.count(".") == 2]
    if not found:
        return None
    labels = {voice: value_name(lang, "voice", voice) for voice in VOICES}
    values = []
    for number in found:
        _, voice, platform = number.id.split(".")
        values.append(
            {
                "voice": labels[voice],
                "rank": VOICES.index(voice),
                "platform": names("platform", platform),
                "n": number.value,
            }
        )
    return {
        "width": width,
        "height": {"step": 24},
        "data": {"values": values},
        "mark": {"type": "bar", "height": 15, "stroke": "white", "strokeWidth": 1},
        "encoding": {
            "y": {
                "field": "platform",
                "type": "nominal",
                "title": None,
                "sort": None,
                "axis": {"labelColor": INK, "labelFontSize": 11.5},
            },
            "x": {
                "field": "n",
                "type": "quantitative",
                "stack": "normalize",
                "title": say(lang, "page.axis_share"),
                "axis": {"format": ".0%", "tickCount": 5},
            },
            "order": {"field": "rank", "type": "quantitative"},
            "color": {
                "field": "voice",
                "type": "nominal",
                "legend": {"title": None},
                "scale": {"domain": list(labels.values()), "range": [COLOURS[v] for v in VOICES]},
            },
        },
    }


def survival(curves: list[dict[str, Any]], lang: str, width: int = 600, height: int = 220) -> Spec | None:
    """Step curves of the share still online with their 95 % bands.

    Args:
        curves: ``{"platform", "points": [{"day", "online", "low", "high"}]}`` for each platform.
        lang: language of the axes.
        width: pixels.
        height: pixels.
    """
    values = [p | {"platform": curve["platform"]} for curve in curves for p in curve["points"]]
    if not values:
        return None
    found = list(dict.fromkeys(v["platform"] for v in values))
    scale = {"domain": found, "range": list(SERIES[: len(found)])}
    x = {"field": "day", "type": "quantitative", "title": say(lang, "page.axis_days"), "axis": {"grid": False}}
    y = {
        "field": "online",
        "type": "quantitative",
        "title": say(lang, "page.axis_online"),
        "scale": {"domain": [0, 1]},
        "axis": {"format": ".0%", "tickCount": 5},
    }
    colour = {"field": "platform", "type": "nominal", "scale": scale, "legend": {"title": None}}
    return {
        "width": width,
        "height": height,
        "data": {"values": values},
        "encoding": {"x": x, "color": colour},
        "layer": [
            {
                "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.13},
                "encoding": {"y": y | {"field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
                "encoding": {"y": y, "strokeDash": {"field": "platform", "type": "nominal", "legend": None}},
            },
        ],
    }
