"""Tables for other tools: complete, safe in a spreadsheet, and without protected accounts."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.commit import publish_tables
from tecolote.corpus.store import Writing
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.publish.tables import write_csv
from tecolote.records import SCHEMAS, TABLES

from ..corpus import exports


@pytest.fixture
def case(tmp_path: Path) -> Path:
    posts = [
        exports.x_v2_post(n, "=cmd|' /C calc'!A0" if n == 2 else f"texto {n} 🦉", author=70 + n % 3) for n in range(9)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(p) + "\n" for p in posts))
    verbs.import_exports(tmp_path / "case", [tmp_path / "a.jsonl"])
    return tmp_path / "case"


def protect(root: Path, account: str) -> None:
    case = Case.open(root)
    row = {
        "platform": "x",
        "account_id": account,
        "role": "reporter",
        "protected": True,
        "groups": [],
        "posts": 3,
        "flagged": 0,
        "alarm": None,
        "reason": "reports",
    }
    with case.writing():
        writing, evidence = Writing(case), Evidence.open(case, write=True)
        schema = SCHEMAS["account_assessments"]
        writing.add("account_assessments", pa.Table.from_pylist([row], schema=schema), label="all")
        publish_tables(evidence, writing)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_every_table_leaves_in_every_form(case: Path, table: str, form: str, tmp_path: Path) -> None:
    out = tmp_path / f"t.{form}"
    verbs.export(case, table, form, out)
    if form == "parquet":
        assert pq.read_table(out).schema.names == SCHEMAS[table].names
    elif form == "csv":
        assert next(csv.reader(io.StringIO(out.read_text("utf-8"))))
    else:
        assert all(set(json.loads(line)) == set(SCHEMAS[table].names) for line in out.read_text("utf-8").splitlines())


def test_posts_as_csv_have_4cat_names_and_naive_utc_beside_seconds(case: Path, tmp_path: Path) -> None:
    verbs.export(case, "posts", "csv", tmp_path / "p.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "p.csv").read_text("utf-8"))))
    assert len(rows) == 9
    first = next(r for r in rows if r["id"] == str(10**18))
    assert (first["body"], first["timestamp"], first["unix_timestamp"]) == (
        "texto 0 🦉",
        "2026-03-01 12:00:00",
        "1772366400",
    )
    assert first["author"] == "user70"


def test_no_cell_is_a_formula() -> None:
    out = io.BytesIO()
    cells = ["=1+1", "+1", "-1", "@a", "\tx", "plain", -5, None]
    write_csv([str(n) for n in range(8)], iter([cells]), out)
    back = list(csv.reader(io.StringIO(out.getvalue().decode())))[1]
    assert back == ["'=1+1", "'+1", "'-1", "'@a", "'\tx", "plain", "-5", ""]


def test_a_protected_account_leaves_under_a_pseudonym_everywhere(case: Path, tmp_path: Path) -> None:
    protect(case, "71")
    for table in ("posts", "accounts", "account_snapshots", "edges", "account_assessments"):
        verbs.export(case, table, "jsonl", tmp_path / "t.jsonl")
        rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()]
        assert rows
        for row in rows:
            hidden = {v for v in row.values() if v in ("71", "user71", "User 71")}
            assert not hidden, f"{table}: {row}"
        if table in ("posts", "account_assessments"):
            assert any(str(r["account_id"]).startswith("protected-") for r in rows)


def test_edges_open_as_gexf_and_graphml(case: Path, tmp_path: Path) -> None:
    for form, tag in (
        ("gexf", "{http://gexf.net/1.3}gexf"),
        ("graphml", "{http://graphml.graphdrawing.org/xmlns}graphml"),
    ):
        verbs.export(case, "edges", form, tmp_path / f"e.{form}")
        assert ElementTree.parse(tmp_path / f"e.{form}").getroot().tag == tag


def test_a_wrong_table_or_form_says_what_there_is(case: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Tables are"):
        verbs.export(case, "poems", "csv", tmp_path / "x")
    with pytest.raises(UsageError, match="no network"):
        verbs.export(case, "posts", "gexf", tmp_path / "x")
    assert not (tmp_path / "x").exists()
