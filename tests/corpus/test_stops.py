"""Stop lists: a file on one is hashed and goes no further, wherever it lies."""

from __future__ import annotations

import contextlib
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.stops import CASE_LIST, StopList, add_to_case_list, where_to_report
from tecolote.corpus.store import Corpus
from tecolote.errors import KeyMissing, SourceRefused, UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.verify import verify_case

from . import exports

#: Stands for what may not be kept: harmless bytes that occur nowhere else.
LISTED = b"\x89PNG\r\n\x1a\nharmless stand-in 5f3c" * 40


def everything(case: Path) -> bytes:
    """Every byte that the case keeps and can still decrypt, and every file of it as it lies."""
    with Evidence.open(Case.open(case)) as evidence:
        found = []
        for number in range(evidence._meta.segment):
            with contextlib.suppress(KeyMissing):  # an erasure destroyed it
                found.append(bytes(evidence._load(number)))
        found += [repr(event.payload).encode() for event in evidence.events()]
    return b"\n".join([*found, *(path.read_bytes() for path in sorted(case.rglob("*")) if path.is_file())])


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_a_listed_file_is_not_kept_and_the_others_are(tmp_path: Path, algorithm: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "nombre-inventado.png").write_bytes(LISTED)
    (folder / "posts.jsonl").write_bytes(exports.x_v2(3))
    digest = hashlib.new(algorithm, LISTED).hexdigest()
    stop = tmp_path / "given.txt"
    stop.write_text(f"# from the hotline\n\n{digest.upper()}\n")
    result = verbs.import_exports(tmp_path / "case", [folder], stop_list=stop)
    found = {f.path: f for f in result.files}
    assert found["in/nombre-inventado.png"].status == "stopped"
    assert found["in/nombre-inventado.png"].sha256 == ""
    assert found["in/posts.jsonl"].status == "read"
    case = Case.open(tmp_path / "case")
    with Evidence.open(case) as evidence:
        (event,) = evidence.events("stopped")
        assert not evidence.has(hashlib.sha256(LISTED).hexdigest())
    assert event.payload == {
        "algorithm": algorithm,
        "digest": digest,
        "list": "given.txt",
        "container": None,
        "chain": [],
    }
    kept = everything(case.root)
    assert LISTED[8:31] not in kept
    assert b"nombre-inventado" not in kept
    assert verify_case(case) == []
    again = verbs.import_exports(tmp_path / "case", [folder], stop_list=stop)
    assert again.size == result.size


def test_a_container_is_kept_by_its_other_members(tmp_path: Path) -> None:
    inner = exports.zipped({"foto-inventada.png": LISTED})
    outer = exports.zipped({"posts.jsonl": exports.x_v2(4), "more.zip": inner, "note.bin": b"\0kept\0" * 9})
    (tmp_path / "a.zip").write_bytes(outer)
    verbs.init(tmp_path / "case")
    add_to_case_list(tmp_path / "case", hashlib.sha256(LISTED).hexdigest())
    result = verbs.import_exports(tmp_path / "case", [tmp_path / "a.zip"])
    assert sorted(f.status for f in result.files) == ["kept", "read", "stopped"]
    case = Case.open(tmp_path / "case")
    assert Corpus(case).rows("SELECT count(*) AS n FROM posts") == [{"n": 4}]
    with Evidence.open(case) as evidence:
        (event,) = evidence.events("stopped")
        (container,) = evidence.events("import.container")
        assert container.payload["kept"] == "members"
        assert event.payload["container"] == hashlib.sha256(outer).hexdigest() == container.payload["sha256"]
        assert event.payload["chain"]
        assert not evidence.has(hashlib.sha256(outer).hexdigest())
    kept = everything(case.root)
    assert LISTED[8:31] not in kept
    assert b"foto-inventada" not in kept
    assert inner not in kept
    assert verify_case(case) == []


def test_a_listed_container_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(exports.zipped({"posts.jsonl": exports.x_v2(4)}))
    (tmp_path / "stop.txt").write_text(hashlib.md5((tmp_path / "a.zip").read_bytes()).hexdigest())
    result = verbs.import_exports(tmp_path / "case", [tmp_path / "a.zip"], stop_list=tmp_path / "stop.txt")
    assert [f.status for f in result.files] == ["stopped"]
    with pytest.raises(SourceRefused):
        verbs.fail_if_nothing_read(result)
    with Evidence.open(Case.open(tmp_path / "case")) as evidence:
        assert list(evidence.events("import.container")) == []


@given(data=st.binary(max_size=3000), others=st.lists(st.binary(max_size=20), max_size=5))
def test_only_the_listed_bytes_stop(tmp_path_factory: pytest.TempPathFactory, data: bytes, others: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("stop") / "list.txt"
    path.write_text("\n".join(hashlib.sha1(other).hexdigest() for other in others))
    found = StopList.load([path]).find(io.BytesIO(data))
    assert (found is not None) == (data in others)


@pytest.mark.parametrize("line", ["12ab", "z" * 64, "a" * 63, f"{'a' * 64} file.png"])
def test_a_line_that_is_no_digest_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "stop.txt").write_text(f"{'a' * 64}\n{line}\n")
    (tmp_path / "posts.jsonl").write_bytes(exports.x_v2(1))
    with pytest.raises(UsageError, match=r"line 2 of the stop list stop\.txt is no digest"):
        verbs.import_exports(tmp_path / "case", [tmp_path / "posts.jsonl"], stop_list=tmp_path / "stop.txt")


def test_the_list_of_a_case_grows_line_by_line(tmp_path: Path) -> None:
    (tmp_path / CASE_LIST).write_text("# ours\n" + "a" * 64)
    for digest in ("b" * 64, "b" * 64, "c" * 64):
        add_to_case_list(tmp_path, digest)
    assert (tmp_path / CASE_LIST).read_text().split("\n") == ["# ours", "a" * 64, "b" * 64, "c" * 64, ""]


def test_a_person_is_told_where_to_report() -> None:
    said = "\n".join(where_to_report())
    for name in ("NCMEC CyberTipline", "INHOPE", "088", "Te Protejo", "017"):
        assert name in said
