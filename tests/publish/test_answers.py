"""Answers about networks leave the case whole, in every form, and without protected names."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.cli import main
from tecolote.corpus.store import Writing
from tecolote.errors import UsageError
from tecolote.publish.answers import QUESTIONS
from tecolote.records import SCHEMAS

START = datetime(2030, 1, 1, tzinfo=UTC)
SECRET = "reporter77"
TEXT = "el puente del norte queda cerrado desde hoy por la noche"
HOW: dict[str, dict[str, Any]] = {
    "universe": {"platform": "x", "seeds": ["a0"], "kinds": ["mentions"], "hops": 2, "hub_cut": None},
    "players": {"resamples": 3},
    "communities": {"resamples": 3},
    "origins": {"objects": ["text"]},
    "change": {"platform": "x", "kinds": ["mentions"]},
    "succession": {"kinds": ["mentions"]},
}


@pytest.fixture
def case_dir(tmp_path: Path) -> Path:
    """Two groups of four, tied by a reporter who is protected and shares first."""
    case = verbs.init(tmp_path / "case")
    people = [f"{group}{i}" for group in "ab" for i in range(4)]
    pairs = [(x, y) for x, y in combinations(people, 2) if x[0] == y[0]]
    pairs += [(person, SECRET) for person in people] + [("a0", "m"), ("b0", "m")]
    edges = [
        {"platform": "x", "type": "mentions", "src": x, "dst": y, "dst_kind": "account", "post_id": f"p{i}"}
        | {"at": START + timedelta(hours=i)}
        for i, (x, y) in enumerate(pairs)
    ]
    posts = [
        {"platform": "x", "id": f"t{i}", "account_id": who, "created_at": START + timedelta(hours=i), "text": TEXT}
        for i, who in enumerate([SECRET, "a0", "b0"])
    ]
    accounts = [
        {"platform": "x", "account_id": p, "role": "suspected_member", "protected": False, "groups": [f"g{p[0]}"]}
        for p in people
    ] + [{"platform": "x", "account_id": SECRET, "role": "reporter", "protected": True, "groups": []}]
    tables: dict[str, list[dict[str, Any]]] = {"edges": edges, "posts": posts, "account_assessments": accounts}
    with case.writing():
        writing = Writing(case)
        for table, rows in tables.items():
            marked = [{"leaf_index": 0, "record_index": i} | row for i, row in enumerate(rows)]
            writing.add(table, pa.Table.from_pylist(marked, schema=SCHEMAS[table]), label="test")
        writing.commit(writing.manifest({"size": 0, "root": "00"}))
    return Path(case.root)


@pytest.mark.parametrize("question", sorted(QUESTIONS))
@pytest.mark.parametrize("form", [".csv", ".parquet", ".json"])
def test_every_question_is_answered_in_every_form_without_a_protected_name(
    case_dir: Path, question: str, form: str, tmp_path: Path
) -> None:
    out = tmp_path / f"answer{form}"
    answer = verbs.network(case_dir, question, out, **HOW.get(question, {}))
    assert SECRET.encode() not in out.read_bytes()
    assert SECRET not in repr(answer.table.to_pylist()) + repr(answer.facts)
    if form == ".csv":
        assert len(list(csv.reader(out.read_text().splitlines()))) == answer.table.num_rows + 1
    elif form == ".parquet":
        assert pq.read_table(out).equals(answer.table)
    else:
        said = json.loads(out.read_text())
        assert len(said["edges" if question == "ties" else "rows"]) == answer.table.num_rows
    assert list(tmp_path.glob(".answer*")) == []


def test_the_planted_story_is_told(case_dir: Path) -> None:
    assert verbs.network(case_dir, "ties").facts["edges_by_kind"] == {"mentions": 22}
    found = verbs.network(case_dir, "communities", resamples=0).table.to_pylist()
    of = {r["account_id"]: r["community"] for r in found}
    assert len({of[f"a{i}"] for i in range(4)}) == len({of[f"b{i}"] for i in range(4)}) == 1 and of["a1"] != of["b1"]
    assert [r["account_id"] for r in verbs.network(case_dir, "brokers").table.to_pylist()] == ["m"]
    (first,) = verbs.network(case_dir, "origins", objects=["text"]).table.to_pylist()
    assert first["first_accounts"][0].startswith("protected-") and first["next_accounts"] == ["a0", "b0"]
    assert verbs.network(case_dir, "universe", **HOW["universe"]).facts["totals"] == [1, 6, 10]


def test_graph_files_name_roles_and_the_evidence(case_dir: Path, tmp_path: Path) -> None:
    for form in (".gexf", ".graphml"):
        out = tmp_path / f"ties{form}"
        answer = verbs.network(case_dir, "ties", out)
        text = out.read_text()
        tags = [element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()]
        assert tags.count("edge") == answer.table.num_rows
        assert SECRET not in text and "protected-" in text and "suspected_member" in text and "p0" in text


def test_what_cannot_be_written_is_said_in_one_line(case_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="form"):
        verbs.network(case_dir, "threats", tmp_path / "x.gexf")
    with pytest.raises(UsageError, match="form"):
        verbs.network(case_dir, "ties", tmp_path / "x.docx")
    with pytest.raises(UsageError, match="question"):
        verbs.network(case_dir, "guilt")


def test_an_empty_case_gives_empty_answers(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "empty")
    for question in QUESTIONS:
        assert verbs.network(Path(case.root), question, **HOW.get(question, {})).table.num_rows == (
            1 if question == "universe" else 0
        )


def test_the_command_line_prints_tables_and_json(case_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["network", "players", "--case", str(case_dir), "--resamples", "5"])
    assert "rank by" in capsys.readouterr().out
    main(["network", "universe", "--case", str(case_dir), "--platform", "x", "--seeds", "group:ga", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["totals"] == [4, 6] and said["sensitivity"][0]["choice"] == "as asked"
    with pytest.raises(SystemExit) as stopped:
        main(["network", "brokers", "--case", str(case_dir), "--ties", "likes"])
    assert stopped.value.code == 2
    assert "no ties of kind 'likes'" in capsys.readouterr().err
