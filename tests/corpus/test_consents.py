"""A consent is honoured to its last day: then the case asks for erasure or a newer record, and takes nothing more."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from tecolote import verbs
from tecolote.case import Case
from tecolote.cli import cli
from tecolote.evidence import Evidence
from tecolote.publish.packet_items import Consents

from . import exports

# It is always a later day in the second zone than in the first.
WEST, EAST = "Etc/GMT+12", "Pacific/Kiritimati"


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """A case that keeps a chat whose consent ended with the day that is still going on in the west."""
    case = tmp_path / "case"
    verbs.init(case, title="t", timezone=WEST)
    (tmp_path / "chat.txt").write_bytes(exports.WHATSAPP)
    today = datetime.now(ZoneInfo(WEST)).date()
    record(tmp_path / "first.toml", today.isoformat())
    verbs.import_exports(case, [tmp_path / "chat.txt"], consent=tmp_path / "first.toml")
    assert verbs.ended_consents(case) == []
    settings = (case / "case.toml").read_text()
    assert WEST in settings
    (case / "case.toml").write_text(settings.replace(WEST, EAST))
    return case


def record(path: Path, until: str) -> Path:
    path.write_text(exports.CONSENT.replace("2099-12-31", until))
    return path


def consents(case: Path) -> list[dict]:
    return [event.payload for event in Evidence.open(Case.open(case)).events("consent")]


def test_every_verb_says_that_it_ended_and_how_to_erase_or_renew(past: Path, tmp_path: Path) -> None:
    said = CliRunner().invoke(cli, ["census", "--case", str(past)]).stderr.splitlines()
    assert len([line for line in said if "CONSENT ENDED" in line]) == 1
    line = next(line for line in said if "CONSENT ENDED" in line)
    (over,) = verbs.ended_consents(past)
    assert over.giver == "Ana Invented" and over.names == ("chat.txt",)
    assert f"tecolote erase --case {past} --file {over.leaves[0]}" in line
    assert "tecolote import EXPORTS" in line and "--consent" in line and "ana@example.org" in line


def test_nothing_more_is_taken_under_it(past: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_bytes(exports.WHATSAPP + b"31/12/24, 10:00 - Ana Invented: otra cosa\n")
    result = verbs.import_exports(past, [other], consent=tmp_path / "first.toml")
    assert result.files[0].status == "refused" and "renew" in result.files[0].reason


def test_a_newer_record_renews_what_is_kept_for_packets_too(past: Path, tmp_path: Path) -> None:
    renewed = record(tmp_path / "renewed.toml", "2099-12-31")
    again = verbs.import_exports(past, [tmp_path / "chat.txt"], consent=renewed)
    assert again.files[0].status == "duplicate"
    assert verbs.ended_consents(past) == []
    case = Case.open(past)
    evidence = Evidence.open(case)
    (leaf,) = [event.index for event in evidence.events("import.file")]
    assert consents(past)[-1]["renews"] == [leaf]
    tomorrow = (datetime.now(ZoneInfo(EAST)).date() + timedelta(1)).isoformat()
    assert Consents(evidence, "to document an extortion", tomorrow).of(leaf, None) is not None
    third = verbs.import_exports(past, [tmp_path / "chat.txt"], consent=renewed)
    assert (third.size, third.root) == (again.size, again.root)


def test_the_newest_end_of_a_giver_counts_whatever_came_last(past: Path, tmp_path: Path) -> None:
    for until in ("2099-12-31", "2098-12-31"):
        record(tmp_path / f"{until}.toml", until)
        verbs.import_exports(past, [tmp_path / "chat.txt"], consent=tmp_path / f"{until}.toml")
    assert [said["until"] for said in consents(past)][1:] == ["2099-12-31", "2098-12-31"]
    assert verbs.ended_consents(past) == []


def test_an_erased_chat_is_asked_for_no_more(past: Path) -> None:
    (over,) = verbs.ended_consents(past)
    erase = ["erase", "--case", str(past), "--file", str(over.leaves[0]), "--basis", "consent ended"]
    done = CliRunner().invoke(cli, [*erase, "--by", "A", "--second", "B"])
    assert done.exit_code == 0, done.output
    assert verbs.ended_consents(past) == []
