"""Files that other tools open."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.networks.export import nodes, write_csv, write_gexf, write_graphml, write_json
from tecolote.networks.layout import layout

GEXF = "{http://gexf.net/1.3}"
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
WHEN = datetime(2030, 1, 1, tzinfo=UTC)


def edges(rows: list[tuple[str, str, str, float]], dated: bool = True) -> pa.Table:
    columns: dict[str, Any] = {
        "source": pa.array([r[0] for r in rows], pa.string()),
        "target": pa.array([r[1] for r in rows], pa.string()),
        "kind": pa.array([r[2] for r in rows], pa.string()),
        "weight": pa.array([r[3] for r in rows], pa.float64()),
    }
    if dated:
        columns |= {"first": pa.array([WHEN if i else None for i in range(len(rows))], pa.timestamp("us", "UTC"))}
    return pa.table(columns)


NASTY = '"><script>&amp;\x00\x1b\ud83e"'.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
ROWS = [("a", "b", "mentions", 2.0), ("a", "b", "replies", 1.5), (NASTY, "é 🍕", "follows", 1.0)]


def written(write: Any, table: pa.Table, **how: Any) -> bytes:
    stream = io.BytesIO()
    write(table, stream, **how)
    return stream.getvalue()


def test_gexf_holds_parallel_edges_weights_and_times() -> None:
    root = ElementTree.fromstring(written(write_gexf, edges(ROWS)))
    assert root.tag == f"{GEXF}gexf" and root.get("version") == "1.3"
    graph = root.find(f"{GEXF}graph")
    assert graph is not None and graph.get("defaultedgetype") == "directed"
    ids = [n.get("id") for n in graph.iter(f"{GEXF}node")]
    found = list(graph.iter(f"{GEXF}edge"))
    assert [(e.get("kind"), float(e.get("weight") or 0)) for e in found] == [(k, w) for _, _, k, w in ROWS]
    assert {e.get("source") for e in found} | {e.get("target") for e in found} == set(ids)
    values = [v.get("value") for e in found for v in e.iter(f"{GEXF}attvalue")]
    assert [datetime.fromisoformat(v or "") for v in values] == [WHEN] * 2
    assert b"draft" not in written(write_gexf, edges(ROWS))


def test_graphml_holds_the_same() -> None:
    root = ElementTree.fromstring(written(write_graphml, edges(ROWS)))
    found = list(root.iter(f"{GRAPHML}edge"))
    texts = [[d.text or "" for d in e] for e in found]
    assert [float(t[0]) for t in texts] == [2.0, 1.5, 1.0] and texts[0][1:] == ["mentions"]
    assert texts[1][1] == "replies" and datetime.fromisoformat(texts[1][2]) == WHEN
    keys = {k.get("id") for k in root.iter(f"{GRAPHML}key")}
    assert {d.get("key") for e in found for d in e} <= keys


def test_coaction_has_no_direction() -> None:
    table = edges([("a", "b", "link", 2), ("a", "b", "all", 3)])
    assert b'defaultedgetype="undirected"' in written(write_gexf, table)
    assert b'edgedefault="undirected"' in written(write_graphml, table)
    assert b'defaultedgetype="directed"' in written(write_gexf, table, directed=True)


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.floats(0, 9)), max_size=8))
def test_whatever_the_names_are_the_files_parse(rows: list[tuple[str, str, str, float]]) -> None:
    rows = [tuple(v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in r) for r in rows]  # type: ignore[misc]
    table = edges(rows)
    for write, name in ((write_gexf, f"{GEXF}edge"), (write_graphml, f"{GRAPHML}edge")):
        assert len(list(ElementTree.fromstring(written(write, table)).iter(name))) == len(rows)


def test_csv_has_the_names_that_gephi_reads() -> None:
    rows = list(csv.DictReader(io.StringIO(written(write_csv, edges(ROWS[:2], dated=False)).decode())))
    assert rows[0] == {"Source": "a", "Target": "b", "Kind": "mentions", "Weight": "2", "Type": "Directed"}


def test_the_picture_is_the_same_every_time_and_keeps_friends_together() -> None:
    names = [f"{side}{i}" for side in "xy" for i in range(6)]
    rows = [(a, b, "all", 1.0) for a in names for b in names if a < b and a[0] == b[0]]
    place = layout(edges(rows))
    assert place == layout(edges(rows[::-1]).take(list(range(len(rows)))[::-1]))
    assert set(place) == set(nodes(edges(rows)))
    assert all(-1 <= v <= 1 for p in place.values() for v in p)

    def apart(a: str, b: str) -> float:
        return float(((place[a][0] - place[b][0]) ** 2 + (place[a][1] - place[b][1]) ** 2) ** 0.5)

    inside = max(apart(a, b) for a in names for b in names if a[0] == b[0])
    assert inside < min(apart(a, b) for a in names for b in names if a[0] != b[0])


def test_a_picture_has_its_limits() -> None:
    assert layout(edges([])) == {}
    assert set(layout(edges([("a", "b", "all", 1.0)], dated=False))) == {"a", "b"}
    with pytest.raises(ValueError, match="too many"):
        layout(edges([(f"a{i}", f"b{i}", "all", 1.0) for i in range(1001)]))


def test_what_is_known_of_accounts_goes_with_them() -> None:
    known = pa.table({"id": ["b", "zz", "a"], "community": [1, 7, None], "role": ['<"fan">', "x", "neutral"]})
    table = edges(ROWS[:2], dated=False)
    gexf = ElementTree.fromstring(written(write_gexf, table, accounts=known))
    titles = {a.get("id"): (a.get("title"), a.get("type")) for a in gexf.iter(f"{GEXF}attribute")}
    assert sorted(titles.values()) == [("community", "long"), ("role", "string")]
    found = {
        n.get("id"): {titles[v.get("for")][0]: v.get("value") for v in n.iter(f"{GEXF}attvalue")}
        for n in gexf.iter(f"{GEXF}node")
    }
    assert found == {"a": {"role": "neutral"}, "b": {"community": "1", "role": '<"fan">'}}
    graphml = ElementTree.fromstring(written(write_graphml, table, accounts=known))
    nodes_ = {n.get("id"): {d.get("key"): d.text for d in n} for n in graphml.iter(f"{GRAPHML}node")}
    assert nodes_ == {"a": {"node-role": "neutral"}, "b": {"node-community": "1", "node-role": '<"fan">'}}


def test_json_is_a_serialised_graph_of_graphology() -> None:
    table = edges([*ROWS, ("a", "b", "quotes", float("nan"))])
    found = json.loads(written(write_json, table, places={"a": (0.5, -0.5)}))
    assert found["options"] == {"type": "directed", "multi": True, "allowSelfLoops": True}
    keys = [n["key"] for n in found["nodes"]]
    assert keys == sorted({*(r[0] for r in ROWS), *(r[1] for r in ROWS)})
    assert found["nodes"][keys.index("a")]["attributes"] == {"label": "a", "x": 0.5, "y": -0.5}
    first = found["edges"][0]
    assert (first["source"], first["target"], first["attributes"]) == ("a", "b", {"kind": "mentions", "weight": 2.0})
    assert len({e["key"] for e in found["edges"]}) == 4
    assert "weight" not in found["edges"][3]["attributes"]


def test_rows_with_an_unknown_end_are_left_out() -> None:
    table = pa.table(
        {"source": ["a", None], "target": [None, "b"]}, pa.schema([("source", "string"), ("target", "string")])
    )
    for write, name in ((write_gexf, f"{GEXF}edge"), (write_graphml, f"{GRAPHML}edge")):
        assert not list(ElementTree.fromstring(written(write, table)).iter(name))
    assert json.loads(written(write_json, table))["edges"] == []
    assert nodes(table) == ["a", "b"]
