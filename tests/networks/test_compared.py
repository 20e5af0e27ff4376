"""Edges beside chance: the columns, the profiles, what is not compared, and the figures of the null model."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bench.coaction_events import make

from tecolote import verbs
from tecolote.networks.coaction import coaction
from tecolote.networks.compared import with_chance
from tecolote.networks.significance import significance
from tests.networks.chance import planted


@pytest.mark.parametrize("profile", ["distinct", "coortweet", "qut"])
def test_each_edge_has_what_chance_says_of_its_two_accounts(profile: str, tmp_path: Path) -> None:
    events = make(5000, 4).events
    pq.write_table(events, tmp_path / "events.parquet")
    facts = verbs.coaction(tmp_path / "events.parquet", tmp_path / "edges.parquet", window=60, profile=profile)
    found = pq.read_table(tmp_path / "edges.parquet")
    plain = coaction(events, profile).edges
    assert found.column_names == [*plain.column_names, "expected", "p", "q"]
    assert found.select(plain.column_names).equals(plain)
    known = {(e["account_id"], e["account_id_y"]): e["q"] for e in significance(events).edges.to_pylist()}
    x, y = plain.column_names[:2]
    rows = found.to_pylist()
    assert [row["q"] for row in rows] == [known.get((min(row[x], row[y]), max(row[x], row[y]))) for row in rows]
    said = facts["chance"]
    assert sum(q is not None and q <= 0.05 for q in known.values()) == said["edges_at_5_percent_false_discovery"] > 0
    assert said["clusters_at_5_percent"] > 0 and said["clusters"][0]["p"] <= 0.05


def test_what_is_not_compared_says_why() -> None:
    events = make(300, 4).events
    found = coaction(events)
    assert with_chance(found, events, 60, 2, False).facts["chance"] == {"compared": False, "why": "not asked for"}
    remote = with_chance(found, "s3a://bucket/events", 60, 2, None)
    assert "on this machine" in remote.facts["chance"]["why"]
    assert remote.edges.equals(found.edges)


def test_nothing_has_no_chance() -> None:
    events = make(300, 4).events.slice(0, 0)
    found = with_chance(coaction(events), events, 60, 2, None)
    assert found.edges.num_rows == 0 and found.edges.schema.field("q").type == pa.float64()
    assert found.facts["chance"]["clusters"] == []


def test_without_deals_a_cluster_is_no_surer_than_its_surest_edge() -> None:
    found = significance(make(5000, 4).events, deals=0)
    best = min(found.edges["p"].to_pylist()) * found.facts["pairs_tested"]
    assert min(found.clusters["p"].to_pylist()) == pytest.approx(min(1, best))


def test_planted_groups_are_found_and_little_else() -> None:
    pairs, accounts, _ = planted(20_000, range(3), deals=19)
    assert pairs.right >= 0.95 * (pairs.right + pairs.wrong)
    # A group that met a few times only, or on what everybody shares, is not told from chance.
    assert pairs.right >= 0.85 * (pairs.right + pairs.missed)
    assert accounts.right >= 0.95 * (accounts.right + accounts.wrong)
