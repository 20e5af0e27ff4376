"""What is redacted leaves the case by no door, and its proofs go on to hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote import verbs as life
from tecolote.case import Case
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.verify import verify_case
from tecolote.publish.packet import Order
from tecolote.publish.redact import Redaction, Redactions, redact
from tests.corpus import exports

NAME = "Ana Inventada"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    raw = exports.x_v2(3) + exports.x_v2(1, 50, f"vi a ANA inventada, tel 55 1234 5678; y a {NAME}")
    (tmp_path / "posts.jsonl").write_bytes(raw)
    verbs.import_exports(tmp_path / "case", [tmp_path / "posts.jsonl"])
    verbs.analyze(tmp_path / "case")
    return Case.open(tmp_path / "case")


def everything(folder: Path) -> str:
    return "\n".join(
        p.read_bytes().decode("utf-8", "replace") for p in sorted(folder.rglob("*")) if p.is_file()
    ).lower()


@pytest.mark.parametrize("audience", ["court", "platform"])
def test_in_packets_and_exports(case: Case, tmp_path: Path, audience: str) -> None:
    leaf = life.redact(case.root, "text", NAME, "a victim", "One")
    life.redact(case.root, "regex", r"\d\d \d{4} \d{4}", "telephones", "One")
    made = verbs.packet(case.root, Order(audience, "all", "a test"), tmp_path / "packet")
    assert (made.records, made.withheld) == (4, 1)
    assert verbs.verify(tmp_path / "packet") == []
    for form in ("jsonl", "csv"):
        verbs.export(case.root, "posts", form, tmp_path / f"posts.{form}")
    out = everything(tmp_path / "packet") + (tmp_path / "posts.jsonl").with_name("posts.csv").read_text("utf-8").lower()
    assert NAME.lower() not in out
    assert "1234 5678" not in out
    assert "[redacted]" in out
    assert sum("[redacted]" in line for line in (tmp_path / "posts.csv").read_text("utf-8").splitlines()) == 1
    assert verify_case(case) == []
    life.lift_redaction(case.root, leaf, "she agrees", "One")
    assert [each["kind"] for each in life.redactions(case.root)] == ["regex"]
    verbs.export(case.root, "posts", "jsonl", tmp_path / "again.jsonl")
    texts = [json.loads(line)["text"] for line in (tmp_path / "again.jsonl").read_text("utf-8").splitlines()]
    assert f"vi a ANA inventada, tel [redacted]; y a {NAME}" in texts


def test_an_attachment(case: Case, tmp_path: Path) -> None:
    digest = "ab" * 32
    with case.writing(), Evidence.open(case, write=True) as evidence:
        redact(evidence, Redaction("media", digest, "a face", "One"))
        evidence.commit()
        assert Redactions(evidence).hides(digest)
        assert not Redactions(evidence).hides("cd" * 32)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [("text", " ", "x"), ("text", "Ana", ""), ("regex", "(", "x"), ("regex", "a*", "x"), ("media", "ab", "x")],
)
def test_one_with_a_gap_is_refused(case: Case, kind: str, value: str, reason: str) -> None:
    with pytest.raises(UsageError):
        life.redact(case.root, kind, value, reason, "One")
    assert life.redactions(case.root) == []
