"""Web archives through the import: what a WACZ states of itself is checked, and a cut record is reported."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus import plan
from tecolote.corpus.importer import ImportResult
from tecolote.corpus.store import Corpus
from tecolote.evidence import Evidence
from tecolote.evidence.verify import verify_case
from tests.corpus import exports
from tests.sources.test_warc import record


def wacz(files: dict[str, bytes], **other: object) -> bytes:
    """A WACZ whose list tells the truth of ``files``, but for what ``other`` says of its members."""
    listed = [
        {"path": name, "hash": f"sha256:{hashlib.sha256(data).hexdigest()}", "bytes": len(data)}
        for name, data in files.items()
    ]
    package = json.dumps({"profile": "data-package", "wacz_version": "1.1.1", "resources": listed} | other).encode()
    return exports.zipped(files | {"datapackage.json": package})


def take(tmp_path: Path, name: str, raw: bytes) -> tuple[ImportResult, list[str]]:
    """The result of importing ``raw``, and the faults that the log keeps."""
    (tmp_path / name).write_bytes(raw)
    result = verbs.import_exports(tmp_path / "case", [tmp_path / name])
    (event,) = Evidence.open(Case.open(tmp_path / "case")).events("import.container")
    return result, event.payload["faults"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "faults", "captures"),
    [
        ("valid_example_1.wacz", [], 1),
        ("valid_example_2.wacz", [], 1),
        ("valid_signed_example_1.wacz", [], 1),
        # Only its signature is bad, and whose signature it is is not checked.
        ("invalid_signed_example_1.wacz", [], 1),
        (
            "invalid_example_1.wacz",
            ["data/indexes/index.cdx.gz is listed and not there", "data/archive/test.txt is not listed"],
            0,
        ),
    ],
)
def test_every_vector_ends_as_its_source_states(
    data: Path, tmp_path: Path, name: str, faults: list[str], captures: int
) -> None:
    result, logged = take(tmp_path, name, (data / "evidence" / "wacz" / name).read_bytes())
    assert logged == faults
    assert all(file.quarantined == 0 for file in result.files)
    (shown,) = [file for file in result.files if file.path.endswith("!datapackage.json")]
    assert shown.reason == ("; ".join(faults) or "kept, no reader")
    archives = [file for file in result.files if file.source == "warc"]
    assert len(archives) == captures
    assert all(file.rows["observations"] > 0 for file in archives)
    assert verify_case(Case.open(tmp_path / "case")) == []


@pytest.mark.data
def test_a_plain_and_a_compressed_archive_are_read_without_a_remark(data: Path, tmp_path: Path) -> None:
    folder = data / "evidence" / "wacz"
    paths = [folder / "example-collection.warc", folder / "example-resource.warc.gz"]
    for file in verbs.import_exports(tmp_path / "case", paths).files:
        assert (file.status, file.source, file.quarantined) == ("read", "warc", 0)


def test_a_cut_record_is_reported_never_passed(tmp_path: Path) -> None:
    whole = record(b"200 OK", b"testigo", "https://example.org/whole")
    cut = record(b"200 OK", b"testigo" * 40, "https://example.org/cut")[:-100]
    result, faults = take(tmp_path, "x.wacz", wacz({"archive/data.warc": whole + cut}))
    assert faults == [], "the list is true of the cut file"
    (file,) = [f for f in result.files if f.source == "warc"]
    assert file.quarantined == 1
    assert "cut off" in file.why[0]
    seen = Corpus(Case.open(tmp_path / "case")).rows("SELECT target_id FROM observations")
    assert [row["target_id"] for row in seen] == ["https://example.org/whole"]


def test_every_broken_promise_is_said_and_logged(tmp_path: Path) -> None:
    good = wacz({"archive/data.warc": record(b"200 OK", b"x"), "pages/pages.jsonl": b"{}\n"})
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b"\r\n" if name.endswith(".warc") else b""))
        new.writestr("archive/more.txt", b"!")
        new.writestr("datapackage-digest.json", json.dumps({"path": "datapackage.json", "hash": "sha256:00"}))
    result, faults = take(tmp_path, "x.wacz", out.getvalue())
    length = len(record(b"200 OK", b"x"))
    assert faults == [
        "datapackage.json does not have the digest that is listed",
        f"archive/data.warc has {length + 2} bytes where {length} are listed",
        "archive/data.warc does not have the digest that is listed",
        "archive/more.txt is not listed",
    ]
    assert "; ".join(faults) in [file.reason for file in result.files]


def test_a_list_that_names_a_file_often_is_no_work(tmp_path: Path) -> None:
    body = bytes(1 << 20)
    kinds = ["sha256", "md5", "sha512", "none"]
    listed = [{"path": "a.bin", "hash": f"{kinds[n % 4]}:00", "bytes": 5} for n in range(40_000)]
    result, faults = take(tmp_path, "x.wacz", wacz({"a.bin": body}, resources=listed))
    assert len(faults) == 101
    assert faults[-1] == "and 79900 more"
    assert {file.status for file in result.files} == {"kept"}


def test_a_method_that_takes_gigabytes_is_not_unpacked_for_the_check(tmp_path: Path) -> None:
    listed = [{"path": "a.bin", "hash": "sha256:00", "bytes": 3}]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("datapackage.json", json.dumps({"resources": listed}))
        archive.writestr("a.bin", b"abc", zipfile.ZIP_LZMA)
    _, faults = take(tmp_path, "x.wacz", out.getvalue())
    assert faults == ["a.bin is compressed in a way that the format does not allow"]


def test_names_of_private_chats_are_not_kept_in_the_words(tmp_path: Path) -> None:
    raw = exports.zipped(
        {"chats/WhatsApp Chat with Beto.txt": exports.WHATSAPP, "datapackage.json": b'{"resources": []}'}
    )
    _, faults = take(tmp_path, "x.wacz", raw)
    assert faults == ["1 things are not as datapackage.json says"]


def test_a_web_archive_inside_a_zip_is_checked_too(tmp_path: Path) -> None:
    whole = record(b"200 OK", b"testigo", "https://example.org/whole")
    good, bad = wacz({"archive/a.warc": whole}), wacz({"archive/a.warc": whole}, resources=[])
    _, logged = take(tmp_path, "both.zip", exports.zipped({"good.wacz": good, "bad.wacz": bad}))
    assert logged == ["archive/a.warc is not listed"]


def test_one_that_is_too_large_to_hold_says_that_it_was_not_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_HELD", 100)
    _, logged = take(
        tmp_path, "x.zip", exports.zipped({"inner.wacz": wacz({"archive/a.warc": record(b"200 OK", b"x")})})
    )
    assert len(logged) == 1 and "import it by itself" in logged[0]
