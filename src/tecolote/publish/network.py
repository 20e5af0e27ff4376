"""The picture of accounts that act together: the largest clusters side by side."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from tecolote.networks.layout import layout
from tecolote.publish.sheet import Sheet

#: Clusters drawn, the largest first, and accounts at most.
MOST_CLUSTERS, MOST_ACCOUNTS = 12, 400
_APART = 2.7


def picture(sheet: Sheet) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Nodes and links for `charts.network`; protected accounts are not among them."""
    rows = sheet.rows("SELECT cluster, a, b, weight FROM sheet.coaction ORDER BY cluster, a, b")
    ties: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        ties.setdefault(row["cluster"], []).append(row)
    sizes = {cluster: len({r[side] for r in found for side in "ab"}) for cluster, found in ties.items()}
    largest = sorted(ties, key=lambda cluster: (-sizes[cluster], cluster))[:MOST_CLUSTERS]
    columns = max(1, math.ceil(math.sqrt(len(largest) * 1.8)))
    nodes: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for at, cluster in enumerate(largest):
        if len(nodes) + sizes[cluster] > MOST_ACCOUNTS:
            break
        right, down = _APART * (at % columns), -_APART * (at // columns)
        table = pa.table({"source": [r["a"] for r in ties[cluster]], "target": [r["b"] for r in ties[cluster]]})
        place = {name: (round(x + right, 3), round(y + down, 3)) for name, (x, y) in layout(table).items()}
        nodes += [{"x": x, "y": y, "cluster": cluster} for x, y in place.values()]
        for row in ties[cluster]:
            (x, y), (x2, y2) = place[row["a"]], place[row["b"]]
            links.append({"x": x, "y": y, "x2": x2, "y2": y2, "weight": row["weight"]})
    return nodes, links
