from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tecolote.case import Case
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.custody import Custody, Stay, custody_history, record_custody
from tecolote.evidence.verify import verify_case

RECORD = Custody(
    identity="one memory card, leaf 1",
    original_state="working, label torn",
    collection="handed over by the giver in person, with consent",
    preservation="write-protected, then imported",
    packaging="sealed bag 0012",
    transfer="from the giver to the office, by hand",
    stays=(
        Stay("office, room 3", "2026-03-01T09:30:00-06:00", "2026-03-02T10:00:00-06:00"),
        Stay("safe", "2026-03-02T10:05:00-06:00"),
    ),
    changes="copied once; nothing else",
    persons=("Person A", "Person B"),
)


def test_the_fields_of_article_227_come_back(filled: Case) -> None:
    with filled.writing(), Evidence.open(filled, write=True) as ev:
        about_one = record_custody(ev, RECORD, about=(1,))
        about_all = record_custody(ev, replace(RECORD, changes="none"))
        ev.commit()
    with Evidence.open(filled) as ev:
        payload = ev.event(about_one).payload
        assert set(payload) == set(vars(RECORD))
        assert payload["stays"][1] == {"place": "safe", "since": "2026-03-02T10:05:00-06:00", "until": None}
        assert payload["persons"] == ["Person A", "Person B"]
        assert [e.index for e in custody_history(ev)] == [about_one, about_all]
        assert [e.index for e in custody_history(ev, 1)] == [about_one, about_all]
        assert [e.index for e in custody_history(ev, 2)] == [about_all]
        assert b"Person A" not in ev.leaf_bytes(about_one)
    assert verify_case(filled) == []


@pytest.mark.parametrize("name", vars(RECORD))
def test_a_gap_is_refused(filled: Case, name: str) -> None:
    empty = () if isinstance(getattr(RECORD, name), tuple) else " "
    with filled.writing(), Evidence.open(filled, write=True) as ev, pytest.raises(UsageError, match=name):
        record_custody(ev, replace(RECORD, **{name: empty}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"persons": ("Person A", " ")},
        {"stays": (Stay("", "2026-03-01T09:30:00-06:00"),)},
        {"stays": (Stay("safe", "2026-03-01T09:30:00"),)},
        {"stays": (Stay("safe", "yesterday"),)},
    ],
)
def test_a_place_a_moment_or_a_name_that_says_nothing_is_refused(wrong: dict) -> None:
    with pytest.raises(UsageError):
        replace(RECORD, **wrong).check()


def test_a_leaf_that_does_not_exist_is_refused(case: Case, tmp_path: Path) -> None:
    with case.writing(), Evidence.create(case) as ev, pytest.raises(UsageError, match="no such leaf"):
        record_custody(ev, RECORD, about=(0,))
