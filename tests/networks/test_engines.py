"""Kernel, DuckDB and Spark give the same network: 200 random inputs, stacked so that each engine reads them once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tecolote.errors import TecoloteError, UsageError
from tecolote.networks import distinct
from tecolote.networks.coaction import coaction

SETTINGS: list[dict[str, Any]] = [
    {"profile": "distinct", "window": 20},
    {"profile": "distinct", "window": 0, "min_repetition": 1},
    {"profile": "qut", "window": 20},
    {"profile": "qut", "window": 7, "min_repetition": 1},
    {"profile": "coortweet", "window": 20, "fast_window": 5, "edge_quantile": 0.7},
    {"profile": "coortweet", "window": 20, "keep_loops": True, "min_participation": 0, "fast_window": 20},
    {"profile": "coortweet", "window": 9, "min_participation": 4},
]


def stacked(inputs: int = 200) -> pa.Table:
    """Random inputs under names of their own: few objects, accounts that repeat themselves, ties, shared contents."""
    rows: list[tuple[str, str, str, int, str]] = []
    for k in range(inputs):
        random = np.random.default_rng(k)
        for _ in range(int(random.integers(0, 60))):
            thing, content = f"{k}-{random.integers(5)}", f"{k}-{random.integers(random.choice([4, 40]))}"
            who = f"{k}-{random.choice(list('abcdé'))}"
            rows.append((thing, who, content, int(random.integers(-40, 41)), str(random.choice(["link", "text"]))))
    names = ("object_id", "account_id", "content_id", "timestamp_share", "modality")
    order = np.random.default_rng(1).permutation(len(rows))
    return pa.table({name: [rows[i][at] for i in order] for at, name in enumerate(names)})


@pytest.fixture(scope="module")
def spark() -> Iterator[None]:
    """One local session for all tests of this file."""
    if shutil.which("java") is None:
        pytest.skip("needs Java 17")
    pytest.importorskip("pyspark", reason="needs the locked packages of locks/spark.txt")
    from tecolote.networks.engines import spark_session

    session = spark_session("spark-local")
    # The rows are few: most of the time would go into compiling each step and into empty partitions.
    for name, value in (("codegen.wholeStage", "false"), ("shuffle.partitions", "2"), ("adaptive.enabled", "false")):
        session.conf.set(f"spark.sql.{name}", value)
    yield
    session.stop()


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_duckdb_agrees_with_the_kernel_on_200_inputs(setting: dict[str, Any]) -> None:
    events = stacked()
    mine, theirs = coaction(events, **setting), coaction(events, **setting, engine="duckdb")
    assert mine.edges.num_rows > 50
    assert theirs.edges.equals(mine.edges)
    deep = {"engine", "events_after_pruning", "pairs_after_pruning"}
    assert {k: v for k, v in theirs.facts.items() if k not in deep} == {
        k: v for k, v in mine.facts.items() if k not in deep
    }


@pytest.mark.spark
@pytest.mark.parametrize("setting", [SETTINGS[0], SETTINGS[2], SETTINGS[4]], ids=str)
def test_spark_agrees_with_the_kernel_on_200_inputs(setting: dict[str, Any], spark: None) -> None:
    events = stacked()
    assert coaction(events, **setting, engine="spark-local").edges.equals(coaction(events, **setting).edges)


@pytest.mark.spark
def test_spark_reads_a_folder_by_itself_and_keeps_the_order_of_its_files(spark: None, tmp_path: Path) -> None:
    events = stacked(40)
    for part, at in (("a", 0), ("b", 300)):
        pq.write_table(events.slice(at, 300 if part == "a" else None), tmp_path / f"{part}.parquet", row_group_size=70)
    found = coaction(tmp_path, "coortweet", 20, engine="spark")
    assert found.edges.equals(coaction(events, "coortweet", 20).edges)


@pytest.mark.spark
@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"object_id": ["o"], "account_id": ["a"], "ts": [1]}, "no column content_id"),
        ({"object_id": ["o"], "account_id": ["a"], "content_id": ["c"], "ts": [float("nan")]}, "1 events have no time"),
        ({"object_id": ["o"], "account_id": ["a"], "content_id": ["c"], "ts": [1_700_000_000_000]}, "too large"),
        ({"object_id": ["o"], "account_id": ["a"], "content_id": ["c"], "ts": ["today"]}, "text"),
    ],
)
def test_what_spark_reads_is_checked_too(columns: dict[str, list[Any]], says: str, spark: None, tmp_path: Path) -> None:
    pq.write_table(pa.table(columns), tmp_path / "events.parquet")
    with pytest.raises(TecoloteError, match=says) as error:
        coaction(tmp_path, engine="spark")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("total", [10**9, 2000, 0])
def test_heavy_objects_are_treated_alike(total: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    size = 600
    columns = {
        "object_id": [f"o{i}" for i in np.minimum(rng.integers(0, 40, size), 15)],
        "account_id": [f"a{i}" for i in rng.integers(0, 25, size)],
        "content_id": [f"c{i}" for i in range(size)],
        "ts": rng.integers(0, 1500, size),
    }
    how: dict[str, Any] = {"window": 30, "min_repetition": 3}
    truth = coaction(pa.table(columns), **how).edges
    monkeypatch.setattr(distinct, "OBJECT_PAIRS", 3)
    monkeypatch.setattr(distinct, "TOTAL_PAIRS", total)
    mine, theirs = coaction(pa.table(columns), **how), coaction(pa.table(columns), **how, engine="duckdb")
    assert mine.facts["too_popular_to_be_evidence"] == theirs.facts["too_popular_to_be_evidence"] != []
    assert truth.num_rows > 0
    assert mine.facts["exact"] is theirs.facts["exact"] is (total > 0)
    assert (mine.facts["not_enumerated"] > 0) is (total < 10**9)
    for found in (mine, theirs):
        assert found.edges.equals(truth) or total == 0
        pairs = set(zip(*(found.edges[name].to_pylist() for name in ("account_id", "account_id_y")), strict=True))
        assert pairs <= set(zip(*(truth[name].to_pylist() for name in ("account_id", "account_id_y")), strict=True))


def test_an_unknown_engine_is_one_line() -> None:
    with pytest.raises(UsageError, match="no engine 'hadoop'"):
        coaction(stacked(2), engine="hadoop")
