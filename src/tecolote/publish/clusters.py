"""What stands beside the picture of a network: each cluster's figures, what it shared, and the plain explanations.

Newsrooms, customers of a wire service and fan clubs share the same things within seconds too. What the posts and the
shared things show of such an explanation is said beside the cluster; that nothing shows does not rule it out.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from tecolote.networks.events import MORE_OBJECTS, OBJECTS
from tecolote.publish.network import MOST_CLUSTERS, clusters, named
from tecolote.publish.sheet import Sheet

#: Share of a cluster's posts, or of the things it shared, from which an explanation is named.
MOST_OF_IT = 0.5
_EXAMPLES = 3

_MEMBERS = f"""
SELECT cluster, count(*) AS ties, sum(weight)::BIGINT AS weight,
    list_sort(list_distinct(flatten(list([a, b])))) AS members
FROM sheet.coaction GROUP BY cluster ORDER BY len(members) DESC, cluster LIMIT {MOST_CLUSTERS}
"""
_VOICES = """
WITH ends AS (SELECT cluster, a AS name FROM sheet.coaction UNION SELECT cluster, b FROM sheet.coaction)
SELECT e.cluster, p.voice, count(*) AS n FROM ends e
JOIN sheet.posts p ON p.platform || ' ' || p.account_id = e.name GROUP BY ALL
"""
_SHARED = """
SELECT DISTINCT c.cluster, unnest(e.objects) AS object FROM coaction_edges e
JOIN sheet.coaction c ON c.a = e.platform || ' ' || e.account_id AND c.b = e.platform || ' ' || e.account_id_y
WHERE e.modality = 'all' ORDER BY ALL
"""


def cluster_rows(sheet: Sheet) -> list[dict[str, Any]]:
    """One row per cluster of the picture, in its order.

    Returns:
        ``place`` (its number in the picture), ``ties, weight, members`` (platform and id), ``names`` (pseudonyms by
        member where the picture prints one), ``p`` (against chance, None if not compared), ``shared`` (kind, number
        and up to three examples; of what the ties list) and ``explanations`` (words of ``page.explain_*``).
    """
    rows = sheet.rows(_MEMBERS)
    drawn = named(sheet, clusters(sheet))
    voices: dict[int, Counter[str]] = {}
    for row in sheet.rows(_VOICES):
        voices.setdefault(row["cluster"], Counter())[row["voice"]] += row["n"]
    objects: dict[int, list[tuple[str, str]]] = {}
    for row in sheet.rows(_SHARED):
        kind, _, name = row["object"].partition(":")
        if kind in OBJECTS + MORE_OBJECTS:
            objects.setdefault(row["cluster"], []).append((kind, name))
    for place, row in enumerate(rows, 1):
        mine = objects.get(row["cluster"], [])
        row |= {
            "place": place,
            "names": {member: drawn[member] for member in row["members"] if member in drawn},
            "p": _chance(sheet, row["members"]),
            "shared": _shared(mine),
            "explanations": explanations(voices.get(row["cluster"], Counter()), mine),
        }
    return rows


def explanations(voices: Counter[str], objects: list[tuple[str, str]]) -> list[str]:
    """Which plain explanations the posts and the shared things speak for; ``none`` where they speak for none.

    Args:
        voices: posts of the cluster by voice.
        objects: shared things, kind and name.
    """
    posts, things = voices.total(), len(objects)
    found = []
    if posts and voices["reporter"] >= MOST_OF_IT * posts:
        found.append("newsroom")
    if posts and voices["fan"] >= MOST_OF_IT * posts:
        found.append("fans")
    hosts = Counter(_host(name) for kind, name in objects if kind == "link")
    if things > 1 and hosts and hosts.most_common(1)[0][1] >= MOST_OF_IT * things:
        found.append("one_site")
    if things and sum(kind == "hashtag" for kind, _ in objects) == things:
        found.append("event")
    return found or ["none"]


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or address)[:60]
    except ValueError:
        return address[:60]


def _shared(objects: list[tuple[str, str]]) -> list[dict[str, Any]]:
    kinds: dict[str, list[str]] = {}
    for kind, name in objects:
        kinds.setdefault(kind, []).append(name)
    shown = []
    for kind, names in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])):
        words = {"link": [_host(name) for name in names], "hashtag": [f"#{name[:60]}" for name in names]}.get(kind, [])
        shown.append({"kind": kind, "n": len(names), "examples": list(dict.fromkeys(words))[:_EXAMPLES]})
    return shown


def _chance(sheet: Sheet, members: list[str]) -> float | None:
    """The smallest p-value, against chance, of the compared clusters that lie in this one."""
    mine = set(members)
    found = [
        row["p"]
        for row in sheet.chance.get("found", [])
        if len(mine & {f"{row['platform']} {member}" for member in row["members"]}) > 1
    ]
    return min(found, default=None)
