"""The case folder: settings, lock, durable writes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from tecolote.case import Case, keys_folder, write_durably
from tecolote.errors import CaseError, CaseLocked, UsageError


def test_settings_come_back_as_they_were_given(tmp_path: Path) -> None:
    title = 'Puerto "Viejo" \\ ñ 🦉\nsecond line'
    made = Case.create(
        tmp_path / "c", title=title, retention=date(2030, 1, 31), timezone="America/Mexico_City", groups=("a", "b")
    )
    assert Case.open(tmp_path / "c").settings == made.settings
    assert made.settings.zone.key == "America/Mexico_City"


def test_no_key_is_ever_in_the_case(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "c")
    assert case.keys.is_relative_to(keys_folder())
    assert not case.keys.is_relative_to(case.root)
    assert case.keys.stat().st_mode & 0o077 == 0


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(CaseError, match="not empty"):
        Case.create(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("format = 99\nid = 'x'\n", "newer"),
        ("format = 1\n", "no 'id'"),
        ("format = [", "cannot be read"),
        ("format = 1\nid = 'x'\ntimezone = 'Mars/Olympus'\n", "unknown time zone"),
    ],
)
def test_a_case_that_cannot_be_used_says_why_in_one_line(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "case.toml").write_text(content)
    with pytest.raises((CaseError, UsageError), match=words) as caught:
        Case.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_second_writer_waits_and_then_names_the_holder(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "c")
    code = (
        "import sys, time; from tecolote.case import Case\n"
        f"with Case.open({str(case.root)!r}).writing():\n    print('held', flush=True); time.sleep(30)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(CaseLocked, match=f"process {child.pid}"), case.writing(wait_s=0.3):
        pass
    child.kill()
    child.wait()
    with case.writing(wait_s=5):
        assert json.loads((case.root / "lock").read_text())["pid"] == os.getpid()
    assert not (case.root / "lock").exists()


def test_nested_writing_is_one_lock(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "c")
    with case.writing(), case.writing():
        assert (case.root / "lock").exists()


def test_a_lock_from_before_the_machine_was_started_again_is_taken_over(tmp_path: Path) -> None:
    """Its process number may be that of another program by now."""
    case = Case.create(tmp_path / "c")
    holder = {"pid": os.getppid(), "host": socket.gethostname()}
    (case.root / "lock").write_text(json.dumps(holder | {"boot": "an earlier start"}))
    with case.writing(wait_s=1):
        boot = json.loads((case.root / "lock").read_text())["boot"]
    (case.root / "lock").write_text(json.dumps(holder | {"boot": boot}))
    with pytest.raises(CaseLocked), case.writing(wait_s=0.1):
        pass


def test_a_lock_of_a_dead_process_or_a_silent_host_is_taken_over(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "c")
    lock = case.root / "lock"
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    lock.write_text(json.dumps({"pid": dead.pid, "host": socket.gethostname()}))
    with case.writing(wait_s=1):
        pass
    lock.write_text(json.dumps({"pid": 1, "host": "another-host"}))
    with pytest.raises(CaseLocked, match="another-host"), case.writing(wait_s=0.3):
        pass
    os.utime(lock, (time.time() - 60, time.time() - 60))
    with case.writing(wait_s=1):
        pass


def test_a_durable_write_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_durably(path, b"one")
    write_durably(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_what_an_interrupted_write_left_is_removed_by_the_next_writer(tmp_path: Path) -> None:
    case = Case.create(tmp_path / "c")
    left = case.corpus_folder / ".manifest.json.99.tmp"
    left.write_bytes(b"half")
    with case.writing():
        assert not left.exists()
