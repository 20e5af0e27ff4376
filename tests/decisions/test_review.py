"""Review: the queue, the sheet, what is logged, what stands, and what is gone after an erasure."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from tecolote import verbs
from tecolote.case import Case
from tecolote.cli import cli
from tecolote.corpus.store import Corpus
from tecolote.decisions.codes import Code, key_of, settled, standing, verdict
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.lifecycle.erase import Grounds
from tecolote.lifecycle.plan import Wish

ITEM = {number: f"p{key_of('x', str(10_000_000 + number))}" for number in range(6)}


def sheet(path: Path, rows: list[tuple[int, str, str]], head: str = "voice,themes,item") -> Path:
    lines = [f"{voice},{themes},{ITEM[number]}" for number, voice, themes in rows]
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return path


def codes_of(case: Case) -> list[Code]:
    with Evidence.open(case) as evidence:
        return standing(evidence)


def test_a_sheet_is_blind_safe_in_a_spreadsheet_and_comes_back(case: Case, tmp_path: Path) -> None:
    assert verbs.review_sheet(case.root, tmp_path / "a.csv", sample=10) == 6
    raw = (tmp_path / "a.csv").read_text("utf-8-sig")
    assert not {"flagged", "perpetrator", "0.98", "10000000"} & {
        raw[at : at + n] for n in (4, 7, 8, 11) for at in range(len(raw))
    }
    rows = list(csv.DictReader(raw.splitlines()))
    assert all(row["item"] in ITEM.values() for row in rows)
    assert next(row for row in rows if row["item"] == ITEM[4])["text"].startswith("'=Tamales")
    for row in rows:
        if row["item"] == ITEM[0]:
            row |= {"voice": " Perpetrator ", "themes": "territorial_claim, threat_civilian", "note": "ñ; a, b"}
        if row["item"] == ITEM[1]:
            row |= {"voice": "fan"}
    with open(tmp_path / "b.csv", "w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["note", "themes", "item", "text", "voice", "written", "lang"], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    done = verbs.code_sheet(case.root, tmp_path / "b.csv", "Ana")
    assert done == {"codes": 2, "confirmed": 1, "corrected": 0, "rejected": 1, "missed": 0}
    first, second = sorted(codes_of(case), key=lambda code: code.post)
    assert (first.voice, first.themes, first.note) == (
        "perpetrator", ("territorial_claim", "threat_civilian"), "ñ; a, b"
    )  # fmt: skip
    assert (second.voice, second.by) == ("fan", "Ana")
    with pytest.raises(UsageError, match="exists already"):
        verbs.review_sheet(case.root, tmp_path / "a.csv")
    assert {row["post_id"] for row in verbs.review(case.root)} == {"10000005"}
    assert len(verbs.review(case.root, by="Beto")) == 3
    assert not verbs.verify(case.root)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(0, "boss", "")], "row 2: 'boss' is no voice"),
        ([(1, "fan", ""), (0, "perpetrator", "murder")], "row 3: 'murder' is no theme"),
        ([(0, "perpetrator", "")], "row 2: perpetrator without a theme"),
        ([(0, "reporter", "extortion")], "row 2: reporter with a theme"),
        ([(0, "", "")], "no row with a voice"),
    ],
)
def test_a_sheet_with_a_wrong_row_logs_nothing(
    case: Case, tmp_path: Path, rows: list[tuple[int, str, str]], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        verbs.code_sheet(case.root, sheet(tmp_path / "s.csv", rows), "Ana")
    assert codes_of(case) == []


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe\x00", b"item,voice\n", b'item,voice,themes\n"x', b"item,voice,themes\np0,fan,\n"]
)
def test_what_is_no_sheet_is_said(case: Case, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "s.csv").write_bytes(raw)
    with pytest.raises(UsageError):
        verbs.code_sheet(case.root, tmp_path / "s.csv", "Ana")
    with pytest.raises(UsageError, match="needs a name"):
        verbs.code_sheet(case.root, sheet(tmp_path / "t.csv", [(1, "fan", "")]), " ")


def test_where_coders_differ_somebody_rules(case: Case, tmp_path: Path) -> None:
    run = CliRunner().invoke
    told = ["review", "--case", str(case.root)]
    for by, rows in (
        ("Ana", [(0, "perpetrator", "extortion"), (2, "reporter", ""), (3, "victim", "")]),
        ("Beto", [(0, "fan", ""), (2, "reporter", ""), (3, "neutral", "")]),
        ("ANA", [(3, "neutral", "")]),
    ):
        path = sheet(tmp_path / f"{by}.csv", rows)
        assert run(cli, [*told, "--sheet", str(path), "--by", by], catch_exceptions=False).exit_code == 0
    agreed = settled(codes_of(case))
    assert {post: code.voice for post, code in agreed.items()} == {
        ("x", "10000002"): "reporter", ("x", "10000003"): "neutral",
    }  # fmt: skip
    shown = run(cli, [*told, "--agreement"], catch_exceptions=False).output
    assert "voice" in shown and "x 10000000" in shown and "1 posts need a ruling" in shown
    path = sheet(tmp_path / "r.csv", [(0, "perpetrator", "threat_civilian")])
    run(cli, [*told, "--sheet", str(path), "--settle", "--by", "Carla"], catch_exceptions=False)
    assert settled(codes_of(case))["x", "10000000"].themes == ("threat_civilian",)
    assert verbs.disputed(case.root) == []
    assert {row["coders"] for row in verbs.agreement(case.root)} == {2}


def test_what_is_erased_is_decided_no_more(case: Case, tmp_path: Path) -> None:
    verbs.code_sheet(
        case.root, sheet(tmp_path / "a.csv", [(0, "perpetrator", "extortion"), (2, "reporter", "")]), "Ana"
    )
    verbs.erase(case.root, Wish(items="post=10000000"), Grounds("art. 17", "Ana", "Beto"))
    assert ("x", "10000000") not in {code.post for code in codes_of(case)}
    assert ("x", "10000002") in settled(codes_of(case))
    raw = b"".join(p.read_bytes() for p in case.root.rglob("*") if p.is_file())
    assert b"10000000" not in raw
    assert not verbs.verify(case.root)


def test_what_a_code_says_of_an_assessment() -> None:
    flagged = {"flag": True, "voice": "perpetrator", "themes": ["extortion", "luring"]}
    clean = {"flag": False, "voice": "reporter", "themes": []}
    acts = Code("x", "1", "perpetrator", ("luring",), "A")
    other, fan, told = Code("x", "1", "perpetrator", ("drug_sale",), "A"), *(
        Code("x", "1", voice, (), "A") for voice in ("fan", "reporter")
    )  # fmt: skip
    found = [verdict(acts, flagged), verdict(other, flagged), verdict(fan, flagged), verdict(acts, clean)]
    assert found == ["confirmed", "corrected", "rejected", "missed"]
    assert (verdict(told, clean), verdict(fan, clean)) == ("confirmed", "corrected")


def test_the_assessments_stay_as_they_are(case: Case, tmp_path: Path) -> None:
    before = Corpus(case).table("assessments")
    verbs.code_sheet(case.root, sheet(tmp_path / "a.csv", [(0, "fan", "")]), "Ana")
    assert Corpus(case).table("assessments").equals(before)
