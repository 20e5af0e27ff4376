"""Filters and search against plain Python over the rows as they were written."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tecolote.decisions.codes import key_of
from tests.web.conftest import ASTRAL, HOSTILE

ZONE = ZoneInfo("America/Mexico_City")


def fold(text):
    flat = unicodedata.normalize("NFKD", text.lower())
    return re.findall(
        r"\w+", "".join(c for c in flat if not unicodedata.combining(c) and c != "\u200b").replace("_", " ")
    )


def every_page(get, **query):
    """Keys of all pages of a list, in order; each page but the last is full."""
    found, after = [], None
    while True:
        page = get("/posts.json", **query, **({"after": after} if after else {})).json()["page"]
        found += [row["key"] for row in page["rows"]]
        after = page["after"]
        if after is None:
            assert page["total"] == len(found)
            return found


def keys(built, keep):
    return {key_of(p["platform"], p["id"]) for p in built.posts if keep(p, built.assessments[p["platform"], p["id"]])}


def day(post):
    return post["created_at"].astimezone(ZONE).date() if post["created_at"] else None


CASES = [
    ({}, lambda p, a: True),
    ({"platform": "x"}, lambda p, a: p["platform"] == "x"),
    ({"platform": ["x", "tiktok"]}, lambda p, a: p["platform"] in ("x", "tiktok")),
    ({"voice": "reporter"}, lambda p, a: a["voice"] == "reporter"),
    ({"theme": "territory"}, lambda p, a: "territory" in a["themes"]),
    ({"topic": "recruitment"}, lambda p, a: "recruitment" in a["topics_mentioned"]),
    ({"group": "cds"}, lambda p, a: "cds" in a["groups"]),
    ({"flag": "yes"}, lambda p, a: a["flag"]),
    ({"flag": "unsure"}, lambda p, a: a["abstain"]),
    ({"flag": "no"}, lambda p, a: not a["flag"] and not a["abstain"]),
    ({"severity": "3"}, lambda p, a: a["severity"] >= 3),
    ({"lang": "es"}, lambda p, a: True),
    ({"file": "export <one>.jsonl"}, lambda p, a: True),
    ({"file": "another"}, lambda p, a: False),
    ({"since": "2024-02-01"}, lambda p, a: day(p) and day(p) >= date(2024, 2, 1)),
    ({"until": "2024-02-01"}, lambda p, a: day(p) and day(p) <= date(2024, 2, 1)),
    ({"since": "2024-02-29", "until": "2024-02-29"}, lambda p, a: day(p) == date(2024, 2, 29)),
    ({"flag": "yes", "platform": "x", "since": "2024-02-01"},
     lambda p, a: a["flag"] and p["platform"] == "x" and day(p) and day(p) >= date(2024, 2, 1)),
    ({"severity": "99", "since": "yesterday", "flag": "perhaps", "before": "x"}, lambda p, a: True),
    ({"q": "mañana"}, lambda p, a: "manana" in fold(p["text"])),
    ({"q": "MANANA plaza"}, lambda p, a: {"manana", "plaza"} <= set(fold(p["text"]))),
    ({"q": "noche -plaza"}, lambda p, a: "noche" in fold(p["text"]) and "plaza" not in fold(p["text"])),
    ({"q": '"plaza sur"'}, lambda p, a: "plaza sur" in " ".join(fold(p["text"]))),
    ({"q": "carr*"}, lambda p, a: any(w.startswith("carr") for w in fold(p["text"]))),
    ({"q": "carr"}, lambda p, a: False),
    ({"q": "🌙"}, lambda p, a: "🌙" in p["text"]),
    ({"q": "secreto"}, lambda p, a: "secreto" in fold(p["text"])),
    ({"q": "alineese"}, lambda p, a: p["text"] == ASTRAL),
    ({"q": "' OR 1=1 --"}, lambda p, a: False),
    ({"q": "..."}, lambda p, a: True),
]  # fmt: skip


@pytest.mark.parametrize(("query", "keep"), CASES, ids=lambda v: str(v) if isinstance(v, dict) else "")
def test_a_filter_gives_what_plain_python_gives(get, built, query, keep):
    if "OR 1=1" in query.get("q", ""):
        keep = lambda p, a: {"or", "1"} <= set(fold(p["text"]))  # noqa: E731
    found = every_page(get, **query)
    assert len(found) == len(set(found))
    assert set(found) == keys(built, keep)


@pytest.mark.parametrize(("name", "column"), [("account", "account_id"), ("thread", "thread_id")])
def test_accounts_and_threads_are_filters(get, built, name, column):
    one = built.posts[0]
    found = every_page(get, **{name: key_of(one["platform"], one[column])})
    assert set(found) == keys(built, lambda p, a: (p["platform"], p[column]) == (one["platform"], one[column]))


def test_order_and_the_way_back(get, built):
    dated = sorted((p for p in built.posts if p["created_at"]), key=lambda p: p["created_at"], reverse=True)
    newest = [key_of(p["platform"], p["id"]) for p in dated]
    assert every_page(get)[: len(newest)] == newest
    assert every_page(get, sort="oldest")[-len(newest) :] == newest[::-1]
    first = get("/posts.json").json()["page"]
    second = get("/posts.json", after=first["after"]).json()["page"]
    back = get("/posts.json", before=second["before"]).json()["page"]
    assert (first["before"], second["before"] is None) == (None, False)
    assert [r["key"] for r in back["rows"]] == [r["key"] for r in first["rows"]]
    assert back["before"] is None


def test_urgent_comes_first(get, built):
    rows = get("/posts.json", sort="urgent").json()["page"]["rows"]
    told = [(r["flag"], r["severity"], r["probability"]) for r in rows]
    assert told == sorted(told, reverse=True)


def test_one_post_shows_its_reasons_in_the_text(get, built):
    post = built.posts[6]
    key = key_of(post["platform"], post["id"])
    told = get(f"/post/{key}.json").json()
    assert told["text"] == ASTRAL
    assert [(s["text"], s["reasons"]) for s in told["segments"]] == [
        (ASTRAL[:2], []),
        (ASTRAL[2:12], [1, 2]),
        (ASTRAL[12:30], [2]),
        (ASTRAL[30:], []),
    ]
    body = get(f"/post/{key}").content.decode()
    assert f'<mark data-reasons="1 2">{ASTRAL[2:12]}</mark><mark data-reasons="2">' in body
    for n in (1, 2):
        assert f'id="hit-{n}"' in body and f'href="#hit-{n}"' in body and f'id="reason-{n}"' in body
    assert 'href="#hit-3"' not in body


def test_hostile_text_is_text_on_every_page(get, built):
    for i in (5, 6, 7, 11):
        post = built.posts[i]
        body = get(f"/post/{key_of(post['platform'], post['id'])}").content.decode()
        assert "<script>alert" not in body and "<img src=x" not in body and "\u202e" not in body
    listed = get("/posts", q="alert").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in listed and HOSTILE not in listed


def test_a_query_is_echoed_as_text(get):
    body = get("/posts", q=HOSTILE, account=HOSTILE).content.decode()
    assert HOSTILE not in body and 'onmouseover="alert' not in body
