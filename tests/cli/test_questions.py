"""What an import asks a person at a terminal: the command runs in a process of its own on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.evidence import Evidence
from tecolote.sources import consent as consents

RUN = "from tecolote.cli import main; main()"
CHAT = "3/4/24, 20:47 - Ana Invented: hola\n4/4/24, 20:48 - Beto Invented: qué tal\n"
TABLE = "id,text,author_id,created_at,platform\n1,hola,7,03/04/2024 10:00,x\n2,adiós,7,04/04/2024 10:00,x\n"


def talk(command: list[str], answers: list[tuple[str, str]], lang: str = "C.UTF-8") -> tuple[int, str]:
    """Run a command at a terminal; each answer is typed when its question stands there. Exit code and what it said."""
    main_end, child_end = pty.openpty()
    env = {**os.environ, "LC_ALL": lang, "COLUMNS": "400", "TERM": "dumb"}
    child = subprocess.Popen(
        [sys.executable, "-c", RUN, *command], stdin=child_end, stdout=child_end, stderr=child_end, env=env
    )
    os.close(child_end)
    said, seen, waiting, end = "", 0, list(answers), time.monotonic() + 60
    try:
        while time.monotonic() < end:
            if waiting and waiting[0][0] in said[seen:]:
                os.write(main_end, waiting[0][1].encode() + b"\n")
                seen = len(said)
                waiting.pop(0)
            if select.select([main_end], [], [], 0.1)[0]:
                try:
                    block = os.read(main_end, 65536)
                except OSError:  # the other end was closed
                    break
                if not block:
                    break
                said += block.decode("utf-8", "replace")
        assert not waiting, (waiting[0], said)
        return child.wait(20), said
    finally:
        child.kill()
        os.close(main_end)


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    path = tmp_path / "WhatsApp Chat with Beto.txt"
    path.write_text(CHAT, "utf-8")
    return path


def test_a_private_chat_is_taken_after_the_form_is_filled_in(tmp_path: Path, chat: Path) -> None:
    case = tmp_path / "case"
    code, said = talk(
        ["import", str(chat), "--case", str(case), "--timezone", "UTC"],
        [
            ("Write down such a consent", "y"), ("Who consents", "Ana Invented"), ("used for", 'a "complaint"\\'),
            ("Last day", "soon"), ("A day from today on", ""), ("Last day", "2099-12-31"),
            ("reached", "ana@example.org"),("other names", "Anita 👩🏽‍🌾, +52 55 5555 0100"),
            ("every private chat", "n"),
            ("what they agreed to", "y"), ("more than one order", "xyz"), ("One of", "dmy"),
        ],
    )  # fmt: skip
    assert code == 0, said
    (path,) = tmp_path.glob("case-consent-*.toml")
    assert path.stat().st_mode & 0o077 == 0
    assert str(path) in said
    record = consents.load(path)
    assert record.givers == {"Ana Invented", "Anita 👩🏽‍🌾", "+52 55 5555 0100"}
    assert record.purpose == 'a "complaint"\\' and not record.covers_all
    (logged,) = Evidence.open(Case.open(case)).events("consent")
    assert logged.payload == record.as_payload()
    found = Corpus(Case.open(case)).rows("SELECT author_name, created_at FROM posts ORDER BY created_at")
    assert found[0]["author_name"] == "Ana Invented"
    assert found[0]["created_at"].isoformat().startswith("2024-04-03T20:47")


def test_who_does_not_consent_keeps_nothing(tmp_path: Path, chat: Path) -> None:
    code, said = talk(
        ["import", str(chat), "--case", str(tmp_path / "case")], [("¿Anotar ahora", "n")], lang="es_MX.UTF-8"
    )
    assert code == 1 and "nothing of it was kept" in said
    assert not list(tmp_path.glob("*.toml"))
    assert not list(Evidence.open(Case.open(tmp_path / "case")).events("import.file"))


@pytest.mark.parametrize(("answer", "month"), [("mdy", 3), ("dmy", 4), ("", None)])
def test_the_order_of_a_tables_dates_is_asked_for_and_not_guessed(
    tmp_path: Path, answer: str, month: int | None
) -> None:
    table = tmp_path / "posts.csv"
    table.write_text(TABLE, "utf-8")
    command = ["import", str(table), "--case", str(tmp_path / "case"), "--timezone", "UTC"]
    code, said = talk(command, [("03/04/2024", answer)])
    assert code == 0, said
    (row,) = Corpus(Case.open(tmp_path / "case")).rows("SELECT created_at FROM posts WHERE id = '1'")
    assert (row["created_at"].month if row["created_at"] else None) == month


def test_an_order_that_was_given_is_not_asked_for(tmp_path: Path) -> None:
    table = tmp_path / "posts.csv"
    table.write_text(TABLE, "utf-8")
    command = ["import", str(table), "--case", str(tmp_path / "case"), "--timezone", "UTC", "--date-order", "mdy"]
    code, said = talk(command, [])
    assert code == 0 and "more than one order" not in said
