"""Positions for the picture of accounts that act together."""

from __future__ import annotations

import math
import random
from typing import Any

from tecolote.publish.sheet import Sheet

#: Clusters drawn, the largest first, and accounts at most.
MOST_CLUSTERS, MOST_ACCOUNTS = 12, 400


def picture(sheet: Sheet, width: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Nodes and links of the largest clusters, for `charts.network`; protected accounts are not in them."""
    rows = sheet.rows("SELECT cluster, a, b, weight FROM sheet.coaction ORDER BY cluster, a, b")
    members: dict[int, list[str]] = {}
    for row in rows:
        for side in ("a", "b"):
            if row[side] not in members.setdefault(row["cluster"], []):
                members[row["cluster"]].append(row[side])
    largest = sorted(members, key=lambda cluster: (-len(members[cluster]), cluster))[:MOST_CLUSTERS]
    places: dict[str, tuple[float, float]] = {}
    columns = max(1, math.ceil(math.sqrt(len(largest) * 1.6)))
    for at, cluster in enumerate(largest):
        if len(places) + len(members[cluster]) > MOST_ACCOUNTS:
            break
        ties = [(r["a"], r["b"]) for r in rows if r["cluster"] == cluster]
        for name, (x, y) in _spring(members[cluster], ties).items():
            places[name] = (x + 2.6 * (at % columns), y + 2.6 * (at // columns))
    nodes = [
        {"x": round(places[name][0], 3), "y": round(-places[name][1], 3), "cluster": cluster}
        for cluster in largest
        for name in members[cluster]
        if name in places
    ]
    links = [
        {
            "x": round(places[r["a"]][0], 3),
            "y": round(-places[r["a"]][1], 3),
            "x2": round(places[r["b"]][0], 3),
            "y2": round(-places[r["b"]][1], 3),
            "weight": r["weight"],
        }
        for r in rows
        if r["a"] in places and r["b"] in places
    ]
    return nodes, links


def _spring(names: list[str], ties: list[tuple[str, str]], rounds: int = 60) -> dict[str, tuple[float, float]]:
    """Positions in the unit disc by springs and repulsion (Fruchterman and Reingold 1991), from a fixed seed."""
    chance = random.Random(1991)
    place = {
        n: [math.cos(2 * math.pi * i / len(names)) + chance.random() / 9, math.sin(2 * math.pi * i / len(names))]
        for i, n in enumerate(names)
    }
    ideal = 1.6 / math.sqrt(len(names))
    for step in range(rounds):
        push = {n: [0.0, 0.0] for n in names}
        for i, a in enumerate(names):
            for b in names[i + 1 :]:
                _move(push, place, a, b, lambda d: ideal * ideal / d)
        for a, b in ties:
            _move(push, place, a, b, lambda d: -d * d / ideal)
        heat = 0.2 * (1 - step / rounds)
        for n in names:
            length = math.hypot(*push[n]) or 1
            for axis in (0, 1):
                place[n][axis] += push[n][axis] / length * min(length, heat)
    middle = [sum(p[axis] for p in place.values()) / len(place) for axis in (0, 1)]
    reach = max(math.hypot(p[0] - middle[0], p[1] - middle[1]) for p in place.values()) or 1
    return {n: ((p[0] - middle[0]) / reach, (p[1] - middle[1]) / reach) for n, p in place.items()}


def _move(push: dict[str, list[float]], place: dict[str, list[float]], a: str, b: str, force: Any) -> None:
    across, down = place[a][0] - place[b][0], place[a][1] - place[b][1]
    distance = math.hypot(across, down) or 1e-6
    pull = force(distance) / distance
    for sign, name in ((1, a), (-1, b)):
        push[name][0] += sign * across * pull
        push[name][1] += sign * down * pull
