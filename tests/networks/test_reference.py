"""The published tools' own outputs, value by value."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tecolote.networks.coaction import coaction

pytestmark = pytest.mark.data

_KEYS = {
    "ge_url": ("url_id", "url_"),
    "ge_hashtag": ("hashtag_id", "hashtag_"),
    "ge_domain": ("domain_id", "domain_"),
    "ge_image": ("phash_id", "hash_"),
}
_QUT = [
    "russian/co_retweet_network/T=10/k=1",
    "russian/co_retweet_network/T=60/k=1",
    "russian/co_retweet_network/T=60/k=2",
    "russian/co_retweet_network/T=300/k=2",
    "ge_url/co_link_network/T=30/k=1",
    "ge_url/co_link_network/T=60/k=2",
    "ge_hashtag/co_link_network/T=30/k=2",
]


def events(folder: Path, name: str) -> pa.Table:
    if name == "russian":
        return duckdb.sql(f"FROM '{folder}/russian_coord_tweets.parquet'").to_arrow_table()
    column, prefix = _KEYS[name]
    # Distinct rows, the first of each kept in its place: the order decides ties.
    return duckdb.sql(
        f"SELECT '{prefix}' || o object_id, account_id, content_id, ts FROM ("
        f" SELECT {column}::VARCHAR o, account_id, post_id::VARCHAR content_id, ts, min(rn) rn FROM"
        f" (SELECT *, row_number() OVER () rn FROM '{folder}/german_elections.parquet')"
        f" WHERE {column} IS NOT NULL AND post_id IS NOT NULL GROUP BY ALL) ORDER BY rn"
    ).to_arrow_table()


def stacked(folder: Path) -> pa.Table:
    parts = [events(folder, name) for name in _KEYS]
    return pa.concat_tables(
        part.append_column("modality", pa.array([name] * part.num_rows))
        for name, part in zip(_KEYS, parts, strict=True)
    )


def digest(edges: pa.Table) -> str:
    rows = sorted(zip(*(column.to_pylist() for column in edges.columns[:3]), strict=True))
    return hashlib.sha256("".join(f"{a},{b},{w}\n" for a, b, w in rows).encode()).hexdigest()


@pytest.mark.parametrize("tag", ["R1", "R2", "R3", "R4", "R5", "G1", "G2", "G3", "G4", "GM"])
def test_coortweet(tag: str, data: Path) -> None:
    folder = data / "coordination"
    want = json.loads((folder / "coortweet_reference.json").read_text())[tag]
    fast = want.get("fast")
    found = coaction(
        stacked(folder) if tag == "GM" else events(folder, want["dataset"]),
        "coortweet",
        want.get("time_window", 30),
        min_participation=want.get("min_participation", 2),
        edge_quantile=want.get("edge_weight", 0.5),
        keep_loops=not want.get("remove_loops", True),
        fast_window=fast and fast["window"],
    )
    edges = found.edges
    different = duckdb.sql(
        f"SELECT count(*) FROM edges m FULL JOIN '{folder}/edges_{tag}.parquet' r"
        " ON m.account_id = r.a AND m.account_id_y = r.b WHERE m.weight IS DISTINCT FROM r.weight"
        " OR m.n_content_id <> r.n_content_id OR m.n_content_id_y <> r.n_content_id_y"
        " OR abs(m.avg_time_delta - r.avg_time_delta) > 1e-9 OR m.passing <> r.weight_threshold"
    ).fetchall()
    assert different == [(0,)]
    assert digest(edges) == want["edge_sha256"]
    assert found.facts["pairs_kept"] == want["pairs"]
    assert found.facts["threshold"] == want["threshold"]
    if fast:
        assert found.facts["pairs_fast"] == fast["pairs_fast"]
        assert found.facts["threshold_fast"] == fast["thr_fast"]
        assert edges["weight_fast"].drop_null().to_pylist().__len__() == fast["edges_fast"]
        assert sum(edges["passing_fast"].to_pylist()) == fast["flag_fast"]


@pytest.mark.parametrize("setting", _QUT)
def test_qut(setting: str, data: Path) -> None:
    folder = data / "coordination"
    want = json.loads((folder / "qut_toolkit_reference.json").read_text())[setting]
    name, _, window, repetition = setting.split("/")
    found = coaction(events(folder, name), "qut", int(window[2:]), min_repetition=int(repetition[2:])).edges
    assert found.num_rows == want["directed_edges"]
    assert sum(found["weight"].to_pylist()) == want["sum_weight"]
    assert digest(found) == want["sha256"]
