"""``tecolote score``: JSON Lines in, JSON Lines out, in order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tecolote.errors import TecoloteError
from tecolote.signals.assess import Assessor
from tecolote.signals.score import score_file

KEYS = {
    "id",
    "flag",
    "abstain",
    "probability",
    "voice",
    "themes",
    "topics_mentioned",
    "groups",
    "severity",
    "target",
    "imminence",
    "victim_risk",
    "confidence",
    "lang",
    "reasons",
}


def test_order_errors_and_shape(tmp_path: Path, reader: Assessor) -> None:
    source, sink = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(
        b'{"id":"1","text":"Hay jale con la ma\xc3\xb1a, paga semanal, inbox"}\n'
        b"not json\n\n"
        b'{"id":7,"text":null}\n'
        b'{"id":"3","text":"Feliz cumplea\xc3\xb1os","lang":"es","at":"2024-05-01T10:00:00Z"}\n'
        b'{"id":"4","text":"x","at":"yesterday"}\n'
        b'{"id":"5","text":"\xff"}\n'
    )
    seen: list[int] = []
    counts = score_file(source, sink, seen.append, reader)
    rows = [json.loads(line) for line in sink.read_text().splitlines()]
    assert [r["id"] for r in rows] == ["1", None, 7, "3", None, None]
    assert rows[0]["flag"] and not rows[3]["flag"]
    assert set(rows[0]) == KEYS
    assert rows[1]["line"] == 2 and rows[1]["error"].startswith("line 2:")
    assert rows[2]["abstain"]
    assert counts["posts"] == 3 and counts["errors"] == 3
    assert sum(seen) == 7
    for reason in rows[0]["reasons"]:
        assert set(reason) == {"signal", "label", "span", "why"}


def test_a_missing_file_is_one_line(tmp_path: Path, reader: Assessor) -> None:
    with pytest.raises(TecoloteError, match="cannot be opened"):
        score_file(tmp_path / "none.jsonl", tmp_path / "out.jsonl", None, reader)
