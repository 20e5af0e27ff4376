"""Packets: who gets what, within which consent, and what is said where none can be made."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import TecoloteError, UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.custody import Custody
from tecolote.evidence.verify_packet import Check
from tecolote.publish.packet import Order, Packet, build
from tecolote.publish.packet_items import AUDIENCES, Consents, Names
from tecolote.publish.packet_query import parse
from tests.publish.packet.parts import PICTURE, PURPOSE, chat, rows_of, script


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_stranger_and_the_verb_say_yes(world: Path, case: Case, audience: str) -> None:
    inside = world / audience / "verify_packet.py"
    assert inside.read_bytes() == Path(sys.modules[Check.__module__].__file__ or "").read_bytes()
    assert subprocess.run([sys.executable, "-I", "-S", str(inside)], capture_output=True).stdout.startswith(b"YES.")
    assert verbs.verify(world / audience) == []
    assert len(PdfReader(world / audience / "data/cover.pdf").pages) >= 1
    names = {path.name for path in (world / audience / "data").iterdir()}
    assert {"records.csv", "records.json", "proof.json", "custody.json", "certification.txt", "cover.pdf"} <= names
    assert ("stix.json" in names) is (audience != "press")


def test_it_goes_out_only_after_it_is_logged(world: Path, case: Case) -> None:
    with Evidence.open(case) as evidence:
        logged = {event.public["for"]: event for event in evidence.events("packet")}
    assert set(logged) == set(AUDIENCES)
    proof = json.loads((world / "press/data/proof.json").read_bytes())
    assert proof["packet"] == logged["press"].index
    assert logged["press"].payload["purpose"] == PURPOSE
    custody = json.loads((world / "press/data/custody.json").read_bytes())["events"][-1]["payload"]["custody"]
    assert set(custody) == set(Custody.__dataclass_fields__)
    assert verbs.verify(case.root) == []
    assert any(event["type"] == "packet" and PURPOSE in event["what"] for event in verbs.custody(case.root))


def test_press_and_platform_get_nothing_protected_and_nothing_private(world: Path, case: Case) -> None:
    corpus = Corpus(case)
    names = Names(corpus)
    protected = "SELECT count(*) AS n FROM account_assessments WHERE protected"
    assert corpus.rows(protected)[0]["n"] > 0
    private = {row["id"] for row in corpus.rows("SELECT id FROM threads WHERE private")}
    for audience in ("press", "platform"):
        for path in (world / audience).rglob("*"):
            if path.is_file() and path.suffix != ".pdf" and path.name != "verify_packet.py":
                assert not names.inside(path.read_bytes()), path
        text = "".join(page.extract_text() for page in PdfReader(world / audience / "data/cover.pdf").pages)
        assert not names.inside(text.encode())
        rows = rows_of(world / audience)
        assert rows
        assert not private & {row["thread_id"] for row in rows}
        assert not {"reporter", "victim"} & {row["voice"] for row in rows}
        assert {row["source_file"] for row in rows} == {None}


def test_a_record_with_posts_that_were_not_asked_for_is_withheld(world: Path, case: Case) -> None:
    rows = rows_of(world / "platform")
    shown = {(row["leaf_index"], row["record_index"]) for row in rows if row["raw_sha256"]}
    chosen = {(row["leaf_index"], row["record_index"], row["platform"], row["id"]) for row in rows}
    query = "SELECT leaf_index, record_index, platform, id FROM posts_rows"
    for row in Corpus(case).rows(query):
        assert (row["leaf_index"], row["record_index"]) not in shown or tuple(row.values()) in chosen


def test_private_chats_go_out_within_the_consent_alone(case: Case, world: Path, tmp_path: Path) -> None:
    assert {row["platform"] for row in rows_of(world / "court")} == {"whatsapp"}
    for audience, purpose in (("court", "another purpose"), ("press", PURPOSE), ("platform", PURPOSE)):
        with pytest.raises(UsageError, match="no record can go"):
            build(case, Order(audience, "platform=whatsapp", purpose), tmp_path / "none")
    assert not list(tmp_path.iterdir())
    types = [event["type"] for event in json.loads((world / "court/data/custody.json").read_bytes())["events"]]
    assert "consent" in types
    assert types[-1] == "packet"


def test_a_consent_holds_for_its_days_and_its_purpose(case: Case) -> None:
    with Evidence.open(case) as evidence:
        leaf = next(event.index for event in evidence.events("import.file") if event.payload["private"])
        said = next(iter(evidence.events("consent"))).payload
        for purpose, day, holds in (
            (PURPOSE, said["given_on"], True),
            (f"For the court: {PURPOSE.upper()}!", said["until"], True),
            (PURPOSE, "2000-01-01", False),
            (PURPOSE, "2099-01-01", False),
            ("Documentation", said["until"], False),
        ):
            assert (Consents(evidence, purpose, day).of(leaf, None) is not None) is holds


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (Order("platform", "flag", " "), "purpose"),
        (Order("neighbour", "flag", "x"), "addressee"),
        (Order("court", "flag; drop table posts", "x"), "term"),
        (Order("court", "severity>=7", "x"), "severity"),
        (Order("court", "since=yesterday", "x"), "day"),
        (Order("court", "", "x"), "empty"),
        (Order("court", 'account="', "x"), "quote"),
        (Order("court", "account=nobody", "x"), "no record"),
        (Order("court", "flag", "x", lang="xx"), "language"),
    ],
)
def test_what_cannot_be_made_is_said_and_not_logged(case: Case, tmp_path: Path, order: Order, why: str) -> None:
    with Evidence.open(case) as evidence:
        before = evidence.size
    with pytest.raises(UsageError, match=why):
        build(case, order, tmp_path / "out")
    with Evidence.open(case) as evidence:
        assert evidence.size == before


@pytest.mark.parametrize(
    ("items", "view"),
    [
        ("table=edges type=mentions", "edges"),
        ("table=profiles all", "account_snapshots"),
        ("table=observations", "observations"),
    ],
)
def test_ties_profiles_and_availability_go_out_with_their_proofs(
    case: Case, tmp_path: Path, items: str, view: str
) -> None:
    corpus = Corpus(case)
    protected = {r["account_id"] for r in corpus.rows("SELECT account_id FROM account_assessments WHERE protected")}
    for audience in ("law-enforcement", "press"):
        made = build(case, Order(audience, items, PURPOSE), tmp_path / audience)
        rows = rows_of(made.path)
        assert verbs.verify(made.path) == []
        assert all(set(row) >= {"said", "text", "leaf_index"} and row["flag"] is False for row in rows)
        where = "WHERE type = 'mentions'" if view == "edges" else ""
        there = corpus.rows(f"SELECT count(DISTINCT (leaf_index, record_index)) AS n FROM {view} {where}")[0]["n"]
        assert 0 < len({(row["leaf_index"], row["record_index"]) for row in rows}) <= there
        if audience == "press":
            assert not protected & {value for row in rows for value in (row["account_id"], *row["said"].values())}
            assert not (made.path / "data/raw").exists()
            assert not Names(corpus).inside((made.path / "data/records.json").read_bytes())


@pytest.mark.parametrize(
    "items", ["table=edges table=profiles", "table=raw", "table=edges flag", "table=profiles state=live"]
)
def test_a_table_has_its_own_terms(case: Case, tmp_path: Path, items: str) -> None:
    with pytest.raises(UsageError, match=r"term|one table"):
        build(case, Order("court", items, "x"), tmp_path / "out")


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_a_value_never_becomes_part_of_the_query(value: str) -> None:
    from zoneinfo import ZoneInfo

    quoted = "'" + value.replace("'", "'\"'\"'") + "'"
    try:
        query = parse(f"account={quoted} theme={quoted}", ZoneInfo("UTC"))
    except UsageError:
        assert not value
        return
    assert query.parameters == {"q0": value, "q1": value}
    assert query.where == parse("account=a theme=b", ZoneInfo("UTC")).where
    try:
        parse(value, ZoneInfo("UTC"))
    except TecoloteError:
        return


def test_an_attachment_goes_to_a_court_with_its_proof(tmp_path: Path) -> None:
    chat(tmp_path)
    made: Packet = build(Case.open(tmp_path / "case"), Order("court", "all", "a complaint"), tmp_path / "packet")
    assert made.media == 1
    (path,) = (tmp_path / "packet/data/media").iterdir()
    assert path.read_bytes() == PICTURE
    assert verbs.verify(tmp_path / "packet") == [] and script(tmp_path / "packet") == 0
    path.write_bytes(PICTURE + b"x")
    assert any("media" in fault.where for fault in verbs.verify(tmp_path / "packet"))
