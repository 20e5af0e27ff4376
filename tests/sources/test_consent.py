"""Consent records: what they cover, until when, and what is said about a bad one."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.errors import ConsentError
from tecolote.sources.base import Chat
from tecolote.sources.consent import Consent, load

GOOD = """
giver = "Ana"
given_on = 2026-01-10
purpose = "complaint about extortion"
until = "2026-06-30"
contact = "ana@example.org"
names = ["+52 55 5555 0100"]
"""
CHAT = Chat("chat-1", "Vecinos", True)
HASH = "ab" * 32


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "consent.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_a_list_every_chat_is_covered_and_that_is_logged(tmp_path: Path) -> None:
    consent = load(write(tmp_path, GOOD))
    assert consent.covers(CHAT, HASH, date(2026, 3, 1))
    payload = consent.as_payload()
    assert payload["covers"] == "every chat of this import"
    assert json.loads(json.dumps(payload)) == payload
    assert len(payload["record_sha256"]) == 64
    assert consent.givers == {"Ana", "+52 55 5555 0100"}


def test_a_list_covers_by_hash_id_or_title_only(tmp_path: Path) -> None:
    listed = GOOD + f'[[chat]]\nsha256 = "{HASH.upper()}"\n[[chat]]\nid = "Vecinos"\n'
    consent = load(write(tmp_path, listed))
    day = date(2026, 3, 1)
    assert consent.covers(Chat("x", "other", True), HASH, day)
    assert consent.covers(CHAT, "00" * 32, day)
    assert not consent.covers(Chat("x", "other", True), "00" * 32, day)
    assert consent.as_payload()["covers"] == "the chats listed"


@given(st.integers(-400, 400))
def test_it_holds_from_the_first_to_the_end_of_the_last_day(shift: int) -> None:
    consent = Consent("Ana", date(2026, 1, 10), "p", date(2026, 6, 30), "c")
    today = date(2026, 6, 30) + timedelta(days=shift)
    assert consent.covers(CHAT, HASH, today) == (date(2026, 1, 10) <= today <= date(2026, 6, 30))


def test_an_ended_record_says_how_to_renew_and_an_early_one_when_it_begins() -> None:
    consent = Consent("Ana", date(2026, 1, 10), "p", date(2026, 6, 30), "ana@example.org")
    ended, early = consent.why_not(date(2026, 7, 1)), consent.why_not(date(2026, 1, 9))
    assert "renew" in ended and "2026-06-30" in ended and "ana@example.org" in ended and "\n" not in ended
    assert "2026-01-10" in early and "\n" not in early
    assert "[[chat]]" in consent.why_not(date(2026, 2, 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("giver = ", "not TOML"),
        (GOOD.replace('giver = "Ana"', ""), "'giver'"),
        (GOOD.replace('purpose = "complaint about extortion"', 'purpose = "  "'), "'purpose'"),
        (GOOD.replace("2026-01-10", '"soon"'), "'given_on'"),
        (GOOD.replace('"2026-06-30"', "2026-06-30T10:00:00"), "'until'"),
        (GOOD.replace('"2026-06-30"', "2025-06-30"), "before"),
        (GOOD + "untill = 2027-01-01\n", "unknown entry 'untill'"),
        (GOOD.replace('["+52 55 5555 0100"]', '"Ana"'), "'names'"),
        (GOOD + '[[chat]]\ntitle = "x"\n', "chat 1"),
        (GOOD + '[[chat]]\nsha256 = "abc"\n', "64 hex"),
        (GOOD + "chat = 3\n", "'chat'"),
        ("x" * 300_000, "too long"),
    ],
)
def test_a_bad_record_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConsentError, match=says.replace("[", r"\[")) as caught:
        load(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_or_binary_record_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConsentError, match="cannot be opened"):
        load(tmp_path / "none.toml")
    path = tmp_path / "binary"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConsentError, match="not TOML"):
        load(path)
