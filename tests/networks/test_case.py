"""Events, coaction, connections and census of a case with planted ties."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.networks.census import DEFINITIONS, census
from tecolote.networks.connections import connections
from tecolote.networks.events import case_coaction, case_events
from tecolote.networks.nearduplicate import near_objects
from tecolote.networks.texts import link_object
from tecolote.networks.together import meetings
from tecolote.networks.universe import Reach, find_seeds, sensitivity, universe
from tecolote.records import SCHEMAS

Make = Callable[[dict[str, list[dict[str, Any]]]], Corpus]
START = datetime(2030, 1, 1, tzinfo=UTC)


def post(number: int, account: str | None, second: float, text: str = "", **more: Any) -> dict[str, Any]:
    at = START + timedelta(seconds=second)
    return {"platform": "x", "id": f"p{number}", "account_id": account, "created_at": at, "text": text} | more


def edge(kind: str, src: str, dst: str, dst_kind: str, **more: Any) -> dict[str, Any]:
    return {"platform": "x", "type": kind, "src": src, "dst": dst, "dst_kind": dst_kind} | more


def ring(accounts: str, times: int, size: int = 3) -> dict[str, list[dict[str, Any]]]:
    """Accounts that share one new link ``times`` times, one day apart, ten seconds after another."""
    posts, edges, n = [], [], 0
    for k in range(times):
        for i, account in enumerate(accounts[:size]):
            n += 1
            posts.append(post(n, account, k * 86400 + 10 * i))
            link = f"https://a.example/{k}?utm_source={account}"
            edges.append(edge("links_to", account, link, "link", post_id=f"p{n}"))
    return {"posts": posts, "edges": edges}


def test_a_ring_is_one_cluster_with_its_evidence(corpus_of: Make) -> None:
    edges = case_coaction(corpus_of(ring("abc", 3)), window=30)
    assert edges.schema.equals(SCHEMAS["coaction_edges"])
    rows = edges.to_pylist()
    assert {(r["account_id"], r["account_id_y"]) for r in rows} == {("a", "b"), ("a", "c"), ("b", "c")}
    assert {r["modality"] for r in rows} == {"link", "all"}
    assert {(r["weight"], r["cluster"], r["exact"]) for r in rows} == {(3, 0, True)}
    assert rows[0]["objects"] == [f"link:https://a.example/{k}" for k in range(3)]
    assert rows[0]["first"] == START and rows[0]["last"] == START + timedelta(days=2, seconds=10)


def test_clusters_are_numbered_from_the_largest(corpus_of: Make) -> None:
    large, small = ring("abcd", 2, 4), ring("yz", 2, 2)
    for row in small["posts"]:
        row["id"] = "s" + row["id"]
        row["created_at"] += timedelta(days=300)
    for row in small["edges"]:
        row["post_id"] = "s" + row["post_id"]
    rows = case_coaction(corpus_of({t: small[t] + large[t] for t in large})).to_pylist()
    assert {a for r in rows if r["cluster"] == 0 for a in (r["account_id"], r["account_id_y"])} == set("abcd")
    assert {a for r in rows if r["cluster"] == 1 for a in (r["account_id"], r["account_id_y"])} == set("yz")


def test_one_post_with_many_tags_is_one_act(corpus_of: Make) -> None:
    posts = [post(1, "a", 0), post(2, "b", 5)]
    edges = [
        edge("hashtag", a, t, "hashtag", post_id=p) for a, p in (("a", "p1"), ("b", "p2")) for t in ("u", "v", "w")
    ]
    assert case_coaction(corpus_of({"posts": posts, "edges": edges})).num_rows == 0


def test_outside_the_window_nobody_acts_together(corpus_of: Make) -> None:
    assert case_coaction(corpus_of(ring("abc", 5)), window=9).num_rows == 0


def test_no_case_no_edges(corpus_of: Make) -> None:
    assert case_coaction(corpus_of({})).schema.equals(SCHEMAS["coaction_edges"])


def test_events_leave_out_reposts_private_posts_and_short_texts(corpus_of: Make) -> None:
    long = "cinco palabras bastan para contar"
    posts = [
        post(1, "a", 0, long),
        post(2, "b", 1, f"RT {long}"),
        post(3, "c", 2, long, visibility="private"),
        post(4, None, 3, long),
        post(5, "d", 4, "buenos días"),
        post(6, "e", 5, f"@you {long.upper()}!! https://x.example/1"),
        post(7, "f", 6, long, text_truncated=True),
    ]
    events = case_events(corpus_of({"posts": posts, "edges": [edge("reposts", "b", "p1", "post", post_id="p2")]}))
    assert [(r["account_id"], r["modality"]) for r in events.to_pylist()] == [("a", "text"), ("e", "text")]
    assert len(set(events["object_id"].to_pylist())) == 1
    with pytest.raises(UsageError, match="picture"):
        case_events(corpus_of({}), ["picture"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.A.example/x/?utm_medium=y&fbclid=1#top", "https://a.example/x"),
        ("https://a.example/x?b=2&utm_source=t", "https://a.example/x?b=2"),
    ],
)
def test_links_are_the_same_without_tracking(one: str, other: str) -> None:
    assert link_object(one) == link_object(other)


@given(st.text())
def test_no_text_breaks_the_keys(text: str) -> None:
    assert link_object(text) == link_object(text)
    kept = text.encode("utf-8", "replace").decode()
    key, other = near_objects([kept, kept + " @someone https://a.example"]).to_pylist()
    assert key == other


@given(st.permutations(range(9)))
def test_no_order_of_texts_changes_their_objects(order: list[int]) -> None:
    long = "la misma noche el mismo aviso para toda la gente de la plaza grande"
    texts = [f"{long} {word}" for word in ("uno", "dos", "tres")] + ["otra cosa muy distinta se dice aqui", long] * 3
    named = dict(zip(order, near_objects([texts[i] for i in order]).to_pylist(), strict=True))
    assert len({named[i] for i in (0, 1, 2, 4, 6, 8)}) == 1 and len({named[i] for i in (3, 5, 7)}) == 1
    assert named[0] != named[3]


def test_near_equal_texts_and_equal_pictures_tie_a_planted_ring(corpus_of: Make) -> None:
    posts, media, n = [], [], 0
    for k in range(4):
        body = " ".join(f"palabra{k}{i}" for i in range(12))
        for i, account in enumerate("abc"):
            n += 1
            posts.append(post(n, account, k * 86400 + 10 * i, f"{body} firma{account}"))
            media.append({"platform": "x", "id": f"m{n}", "post_id": f"p{n}", "sha256": f"{k:064x}"})
        for i, account in enumerate("defgh"):  # the same hour, their own words and pictures; none at all for "h"
            n += 1
            text = " ".join(f"propio{account}{k}{j}" for j in range(12)) if account != "h" else "😀 " * 20
            posts.append(post(n, account, k * 86400 + 10 * i, text))
            media.append({"platform": "x", "id": f"m{n}", "post_id": f"p{n}", "sha256": None})
    corpus = corpus_of({"posts": posts, "media": media})
    for kinds in (("text",), ("media",), ("text", "media")):
        rows = case_coaction(corpus, window=30, objects=kinds).to_pylist()
        assert {r["account_id"] + r["account_id_y"] for r in rows} == {"ab", "ac", "bc"}, kinds
        assert {r["weight"] for r in rows if r["modality"] == "all"} == {4 * len(kinds)}


def test_one_text_of_everybody_ties_nobody_and_costs_little(corpus_of: Make) -> None:
    text = "feliz fiesta para todo el pueblo en la plaza mayor esta noche"
    posts = [post(n, f"a{n}", n / 100, f"{text} {n % 7}") for n in range(20_000)]
    posts += [post(30_000 + n, f"a{n}", 90_000 + n / 100, f"otra {text} manana {n % 7}") for n in range(3)]
    edges = case_coaction(corpus_of({"posts": posts}), objects=("text",))
    assert edges.num_rows == 0


def test_connections_resolve_names_and_posts(corpus_of: Make) -> None:
    corpus = corpus_of(
        {
            "posts": [post(1, "a", 0), post(2, "b", 60), post(3, "b", 90)],
            "account_snapshots": [{"platform": "x", "account_id": "a", "username": "Ana"}],
            "edges": [
                edge("replies", "b", "p1", "post", post_id="p2"),
                edge("replies", "b", "p9", "post", post_id="p3", dst_account_id="a"),
                edge("mentions", "b", "ana", "account_name", post_id="p2"),
                edge("mentions", "b", "Nobody", "account_name", post_id="p2"),
                edge("mentions", "b", "b", "account", post_id="p2"),
                edge("quotes", "b", "unknown", "post", post_id="p2"),
                edge("follows", "a", "b", "account"),
                edge("links_to", "a", "https://a.example", "link", post_id="p1"),
            ],
        }
    )
    rows = connections(corpus).to_pylist()
    assert [(r["source"], r["target"], r["kind"], r["count"], r["evidence"]) for r in rows] == [
        ("a", "b", "follows", 1, []),
        ("b", "a", "mentions", 1, ["p2"]),
        ("b", "a", "replies", 2, ["p2", "p3"]),
        ("b", "name:nobody", "mentions", 1, ["p2"]),
    ]
    assert (rows[2]["first"], rows[2]["last"]) == (START + timedelta(seconds=60), START + timedelta(seconds=90))
    assert rows[0]["first"] is None
    assert (rows[0]["records"], rows[2]["records"]) == (["0:6"], ["0:0", "0:1"])
    assert connections(corpus, ["follows"]).num_rows == 1
    with pytest.raises(UsageError):
        connections(corpus, ["likes"])


def test_the_universe_grows_by_hops_and_stops_at_hubs(corpus_of: Make) -> None:
    chain = [edge("follows", a, b, "account") for a, b in ("ab", "cb", "cd", "dh")]
    fans = [edge("follows", f"f{i}", "h", "account") for i in range(20)]
    corpus = corpus_of({"edges": chain + fans})
    hops = universe(corpus, Reach("x", ["a", "lonely"], hops=5))
    assert [(h.hop, h.accounts, h.total) for h in hops] == [
        (0, 2, 2),
        (1, 1, 3),
        (2, 1, 4),
        (3, 1, 5),
        (4, 1, 6),
        (5, 20, 26),
    ]
    assert universe(corpus, Reach("x", ["a"], hops=5, hub_cut=10))[-1].accounts == 0
    assert [h.accounts for h in universe(corpus, Reach("x", ["a"], hops=1, kinds=["mentions"]))] == [1, 0]


def test_members_of_one_open_thread_are_tied(corpus_of: Make) -> None:
    threads = [{"platform": "x", "id": t, "private": p} for t, p in (("t", False), ("u", False), ("secret", True))]
    sits = [("a", "t"), ("b", "t"), ("c", "t"), ("a", "u"), ("b", "u"), ("a", "secret"), ("z", "secret"), ("z", "lost")]
    members = [edge("member_of", account, thread, "thread", at=START) for account, thread in sits]
    corpus = corpus_of({"threads": threads, "edges": members})
    rows = connections(corpus).to_pylist()
    assert [(r["source"], r["target"], r["kind"], r["count"]) for r in rows] == [
        ("a", "b", "co_members", 2),
        ("a", "c", "co_members", 1),
        ("b", "c", "co_members", 1),
    ]
    assert rows[0]["records"] == ["0:1", "0:4"] and rows[0]["first"] == START
    crowd = [edge("member_of", f"m{i}", "t", "thread") for i in range(201)]
    assert connections(corpus_of({"threads": threads, "edges": crowd})).num_rows == 0


def test_how_much_the_universe_depends_on_what_is_counted(corpus_of: Make) -> None:
    edges = [edge("follows", "a", "b", "account"), edge("mentions", "b", "c", "account", post_id="p")]
    corpus = corpus_of({"edges": edges + [edge("follows", f"f{i}", "b", "account") for i in range(20)]})
    rows = {r["choice"]: r["totals"] for r in sensitivity(corpus, Reach("x", ["a"], hops=2, hub_cut=30))}
    assert rows["as asked"] == [1, 2, 23] == rows["no hub cut"]
    assert rows["only follows"] == [1, 2, 22] and rows["only mentions"] == [1, 1, 1]
    assert rows["hub cut 10"] == rows["hub cut 15"] == [1, 2, 2]
    assert sensitivity(corpus, Reach("x", ["a"], kinds=["mentions"]))[0]["choice"] == "as asked"


def test_seeds_are_found_by_id_name_and_group(corpus_of: Make) -> None:
    corpus = corpus_of(
        {
            "account_assessments": [assessed("a"), assessed("r", "reporter", True)],
            "account_snapshots": [profile("b", 1, 0) | {"username": "Ana"}],
        }
    )
    assert find_seeds(corpus, "x", ["group:g", "@ANA", "17"]) == ["17", "a", "b"]
    for nobody in ("group:none", "@nobody"):
        with pytest.raises(UsageError, match="no account"):
            find_seeds(corpus, "x", [nobody])


def assessed(account: str, role: str = "suspected_member", protected: bool = False) -> dict[str, Any]:
    return {"platform": "x", "account_id": account, "role": role, "protected": protected, "groups": ["g"]}


def profile(account: str, followers: int | None, day: int) -> dict[str, Any]:
    at = START + timedelta(days=day)
    return {"platform": "x", "account_id": account, "followers": followers, "observed_at": at}


def test_the_census_of_a_planted_graph(corpus_of: Make) -> None:
    corpus = corpus_of(
        {
            "account_assessments": [
                assessed("a"),
                assessed("b"),
                assessed("r", "reporter", True),
                assessed("f", "fan"),
            ],
            "account_snapshots": [
                profile("a", 100, 0),
                profile("a", 60, 5),
                profile("a", None, 9),
                profile("b", 50, 1),
                profile("r", 10**6, 1),
                profile("k", 7, 1),
            ],
            "edges": [edge("follows", s, t, "account") for s, t in ("ka", "kb", "la", "ra", "ab")]
            + [
                edge("mentions", "a", "m", "account", post_id="p1"),
                edge("mentions", "m", "z", "account", post_id="p2"),
            ],
        }
    )
    (row,) = census(corpus)
    assert (row.group, row.platform, row.accounts, row.protected, row.other_roles) == ("g", "x", 2, 1, 1)
    assert (row.seed_sum, row.seed_sum_of) == (110, 2)
    assert (row.seed_sum_from, row.seed_sum_to) == (START + timedelta(days=1), START + timedelta(days=5))
    # k and l follow, and so does a itself; the protected r is not counted.
    assert (row.union, row.union_of) == (3, 2)
    assert (row.one_hop, row.one_hop_by_kind, row.one_hop_protected) == (3, {"follows": 2, "mentions": 1}, 1)
    assert (row.second_degree_sum, row.second_degree_sum_of) == (7, 1)
    assert set(DEFINITIONS) == {"accounts", "seed_sum", "union", "one_hop", "second_degree_sum"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1), st.randoms(use_true_random=False))
def test_with_complete_lists_the_sum_counts_what_the_union_holds_once(
    corpus_of: Make, follows: set[tuple[int, int]], random: Any
) -> None:
    """Followers f0..f9 of seeds s0..s2, each profile stating exactly its list."""
    edges = [edge("follows", f"f{f}", f"s{s}", "account") for f, s in follows]
    random.shuffle(edges)
    seeds = sorted({s for _, s in follows})
    snapshots = [profile(f"s{s}", sum(t == s for _, t in follows), 0) for s in seeds]
    tables = {"edges": edges, "account_snapshots": snapshots, "account_assessments": [assessed(f"s{s}") for s in seeds]}
    (row,) = census(corpus_of(tables))
    distinct = {f for f, _ in follows}
    assert (row.seed_sum, row.union, row.one_hop) == (len(follows), len(distinct), len(distinct))
    assert row.union is not None and row.seed_sum is not None
    assert row.union <= row.seed_sum


def test_nothing_known_is_none_and_not_zero(corpus_of: Make) -> None:
    (row,) = census(corpus_of({"account_assessments": [assessed("a")]}))
    assert (row.seed_sum, row.union, row.second_degree_sum, row.one_hop) == (None, None, None, 0)
    assert census(corpus_of({})) == []


def test_the_evidence_of_a_tie_is_the_posts_that_met(corpus_of: Make) -> None:
    tables = ring("abc", 3)
    corpus = corpus_of(tables)
    rows, total, things = meetings(corpus, "x", "c", "a", window=30)
    assert (total, things) == (3, 3)
    assert [(r["post"], r["post_y"], r["apart"]) for r in rows] == [
        ("p3", "p1", 20),
        ("p6", "p4", 20),
        ("p9", "p7", 20),
    ]
    assert rows[0]["kind"] == "link" and rows[0]["object"] == "https://a.example/0" and rows[0]["at_y"] == START
    assert meetings(corpus, "x", "a", "c", window=19) == ([], 0, 0)
    assert meetings(corpus, "telegram", "a", "c", window=30) == ([], 0, 0)
    assert len(meetings(corpus, "x", "a", "c", window=30, most=2)[0]) == 2


def test_two_who_post_one_tag_all_day_cost_no_square(corpus_of: Make) -> None:
    posts = [post(n, "ab"[n % 2], n / 50) for n in range(8000)]
    edges = [edge("hashtag", "ab"[n % 2], "plaza", "hashtag", post_id=f"p{n}") for n in range(8000)]
    rows, total, things = meetings(corpus_of({"posts": posts, "edges": edges}), "x", "a", "b")
    assert things == 1 and len(rows) == 200 and total <= 2 * 8000


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 40)), max_size=40),
    st.integers(0, 9),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_things_met_are_those_of_the_comparison_of_all_pairs(
    corpus_of: Make, shares: list[tuple[str, str, int]], window: int
) -> None:
    posts = [post(n, account, t) for n, (account, _, t) in enumerate(shares)]
    edges = [edge("hashtag", a, tag, "hashtag", post_id=f"p{n}") for n, (a, tag, _) in enumerate(shares)]
    rows, _, things = meetings(corpus_of({"posts": posts, "edges": edges}), "x", "a", "b", window=window)
    mine, theirs = ([(tag, t) for a, tag, t in shares if a == who] for who in "ab")
    wanted = {tag for tag, t in mine for other, t2 in theirs if tag == other and abs(t - t2) <= window}
    assert {r["object"] for r in rows} == wanted and things == len(wanted)
