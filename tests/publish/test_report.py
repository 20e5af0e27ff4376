"""The report and the fact sheet: whole, quiet, safe to open, and never showing whom they must not."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tecolote import codebook
from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.networks.census import census
from tecolote.publish.numbers import SMALL
from tecolote.publish.report import ReportPaths, report
from tecolote.publish.statement import Statement, build
from tecolote.publish.texts import LANGUAGES, texts
from tecolote.publish.verify_statement import verify_statement
from tests.publish.conftest import Made


@pytest.fixture(scope="module")
def done(made: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, ReportPaths, Statement]:
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECOLOTE_KEYS", str(folder / "keys"))
        case = made.write(folder / "case")
        paths = report(case, "es")
        with Evidence.open(case) as evidence:
            return case, paths, build(case, Corpus(case), evidence, codebook.load())


def test_both_languages_have_the_same_words() -> None:
    def keys(value: Any, at: str = "") -> set[str]:
        if not isinstance(value, dict):
            return {at}
        return {key for name, inner in value.items() for key in keys(inner, f"{at}.{name}")}

    assert keys(texts("en")) == keys(texts("es"))
    with pytest.raises(UsageError):
        texts("xx")


def test_every_number_carries_its_four_things(done: tuple[Case, ReportPaths, Statement]) -> None:
    for number in done[2].numbers:
        for lang in LANGUAGES:
            assert len(number.definition[lang]) > 12, number.id
            assert number.denominator.words[lang], number.id
            assert "{" not in number.definition[lang] + number.label[lang], number.id
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", number.date)
        assert number.query.startswith("SELECT ")


def test_page_loads_nothing_and_runs_nothing(done: tuple[Case, ReportPaths, Statement]) -> None:
    page = done[1].report.read_text("utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"<(img|iframe|object|embed|video|audio|link|base|form)\b", page)
    assert not re.search(r"<script(?! type=\"application/json\")", page)
    assert not re.search(r"\son\w+=", page)
    loaded = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(\w+:)", page)
    assert set(loaded) <= {"data:"}
    assert len(re.findall(r"data:(?!font/woff2)\w", re.sub(r"<script.*?</script>", "", page, flags=re.S))) <= 1


def test_fictional_case_says_so_on_every_page(done: tuple[Case, ReportPaths, Statement]) -> None:
    words = texts("es")["page"]
    assert words["fictional_long"] in done[1].report.read_text("utf-8")
    reader = PdfReader(done[1].factsheet)
    assert len(reader.pages) == 2
    assert all(words["fictional"] in page.extract_text() for page in reader.pages)


def test_content_is_text_and_hidden_characters_are_marked(tmp_path: Path) -> None:
    made = Made(posts=60)
    nasty = "<script>alert(1)</script> \u202egnp.exe \u200bzero https://evil.example/x"
    for post, assessment in zip(made.rows["posts"], made.rows["assessments"], strict=True):
        post["text"] = nasty
        assessment.update(flag=True, severity=4, voice="perpetrator")
    page = report(made.write(tmp_path / "case")).report.read_text("utf-8")
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert "\u202e" not in page and "\u200b" not in page
    assert '<span class="mark">U+202E</span>' in page and '<span class="mark">U+200B</span>' in page
    assert 'href="https://evil' not in page


def test_protected_accounts_are_not_shown(done: tuple[Case, ReportPaths, Statement], made: Made) -> None:
    shielded = {r["account_id"] for r in made.rows["account_assessments"] if r["protected"]}
    case, _, statement = done
    for path in (case.published_folder / "rows").glob("accounts*.csv"):
        listed = {row["id"] for row in csv.DictReader(path.read_text("utf-8").splitlines())}
        assert not listed & shielded
    suspected = statement.sheet.rows("SELECT id FROM sheet.accounts WHERE suspected")
    assert not {row["id"] for row in suspected} & shielded
    ties = statement.sheet.rows("SELECT a, b FROM sheet.coaction")
    assert not {row[side].split(" ")[1] for row in ties for side in "ab"} & shielded
    by_group = statement.sheet.one("SELECT count(*) FROM sheet.posts WHERE protected AND len(groups) > 0")
    assert by_group == 0


def test_data_file_holds_no_text_no_handle_no_id(done: tuple[Case, ReportPaths, Statement], made: Made) -> None:
    data = json.loads(done[1].data.read_bytes())
    rows = json.dumps(data["rows"])
    for post in made.rows["posts"][:50]:
        assert post["text"] not in rows and f'"{post["id"]}"' not in rows and f'"{post["author_name"]}"' not in rows
    assert not re.search(r"\d{4}-\d\d-\d\d", rows)


def test_small_cells_do_not_leave_the_case(tmp_path: Path) -> None:
    made = Made(posts=130)
    data = json.loads(report(made.write(tmp_path / "case")).data.read_bytes())
    for id, number in data["numbers"].items():
        if number["kind"] == "count" and not id.startswith(("files", "quarantined", "coaction", "flagged.severity")):
            assert number["value"] == 0 or number["value"] >= SMALL, id
    table = data["rows"]["posts"]
    platform, voice = table["columns"].index("platform"), table["columns"].index("voice")
    cells = Counter((row[platform], row[voice]) for row in table["rows"])
    assert all(count >= SMALL for (_, name), count in cells.items() if name != "withheld")
    assert verify_statement(tmp_path / "case" / "published" / "factsheet.es.pdf") == []


def test_a_second_report_logs_nothing_new_and_gives_the_same_sheet(made: Made, tmp_path: Path) -> None:
    case = made.write(tmp_path / "case")
    first = report(case)
    sheet, size = first.factsheet.read_bytes(), json.loads(first.data.read_bytes())["log"]["checkpoint"]
    again = report(case)
    assert again.factsheet.read_bytes() == sheet
    assert json.loads(again.data.read_bytes())["log"]["checkpoint"] == size


def test_without_truth_the_false_flag_rate_is_not_measured(tmp_path: Path) -> None:
    made = Made(posts=200)
    made.truth = {"format": 1, "posts": [], "accounts": [], "clusters": []}
    paths = report(made.write(tmp_path / "case"))
    assert texts("en")["page"]["not_measured"] in paths.report.read_text("utf-8")
    assert texts("en")["page"]["not_measured"] in PdfReader(paths.factsheet).pages[0].extract_text().replace("\n", " ")
    assert "false_flags" not in json.loads(paths.data.read_bytes())["numbers"]


def test_an_empty_case_has_a_report(tmp_path: Path) -> None:
    made = Made(posts=3)
    for name in ("assessments", "account_assessments", "coaction_edges", "observations"):
        made.rows[name] = []
    paths = report(made.write(tmp_path / "case", fictional=False))
    assert verify_statement(paths.factsheet) == []


def test_rows_behind_a_number_are_as_many_as_it_says(done: tuple[Case, ReportPaths, Statement]) -> None:
    case, _, statement = done
    for id in ("posts", "flagged", "voice.reporter", "accounts"):
        number = statement.number(id)
        assert number is not None
        text = (case.published_folder / "rows" / f"{id}.csv").read_text("utf-8")
        assert len(list(csv.DictReader(text.splitlines()))) == number.value


def test_reach_lists_the_accounts_of_the_census(tmp_path: Path) -> None:
    made = Made(posts=120)
    followers = ("a1", "a2", "a3", "a7", "a9", "a12")
    for at, src in enumerate(followers):
        for dst in ("a0", "a15", "a30"):
            if (at + int(dst[1:])) % 2:
                edge = {"platform": "x", "src": src, "dst": dst, "type": "follows", "dst_kind": "account"}
                made.rows["edges"].append(edge | made.record("x", f"{src}>{dst}"))
    for at, account in enumerate(("a0", "a15")):
        snapshot = {"platform": "x", "account_id": account, "followers": 1234 + at, "observed_basis": "file"}
        made.rows["account_snapshots"].append(snapshot | made.record("x", f"profile {account}"))
    case = made.write(tmp_path / "case")
    with Evidence.open(case) as evidence:
        corpus = Corpus(case)
        statement = build(case, corpus, evidence, codebook.load())
    rows = [row for row in census(corpus) if row.platform == "x"]
    assert any(row.union for row in rows) and any(row.seed_sum for row in rows)
    for row in rows:
        for name, value in (("sum", row.seed_sum), ("union", row.union), ("hop", row.one_hop or None)):
            number = statement.number(f"reach.{row.group}.x.{name}")
            assert (number.value if number else None) == value, (row.group, name)
    exact = statement.number("reach.cds.x.sum")
    assert exact is not None and not exact.public
