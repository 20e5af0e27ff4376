"""Files, cases and kinds of objects as the command takes them; windows out of the data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tecolote import verbs
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.networks.chosen import chosen_events
from tecolote.networks.events import case_events
from tecolote.networks.suggest import DEFAULT, suggest_window

Make = Callable[[dict[str, list[dict[str, Any]]]], Corpus]


def table(rows: list[tuple[str, str, int, str]]) -> pa.Table:
    names = ("object_id", "account_id", "timestamp_share", "modality")
    made = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return pa.table(made | {"content_id": [str(i) for i in range(len(rows))]})


def test_only_the_kinds_asked_for_are_used(tmp_path: Path) -> None:
    rows = [(f"o{k}", who, 100 * k, kind) for k in range(4) for who, kind in (("a", "link"), ("b", "link"))]
    rows += [(f"o{k}", who, 100 * k, "text") for k in range(4) for who in "cd"]
    pq.write_table(table(rows), tmp_path / "events.parquet")
    out = tmp_path / "edges.parquet"
    assert verbs.coaction(tmp_path / "events.parquet", out, window=10)["edges"] == 2
    assert verbs.coaction(tmp_path / "events.parquet", out, window=10, objects=["text"])["edges"] == 1
    assert pq.read_table(out)["account_id"].to_pylist() == ["c"]
    with pytest.raises(UsageError, match="no objects of kind 'magic'"):
        verbs.coaction(tmp_path / "events.parquet", out, window=10, objects=["magic"])


def test_a_folder_that_is_no_case_and_an_address_need_a_cluster(tmp_path: Path) -> None:
    for source in (tmp_path, "s3a://bucket/events"):
        with pytest.raises(UsageError, match="no file and no case"):
            chosen_events(source, None, "kernel")
    assert chosen_events("s3a://bucket/events", None, "spark://host:7077") == "s3a://bucket/events"


def test_the_window_is_the_pace_of_the_quickest_tenth() -> None:
    quick = [(f"q{k}", f"a{i}", 1000 * k + 7 * i, "") for k in range(5) for i in range(5)]
    slow = [(f"s{k}", f"a{i}", 1000 * k + 300 * i, "") for k in range(45) for i in range(3)]
    rows = quick + slow
    assert suggest_window(table(rows)) == 14  # the third of five shares, seven seconds apart
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    assert suggest_window(table(shuffled)) == 14


def test_a_window_is_at_least_a_second_and_known_without_data() -> None:
    assert suggest_window(table([("o", "a", 5, ""), ("o", "b", 5, "")])) == 1
    assert suggest_window(table([("o", "a", 5, "")])) == suggest_window(table([])) == DEFAULT


def test_pictures_replies_and_reposts_of_a_case_are_objects_too(corpus_of: Make) -> None:
    posts = [
        {"platform": "x", "id": f"p{i}", "account_id": f"a{i}", "created_at": datetime(2030, 1, 1, 0, 0, i, tzinfo=UTC)}
        for i in range(6)
    ]
    posts[5]["visibility"] = "private"
    media = [{"platform": "x", "id": f"m{i}", "post_id": f"p{i}", "sha256": "ab" * 32} for i in (0, 1, 5)]
    kinds = [("p2", "replies"), ("p3", "reposts"), ("p4", "reposts"), ("p5", "replies")]
    edges = [
        {"platform": "x", "type": kind, "src": "a", "dst": "far", "dst_kind": "post", "post_id": p} for p, kind in kinds
    ]
    corpus = corpus_of({"posts": posts, "media": media, "edges": edges})
    found = case_events(corpus, ("media", "reply", "repost")).to_pylist()
    assert {(r["modality"], r["object_id"], r["content_id"]) for r in found} == {
        ("media", "ab" * 32, "p0"), ("media", "ab" * 32, "p1"),
        ("reply", "far", "p2"), ("repost", "far", "p3"), ("repost", "far", "p4"),
    }  # fmt: skip
    assert case_events(corpus).num_rows == 0
