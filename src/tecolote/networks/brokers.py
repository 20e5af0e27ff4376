"""Accounts through which members of different groups are connected.

A broker ties an account of one group and an account of another that are not tied to each other (the open
two-paths of Gould and Fernandez, Sociological Methodology 19, 1989). One that belongs to neither group is a
liaison, one that belongs to one of them speaks for it. Being in between is no act: a singer, a newsroom or a
help line stands between groups too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tecolote.networks.connections import KINDS, connections, protected_accounts
from tecolote.networks.graph import Graph, graph_of

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

SCHEMA = pa.schema(
    [
        ("account_id", pa.string()),
        ("position", pa.string()),
        ("group_a", pa.string()),
        ("group_b", pa.string()),
        ("ties_a", pa.int64()),
        ("ties_b", pa.int64()),
        ("pairs", pa.int64()),
        ("only", pa.int64()),
    ]
)
_MEMBERS = (
    "SELECT DISTINCT platform, account_id, unnest(groups) AS grp FROM account_assessments "
    "WHERE role = 'suspected_member' AND NOT coalesce(protected, false) AND account_id IS NOT NULL"
)


def brokers(graph: Graph, groups: Mapping[str, Sequence[str]]) -> pa.Table:
    """Rows by number of pairs, then by name; columns as in `SCHEMA`.

    Args:
        graph: ties; directions and weights are left out.
        groups: members of each group; an account may be in several.

    Returns:
        ``ties_a`` and ``ties_b`` members of the two groups tied to the broker, ``pairs`` of them that it
        connects and that are not tied to each other, ``only`` those of these pairs that no other account
        connects; ``position`` is liaison, or ``member of`` the one or both groups.
    """
    rows: list[dict[str, Any]] = []
    names = graph.names.to_pylist()
    tied = _matrix(graph)
    place = {name: i for i, name in enumerate(names)}
    inside = {g: np.array(sorted({place[m] for m in members if m in place})) for g, members in groups.items()}
    for a, b in combinations(sorted(g for g, members in inside.items() if len(members)), 2):
        rows += _between(tied, names, a, b, inside[a], inside[b])
    rows.sort(key=lambda r: (-r["pairs"], r["account_id"], r["group_a"], r["group_b"]))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def case_brokers(corpus: Corpus, kinds: Sequence[str] = KINDS) -> pa.Table:
    """Brokers between the groups of a case: ``platform`` and the columns of `SCHEMA`.

    Ties of all ``kinds`` count alike. Protected accounts stand in the network but are neither listed nor
    members of a group.

    Raises:
        UsageError: an unknown kind of tie.
    """
    edges, hidden = connections(corpus, kinds), protected_accounts(corpus)
    members: dict[str, dict[str, list[str]]] = {}
    for row in corpus.rows(_MEMBERS):
        members.setdefault(row["platform"], {}).setdefault(row["grp"], []).append(row["account_id"])
    found = []
    for platform in sorted(members):
        layer = edges.filter(pa.compute.equal(edges["platform"], platform)).select(["source", "target"])
        table = brokers(graph_of(layer, directed=False), members[platform])
        shown = [(platform, name) not in hidden for name in table["account_id"].to_pylist()]
        table = table.filter(pa.array(shown, pa.bool_()))
        found.append(table.add_column(0, "platform", pa.array([platform] * len(table), pa.string())))
    schema = pa.schema([("platform", pa.string()), *SCHEMA])
    return pa.concat_tables(found) if found else schema.empty_table()


def _matrix(graph: Graph) -> Any:
    from scipy.sparse import coo_matrix

    ends = np.concatenate([graph.source, graph.target]), np.concatenate([graph.target, graph.source])
    tied = coo_matrix((np.ones(len(ends[0]), np.int64), ends), shape=(len(graph), len(graph))).tocsr()
    tied.data[:] = 1
    return tied


def _between(tied: Any, names: list[str], a: str, b: str, in_a: Any, in_b: Any) -> list[dict[str, Any]]:
    to_a, to_b = tied[:, in_a], tied[:, in_b]
    through = (to_a.T @ to_b).tocoo()
    if not through.nnz:
        return []
    same = in_a[through.row] == in_b[through.col]
    direct = np.asarray(tied[in_a[through.row], in_b[through.col]]).reshape(-1) > 0
    kept = ~same & ~direct
    pairs = _count(to_a, to_b, through.row[kept], through.col[kept])
    alone = kept & (through.data == 1)
    only = _count(to_a, to_b, through.row[alone], through.col[alone])
    ties_a, ties_b = (np.asarray(side.sum(axis=1)).reshape(-1) for side in (to_a, to_b))
    set_a, set_b = set(in_a.tolist()), set(in_b.tolist())
    return [
        {
            "account_id": names[v],
            "position": _position(v in set_a, v in set_b, a, b),
            "group_a": a,
            "group_b": b,
            "ties_a": int(ties_a[v]),
            "ties_b": int(ties_b[v]),
            "pairs": int(pairs[v]),
            "only": int(only[v]),
        }
        for v in np.flatnonzero(pairs).tolist()
    ]


def _count(to_a: Any, to_b: Any, row: Any, column: Any) -> Any:
    """For each account the number of the given pairs whose two ends it is tied to."""
    from scipy.sparse import coo_matrix

    wanted = coo_matrix((np.ones(len(row), np.int64), (row, column)), shape=(to_a.shape[1], to_b.shape[1])).tocsr()
    return np.asarray((to_a @ wanted).multiply(to_b).sum(axis=1)).reshape(-1)


def _position(in_a: bool, in_b: bool, a: str, b: str) -> str:
    own = [group for group, inside in ((a, in_a), (b, in_b)) if inside]
    return f"member of {' and '.join(own)}" if own else "liaison"
