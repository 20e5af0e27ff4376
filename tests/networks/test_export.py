"""Files that other tools open."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.networks.export import layout, nodes, write_csv, write_gexf, write_graphml

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
    assert values == [WHEN.isoformat()] * 2
    assert b"draft" not in written(write_gexf, edges(ROWS))


def test_graphml_holds_the_same() -> None:
    root = ElementTree.fromstring(written(write_graphml, edges(ROWS)))
    found = list(root.iter(f"{GRAPHML}edge"))
    assert [[d.text for d in e] for e in found][:2] == [["2.0", "mentions"], ["1.5", "replies", WHEN.isoformat()]]
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
