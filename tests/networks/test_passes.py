"""What is counted in passes over partitions is what is counted at once, to the last fact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tecolote.errors import LimitExceeded, TecoloteError
from tecolote.networks import distinct, passes
from tecolote.networks.coaction import Coaction, coaction
from tests.networks.test_engines import stacked

#: How far pruning goes before counting is no part of the result.
DEEP = {"pairs_after_pruning", "events_after_pruning", "passes"}


def facts(found: Coaction) -> dict[str, Any]:
    return {name: value for name, value in found.facts.items() if name not in DEEP}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every file goes by passes, some hundred events to a partition."""
    monkeypatch.setattr(passes, "MOST_AT_ONCE", -1)
    monkeypatch.setattr(passes, "PART_EVENTS", 400)
    return monkeypatch


@pytest.mark.parametrize(("window", "least"), [(20, 2), (0, 1), (7, 3)])
def test_200_inputs_give_the_same_network(
    window: int, least: int, small: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # fmt: skip
    events = stacked()
    events = events.set_column(0, "object_id", pa.compute.if_else(
        pa.compute.equal(events["object_id"], "7-1"), pa.scalar(None, pa.string()), events["object_id"]
    ))  # fmt: skip
    pq.write_table(events, tmp_path / "events.parquet")
    once, passed = (coaction(source, "distinct", window, least) for source in (events, tmp_path / "events.parquet"))
    assert passed.facts["passes"] > 10 and once.edges.num_rows > 50
    assert passed.edges.equals(once.edges)
    assert facts(passed) == facts(once)
    assert passed.facts["rows_without_id"] > 0


@pytest.mark.parametrize("total", [10**9, 2000, 0])
def test_heavy_objects_are_the_same_ones(total: int, small: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small.setattr(passes, "PART_EVENTS", 40)
    small.setattr(distinct, "OBJECT_PAIRS", 3)
    small.setattr(distinct, "TOTAL_PAIRS", total)
    random = np.random.default_rng(3)
    columns = {
        "object_id": [f"o{i}" for i in np.minimum(random.integers(0, 40, 600), 15)],
        "account_id": random.integers(0, 25, 600),
        "content_id": random.integers(0, 600, 600),
        "ts": pa.array(random.integers(-700, 800, 600) * 10**6, pa.timestamp("us", tz="UTC")),
    }
    pq.write_table(pa.table(columns), tmp_path / "events.parquet")
    once, passed = (
        coaction(source, window=30, min_repetition=3)
        for source in (pq.read_table(tmp_path / "events.parquet"), tmp_path / "events.parquet")
    )
    assert passed.edges.equals(once.edges) and passed.edges.num_rows > 0
    assert facts(passed) == facts(once)
    assert len(passed.facts["too_popular_to_be_evidence"]) == 9


def test_without_room_on_the_disk_nothing_is_begun(small: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pq.write_table(stacked(3), tmp_path / "events.parquet")
    small.setattr(passes, "_DISK_PER_EVENT", 10**15)
    with pytest.raises(LimitExceeded, match="GB of disk") as error:
        coaction(tmp_path / "events.parquet")
    assert "TMPDIR" in error.value.hint


def test_what_is_left_is_bounded(small: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pq.write_table(stacked(), tmp_path / "events.parquet")
    small.setattr(passes, "MOST_LEFT", 10)
    with pytest.raises(LimitExceeded, match="often enough"):
        coaction(tmp_path / "events.parquet")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"object_id": ["o"], "account_id": ["a"], "ts": [1]}, "no column content_id"),
        ({"object_id": ["o"], "account_id": [1.5], "content_id": ["c"], "ts": [1]}, "decimal numbers"),
        ({"object_id": ["o"], "account_id": ["a"], "content_id": ["c"], "ts": [float("nan")]}, "1 events have no time"),
        ({"object_id": ["o"], "account_id": ["a"], "content_id": ["c"], "ts": [1_700_000_000_000]}, "too large"),
        ({"object_id": ["o"], "account_id": [{"x": 1}], "content_id": ["c"], "ts": ["today"]}, "text"),
    ],
)
def test_what_passes_read_is_checked_too(
    columns: dict[str, list[Any]], says: str, small: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "events.parquet")
    with pytest.raises(TecoloteError, match=says) as error:
        coaction(tmp_path / "events.parquet")
    assert "\n" not in str(error.value)


def test_a_file_without_events_is_an_empty_network(small: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pq.write_table(stacked(3).slice(0, 0), tmp_path / "events.parquet")
    found = coaction(tmp_path / "events.parquet")
    assert found.edges.num_rows == 0
    assert found.edges.schema.equals(coaction(stacked(3)).edges.schema)
