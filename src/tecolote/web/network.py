"""Networks as nodes and edges: who acts together (coaction) and who is connected with whom (as records state)."""

from __future__ import annotations

from typing import Any

from tecolote.web.accounts import masked
from tecolote.web.library import Pin

MAX_EDGES = 10_000
#: Lines of one page of the list.
LINES = 100
_ALL = "all"
_CONNECTIONS = ("follows", "mentions", "replies", "quotes", "reposts", "forwards")

# Reporters and others who are protected share the same things too; that is never shown as acting together.
_COACTION = """
SELECT x.key AS source, y.key AS target, e.modality AS kind, e.weight, e.first, e.last, e.exact
FROM coaction_edges e
JOIN browse.account x ON x.platform = e.platform AND x.id = e.account_id
JOIN browse.account y ON y.platform = e.platform AND y.id = e.account_id_y
WHERE e.modality = ? AND NOT x.protected AND NOT y.protected ORDER BY e.weight DESC, source, target LIMIT ?
"""
_CONNECTED = """
WITH stated AS (
  SELECT platform, src, CASE WHEN dst_kind = 'account' THEN dst ELSE dst_account_id END AS dst, "at" FROM edges
  WHERE type = ? AND src IS NOT NULL
)
SELECT x.key AS source, y.key AS target, ? AS kind, count(*) AS weight, min(s."at") AS first, max(s."at") AS last
FROM stated s JOIN browse.account x ON x.platform = s.platform AND x.id = s.src
JOIN browse.account y ON y.platform = s.platform AND y.id = s.dst
WHERE s.dst IS NOT NULL AND s.src <> s.dst GROUP BY ALL ORDER BY weight DESC, source, target LIMIT ?
"""


def kinds(pin: Pin) -> list[dict[str, Any]]:
    """The networks of the case: ``view`` (coaction, connections), ``kind`` and number of edges."""
    together = pin.once(
        "modalities",
        """WITH kept AS (SELECT platform, id FROM browse.account WHERE NOT protected)
           SELECT 'coaction' AS view, modality AS kind, count(*) AS n FROM coaction_edges e
           WHERE (e.platform, e.account_id) IN (SELECT (platform, id) FROM kept)
             AND (e.platform, e.account_id_y) IN (SELECT (platform, id) FROM kept)
           GROUP BY ALL ORDER BY n DESC, kind""",
    )
    together = sorted(together, key=lambda row: row["kind"] != _ALL)
    listed = ", ".join(f"'{name}'" for name in _CONNECTIONS)
    connected = pin.once(
        "connections",
        f"""SELECT 'connections' AS view, type AS kind, count(*) AS n FROM edges
            WHERE type IN ({listed}) AND src IS NOT NULL AND coalesce(dst_account_id, dst) IS NOT NULL
              AND (dst_kind = 'account' OR dst_account_id IS NOT NULL) GROUP BY ALL ORDER BY n DESC, kind""",
    )
    return [*together, *connected]


def graph(pin: Pin, view: str, kind: str) -> dict[str, Any]:
    """Nodes and the heaviest `MAX_EDGES` edges of one network.

    Returns:
        ``nodes`` (key, label, masked, platform, role, cluster, posts, flagged, degree), ``edges`` (source and target as
        positions in ``nodes``, weight, kind, first, last) and ``cut``, True if edges were left out.
    """
    name = f"graph {view} {kind}"
    if name not in pin.kept:
        pin.kept[name] = _graph(pin, view, kind)
    found: dict[str, Any] = pin.kept[name]
    return found


def _graph(pin: Pin, view: str, kind: str) -> dict[str, Any]:
    if view == "coaction":
        edges = pin.rows(_COACTION, [kind, MAX_EDGES + 1])
    else:
        edges = pin.rows(_CONNECTED, [kind, kind, MAX_EDGES + 1])
    cut, edges = len(edges) > MAX_EDGES, edges[:MAX_EDGES]
    keys = sorted({e["source"] for e in edges} | {e["target"] for e in edges})
    nodes = pin.rows(
        """SELECT key, name, platform, role, cluster, protected, posts, flagged FROM browse.account
           WHERE key IN (SELECT unnest(?::VARCHAR[])) ORDER BY key""",
        [keys],
    )
    at = {node["key"]: i for i, node in enumerate(nodes)}
    for node in nodes:
        name = masked(node.pop("name"), node["protected"])
        node |= {"label": name.shown, "masked": name.is_masked, "degree": 0}
    for edge in edges:
        edge["source"], edge["target"] = at[edge["source"]], at[edge["target"]]
        nodes[edge["source"]]["degree"] += 1
        nodes[edge["target"]]["degree"] += 1
    return {"view": view, "kind": kind, "nodes": nodes, "edges": edges, "cut": cut}


def lines(found: dict[str, Any] | None, start: int) -> dict[str, Any]:
    """One page of the graph's edges, the heaviest first, for readers who cannot use the picture.

    Returns:
        ``rows`` (the edge with its ends ``one`` and ``other``, as nodes), ``first`` and ``last`` (places in the list,
        counted from 1), ``total``, ``previous`` and ``next`` (starts of the neighbouring pages, or None).
    """
    edges = found["edges"] if found else []
    start = start if start < len(edges) else 0
    shown = edges[start : start + LINES]
    nodes = found["nodes"] if found else []
    return {
        "rows": [edge | {"one": nodes[edge["source"]], "other": nodes[edge["target"]]} for edge in shown],
        "first": start + 1,
        "last": start + len(shown),
        "total": len(edges),
        "previous": max(start - LINES, 0) if start else None,
        "next": start + LINES if start + LINES < len(edges) else None,
    }


def clusters(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Clusters of a coaction graph, largest first, with their accounts by degree: the picture as a list."""
    groups: dict[int, list[dict[str, Any]]] = {}
    for node in found["nodes"] if found else []:
        groups.setdefault(-1 if node["cluster"] is None else node["cluster"], []).append(node)
    return [
        {"cluster": number, "accounts": sorted(members, key=lambda n: (-n["degree"], n["key"]))}
        for number, members in sorted(groups.items(), key=lambda item: (item[0] < 0, -len(item[1]), item[0]))
    ]
