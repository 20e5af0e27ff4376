"""Bags of others: the Library of Congress's conformance suite, and damage."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.evidence.bags import check_bag

#: Their manifests list files that are not there: on a disk that tells HELLO.txt from hello.txt, or because the archive
#: left out what a system makes by itself. The suite calls both valid with a warning; a file that is missing is missing.
STRICTER = {"v0.97/warning/duplicate-file-with-different-case", "v0.97/warning/special-system-files"}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from ..conftest import DATA

    folder = tmp_path_factory.mktemp("bags")
    with tarfile.open(DATA / "evidence/bagit/conformance-suite.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.data
def test_the_conformance_suite(suite: Path) -> None:
    bags = [path for path in sorted(suite.glob("v*/*/*")) if path.is_dir()]
    assert len(bags) == 60
    for bag in bags:
        name, kind = bag.relative_to(suite).as_posix(), bag.parent.name
        judged = check_bag(bag)
        assert bool(judged.faults) is (kind not in ("valid", "warning") or name in STRICTER), (name, judged)
        assert kind != "warning" or judged.warnings, name


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """A bag made here, by the reference library."""
    import bagit

    folder = tmp_path / "bag"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.txt").write_text("one")
    (folder / "deep/zwei%.txt").write_text("two")
    bagit.make_bag(str(folder), checksums=["sha256", "md5"])
    return folder


def test_a_bag_of_the_reference_library_is_valid_until_it_is_changed(bag: Path, tmp_path: Path) -> None:
    assert verbs.verify(bag) == []
    for number, file in enumerate(sorted(path for path in bag.rglob("*") if path.is_file())):
        other = tmp_path / str(number)
        shutil.copytree(bag, other)
        path = other / file.relative_to(bag)
        path.write_bytes(path.read_bytes() + b"x")
        assert check_bag(other).faults, file
        if not file.name.startswith("tagmanifest"):
            path.unlink()
            assert check_bag(other).faults, file


def test_a_link_and_a_line_that_is_none_are_faults(bag: Path) -> None:
    (bag / "data/link").symlink_to("/etc/passwd")
    assert any("link" in fault.what for fault in check_bag(bag).faults)
    (bag / "data/link").unlink()
    (bag / "fetch.txt").write_text("http://example.org/x 3 data/../../x\nnonsense\nhttp://example.org/y - data/y\n")
    said = "\n".join(map(str, check_bag(bag).faults))
    assert "outside" in said and "not as the format" in said and "data/y: it is missing" in said


@pytest.mark.parametrize("text", ["", "BagIt-Version: 9.9\nTag-File-Character-Encoding: UTF-8\n", "x" * 5000])
def test_what_is_no_bag_says_so(bag: Path, text: str) -> None:
    (bag / "bagit.txt").write_text(text)
    assert "announce" in check_bag(bag).faults[0].what
