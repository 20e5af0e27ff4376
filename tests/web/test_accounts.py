from __future__ import annotations

from tecolote.decisions.codes import key_of
from tests.web.conftest import NAMES


def test_protected_names_are_masked_in_pages_and_absent_from_json(get, built):
    key = key_of("x", "a1")
    told = get(f"/account/{key}.json")
    assert told.json()["account"]["label"] is None and told.json()["account"]["id"] is None
    assert "user1_x" not in told.content.decode()
    body = get(f"/account/{key}").content.decode()
    assert body.count("user1_x") == body.count(
        "<summary>Protected account<span> · reveal</span></summary><bdi>user1_x</bdi>"
    )
    assert "user1_x" not in get("/network.json", view="coaction", kind="all").content.decode()
    assert "user1_x" not in get("/network").content.decode()
    for path in ("/accounts.json", "/posts.json", "/observations.json", "/overview.json"):
        assert "user1_" not in get(path).content.decode(), path


def test_a_protected_account_is_not_found_by_its_name(get):
    assert get("/accounts.json", q="user1_x").json()["page"]["total"] == 0
    assert get("/accounts.json", q="USER3_X").json()["page"]["total"] == 1


def test_filters_of_accounts(get, built):
    assert get("/accounts.json").json()["page"]["total"] == 36
    assert get("/accounts.json", role="reporter").json()["page"]["total"] == 9
    assert get("/accounts.json", platform="x", group="cds").json()["page"]["total"] == 3
    assert get("/accounts.json", cluster="1").json()["page"]["total"] == 3


def test_counts_of_an_account(get, built):
    told = get(f"/account/{key_of('telegram', 'a3')}.json").json()
    mine = [p for p in built.posts if (p["platform"], p["account_id"]) == ("telegram", "a3")]
    flagged = [p for p in mine if built.assessments[p["platform"], p["id"]]["flag"]]
    assert (told["account"]["posts"], told["account"]["flagged"]) == (len(mine), len(flagged))
    assert sum(m["n"] for m in told["months"]) == len([p for p in mine if p["created_at"]])
    assert told["snapshots"][0]["display_name"] == NAMES[3]


def test_the_network_is_that_of_the_table(get):
    graph = get("/network.json", view="coaction", kind="all").json()["graph"]
    names = [n["label"] for n in graph["nodes"]]
    pairs = {
        frozenset((graph["nodes"][e["source"]]["key"], graph["nodes"][e["target"]]["key"])) for e in graph["edges"]
    }
    wanted = [(3, 4), (7, 8)]  # 1, 2 and 6 are protected
    assert pairs == {frozenset((key_of("x", f"a{a}"), key_of("x", f"a{b}"))) for a, b in wanted}
    assert "user3_x" in names and len(names) == 4
    mentions = get("/network.json", view="connections", kind="mentions").json()["graph"]
    assert mentions["edges"] and all(e["source"] != e["target"] for e in mentions["edges"])


def test_what_gives_a_protected_author_away_is_masked_too(get, built):
    post = next(p for p in built.posts if p["account_id"] == "a1")
    told = get(f"/post/{key_of(post['platform'], post['id'])}.json").json()
    assert told["trail"]["proven"] and told["trail"]["raw"] is None
    assert (told["post"]["url"], told["post"]["author"], told["post"]["account_id"]) == (None, None, None)
    body = get(f"/post/{key_of(post['platform'], post['id'])}").content.decode()
    assert f"</summary><bdi>{post['url']}</bdi>" in body and body.count(post["url"]) == 1
