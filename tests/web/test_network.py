"""The network's lines: behind each its posts and records, in pages, in JSON and in a real browser."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from datetime import timedelta

import pyarrow as pa
import pytest

from tecolote.case import Case
from tecolote.corpus.store import Writing
from tecolote.evidence import Evidence
from tecolote.records import SCHEMAS
from tecolote.web.serve import FOLDER
from tests.web.browser import CHROMIUM, Browser
from tests.web.conftest import HOSTILE, START
from tests.web.test_serve import RUN

LINES = 10_000


def _tables():
    """Two who share five tags seconds apart, of whom one is heard by a protected third; and ten thousand lines."""
    posts, edges = [], []
    for k in range(5):
        for a, account in enumerate(("a000", "a001")):
            at = START + timedelta(days=k, seconds=10 * a)
            n = f"p{k}{account}"
            posts.append(
                {"platform": "x", "id": n, "account_id": account, "created_at": at, "text": f"<img src=x> {n}"}
            )
            dst = HOSTILE if k == 4 else f"tag{k}"
            edges.append({"type": "hashtag", "src": account, "dst": dst, "dst_kind": "hashtag", "post_id": n})
        edges.append(
            {"type": "mentions", "src": "a000", "dst": "reporter", "dst_kind": "account", "post_id": f"p{k}a000"}
        )
    edges.append({"type": "mentions", "src": "a000", "dst": "reporter", "dst_kind": "account", "post_id": "elsewhere"})
    where = {"platform": "x", "source_file": "one <b>.jsonl", "row_locator": "line 1", "leaf_index": 0}
    pairs = list(itertools.islice(itertools.combinations([f"a{i:03}" for i in range(180)], 2), LINES))
    tie = {"platform": "x", "modality": "all", "first": START, "last": START, "exact": True, "cluster": 0}
    ties = [tie | {"account_id": a, "account_id_y": b, "weight": 5 if (a, b) == pairs[0] else 2} for a, b in pairs]
    ties.append(tie | {"account_id": "a000", "account_id_y": "reporter", "weight": 9})
    return {
        "posts": [where | p | {"record_index": i} for i, p in enumerate(posts)],
        "edges": [where | e | {"record_index": i} for i, e in enumerate(edges)],
        "coaction_edges": ties,
        "account_assessments": [{"platform": "x", "account_id": "reporter", "role": "reporter", "protected": True}],
    }


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """The case, written once."""
    root = tmp_path_factory.mktemp("wide")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECOLOTE_KEYS", str(root / "keys"))
        case = Case.create(root / "case")
        with case.writing():
            evidence = Evidence.create(case)
            evidence.append("analysis", payload={"coaction": {"window": 30, "min_repetition": 2}})
            checkpoint = evidence.commit()
            evidence.close()
            writing = Writing(case)
            for table, rows in _tables().items():
                writing.add(table, pa.Table.from_pylist(rows, schema=SCHEMAS[table]), label="test")
            writing.commit(writing.manifest({"size": checkpoint.size, "root": checkpoint.root}))
        yield case


@pytest.fixture
def ask(wide, monkeypatch):
    from tecolote.web.library import ENVIRON_KEY, Library
    from tecolote.web.serve import configure

    configure()
    monkeypatch.setenv("TECOLOTE_KEYS", str(wide.root.parent / "keys"))
    from django.test import Client

    client = Client(headers={"host": "localhost"}, **{ENVIRON_KEY: Library(wide)})
    return lambda path, **query: client.get(path, query, headers={"accept-language": "en"})


def _key(ask, name):
    return ask("/accounts.json", q=name).json()["page"]["rows"][0]["key"]


def test_the_evidence_of_a_line_is_the_posts_that_met(ask):
    one, other = _key(ask, "a000"), _key(ask, "a001")
    told = ask(f"/network/line/{one}/{other}.json", view="coaction", kind="all").json()
    assert (told["window"], told["things"], told["total"], told["tie"]["weight"]) == (30, 5, 5, 5)
    assert [(r["object"], r["apart"]) for r in told["rows"]] == [
        *((f"tag{k}", 10) for k in range(4)),
        (HOSTILE, 10),
    ]
    body = ask(f"/network/line/{one}/{other}", view="coaction", kind="all").content.decode()
    keys = {row[side]["key"] for row in told["rows"] for side in ("first", "second")}
    assert len(keys) == 10 and all(f'href="/post/{key}"' in body for key in keys)
    assert "<script>alert" not in body and "<img src=x" not in body
    for key in keys:
        assert ask(f"/post/{key}").status_code == 200


def test_a_line_of_connections_has_its_records_and_masks_the_protected(ask):
    graph = ask("/network.json", view="connections", kind="mentions").json()["graph"]
    (edge,) = graph["edges"]
    one, other = (graph["nodes"][edge[end]]["key"] for end in ("source", "target"))
    told = ask(f"/network/line/{one}/{other}.json", view="connections", kind="mentions").json()
    assert told["total"] == edge["weight"] == 6
    assert [r["key"] is None for r in told["rows"]].count(True) == 1
    assert told["other"]["label"] is None and told["other"]["id"] is None
    body = ask(f"/network/line/{one}/{other}", view="connections", kind="mentions").content.decode()
    assert "one &lt;b&gt;.jsonl" in body and body.count("<bdi>reporter</bdi>") == 1


def test_what_is_no_line_is_not_found(ask):
    one, other = _key(ask, "a000"), _key(ask, "a001")
    graph = ask("/network.json", view="connections", kind="mentions").json()["graph"]
    protected = next(node["key"] for node in graph["nodes"] if node["masked"])
    for path, query in (
        (f"/network/line/{one}/{protected}", {"view": "coaction", "kind": "all"}),
        (f"/network/line/{one}/{one}", {"view": "coaction", "kind": "all"}),
        (f"/network/line/{one}/{'0' * 20}", {"view": "coaction", "kind": "all"}),
        (f"/network/line/{one}/{other}", {"view": "connections", "kind": "mentions"}),
        (f"/network/line/{one}/{other}", {"view": "coaction", "kind": "x' OR 1=1 --"}),
        (f"/network/line/{one}/{other}", {}),
    ):
        assert ask(path, **query).status_code == 404, query


def test_every_one_of_ten_thousand_lines_is_on_a_page_of_the_list(ask):
    seen, address, start = [], "/network", 0
    while True:
        body = ask(address, view="coaction", kind="all", **{"from": start}).content.decode()
        seen += re.findall(r'class="line" href="(/network/line/[^?]+)', body)
        following = re.search(r'rel="next" href="\?[^"]*from=(\d+)', body)
        if not following:
            break
        start = int(following[1])
    assert len(seen) == len(set(seen)) == LINES
    (shown,) = (k["n"] for k in ask("/network.json").json()["kinds"] if k["view"] == "coaction")
    assert shown == LINES
    for odd in ("-1", "x", "99999999", ""):
        assert ask(address, view="coaction", kind="all", **{"from": odd}).status_code == 200
    assert len(ask("/network.json", view="coaction", kind="all").content) < 4_000_000


@pytest.fixture
def site(wide, monkeypatch):
    monkeypatch.setenv("TECOLOTE_KEYS", str(wide.root.parent / "keys"))
    process = subprocess.Popen([sys.executable, "-c", RUN, str(wide.root)], stderr=subprocess.PIPE, text=True)
    try:
        yield re.match(r"http://127\.0\.0\.1:\d+", process.stderr.readline())[0]
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


@pytest.mark.chromium
@pytest.mark.skipif(CHROMIUM is None, reason="needs the system package chromium")
def test_keys_and_mouse_lead_to_the_evidence_of_a_line(site, tmp_path):
    if not (FOLDER / "static" / "built" / "network.js").exists():
        pytest.skip("the islands are not built: run make setup")
    browser = Browser(tmp_path / "profile")
    try:
        network = f"{site}/network?view=coaction&kind=all"
        browser.open(network)
        browser.wait("document.documentElement.dataset.settled === 'yes'")
        browser.value("document.querySelector('canvas').focus()")
        browser.key("ArrowRight", 39, shift=True)
        assert "5 things shared" in browser.wait("document.querySelector('.tip').textContent")
        browser.key("Enter", 13)
        browser.wait("location.pathname.startsWith('/network/line/') && document.readyState === 'complete'")
        assert browser.value("document.querySelectorAll('table.evidence a[href^=\"/post/\"]').length") == 10

        browser.open(f"{site}/network?view=connections&kind=mentions")
        browser.wait("location.search.includes('mentions') && document.documentElement.dataset.settled === 'yes'")
        where = "(() => { const b = document.querySelector('canvas').getBoundingClientRect(); return "
        x, y, width, height = browser.value(where + "[b.x, b.y, b.width, b.height]; })()")
        tip = "document.querySelector('.tip').textContent"
        grid = ((x + width * i / 40, y + height * j / 40) for j in range(1, 40) for i in range(1, 40))
        for place in grid:
            browser.mouse("mouseMoved", *place)
            if "6 records" in (browser.value(tip) or ""):
                break
        for kind in ("mousePressed", "mouseReleased"):
            browser.mouse(kind, *place)
        browser.wait("location.pathname.startsWith('/network/line/') && document.readyState === 'complete'")
        assert browser.value("document.querySelectorAll('table.evidence tbody tr').length") == 6
        assert browser.errors == []
    finally:
        browser.close()
