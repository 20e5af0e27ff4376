"""The picture of those who act together, and what stands beside it: who is in it, who is named, what is said."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.evidence import Evidence
from tecolote.evidence.keys import pseudonym
from tecolote.publish import charts
from tecolote.publish.clusters import cluster_rows, explanations
from tecolote.publish.network import MOST_ACCOUNTS, MOST_CLUSTERS, MOST_TIES, NAMED, _packed, clusters, network
from tecolote.publish.sheet import Sheet, prepare
from tecolote.publish.texts import say


@pytest.fixture
def sheet(case: Case) -> Iterator[Sheet]:
    with Evidence.open(case) as evidence:
        yield prepare(Corpus(case), evidence)


def _protected(sheet: Sheet) -> set[str]:
    rows = sheet.rows("SELECT platform || ' ' || account_id AS name FROM account_assessments WHERE protected")
    return {row["name"] for row in rows}


def test_protected_accounts_are_neither_drawn_nor_named(sheet: Sheet) -> None:
    tied = sheet.rows(
        "SELECT platform || ' ' || account_id AS name FROM coaction_edges "
        "UNION SELECT platform || ' ' || account_id_y FROM coaction_edges"
    )
    assert _protected(sheet) & {row["name"] for row in tied}
    drawn = {account for cluster in clusters(sheet) for account in cluster.strength}
    listed = {member for row in cluster_rows(sheet) for member in row["members"]}
    assert drawn == listed and not drawn & _protected(sheet)


def test_the_picture_shows_every_tie_and_names_a_few_by_pseudonym(sheet: Sheet) -> None:
    spec = network(sheet, "en")
    links, nodes, titles = (spec["layer"][i]["data"]["values"] for i in range(3))
    assert len(links) == sheet.one("SELECT count(*) FROM sheet.coaction")
    assert len(nodes) == sum(c.size for c in clusters(sheet))
    assert [t["name"] for t in titles] == [
        say("en", "page.network_title", place=i, n=c.size) for i, c in enumerate(clusters(sheet), 1)
    ]
    named = {label["label"] for layer in spec["layer"][3:] for label in layer["data"]["values"]}
    accounts = [a for c in clusters(sheet) for a in c.strength]
    assert named <= {pseudonym(sheet.corpus.case, *a.split(" ", 1)) for a in accounts} and 0 < len(named) <= sum(NAMED)
    strongest = clusters(sheet)[0]
    assert list(strongest.strength.values()) == sorted(strongest.strength.values(), reverse=True)
    assert not any(a in str(spec) for a in accounts)
    assert network(sheet, "en") == spec
    shown = re.sub(r"<[^>]*>", " ", charts.to_svg(spec, "en"))
    assert all(name in shown for name in named)


def test_a_case_without_ties_has_no_picture(sheet: Sheet) -> None:
    sheet.corpus.connect().execute("DELETE FROM sheet.coaction")
    assert network(sheet, "es") is None and cluster_rows(sheet) == []


def test_of_a_very_large_cluster_the_strongest_are_drawn(sheet: Sheet) -> None:
    sheet.corpus.connect().execute(
        "INSERT INTO sheet.coaction SELECT 99, 'x hub' || (i % 3), 'x leaf' || i, 2 FROM range(500) t(i)"
    )
    (large, *rest) = clusters(sheet)
    assert large.size == 503 and len(large.strength) == MOST_ACCOUNTS and rest
    assert list(large.strength)[:3] == ["x hub0", "x hub1", "x hub2"]
    assert len(network(sheet, "en")["layer"][1]["data"]["values"]) == sum(len(c.strength) for c in (large, *rest))


def test_a_picture_stays_small_however_many_ties_there_are(sheet: Sheet) -> None:
    sheet.corpus.connect().execute(
        "INSERT INTO sheet.coaction SELECT 100 + c, 'x ' || c || 'a' || i, 'x ' || c || 'a' || j, 2 + (i * j) % 5 "
        "FROM range(15) r(c), range(70) s(i), range(70) t(j) WHERE i < j"
    )
    spec = network(sheet, "en")
    assert len(clusters(sheet)) == MOST_CLUSTERS
    assert len(spec["layer"][0]["data"]["values"]) == MOST_CLUSTERS * MOST_TIES
    assert len(charts.to_svg(spec, "en")) < 4_000_000


@pytest.mark.parametrize("sizes", [[2], [150], [8, 7, 6], [150] * 12, [40, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]])
@pytest.mark.parametrize("width", [330, 700])
def test_clusters_stand_apart_and_inside_the_picture(sizes: list[int], width: int) -> None:
    centres, radii, height = _packed(sizes, width)
    for i, ((x, y), r) in enumerate(zip(centres, radii, strict=True)):
        assert r <= x <= width - r and r <= y <= height - r
        for (x2, y2), r2 in list(zip(centres, radii, strict=True))[:i]:
            assert (x - x2) ** 2 + (y - y2) ** 2 > (r + r2) ** 2


def test_plain_explanations_are_named_where_the_posts_speak_for_them() -> None:
    wire = [("link", f"https://wire.example/{i}") for i in range(4)]
    apart = [("link", f"https://a{i}.example/") for i in range(4)]
    assert explanations(Counter(reporter=6, neutral=5), wire) == ["newsroom", "one_site"]
    assert explanations(Counter(fan=9, neutral=1), apart) == ["fans"]
    assert explanations(Counter(neutral=9), [("hashtag", "a"), ("hashtag", "b")]) == ["event"]
    assert explanations(Counter(perpetrator=9), [*apart, ("hashtag", "b")]) == ["none"]
    assert explanations(Counter(), [("link", "http://[")]) == ["none"]


def test_what_a_cluster_shared_is_counted_by_kind(sheet: Sheet) -> None:
    for row in cluster_rows(sheet):
        assert row["shared"] == [{"kind": "hashtag", "n": 1, "examples": ["#harvest"]}]
        assert row["p"] is None and row["explanations"]
