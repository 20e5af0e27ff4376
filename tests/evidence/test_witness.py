"""A checkpoint that somebody else kept, and the history of custody as a list."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.errors import EvidenceError, UsageError
from tecolote.evidence import Evidence, qr
from tecolote.evidence.witness import compare, page
from tests.evidence.making import fill

CUSTODY = """
identity = "phone export of E."
original_state = "sealed envelope"
collection = "handed over by E. in person"
preservation = "copied, the medium returned"
packaging = "envelope 7"
transfer = "E. to the office, by hand"
changes = "none"
persons = ["E.", "the analyst"]
about = [1]
[[stays]]
place = "office"
since = 2026-03-01T09:30:00-06:00
until = "2026-03-02T09:30:00-06:00"
"""


@pytest.fixture
def kept(case: Case, tmp_path: Path) -> Path:
    fill(case, large=False)
    verbs.witness(case.root, tmp_path / "page.txt")
    return tmp_path / "page.txt"


def test_the_same_history_holds_however_long_it_grew(case: Case, kept: Path) -> None:
    assert compare(case, kept) == []
    with case.writing(), Evidence.open(case, write=True) as ev:
        ev.append("note", {"n": 1})
        ev.commit()
    assert compare(case, kept) == []
    assert verbs.check_witness(case.root, kept) == []


def test_a_page_typed_in_with_other_spaces_holds(case: Case, kept: Path) -> None:
    lines = [line for line in kept.read_text("utf-8").splitlines()]
    start = next(at for at, line in enumerate(lines) if line.startswith("tecolote/"))
    kept.write_bytes(
        "\r\n".join(["typed in:", *(f"  {line}  " for line in lines[start : start + 5])]).encode() + b"\r\n"
    )
    assert compare(case, kept) == []


def test_a_drawing_holds_the_same_and_comes_back(case: Case, kept: Path, tmp_path: Path) -> None:
    verbs.witness(case.root, tmp_path / "page.svg")
    root = ElementTree.parse(tmp_path / "page.svg").getroot()
    note = (root.findtext("{*}desc") or "").strip()
    assert note in kept.read_text("utf-8")
    path = root.find("{*}path")
    assert path is not None and path.get("d") == qr.path(note.encode() + b"\n")
    assert compare(case, tmp_path / "page.svg") == []


def test_the_code_is_made_as_the_standard_says() -> None:
    """Check bytes of the example HELLO WORLD 1-M; every finder whole; every place of data filled once."""
    example = bytes([32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17])
    assert list(qr.check_bytes(example, 10)) == [196, 35, 39, 119, 235, 215, 231, 226, 93, 23]
    rows = qr.modules(b"x" * qr.MAX_BYTES)
    assert len(rows) == qr.SIZE and all(len(row) == qr.SIZE for row in rows)
    for top, left in ((0, 0), (0, qr.SIZE - 7), (qr.SIZE - 7, 0)):
        finder = ["".join("#" if dark else "." for dark in row[left : left + 7]) for row in rows[top : top + 7]]
        assert finder == ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]
    other = qr.modules(b"y" + b"x" * (qr.MAX_BYTES - 1))
    changed = sum(a != b for one, two in zip(rows, other, strict=True) for a, b in zip(one, two, strict=True))
    assert 50 < changed < 200
    with pytest.raises(EvidenceError, match="do not fit"):
        qr.modules(b"x" * (qr.MAX_BYTES + 1))


def test_a_history_that_was_written_anew_with_the_right_key_is_caught(case: Case, kept: Path) -> None:
    """The owner deletes the log and makes another one, as long, that verifies: only the witness tells."""
    shutil.rmtree(case.evidence_folder)
    (case.keys / "acknowledged").unlink()
    with case.writing(), Evidence.create(case) as ev:
        for number in range(40):
            ev.append("another", {"n": number})
        ev.commit()
    (case.corpus_folder / "manifest.json").unlink()
    assert verbs.verify(case.root) == []
    assert "rewritten" in compare(case, kept)[0].what


def test_a_history_that_was_cut_is_caught(case: Case, kept: Path) -> None:
    shutil.rmtree(case.evidence_folder)
    (case.keys / "acknowledged").unlink()
    with case.writing(), Evidence.create(case) as ev:
        ev.append("another", {"n": 1})
        ev.commit()
    assert "cut off" in compare(case, kept)[0].what


def test_a_page_that_was_changed_or_is_of_another_case_says_so(case: Case, kept: Path, tmp_path: Path) -> None:
    other = Case.create(tmp_path / "other")
    fill(other, large=False)
    assert "not of this one" in compare(other, kept)[0].what
    text = kept.read_text("utf-8")
    size = next(line for line in text.splitlines() if line.isdigit())
    kept.write_text(text.replace(f"\n{size}\n", "\n1\n", 1), "utf-8")
    assert "does not hold" in compare(case, kept)[0].what
    kept.write_text("nothing", "utf-8")
    with pytest.raises(UsageError, match="no checkpoint"):
        compare(case, kept)


def test_a_case_without_evidence_has_no_page(case: Case) -> None:
    with pytest.raises(EvidenceError, match="no evidence"):
        page(case)


def test_a_stay_told_in_a_file_joins_the_history(case: Case, kept: Path, tmp_path: Path) -> None:
    (tmp_path / "stay.toml").write_text(CUSTODY, "utf-8")
    events = verbs.custody(case.root, record=tmp_path / "stay.toml")
    assert events[-1]["type"] == "custody"
    assert "E. to the office" in events[-1]["what"]
    assert [event["leaf"] for event in verbs.custody(case.root, leaf=1)] == [1, events[-1]["leaf"]]
    assert [event["leaf"] for event in verbs.custody(case.root, leaf=2)] == [2]
    assert verbs.verify(case.root) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('packaging = "envelope 7"\n', ""),
        ('changes = "none"', 'changes = ""'),
        ("persons", "people"),
        ("2026-03-01T09:30:00-06:00", "2026-03-01T09:30:00"),
        ("about = [1]", "about = [999]"),
        ("[[stays]]", "[[stays"),
    ],
)
def test_a_stay_with_a_gap_is_refused_and_not_logged(
    case: Case, kept: Path, tmp_path: Path, old: str, new: str
) -> None:
    before = len(verbs.custody(case.root))
    (tmp_path / "stay.toml").write_text(CUSTODY.replace(old, new), "utf-8")
    with pytest.raises(UsageError):
        verbs.custody(case.root, record=tmp_path / "stay.toml")
    assert len(verbs.custody(case.root)) == before
