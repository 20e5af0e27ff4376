"""A coaction network beside what chance would give: columns on its edges, and its clusters, largest first.

Chance counts a post with one object only (`tecolote.networks.significance`), and a profile may count pairs of
posts where chance counts objects. So an edge can be there that has too few coincidences to be compared: its
``expected``, ``p`` and ``q`` are null.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tecolote.networks.coaction import Coaction
from tecolote.networks.significance import significance

#: Above this many events a comparison is made only if asked for; it takes as long as the network, and more memory.
COMPARED_EVENTS = 2_000_000
#: Clusters and members of each that the facts list.
_CLUSTERS, _MEMBERS = 20, 10


def with_chance(found: Coaction, events: pa.Table | str, window: int, least: int, wanted: bool | None) -> Coaction:
    """The same edges with ``expected, p, q`` at their end, and ``chance`` in the facts.

    Args:
        found: from `tecolote.networks.coaction.coaction`.
        events: what it was made of; an address that only a cluster reads is not compared.
        window: seconds.
        least: coincidences from which a pair is compared; the ``min_repetition`` of the run.
        wanted: None compares up to `COMPARED_EVENTS` events.

    Returns:
        ``facts["chance"]`` has ``compared`` and, if false, ``why``; else the facts of `Significance`, the number of
        ``clusters_at_5_percent`` and ``clusters``: ``accounts, weight, p`` and the first ``members`` of the largest.
    """
    why = _why_not(found, events, wanted)
    if why:
        return replace(found, facts=found.facts | {"chance": {"compared": False, "why": why}})
    assert isinstance(events, pa.Table)
    by_chance = significance(events, window, least)
    said = by_chance.facts | _clusters(by_chance.clusters)
    if not said["compared"]:
        said["why"] = "an object is too popular to be compared"
        return replace(found, facts=found.facts | {"chance": said})
    return Coaction(_joined(found.edges, by_chance.edges), found.facts | {"chance": said})


def _why_not(found: Coaction, events: pa.Table | str, wanted: bool | None) -> str | None:
    if wanted is False:
        return "not asked for"
    if isinstance(events, str) or found.facts["engine"] not in ("kernel", "duckdb"):
        return "the comparison needs the events on this machine, in memory: use --engine kernel on a part of them"
    if wanted is None and events.num_rows > COMPARED_EVENTS:
        return f"more than {COMPARED_EVENTS:,} events: ask for it with --chance"
    return None


def _joined(edges: pa.Table, chance: pa.Table) -> pa.Table:
    """Edges in their order, with what chance says of their two accounts, whichever comes first."""
    x, y = edges.column_names[:2]
    plain = {name: edges[name].cast(pa.string()) for name in (x, y)}
    turned = pc.greater(plain[x], plain[y])
    low = pc.if_else(turned, plain[y], plain[x])
    high = pc.if_else(turned, plain[x], plain[y])
    keys = pa.table({"account_id": low, "account_id_y": high, "row": pa.array(range(len(edges)), pa.int64())})
    known = chance.select(["account_id", "account_id_y", "expected", "p", "q"])
    known = known.cast(pa.schema([(f.name, pa.string() if f.name.startswith("acc") else f.type) for f in known.schema]))
    met = keys.join(known, ["account_id", "account_id_y"], join_type="left outer").sort_by("row")
    for name in ("expected", "p", "q"):
        edges = edges.append_column(name, met[name])
    return edges


def _clusters(table: pa.Table) -> dict[str, Any]:
    """How many clusters are not by chance, and the largest ones."""
    sure = sum(p is not None and p <= 0.05 for p in table["p"].to_pylist())
    listed = [
        {"accounts": len(row["members"]), "weight": row["weight"], "p": row["p"], "members": row["members"][:_MEMBERS]}
        for row in table.slice(0, _CLUSTERS).to_pylist()
    ]
    return {"clusters_at_5_percent": sure, "clusters": listed}
