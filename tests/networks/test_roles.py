"""Threats between groups and the first to share, in cases written by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.networks.origins import origins
from tecolote.networks.threats import who_threatens_whom

Make = Callable[[dict[str, list[dict[str, Any]]]], Corpus]
START = datetime(2030, 1, 1, tzinfo=UTC)
LONG = "el puente del norte queda cerrado desde hoy por la noche"


def post(number: int, account: str, second: int, text: str = "", **more: Any) -> dict[str, Any]:
    at = START + timedelta(seconds=second)
    return {"platform": "x", "id": f"p{number}", "account_id": account, "created_at": at, "text": text} | more


def assessment(
    number: int, themes: list[str], target: str, groups: list[str] | None = None, **more: Any
) -> dict[str, Any]:
    said = {"platform": "x", "post_id": f"p{number}", "voice": "perpetrator", "flag": True}
    return said | {"themes": themes, "target": target, "groups": groups or []} | more


def member(account: str, *groups: str, protected: bool = False) -> dict[str, Any]:
    role = "reporter" if protected else "suspected_member"
    return {"platform": "x", "account_id": account, "role": role, "protected": protected, "groups": list(groups)}


def test_who_threatens_whom(corpus_of: Make) -> None:
    posts = [post(1, "a", 0), post(2, "a", 60), post(3, "b", 90), post(4, "r", 95), post(5, "n", 99), post(6, "a", 100)]
    corpus = corpus_of(
        {
            "posts": [*posts, post(7, "a", 200, visibility="private"), post(8, "a", 300)],
            "assessments": [
                assessment(1, ["threat_rival"], "rival", ["g", "h"]),
                assessment(2, ["threat_rival", "territorial_claim"], "rival"),
                assessment(3, ["threat_press"], "journalist_or_citizen_reporter", ["h"]),
                assessment(4, ["threat_rival"], "rival", ["g"]),
                assessment(5, ["extortion"], "business"),
                assessment(6, ["threat_rival"], "rival", ["h"], voice="reporter"),
                assessment(7, ["threat_rival"], "rival", ["h"]),
                assessment(8, ["threat_rival"], "rival", ["h"], flag=False),
            ],
            "account_assessments": [member("a", "g"), member("b", "h"), member("r", "h", protected=True), member("n")],
            "edges": [
                {"platform": "x", "type": "mentions", "src": "a", "dst": "b", "dst_kind": "account", "post_id": "p2"},
                {"platform": "x", "type": "mentions", "src": "b", "dst": "r", "dst_kind": "account", "post_id": "p3"},
            ],
        }
    )
    rows = who_threatens_whom(corpus).to_pylist()
    assert [(r["group"], r["theme"], r["target"], r["target_is"], r["posts"], r["evidence"]) for r in rows] == [
        ("g", "threat_rival", "h", "group", 2, ["x p1", "x p2"]),
        ("h", "threat_press", "journalist_or_citizen_reporter", "kind", 1, ["x p3"]),
        ("unknown", "extortion", "business", "kind", 1, ["x p5"]),
    ]
    assert (rows[0]["first"], rows[0]["last"]) == (START, START + timedelta(seconds=60))
    assert who_threatens_whom(corpus_of({})).num_rows == 0


def test_the_first_to_share_and_those_who_came_after(corpus_of: Make) -> None:
    near = LONG.replace("noche", "tarde")
    corpus = corpus_of(
        {
            "posts": [
                post(1, "a", 0, LONG),
                post(2, "b", 30, LONG),
                post(3, "c", 50, near),
                post(4, "a", 70, near),
                post(5, "d", 80, "buenos días"),
                post(6, "e", 5, LONG, visibility="private"),
                post(7, "f", 6, LONG),
            ],
            "edges": [
                {"platform": "x", "type": "hashtag", "src": s, "dst": "tag", "dst_kind": "hashtag", "post_id": p}
                for s, p in (("b", "p2"), ("c", "p3"))
            ]
            + [{"platform": "x", "type": "reposts", "src": "f", "dst": "p1", "dst_kind": "post", "post_id": "p7"}],
        }
    )
    rows = {r["kind"]: r for r in origins(corpus).to_pylist()}
    assert set(rows) == {"hashtag", "text"}
    text = rows["text"]
    assert (text["first_accounts"], text["first_posts"]) == (["a"], ["p1"])
    assert (text["copiers"], text["next_accounts"], text["median_delay"], text["posts"]) == (2, ["b", "c"], 40.0, 4)
    assert (text["first"], text["last"]) == (START, START + timedelta(seconds=50))
    assert origins(corpus, ["text"], least=4).num_rows == 0


def test_two_in_the_first_second_are_both_first(corpus_of: Make) -> None:
    corpus = corpus_of({"posts": [post(1, "b", 0, LONG), post(2, "a", 0, LONG), post(3, "c", 9, LONG)]})
    (row,) = origins(corpus, ["text"]).to_pylist()
    assert (row["first_accounts"], row["copiers"], row["next_accounts"]) == (["a", "b"], 1, ["c"])


def test_nothing_shared_and_nonsense(corpus_of: Make) -> None:
    assert origins(corpus_of({})).num_rows == 0
    with pytest.raises(UsageError, match="kind"):
        origins(corpus_of({}), ["picture"])
    with pytest.raises(UsageError, match="accounts"):
        origins(corpus_of({}), least=1)
