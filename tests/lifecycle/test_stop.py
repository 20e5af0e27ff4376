"""Material that a person found later: gone, and stopped when it comes again."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.store import Corpus
from tecolote.errors import UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.hold import place_hold
from tecolote.evidence.verify import verify_case
from tecolote.lifecycle.erase import Grounds
from tecolote.lifecycle.stop import BASIS, stop

from ..corpus import exports
from ..corpus.test_stops import LISTED, everything

DIGEST = hashlib.sha256(LISTED).hexdigest()
GROUNDS = Grounds(BASIS, "Invented One", "Invented Two")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A case that took the file in beside posts, in a container that is kept whole."""
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("posts.jsonl", exports.x_v2(4))
        archive.writestr("foto.png", LISTED)
    verbs.import_exports(tmp_path / "case", [folder])
    return Case.open(tmp_path / "case")


def test_it_is_gone_and_does_not_come_back(tmp_path: Path, case: Case) -> None:
    assert LISTED[8:31] in everything(case.root)
    command = [sys.executable, "-c", "from tecolote.cli import main; main()", "stop", "--item", DIGEST.upper()]
    command += ["--by", "One", "--second", "Two", "--case", str(case.root)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert "Stopped: 1 whole files erased" in said
    assert "NCMEC CyberTipline" in said
    assert LISTED[8:31] not in everything(case.root)
    assert Corpus(case).rows("SELECT count(*) AS n FROM posts") == [{"n": 4}]
    assert verify_case(case) == []
    (tmp_path / "again.png").write_bytes(LISTED)
    result = verbs.import_exports(case.root, [tmp_path / "again.png", tmp_path / "in"])
    assert {f.path: f.status for f in result.files}["again.png"] == "stopped"
    assert "stopped" in {f.status for f in result.files if f.path.endswith("foto.png")}
    assert LISTED[8:31] not in everything(case.root)
    assert verify_case(case) == []


def test_what_forbids_it(case: Case) -> None:
    with pytest.raises(UsageError, match="no file of the case"):
        stop(case, "a" * 64, GROUNDS)
    with pytest.raises(UsageError, match="is no SHA-256"):
        stop(case, "foto.png", GROUNDS)
    with pytest.raises(UsageError, match="the second person is the first"):
        stop(case, DIGEST, Grounds(BASIS, "One", "one"))
    with case.writing(), Evidence.open(case, write=True) as evidence:
        place_hold(evidence, "open proceeding", "Invented One")
        evidence.commit()
    with pytest.raises(UsageError, match="a legal hold forbids"):
        stop(case, DIGEST, GROUNDS)
