"""Share events of a case, and the network of accounts that share the same things at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from tecolote.errors import UsageError
from tecolote.networks.coaction import coaction
from tecolote.networks.nearduplicate import near_objects
from tecolote.networks.texts import link_object
from tecolote.records import SCHEMAS

if TYPE_CHECKING:
    from tecolote.corpus.store import Corpus

# A node of a network: an account, or a platform and an account.
Node = TypeVar("Node", int, tuple[str, str])

OBJECTS = ("link", "hashtag", "text")
#: What `case_events` can also make events of: pictures and videos by their hash, and what is answered or passed on.
MORE_OBJECTS = ("media", "reply", "repost")
#: Seconds within which two shares count as together where nothing else is said.
WINDOW = 60

_SCHEMA = pa.schema(
    [
        ("platform", pa.string()),
        ("object_id", pa.string()),
        ("account_id", pa.string()),
        ("content_id", pa.string()),
        ("timestamp_share", pa.int64()),
        ("modality", pa.string()),
    ]
)

_TAKEN = (
    "taken AS (SELECT platform, id, account_id, text, text_truncated, epoch(created_at)::BIGINT t FROM posts "
    "WHERE account_id IS NOT NULL AND created_at IS NOT NULL AND coalesce(visibility, 'public') <> 'private' "
    "AND ($platform IS NULL OR (platform = $platform AND list_contains($accounts::VARCHAR[], account_id))))"
)
# A repost repeats another's links, tags and words by itself, so it is no act of sharing these.
_OWN = (
    f"{_TAKEN}, own AS (SELECT * FROM taken WHERE (platform, id) NOT IN "
    "(SELECT (platform, post_id) FROM edges WHERE type = 'reposts' AND post_id IS NOT NULL))"
)


def case_events(
    corpus: Corpus, objects: Sequence[str] = OBJECTS, *, platform: str | None = None, accounts: Sequence[str] = ()
) -> pa.Table:
    """Events of a case: ``platform, object_id, account_id, content_id, timestamp_share, modality``.

    Left out are reposts (but as ``repost``, whose object is the post passed on), private messages, posts
    without author or time, and cut texts. Links lose tracking parameters (`link_object`); hashtags are as the
    record tables hold them; texts that are nearly the same are one object (`near_objects`, over all
    platforms), and short ones are none; media are the same if their bytes are. One post shares one object once.

    Args:
        corpus: the case's tables.
        objects: kinds of objects.
        platform: take only the posts of ``accounts`` on this platform; None takes all.
        accounts: ids on ``platform``. Texts are then compared with those of these accounts alone.

    Raises:
        UsageError: an unknown kind of object.
    """
    unknown = [o for o in objects if o not in OBJECTS + MORE_OBJECTS]
    if unknown:
        raise UsageError(f"no objects of kind '{unknown[0]}'", f"Choose from: {', '.join(OBJECTS + MORE_OBJECTS)}")
    rows: set[tuple[str, str, str, str, int, str]] = set()
    whose = {"platform": platform, "accounts": list(accounts)}
    for kind, edge in (("link", "links_to"), ("hashtag", "hashtag")):
        if kind in objects:
            found = corpus.query(
                f"WITH {_OWN} SELECT DISTINCT o.platform, e.dst, o.account_id, o.id, o.t FROM edges e "
                "JOIN own o ON e.platform = o.platform AND e.post_id = o.id WHERE e.type = $edge AND e.dst IS NOT NULL",
                whose | {"edge": edge},
            )
            name = link_object if kind == "link" else str
            rows.update((p, name(dst), a, c, t, kind) for p, dst, a, c, t in _tuples(found))
    if "text" in objects:
        found = corpus.query(
            f"WITH {_OWN} SELECT platform, text, account_id, id, t FROM own "
            "WHERE text IS NOT NULL AND NOT coalesce(text_truncated, false)",
            whose,
        )
        named = found.set_column(1, "text", near_objects(found["text"].combine_chunks()))
        rows.update((*row, "text") for row in _tuples(named) if row[1] is not None)
    rows.update(_acts(corpus, objects, whose))
    columns = list(zip(*sorted(rows), strict=True)) or [()] * len(_SCHEMA)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)


def _acts(corpus: Corpus, objects: Sequence[str], whose: dict[str, Any]) -> set[tuple[str, str, str, str, int, str]]:
    """Events of the kinds `MORE_OBJECTS`: same bytes attached, same post answered, same post passed on."""
    rows: set[tuple[str, str, str, str, int, str]] = set()
    for kind, edge in (("reply", "replies"), ("repost", "reposts")):
        if kind in objects:
            found = corpus.query(
                f"WITH {_TAKEN} SELECT DISTINCT o.platform, e.dst, o.account_id, o.id, o.t FROM edges e "
                "JOIN taken o ON e.platform = o.platform AND e.post_id = o.id "
                "WHERE e.type = $edge AND e.dst_kind = 'post' AND e.dst IS NOT NULL",
                whose | {"edge": edge},
            )
            rows.update((*row, kind) for row in _tuples(found))
    if "media" in objects:
        found = corpus.query(
            f"WITH {_OWN} SELECT DISTINCT o.platform, m.sha256, o.account_id, o.id, o.t FROM media m "
            "JOIN own o ON m.platform = o.platform AND m.post_id = o.id WHERE m.sha256 IS NOT NULL",
            whose,
        )
        rows.update((*row, "media") for row in _tuples(found))
    return rows


def _tuples(table: pa.Table) -> Any:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def case_coaction(
    corpus: Corpus, window: int = WINDOW, min_repetition: int = 2, objects: Sequence[str] = OBJECTS
) -> pa.Table:
    """Edges of a case in the schema ``coaction_edges``, by (cluster, platform, accounts, modality).

    The profile is `distinct`, within each platform; ``all`` stacks the kinds of objects and decides the
    clusters. Repetition means other posts too: two accounts that meet in ``min_repetition`` objects of
    one single post have acted together once, and get no edge.

    Raises:
        UsageError: see `coaction` and `case_events`.
    """
    events = case_events(corpus, objects)
    rows: list[dict[str, Any]] = []
    for platform in sorted(set(events["platform"].to_pylist())):
        mine = events.filter(pa.compute.equal(events["platform"], platform)).drop_columns(["platform"])
        rows += _platform_edges(mine, platform, window, min_repetition, objects)
    clusters = connected({((r["platform"], r["account_id"]), (r["platform"], r["account_id_y"])) for r in rows})
    for row in rows:
        row["cluster"] = clusters[row["platform"], row["account_id"]]
    rows.sort(key=lambda r: (r["cluster"], r["platform"], r["account_id"], r["account_id_y"], r["modality"]))
    return pa.Table.from_pylist(rows, schema=SCHEMAS["coaction_edges"])


def _platform_edges(
    events: pa.Table, platform: str, window: int, repetition: int, objects: Sequence[str]
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for modality in (*[o for o in OBJECTS + MORE_OBJECTS if o in objects], "all"):
        chosen = events if modality == "all" else events.filter(pa.compute.equal(events["modality"], modality))
        edges = coaction(chosen, "distinct", window, repetition).edges
        shared = _shared(chosen, edges, window)
        for edge in edges.to_pylist():
            listed, acts = shared[edge["account_id"], edge["account_id_y"]]
            if acts >= repetition:
                times = {name: edge[name] * 1_000_000 for name in ("first", "last")}
                made.append(edge | times | {"platform": platform, "modality": modality, "objects": listed})
    return made


def _shared(events: pa.Table, edges: pa.Table, window: int) -> dict[tuple[str, str], tuple[list[str], int]]:
    """By pair: up to ten shared objects as ``kind:name``, and in how many posts of the less active one."""
    import duckdb

    with duckdb.connect(":memory:", config={"threads": 2}) as db:
        db.register("events", events)
        db.register("edges", edges)
        found = db.execute(
            "SELECT e.account_id, e.account_id_y, list_sort(list(DISTINCT p.modality || ':' || p.object_id))[:10], "
            "least(count(DISTINCT p.content_id), count(DISTINCT q.content_id)) FROM edges e "
            "JOIN events p ON p.account_id = e.account_id "
            "JOIN events q ON q.account_id = e.account_id_y AND q.object_id = p.object_id AND q.modality = p.modality "
            "AND q.timestamp_share BETWEEN p.timestamp_share - $1 AND p.timestamp_share + $1 GROUP BY ALL",
            [window],
        ).fetchall()
    return {(a, b): (listed, acts) for a, b, listed, acts in found}


def connected(pairs: Iterable[tuple[Node, Node]]) -> dict[Node, int]:
    """Connected sets of nodes, numbered from the largest; equal sizes by their smallest member."""
    parent: dict[Node, Node] = {}

    def root(node: Node) -> Node:
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    for a, b in pairs:
        parent[root(a)] = root(b)
    members: dict[Node, list[Node]] = {}
    for node in parent:
        members.setdefault(root(node), []).append(node)
    ranked = sorted(members.values(), key=lambda nodes: (-len(nodes), min(nodes)))
    return {node: number for number, nodes in enumerate(ranked) for node in nodes}
