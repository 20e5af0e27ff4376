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
#: Accounts of a cluster whose pseudonyms are printed, and clusters with such names.
NAMED_ACCOUNTS, NAMED_CLUSTERS = 2, 6
_HEIGHT, _TITLE, _GAP = 480, 42, 64


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
    chosen = [a for c in drawn[:NAMED_CLUSTERS] if c.size > NAMED_ACCOUNTS for a in list(c.strength)[:NAMED_ACCOUNTS]]
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
    for at, cluster in enumerate(drawn):
        (x, y), radius, colour = centres[at], radii[at], SERIES[at % len(SERIES)]
        place = _placed(cluster, x, y, radius)
        title = say(lang, "page.network_title", place=at + 1, n=show_count(cluster.size, lang))
        titles.append({"x": x, "y": y - radius - 30, "name": title})
        for account, strength in cluster.strength.items():
            px, py = place[account]
            node = {"x": px, "y": py, "strength": strength, "colour": colour, "label": names.get(account, "")}
            # A name stands above or below, where fewer lines are, and a little inwards, away from other clusters.
            node |= {"label_x": px + (24 if px < x else -24), "label_y": py + (17 if py > y else -17)}
            nodes.append(node)
        for a, b, weight in cluster.links:
            (ax, ay), (bx, by) = place[a], place[b]
            links.append({"x": ax, "y": ay, "x2": bx, "y2": by, "weight": weight, "colour": colour})
    return _spec(nodes, links, titles, lang, (width, height))


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


def _spec(
    nodes: list[dict[str, Any]],
    links: list[dict[str, Any]],
    titles: list[dict[str, Any]],
    lang: str,
    size: tuple[int, int],
) -> Spec:
    x = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [0, size[0]], "nice": False}}
    y = {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [size[1], 0], "nice": False}}
    where = {"x": x, "y": y}
    colour = {"color": {"field": "colour", "type": "nominal", "scale": None}}
    weights = sorted({link["weight"] for link in links})
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
        "scale": {"domain": [0, max(node["strength"] for node in nodes)], "range": [35, 330]},
    }
    named = [node for node in nodes if node["label"]]
    text: Spec = {"type": "text", "fontSize": 11}
    halo = text | {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round", "color": "white"}
    label = {
        "x": x | {"field": "label_x"},
        "y": y | {"field": "label_y"},
        "text": {"field": "label", "type": "nominal"},
    }
    heading = {"type": "text", "fontSize": 13, "fontWeight": 600, "color": INK}
    return {
        "width": size[0],
        "height": size[1],
        "layer": [
            {
                "data": {"values": links},
                "mark": {"type": "rule", "opacity": 0.4, "strokeCap": "round"},
                "encoding": where | {"x2": {"field": "x2"}, "y2": {"field": "y2"}, "strokeWidth": thick} | colour,
            },
            {
                "data": {"values": nodes},
                "mark": {"type": "circle", "opacity": 1, "stroke": "white", "strokeWidth": 1.3},
                "encoding": where | {"size": area} | colour,
            },
            {"data": {"values": titles}, "mark": heading, "encoding": where | {"text": {"field": "name"}}},
            *({"data": {"values": named}, "mark": mark, "encoding": label} for mark in (halo, text) if named),
        ],
    }
