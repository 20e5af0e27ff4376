"""Bags of others (BagIt, RFC 8493 and its drafts 0.93 to 0.97): whether one is complete and valid.

Material often arrives as a bag. Nothing in it is executed, unpacked or fetched: files that ``fetch.txt`` would bring
are missing until somebody brings them. Our own packets are judged more strictly, by `tecolote.evidence.packets`.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tecolote.errors import EvidenceError
from tecolote.evidence.fault import Fault

_MAX_TAG_BYTES = 256 << 20
_VERSIONS = ("0.93", "0.94", "0.95", "0.96", "0.97", "1.0")
_STRICT = re.compile(r"BagIt-Version: (\d+\.\d+)\r?\nTag-File-Character-Encoding: (\S+)(\r?\n)?")
_LOOSE = re.compile(r"BagIt-Version\s*:\s*(\d+\.\d+)\s*\r?\n\s*Tag-File-Character-Encoding\s*:\s*(\S+)\s*")
_LISTS = re.compile(r"(tag)?manifest-([a-z0-9]+)\.txt")
_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+(\*?)(.+)")
_FETCH = re.compile(r"(\S+)[ \t]+(\d+|-)[ \t]+(.+)")
_ESCAPES = {"%0a": "\n", "%0d": "\r", "%25": "%"}
_SYSTEM = {".ds_store", "thumbs.db", "desktop.ini"}


@dataclass
class Judged:
    """What was found: what makes the bag invalid, and what only needs a person's eye."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def check_bag(folder: Path) -> Judged:
    """Judge the bag in ``folder``."""
    check = _Bag(folder)
    try:
        check.run()
    except EvidenceError as error:
        check.judged.faults.append(Fault("bag", error.what))
    return check.judged


class _Bag:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.judged = Judged()
        self._version, self._encoding = "1.0", "utf-8"

    def run(self) -> None:
        """All of it."""
        self._announced()
        files = set(self._files())
        payload = {name for name in files if name.startswith("data/")}
        lists = {name: found for name in files if (found := _LISTS.fullmatch(name))}
        if not (self._folder / "data").is_dir() or not any(not found[1] for found in lists.values()):
            raise EvidenceError("it has no payload folder, or no manifest of it")
        self._fetch(files)
        listed: list[set[str]] = []
        for name, found in sorted(lists.items()):
            stated = self._manifest(name, found[2], tags=bool(found[1]), files=files)
            if not found[1]:
                listed.append(stated)
        for name in sorted(payload - set[str]().union(*listed)):
            self._fault(name, "no manifest lists it")
        if self._version == "1.0":
            for name in sorted(payload - listed[0].intersection(*listed)):
                self._fault(name, "not every manifest lists it")
        if self._version == "0.97" and "bag-info.txt" not in files and "package-info.txt" in files:
            self._warn("package-info.txt", "a bag of this version calls it bag-info.txt")

    def _fault(self, where: str, what: str) -> None:
        self.judged.faults.append(Fault(where, what))

    def _warn(self, where: str, what: str) -> None:
        self.judged.warnings.append(Fault(where, what))

    def _announced(self) -> None:
        path = self._folder / "bagit.txt"
        raw = path.read_bytes()[:1000] if path.is_file() else b""
        text = raw.decode("utf-8", "replace")
        loose = _LOOSE.fullmatch(text)
        if loose is None or loose[1] not in _VERSIONS:
            raise EvidenceError("bagit.txt does not announce a bag of a version that is read here")
        if loose[1] == "1.0" and _STRICT.fullmatch(text) is None:
            raise EvidenceError("bagit.txt is not written as RFC 8493, section 2.1.1, says")
        self._version, self._encoding = loose[1], loose[2]
        try:
            codecs.lookup(self._encoding)
        except LookupError:
            raise EvidenceError(f"no encoding is called {self._encoding}") from None

    def _files(self) -> Iterator[str]:
        for path in sorted(self._folder.rglob("*")):
            name = path.relative_to(self._folder).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                self._fault(name, "it is a link or no plain file")
            elif path.is_file():
                yield name

    def _lines(self, name: str) -> list[str]:
        path = self._folder / name
        if path.stat().st_size > _MAX_TAG_BYTES:
            raise EvidenceError(f"{name} is too long")
        try:
            text = path.read_bytes().decode(self._encoding)
        except (UnicodeDecodeError, LookupError):
            raise EvidenceError(f"{name} is not in the encoding that bagit.txt names") from None
        return [line for line in re.split(r"\r\n|\n|\r", text) if line]

    def _path(self, where: str, written: str, *, payload: bool) -> str | None:
        """The file that a manifest means; None for one outside the bag, which is a fault."""
        name = written
        if self._version != "1.0" or "%" in written:
            name = re.sub("%0[aAdD]|%25", lambda m: _ESCAPES[m[0].lower()], written)
        if name.startswith("./"):
            self._warn(where, f"{name} begins with ./")
            name = name[2:]
        outside = name.startswith(("/", "~", "\\")) or re.match("[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name)
        if outside or (payload and not name.startswith("data/")):
            self._fault(where, f"it names a path outside the bag's payload: {name!r:.200}")
            return None
        return name

    def _fetch(self, files: set[str]) -> None:
        if "fetch.txt" not in files:
            return
        for line in self._lines("fetch.txt"):
            found = _FETCH.fullmatch(line)
            name = self._path("fetch.txt", found[3], payload=True) if found else None
            if found is None:
                self._fault("fetch.txt", "a line is not as the format wants it")
            elif name is not None and name not in files:
                self._fault(name, "it is missing: fetch.txt names an address, and nothing is fetched here")

    def _manifest(self, name: str, algorithm: str, *, tags: bool, files: set[str]) -> set[str]:
        """Check every file that a manifest lists; their names."""
        stated: dict[str, str] = {}
        for line in self._lines(name):
            found = _LINE.fullmatch(line)
            path = self._path(name, found[3], payload=not tags) if found else None
            if found is None:
                self._fault(name, "a line is not as the format wants it")
            if found is None or path is None:
                continue
            if found[2]:
                self._warn(name, "paths begin with an asterisk, as md5sum writes them")
            self._listed(name, path, found[1].lower(), stated)
        self._lookalikes(name, stated)
        for path, digest in stated.items():
            here = self._here(path, files)
            if here is None:
                self._fault(path, f"it is missing, though {name} lists it")
            elif _digest(self._folder / here, algorithm) != digest:
                self._fault(path, f"it is not the file that {name} lists")
        return {self._here(path, files) or path for path in stated}

    def _listed(self, name: str, path: str, digest: str, stated: dict[str, str]) -> None:
        if path in stated:
            if self._version == "1.0" or stated[path] != digest:
                self._fault(name, f"it lists {path!r:.200} twice")
            else:
                self._warn(name, f"it lists {path!r:.200} twice")
        stated[path] = digest
        if path.rsplit("/", 1)[-1].lower() in _SYSTEM:
            self._warn(path, "a file that some systems make and change by themselves")

    def _lookalikes(self, name: str, stated: dict[str, str]) -> None:
        """Names that some file systems take for one."""
        seen: dict[str, str] = {}
        for path in stated:
            key = unicodedata.normalize("NFC", path).casefold()
            if key in seen:
                self._warn(name, f"{path!r:.200} and {seen[key]!r:.200} are one name on some systems")
            seen[key] = path

    @staticmethod
    def _here(path: str, files: set[str]) -> str | None:
        """The file of that name, written in whatever normal form of Unicode."""
        if path in files:
            return path
        forms = (unicodedata.normalize(form, path) for form in ("NFC", "NFD"))
        return next((form for form in forms if form in files), None)


def _digest(path: Path, algorithm: str) -> str | None:
    """Digest in hex; None for an algorithm that this machine has not."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
    except ValueError:
        return None
