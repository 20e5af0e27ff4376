"""Nothing in the environment that ships is GPL or AGPL, bundled shared libraries included."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPYLEFT = re.compile(r"\bA?GPL(?:v|-|\s|$)|GNU (?:Affero )?General Public", re.I)
LESSER = re.compile(r"LGPL|Lesser General", re.I)
# Words of a licence expression that offers a choice are not a duty: "GPL-2.0 OR MIT".
CHOICE = re.compile(r"\bOR\b", re.I)
LIBRARIES = re.compile(r"(libx264|libx265|libgsl|libreadline|libgmp|libfftw3|libicu.*gpl)", re.I)


def locked(lock: str) -> set[str]:
    """Names pinned in a lock."""
    text = (ROOT / "locks" / lock).read_text("utf-8")
    return {re.sub(r"[-_.]+", "-", n).lower() for n in re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.M)}


def stated_licence(dist: Distribution) -> str:
    """What the metadata say."""
    meta = dist.metadata
    fields = [meta.get("License-Expression") or "", *(meta.get_all("Classifier") or [])]
    short = (meta.get("License") or "").splitlines()
    return " ".join([*[f for f in fields if "icen" in f or f == fields[0]], *short[:1]])


def shipped() -> list[Distribution]:
    """Installed distributions of the main lock."""
    names = locked("main.txt")
    return [d for d in distributions() if re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower() in names]


def test_no_copyleft_in_metadata() -> None:
    found = shipped()
    assert len(found) > 20
    for dist in found:
        words = stated_licence(dist)
        if COPYLEFT.search(LESSER.sub("", words)):
            assert CHOICE.search(words), f"{dist.metadata['Name']}: {words}"


def test_no_copyleft_shared_library_is_bundled() -> None:
    for dist in shipped():
        for file in dist.files or []:
            if ".so" in file.name or file.suffix in (".dylib", ".dll"):
                assert not LIBRARIES.search(file.name), f"{dist.metadata['Name']} bundles {file}"


def test_locks_are_hashed_and_hold_no_address() -> None:
    for path in sorted((ROOT / "locks").glob("*.txt")):
        text = path.read_text("utf-8")
        assert "://" not in text, path
        for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
            if re.match(r"[A-Za-z0-9_.-]+==", block):
                assert "--hash=sha256:" in block, block[:80]
    lock = ROOT / "src/tecolote/web/frontend/package-lock.json"
    assert '"resolved"' not in lock.read_text("utf-8")
