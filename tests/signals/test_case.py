"""Posts and accounts of a case: schemas, batches, roles, protection."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa

from tecolote.case import Case
from tecolote.corpus.store import Corpus, Writing
from tecolote.records import SCHEMAS
from tecolote.signals.accounts import assess_accounts
from tecolote.signals.assess import Assessor
from tecolote.signals.posts import assess_posts

POSTS = {
    "news": [
        "Detienen a dos hombres por extorsión, informó la fiscalía",
        "Hallan narcomanta en puente, según autoridades",
        "La policía confirmó el hallazgo de un cuerpo",
        "Vecinos denuncian cobro de piso en el mercado",
    ],
    "hijacked": [
        "Reportan balacera en el centro, eviten la zona",
        "Bloqueo en la salida norte, tomen vía alterna",
        "Fiscalía informó que investiga el ataque",
        "Esta cuenta ahora la manejamos nosotros, al que publique lo vamos a matar",
    ],
    "member": [
        "Hay jale con la maña, paga semanal, manda inbox",
        "Vamos a matar a todos los contras. Atte: el cártel",
        "Únete a la gente del Mencho, buena paga, manda dm",
    ],
    "mother": ["Mi hijo desapareció el lunes, ayúdenme a encontrarlo, por favor compartan"],
    "quiet": ["Buenos días", None],
}


def write_case(tmp_path: Path) -> Case:
    case = Case.create(tmp_path / "case", title="t", purpose="test")
    rows = [
        {
            "platform": "x",
            "id": f"{who}-{i}",
            "account_id": who,
            "text": text,
            "leaf_index": 0,
            "record_index": i,
            "created_at": dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
        }
        for who, texts in POSTS.items()
        for i, text in enumerate(texts)
    ]
    with case.writing():
        writing = Writing(case)
        writing.add("posts", pa.Table.from_pylist(rows, schema=SCHEMAS["posts"]), label="posts")
        writing.commit(writing.manifest({"size": 0, "root": ""}))
    return case


def test_posts_then_accounts(tmp_path: Path, reader: Assessor) -> None:
    case = write_case(tmp_path)
    done: list[int] = []
    batches = list(assess_posts(Corpus(case), reader, done.append))
    total = sum(len(t) for t in POSTS.values())
    assert sum(done) == total == sum(a.num_rows for _, a in batches)
    for findings, assessments in batches:
        assert findings.schema.equals(SCHEMAS["findings"])
        assert assessments.schema.equals(SCHEMAS["assessments"])
    with case.writing():
        writing = Writing(case)
        for number, (findings, assessments) in enumerate(batches):
            writing.add("findings", findings, label=f"text-{number}")
            writing.add("assessments", assessments, label=f"text-{number}")
        writing.commit(writing.manifest({"size": 0, "root": ""}))
    table = assess_accounts(Corpus(case))
    assert table.schema.equals(SCHEMAS["account_assessments"])
    rows = {row["account_id"]: row for row in table.to_pylist()}
    assert rows["news"]["role"] == "reporter" and rows["news"]["protected"] and rows["news"]["flagged"] == 0
    assert rows["hijacked"]["role"] == "reporter" and rows["hijacked"]["protected"] and rows["hijacked"]["flagged"] == 1
    assert rows["member"]["role"] == "suspected_member" and not rows["member"]["protected"]
    assert "cjng" in rows["member"]["groups"]
    assert rows["mother"]["role"] == "victim" and rows["mother"]["protected"]
    assert rows["quiet"]["role"] == "neutral" and rows["quiet"]["posts"] == 2


def test_an_emptywrite_case(tmp_path: Path, reader: Assessor) -> None:
    case = Case.create(tmp_path / "case", title="t", purpose="test")
    assert sum(a.num_rows for _, a in assess_posts(Corpus(case), reader)) == 0
    assert assess_accounts(Corpus(case)).num_rows == 0
