"""The annex of a preservation request: an authority's alone, nobody protected on it, and a clock that is right."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from tecolote.case import Case
from tecolote.cli import cli
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.publish.preservation import EVENT, Clock, Request, build, clocks, record_sent

AGENCY = "Invented Prosecutor's Office"


@pytest.fixture
def theirs(case: Case) -> Case:
    """The small case as a prosecutor's."""
    return Case(case.root, dataclasses.replace(case.settings, agency=AGENCY))


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def sent(case: Case, leaf: int, on: date) -> None:
    with case.writing(), Evidence.open(case, write=True) as evidence:
        record_sent(evidence, case, leaf, on, "A. Name")
        evidence.commit()


def clock(case: Case, today: date) -> Clock:
    with Evidence.open(case) as evidence:
        (found,) = clocks(evidence, case, today)
    return found


def test_only_an_authority_can_ask(case: Case, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only a public authority"):
        build(case, Request("platform=x", "12/2026"), tmp_path / "annex")
    assert not (tmp_path / "annex").exists()


@pytest.mark.parametrize(
    ("items", "reference", "why"),
    [
        ("platform=x", " ", "needs a reference"),
        ("flag", "12/2026", "posts of telegram, tiktok, x"),
        ("table=edges platform=x", "12/2026", "posts and their accounts"),
        ("post=none", "12/2026", "no record"),
    ],
)
def test_what_is_no_annex_is_refused(theirs: Case, tmp_path: Path, items: str, reference: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        build(theirs, Request(items, reference), tmp_path / "annex")
    with Evidence.open(theirs) as evidence:
        assert list(evidence.events(EVENT)) == []


def test_it_lists_the_accounts_and_posts_asked_for_and_nobody_protected(theirs: Case, tmp_path: Path) -> None:
    made = build(theirs, Request("platform=x", "12/2026"), tmp_path / "annex")
    corpus = Corpus(theirs)
    allowed = """SELECT p.id, p.account_id FROM posts p
        LEFT JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
        LEFT JOIN account_assessments r ON r.platform = p.platform AND r.account_id = p.account_id
        WHERE p.platform = 'x' AND NOT coalesce(r.protected, false)
        AND coalesce(a.voice, '') NOT IN ('reporter', 'victim')"""
    expected = corpus.rows(allowed)
    listed = rows(made.path / "posts.csv")
    assert {row["id"] for row in listed} == {row["id"] for row in expected}
    accounts = rows(made.path / "accounts.csv")
    assert {row["account_id"] for row in accounts} == {row["account_id"] for row in expected}
    assert sum(int(row["posts"]) for row in accounts) == len(listed) == made.posts
    asked = corpus.rows("SELECT count(*) AS n FROM posts WHERE platform = 'x'")[0]["n"]
    assert made.left_out == {"protected": asked - len(listed)}
    assert made.left_out["protected"] > 0
    for account in accounts:
        mine = sorted(row["created_at"] for row in listed if row["account_id"] == account["account_id"])
        assert (account["first"], account["last"]) == (mine[0], mine[-1])


@pytest.mark.parametrize(("lang", "head"), [("en", "Annex: data to preserve"), ("es", "Anexo: datos por conservar")])
def test_the_pages_say_what_they_are_and_the_log_has_their_hashes(
    theirs: Case, tmp_path: Path, lang: str, head: str
) -> None:
    made = build(theirs, Request("platform=x", "12/2026", lang), tmp_path / "annex")
    text = " ".join(page.extract_text() for page in PdfReader(made.path / "annex.pdf").pages)
    text = " ".join(text.split())
    assert head in text
    assert AGENCY in text
    assert "12/2026" in text
    with Evidence.open(theirs) as evidence:
        (event,) = evidence.events(EVENT)
    assert event.index == made.leaf
    for name, digest in event.public["files"].items():
        assert hashlib.sha256((made.path / name).read_bytes()).hexdigest() == digest
    assert set(event.public["files"]) == {"accounts.csv", "posts.csv"}


def test_the_clock_runs_from_the_day_of_sending_and_is_renewed_once(theirs: Case, tmp_path: Path) -> None:
    made = build(theirs, Request("platform=x", "12/2026"), tmp_path / "annex")
    today = datetime.now(UTC).date()
    assert clock(theirs, today).state == "prepared"
    with pytest.raises(UsageError, match="lies before"):
        sent(theirs, made.leaf, today - timedelta(days=3))
    sent(theirs, made.leaf, today)
    states = {0: "running", 75: "running", 76: "soon", 90: "soon", 91: "over"}
    for days, state in states.items():
        found = clock(theirs, today + timedelta(days=days))
        assert (found.state, found.days_left, found.renewals) == (state, 90 - days, 1)
    sent(theirs, made.leaf, today + timedelta(days=80))
    found = clock(theirs, today + timedelta(days=91))
    assert (found.until, found.renewals) == ((today + timedelta(days=180)).isoformat(), 0)
    with pytest.raises(UsageError, match="renewed once more"):
        sent(theirs, made.leaf, today + timedelta(days=100))


def test_where_no_term_is_known_none_is_claimed(theirs: Case, tmp_path: Path) -> None:
    made = build(theirs, Request("platform=telegram", "12/2026"), tmp_path / "annex")
    today = datetime.now(UTC).date()
    sent(theirs, made.leaf, today)
    sent(theirs, made.leaf, today)
    found = clock(theirs, today)
    assert (found.state, found.until, found.days_left) == ("no term", None, None)


def test_from_the_terminal(case: Case, tmp_path: Path) -> None:
    settings = case.root / "case.toml"
    kept = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("agency")]
    settings.write_text("\n".join([*kept, f'agency = "{AGENCY}"', ""]), "utf-8")
    run = CliRunner().invoke
    where = ["--case", str(case.root)]
    words = ["preserve", *where, "--items", "platform=x", "--reference", "12/2026", "--out", str(tmp_path / "annex")]
    drawn = run(cli, words, catch_exceptions=False)
    assert drawn.exit_code == 0
    leaf = drawn.output.split("--sent ")[1].split()[0]
    assert run(cli, ["preserve", *where, "--sent", leaf, "--by", "A. Name"]).exit_code == 0
    assert "running" in run(cli, ["preserve", *where]).output
