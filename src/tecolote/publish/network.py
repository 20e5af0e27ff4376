"""The picture of accounts that act together: the largest clusters side by side, as a Vega-Lite specification.

Protected accounts are not in it (`tecolote.publish.sheet` leaves them out), and the few names in it are the
pseudonyms of the case. Positions are pixels, so that no scale bends a cluster; the same case gives the same picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tecolote.errors import KeyMissing
from tecolote.evidence.keys import pseudonym
from tecolote.networks.layout import layout
from tecolote.publish.charts import INK, MUTED, SERIES, Spec
from tecolote.publish.sheet import Sheet
from tecolote.publish.texts import say, show_count

#: Clusters drawn, the largest first; accounts and ties drawn of one cluster, the strongest first.
MOST_CLUSTERS, MOST_ACCOUNTS, MOST_TIES = 12, 60, 400
#: Accounts whose pseudonyms are printed, by the place of their cluster; smaller clusters have none.
NAMED = (2, 2, 2, 1, 1, 1)
_HEIGHT, _TITLE, _GAP = 480, 42, 64
# Width and height of a name in pixels.
_NAME = (95, 15)


@dataclass(frozen=True)
class Cluster:
    """A cluster as it is drawn.

    Attributes:
        number: its number in the case; 0 is the largest of all, protected accounts included.
        strength: weight of each drawn account's ties, the strongest first.
        links: drawn ties ``(a, b, weight)``.
        size: accounts, drawn or not.
    """

    number: int
    strength: dict[str, int]
    links: list[tuple[str, str, int]]
    size: int


@dataclass(frozen=True)
class _Marks:
    """What is drawn, in pixels: circles, lines, the clusters' titles and the few names."""

    nodes: list[dict[str, Any]]
    links: list[dict[str, Any]]
    titles: list[dict[str, Any]]
    labels: list[dict[str, Any]]


def clusters(sheet: Sheet) -> list[Cluster]:
    """The largest clusters; of a very large one its strongest accounts and their strongest ties."""
    ties: dict[int, list[tuple[str, str, int]]] = {}
    for row in sheet.rows("SELECT cluster, a, b, weight FROM sheet.coaction ORDER BY cluster, a, b"):
        ties.setdefault(row["cluster"], []).append((row["a"], row["b"], row["weight"]))
    found = []
    for number, links in ties.items():
        strength: dict[str, int] = {}
        for a, b, weight in links:
            strength[a] = strength.get(a, 0) + weight
            strength[b] = strength.get(b, 0) + weight
        ranked = sorted(strength, key=lambda name: (-strength[name], name))[:MOST_ACCOUNTS]
        drawn = {name: strength[name] for name in ranked}
        kept = [link for link in links if link[0] in drawn and link[1] in drawn]
        heaviest = sorted(kept, key=lambda link: (-link[2], link))[:MOST_TIES]
        found.append(Cluster(number, drawn, sorted(heaviest), len(strength)))
    return sorted(found, key=lambda c: (-c.size, c.number))[:MOST_CLUSTERS]


def named(sheet: Sheet, drawn: list[Cluster]) -> dict[str, str]:
    """Pseudonyms of the few accounts whose names are printed; none without the case's key."""
    case = sheet.corpus.case
    chosen = [a for c, most in zip(drawn, NAMED, strict=False) if c.size > 2 for a in list(c.strength)[:most]]
    try:
        return {account: pseudonym(case, *account.split(" ", 1)) for account in chosen}
    except KeyMissing:
        return {}


def network(sheet: Sheet, lang: str, width: int = 600) -> Spec | None:
    """The picture; None where nobody acts together.

    Circles are accounts, their area the weight of their ties; lines are ties, their width the weight. Colours are
    those of Okabe and Ito, and repeat after seven, so each cluster has its number too.
    """
    drawn = clusters(sheet)
    if not drawn:
        return None
    centres, radii, height = _packed([len(c.strength) for c in drawn], width)
    names = named(sheet, drawn)
    nodes: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    titles: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for at, cluster in enumerate(drawn):
        (x, y), radius, colour = centres[at], radii[at], SERIES[at % len(SERIES)]
        place = _placed(cluster, x, y, radius)
        title = say(lang, "page.network_title", place=at + 1, n=show_count(cluster.size, lang))
        titles.append({"x": x, "y": y - radius - 30, "name": title})
        for account, strength in cluster.strength.items():
            px, py = place[account]
            nodes.append({"x": px, "y": py, "strength": strength, "colour": colour})
        labels += _labels({place[account]: names[account] for account in cluster.strength if account in names}, (x, y))
        for a, b, weight in cluster.links:
            (ax, ay), (bx, by) = place[a], place[b]
            links.append({"x": ax, "y": ay, "x2": bx, "y2": by, "weight": weight, "colour": colour})
    crowded = min(math.pi * r * r / len(c.strength) for r, c in zip(radii, drawn, strict=True))
    return _spec(_Marks(nodes, links, titles, labels), lang, (width, height), max(110, min(330, 0.25 * crowded)))


def _labels(names: dict[tuple[float, float], str], centre: tuple[float, float]) -> list[dict[str, Any]]:
    """Where the names of a cluster stand; one that would run into an earlier one is left out.

    Above or below the circle, where fewer lines are, and a little inwards, away from other clusters.
    """
    found: list[dict[str, Any]] = []
    for (px, py), name in names.items():
        x, y = px + (24 if px < centre[0] else -24), py + (17 if py > centre[1] else -17)
        if all(abs(x - other["x"]) > _NAME[0] or abs(y - other["y"]) > _NAME[1] for other in found):
            found.append({"x": x, "y": y, "label": name})
    return found


def _placed(cluster: Cluster, x: float, y: float, radius: float) -> dict[str, tuple[float, float]]:
    """Pixels of a cluster's accounts around its centre; those of a cut cluster without a drawn tie lie on its rim."""
    ends = {"source": [a for a, _, _ in cluster.links], "target": [b for _, b, _ in cluster.links]}
    place = layout(pa.table(ends))
    alone = [account for account in cluster.strength if account not in place]
    for i, account in enumerate(alone):
        place[account] = (math.cos(math.tau * i / len(alone)), math.sin(math.tau * i / len(alone)))
    return {name: (round(x + radius * px, 1), round(y + radius * py, 1)) for name, (px, py) in place.items()}


def _packed(sizes: list[int], width: int) -> tuple[list[tuple[float, float]], list[float], int]:
    """Centres and radii of circles in rows, the largest first, shrunk until the rows are no higher than `_HEIGHT`."""
    shrink = 2.0
    while True:
        radii = [min(shrink * (20 + 12 * math.sqrt(n)), (width - 2 * _GAP) / 2) for n in sizes]
        rows: list[list[int]] = [[]]
        used = 0.0
        for i, radius in enumerate(radii):
            if rows[-1] and used + 2 * radius + _GAP > width:
                rows.append([])
                used = 0.0
            rows[-1].append(i)
            used += 2 * radius + _GAP
        height = sum(2 * max(radii[i] for i in row) + _TITLE + _GAP / 2 for row in rows)
        if height <= _HEIGHT or shrink < 0.3:
            return _centres(rows, radii, width), radii, math.ceil(height)
        shrink *= 0.93


def _centres(rows: list[list[int]], radii: list[float], width: int) -> list[tuple[float, float]]:
    found: dict[int, tuple[float, float]] = {}
    top = 0.0
    for row in rows:
        high = 2 * max(radii[i] for i in row)
        apart = (width - sum(2 * radii[i] for i in row)) / (len(row) + 1)
        left = apart
        for i in row:
            found[i] = (round(left + radii[i], 1), round(top + _TITLE + high / 2 + _GAP / 8, 1))
            left += 2 * radii[i] + apart
        top += high + _TITLE + _GAP / 2
    return [found[i] for i in sorted(found)]


def _spec(marks: _Marks, lang: str, size: tuple[int, int], largest: float) -> Spec:
    """The specification; ``largest`` is the area of the strongest account's circle in square pixels."""
    x = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, size[0]], "nice": False}}
    y = {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [size[1], 0], "nice": False}}
    where = {"x": x, "y": y}
    colour = {"color": {"field": "colour", "type": "nominal", "scale": None}}
    weights = sorted({link["weight"] for link in marks.links})
    shown = sorted({weights[0], weights[len(weights) // 2], weights[-1]})
    legend = {
        "title": say(lang, "page.network_width"),
        "orient": "bottom",
        "titleLimit": 600,
        "values": shown,
        "format": "d",
    }
    thick = {
        "field": "weight",
        "type": "quantitative",
        "scale": {"domain": [weights[0], max(weights[-1], weights[0] + 1)], "range": [1, 4.5]},
        "legend": legend | {"symbolType": "stroke", "symbolStrokeColor": MUTED, "symbolSize": 500},
    }
    area = {
        "field": "strength",
        "type": "quantitative",
        "legend": None,
        "scale": {"domain": [0, max(node["strength"] for node in marks.nodes)], "range": [35, largest]},
    }
    text: Spec = {"type": "text", "fontSize": 11}
    halo = text | {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round", "color": "white"}
    label = where | {"text": {"field": "label", "type": "nominal"}}
    heading = {"type": "text", "fontSize": 13, "fontWeight": 600, "color": INK}
    return {
        "width": size[0],
        "height": size[1],
        "layer": [
            {
                "data": {"values": marks.links},
                "mark": {"type": "rule", "opacity": 0.4, "strokeCap": "round"},
                "encoding": where | {"x2": {"field": "x2"}, "y2": {"field": "y2"}, "strokeWidth": thick} | colour,
            },
            {
                "data": {"values": marks.nodes},
                "mark": {"type": "circle", "opacity": 1, "stroke": "white", "strokeWidth": 1.3},
                "encoding": where | {"size": area} | colour,
            },
            {"data": {"values": marks.titles}, "mark": heading, "encoding": where | {"text": {"field": "name"}}},
            *(
                {"data": {"values": marks.labels}, "mark": mark, "encoding": label}
                for mark in (halo, text)
                if marks.labels
            ),
        ],
    }
