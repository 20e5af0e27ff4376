from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq

from tecolote.case import Case
from tecolote.decisions.codes import key_of
from tests.web.conftest import build


def told(get, post):
    return get(f"/post/{key_of(post['platform'], post['id'])}.json").json()["trail"]


def test_the_trail_ends_in_the_bytes_of_the_record(get, built):
    open_ones = [i for i, p in enumerate(built.posts) if int(p["account_id"][1:]) % 4 in (0, 3)]
    for i in (open_ones[0], open_ones[30], open_ones[-1]):
        trail = told(get, built.posts[i])
        assert trail["error"] == "" and trail["proven"]
        assert [c["step"] for c in trail["checks"]] == ["bytes", "record", "log"]
        assert json.loads(trail["raw"])["text"] == built.posts[i]["text"]
        assert trail["sha256"] == hashlib.sha256(trail["raw"].encode()).hexdigest()
        assert (trail["record"], trail["records"]) == (i, 300)


def test_a_row_that_names_other_bytes_is_not_proven(tmp_path, monkeypatch):
    from django.test import Client

    from tecolote.web.library import ENVIRON_KEY, Library
    from tecolote.web.serve import configure

    configure()
    monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path / "keys"))
    case: Case = build(tmp_path / "case", 20).case
    (path,) = (case.corpus_folder / "posts").glob("*.parquet")
    table = pq.read_table(path)
    column = table.schema.get_field_index("record_index")
    swapped = pa.array([(n + 1) % 20 for n in range(20)], pa.int64())
    pq.write_table(table.set_column(column, table.schema.field(column), swapped), path)
    client = Client(headers={"host": "localhost"}, **{ENVIRON_KEY: Library(case)})
    row = client.get("/posts.json").json()["page"]["rows"][0]
    trail = client.get(f"/post/{row['key']}.json").json()["trail"]
    assert trail["proven"] is False
    assert [c["holds"] for c in trail["checks"]] == [False, True, True]
    page = client.get(f"/post/{row['key']}").content.decode()
    assert "Not proven" in page


def test_a_trail_that_cannot_be_read_says_so(get, built, monkeypatch, tmp_path):
    monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path / "no-keys"))
    post = built.posts[0]
    answer = get(f"/post/{key_of(post['platform'], post['id'])}")
    assert answer.status_code == 200
    assert "The evidence cannot be read" in answer.content.decode()
