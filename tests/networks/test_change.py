"""Windows, births, deaths and successions with planted stories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pyarrow as pa
import pytest

from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.networks.change import EVENTS, WINDOWS, sliding
from tecolote.networks.succession import SCHEMA, case_succession, succession

Make = Callable[[dict[str, list[dict[str, Any]]]], Corpus]
START = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
Rows = list[tuple[str, str, datetime | None]]


def ties(rows: Rows) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    types = (pa.string(), pa.string(), pa.timestamp("us", "UTC"))
    named = zip(("source", "target", "moment"), columns, types, strict=True)
    return pa.table({name: pa.array(column, kind) for name, column, kind in named})


def clique(members: str, day: int) -> Rows:
    return [(a, b, START + day * DAY) for a, b in combinations(members, 2)]


def story(rows: Rows, span: int = 10, step: int = 10) -> list[tuple[int, int, str, list[int]]]:
    _, events = sliding(ties(rows), span=span * DAY, step=step * DAY)
    assert events.schema.equals(EVENTS)
    return [(r["window"], r["community"], r["event"], r["others"]) for r in events.to_pylist()]


def test_a_group_is_born_lives_and_dies_beside_one_that_stays() -> None:
    rows: Rows = [tie for w in range(8) for tie in clique("wxyz", 10 * w)]
    rows += [tie for w in (1, 2) for tie in clique("abc", 10 * w + 1)]
    assert story(rows) == [(0, 0, "birth", []), (1, 1, "birth", []), (2, 1, "death", [])]


def test_a_short_silence_is_no_death_and_the_end_of_the_data_neither() -> None:
    rows = clique("abcd", 0) + clique("xyz", 10) + clique("xyz", 20) + clique("abcd", 30)
    assert story(rows) == [(0, 0, "birth", []), (1, 1, "birth", [])]


def test_groups_grow_shrink_split_and_merge() -> None:
    rows = clique("abcd", 0) + clique("abcdefgh", 10) + clique("abcdefgh", 20)
    assert [e[2] for e in story(rows)] == ["birth", "growth"]
    parted = clique("abcdefgh", 0) + clique("abcd", 10) + clique("efgh", 10)
    assert [e for e in story(parted) if e[2] in ("split", "contraction")] == [
        (1, 0, "contraction", []),
        (1, 0, "split", [1]),
    ]
    joined = clique("abcd", 0) + clique("efgh", 0) + clique("abcdefgh", 10)
    assert (1, 0, "merge", [1]) in story(joined)


def test_windows_count_what_is_in_them() -> None:
    rows = [*clique("abc", 0), ("a", "b", START + DAY), ("q", "q", START + 15 * DAY), ("x", "y", None)]
    windows, _ = sliding(ties(rows), span=10 * DAY, step=10 * DAY)
    found = windows.to_pylist()
    assert [(r["accounts"], r["ties"], r["records"], r["components"], r["newcomers"]) for r in found] == [
        (3, 3, 4, 1, 3),
        (1, 0, 1, 1, 1),
    ]
    assert (found[1]["begin"], found[1]["end"]) == (START + 10 * DAY, START + 20 * DAY)


def test_every_record_is_in_a_window() -> None:
    for last in (9, 10, 11, 25):
        windows, _ = sliding(ties([("a", "b", START), ("a", "b", START + last * DAY)]), span=10 * DAY, step=10 * DAY)
        assert sum(windows["records"].to_pylist()) == 2


def test_no_ties_no_windows_and_nonsense_is_refused() -> None:
    windows, events = sliding(ties([]), span=DAY, step=DAY)
    assert windows.schema.equals(WINDOWS) and windows.num_rows == events.num_rows == 0
    with pytest.raises(UsageError, match="no length"):
        sliding(ties([]), span=DAY, step=timedelta(0))
    with pytest.raises(UsageError, match="windows"):
        sliding(ties([("a", "b", START), ("a", "b", START + 3000 * DAY)]), span=DAY, step=DAY)


def removal() -> Rows:
    """Ten fans turn from the lost account to the heir; fifty others turn to the news on both sides."""
    rows: Rows = [(f"fan{i}", "lost", START + i * DAY) for i in range(10)]
    rows += [(f"other{i}", "news", START + timedelta(days=i % 20)) for i in range(50)]
    rows += [(f"fan{i}", "heir", START + (25 + i) * DAY) for i in range(10)]
    rows += [(f"fan{i}", "news", START + 31 * DAY) for i in range(2)]
    return rows + [(f"other{i}", "news", START + 30 * DAY) for i in range(50)]


def test_the_heir_is_who_takes_over_the_audience() -> None:
    found = succession(ties(removal()), "lost", START + 22 * DAY, span=30 * DAY).to_pylist()
    assert [r["account_id"] for r in found] == ["heir", "news"]
    heir, news = found
    assert (heir["audience"], heir["before"], heir["taken"], heir["share"]) == (10, 0, 10, 1.0)
    assert heir["q"] < 1e-6 and heir["expected"] == pytest.approx(10 * 10 / 60)
    # All who were free to turn to the news for the first time are the fans: nothing beyond chance.
    assert (news["taken"], news["p"]) == (2, 1.0)
    assert succession(ties([]), "lost", START).schema.equals(SCHEMA)
    with pytest.raises(UsageError, match="no length"):
        succession(ties([]), "lost", START, span=timedelta(0))


def test_a_late_check_does_not_hide_the_end() -> None:
    found = succession(ties(removal()), "lost", START + 400 * DAY, span=30 * DAY)
    assert found["account_id"].to_pylist()[0] == "heir"


def test_successions_of_a_case_leave_protected_accounts_out(corpus_of: Make) -> None:
    edges = [
        {"platform": "x", "type": "mentions", "src": s, "dst": t, "dst_kind": "account", "at": at, "post_id": f"p{i}"}
        for i, (s, t, at) in enumerate(removal())
    ]
    seen = {"platform": "x", "target_kind": "account", "target_id": "lost", "state": "suspended"}
    gone = [seen | {"observed_at": START + 22 * DAY}, seen | {"observed_at": START + 90 * DAY}]
    reporter = {"platform": "x", "account_id": "heir", "role": "reporter", "protected": True, "groups": []}
    (row,) = case_succession(corpus_of({"edges": edges, "observations": gone})).to_pylist()
    assert (row["lost"], row["state"], row["gone"], row["account_id"]) == (
        "lost",
        "suspended",
        START + 22 * DAY,
        "heir",
    )
    hidden = corpus_of({"edges": edges, "observations": gone, "account_assessments": [reporter]})
    assert case_succession(hidden).num_rows == 0
    assert case_succession(corpus_of({})).num_rows == 0
