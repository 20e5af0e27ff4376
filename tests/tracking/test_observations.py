"""What became of things: stated, implied by a later export, and between which two looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tecolote.corpus.store import Corpus
from tecolote.tracking.observations import intervals, observations, unused
from tecolote.tracking.survival import survival_by_platform

Make = Callable[[dict[str, list[dict[str, Any]]]], Corpus]
START = datetime(2030, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def post(name: str, at: float, leaf: int = 0, account: str = "a", **more: Any) -> dict[str, Any]:
    row = {"platform": "x", "id": name, "account_id": account, "created_at": day(at), "leaf_index": leaf}
    return row | {"source_file": f"file{leaf}"} | more


def seen(name: str, state: str, at: float | None, kind: str = "post", since: float | None = None) -> dict[str, Any]:
    return {
        "platform": "x",
        "target_kind": kind,
        "target_id": name,
        "state": state,
        "observed_by": "export",
        "observed_at": None if at is None else day(at),
        "state_since": None if since is None else day(since),
    }


def channel(names: range, leaf: int, missing: tuple[int, ...] = (), **more: Any) -> list[dict[str, Any]]:
    return [
        post(f"m{i}", i, leaf, thread_id="c", reader="r", id_is_derived=False, **more)
        for i in names
        if i not in missing
    ]


def gone_later(corpus: Corpus) -> list[str]:
    return [r["target_id"] for r in observations(corpus).to_pylist() if r["state"] == "not_in_later_export"]


def test_a_later_export_of_the_same_channel_shows_what_it_lacks(corpus_of: Make) -> None:
    posts = channel(range(20), 1) + channel(range(5, 30), 2, missing=(9, 12))
    looked = {"platform": "x", "post_id": "m29", "observed_at": day(40), "leaf_index": 2}
    rows = observations(corpus_of({"posts": posts, "post_snapshots": [looked]})).to_pylist()
    assert [(r["target_id"], r["state"], r["observed_at"]) for r in rows] == [
        ("m12", "not_in_later_export", day(40)),
        ("m9", "not_in_later_export", day(40)),
    ]
    assert "file1" in rows[0]["reason"] and "file2" in rows[0]["reason"]


@pytest.mark.parametrize(
    ("why", "posts"),
    [
        ("the other is a search, not the channel", channel(range(20), 1) + channel(range(0, 30, 2), 2)),
        ("the first was a search", channel(range(0, 20, 2), 1, missing=(4,)) + channel(range(30), 2)),
        ("too few posts to compare", channel(range(8), 1) + channel(range(12), 2, missing=(3,))),
        ("the later one begins later", channel(range(20), 1) + channel(range(19, 40), 2)),
        ("another reader", channel(range(20), 1) + [p | {"reader": "s"} for p in channel(range(30), 2, (9,))]),
        ("another channel", channel(range(20), 1) + [p | {"thread_id": "d"} for p in channel(range(30), 2, (9,))]),
        ("our own ids", [p | {"id_is_derived": True} for p in channel(range(20), 1) + channel(range(30), 2, (9,))]),
        ("the same export twice", channel(range(20), 1) + channel(range(20), 2)),
    ],
)
def test_where_the_scope_differs_nothing_is_inferred(why: str, posts: list[dict[str, Any]], corpus_of: Make) -> None:
    assert gone_later(corpus_of({"posts": posts})) == [], why


def test_an_interval_ends_at_the_check_and_begins_at_the_last_sight(corpus_of: Make) -> None:
    corpus = corpus_of(
        {
            "posts": [post("p", 0), post("q", 1), post("r", 2, account="b"), post("s", 3)],
            "post_snapshots": [{"platform": "x", "post_id": "p", "observed_at": day(4)}],
            "account_snapshots": [{"platform": "x", "account_id": "b", "observed_at": day(5)}],
            "observations": [
                seen("p", "not_found", 10),
                seen("q", "deleted", 20, since=7),
                seen("b", "suspended", 9, "account"),
                seen("b", "live", 30, "account"),
                seen("s", "protected", 9),
            ],
        }
    )
    found = {i.target_id: i for i in intervals(corpus)}
    assert (found["p"].days, found["p"].state, found["p"].exact) == ((4, 10), "not_found", False)
    assert (found["q"].days, found["q"].state, found["q"].exact) == ((6, 6), "deleted", True)
    assert (found["b"].first_live, found["b"].days, found["b"].returned) == (day(2), (3, 7), True)
    assert found["s"].first_gone is None and math.isinf(found["s"].days[1])


def test_a_file_that_grew_for_weeks_does_not_hide_a_removal(corpus_of: Make) -> None:
    """The newest post of the file is younger than the removal: the post's own time still bounds it."""
    corpus = corpus_of({"posts": [post("p", 0), post("q", 50)], "observations": [seen("p", "deleted", 10)]})
    found = {i.target_id: i for i in intervals(corpus)}
    assert found["p"].days == (0, 10)
    assert found["q"].days == (0, math.inf)


def test_what_bounds_nothing_is_counted_and_left_out(corpus_of: Make) -> None:
    corpus = corpus_of(
        {
            "posts": channel(range(20), 1) + channel(range(30), 2, missing=(9,)),
            "observations": [seen("never", "deleted", 4), seen("m3", "not_found", None)],
        }
    )
    left = unused(corpus)["x", "post"]
    assert (left.never_live, left.undated, left.implied) == (1, 1, 1)
    assert all(i.state is None for i in intervals(corpus))
    assert survival_by_platform(corpus) == []


def test_survival_by_platform_says_what_it_counts(corpus_of: Make) -> None:
    posts = [post(f"p{i}", 0, account=f"a{i}") for i in range(10)]
    states = [seen(f"p{i}", "suspended" if i % 2 else "deleted", 7) for i in range(4)]
    looks = [{"platform": "x", "post_id": f"p{i}", "observed_at": day(14)} for i in range(4, 10)]
    (found,) = survival_by_platform(corpus_of({"posts": posts, "observations": states, "post_snapshots": looks}))
    assert (found.platform, found.target_kind, found.n, found.gone, found.censored) == ("x", "post", 10, 4, 6)
    assert found.by_state == {"deleted": 2, "suspended": 2}
    assert found.curve.at(7) == pytest.approx(0.6)
    assert found.curve.bounds(3) == pytest.approx((0.6, 1.0))
    assert "4" in found.definition and "between the last time" in found.definition
