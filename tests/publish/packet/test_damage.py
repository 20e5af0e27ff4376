"""Packets: what a stranger can check, and that no damage and no lie passes."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from tecolote import verbs
from tecolote.case import Case
from tecolote.evidence.keys import signer
from tecolote.evidence.notes import Signer
from tecolote.evidence.packets import ZipCheck, second_opinion, verify_packet
from tecolote.evidence.verify_packet import Check
from tecolote.publish.packet import Order, build
from tecolote.publish.packet_bag import Bag
from tests.evidence.authority import make, serving
from tests.publish.packet.parts import OLDEST, chat, script


def _damage(packet: Path, source: random.Random) -> str:
    """One random damage; what it was."""
    files = sorted(p for p in packet.rglob("*") if p.is_file())
    path = source.choice(files)
    raw = bytearray(path.read_bytes())
    kind = source.choice(("flip", "flip", "flip", "cut", "more", "gone", "new", "swap"))
    if kind == "flip":
        raw[source.randrange(len(raw))] ^= 1 << source.randrange(8)
        path.write_bytes(raw)
    elif kind == "cut":
        path.write_bytes(raw[: source.randrange(len(raw))])
    elif kind == "more":
        path.write_bytes(raw + b"\n")
    elif kind == "gone":
        path.unlink()
    elif kind == "new":
        (path.parent / f"new{source.randrange(100)}.txt").write_bytes(b"x")
    else:
        other = source.choice([p for p in files if p != path and p.read_bytes() != raw])
        content = other.read_bytes()
        other.write_bytes(raw)
        path.write_bytes(content)
    return f"{kind} {path.relative_to(packet)}"


def test_good_and_damaged_packets_get_the_same_verdict(small: Path, tmp_path: Path) -> None:
    """The verb and the file inside say the same: no of every damage, yes of every tenth packet, which has none.

    ``TECOLOTE_PACKETS=2000`` is the full number; some are judged by the oldest Python here, in a process of its own.
    """
    source, other = random.Random(11), tmp_path / "judged"
    count = int(os.environ.get("TECOLOTE_PACKETS", "200"))
    for number in range(count):
        shutil.copytree(small, other)
        what = "nothing" if number % 10 == 9 else _damage(other, source)
        verdict = bool(verbs.verify(other))
        assert verdict is bool(Check(other).run()) is (what != "nothing"), what
        if number % (count // 20) == 0:
            assert script(other) == int(verdict), what
        shutil.rmtree(other)


def test_a_packet_carries_the_time_stamp_token_and_the_verifier_says_what_it_does_not_check(
    tmp_path: Path,
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    chat(tmp_path)
    root = tmp_path / "root.pem"
    with serving(make(tmp_path / "tsa")) as authority:
        root.write_bytes(authority.root)
        (token,) = verbs.timestamp(tmp_path / "case", authority.url, root)
    made = build(Case.open(tmp_path / "case"), Order("court", "all", "complaint"), tmp_path / "packet")
    assert verbs.verify(made.path) == []
    script = made.path / "verify_packet.py"
    done = subprocess.run([OLDEST, "-I", "-S", script], capture_output=True, text=True)
    assert done.returncode == 0 and token["time"] in done.stdout and "NOT checked: who signed it" in done.stdout
    stamps = made.path / f"data/stamps/{token['leaf']}"
    words = ["openssl", "ts", "-verify", "-in", f"{stamps}.tsr", "-data", f"{stamps}.note", "-CAfile", root]
    assert b"Verification: OK" in subprocess.run(words, capture_output=True, check=True).stdout
    text = "".join(page.extract_text() for page in PdfReader(made.path / "data/cover.pdf").pages)
    assert "CN=Clock" in text.replace("\n", "")
    assert "openssl ts -verify" in (made.path / "README.txt").read_text("utf-8")
    proof = json.loads((made.path / "data/proof.json").read_bytes())
    key = signer(Case.open(tmp_path / "case"))
    for number, change in enumerate(({"0": ["00" * 32]}, {"7": []})):
        lie = copy.deepcopy(proof)
        lie["stamps"][0]["paths"] |= change
        sealed = reseal(made.path, tmp_path / f"lie{number}", {"proof.json": json.dumps(lie).encode()}, key)
        assert verify_packet(sealed) and Check(sealed).run()
    for suffix in ("tsr", "note"):
        content = Path(f"{stamps}.{suffix}").read_bytes() + b"\n"
        name = f"stamps/{token['leaf']}.{suffix}"
        assert Check(reseal(made.path, tmp_path / suffix, {name: content}, key)).run()


@pytest.mark.parametrize(
    "name", ["bagit.txt", "seal.txt", "manifest-sha512.txt", "data/proof.json", "data/custody.json"]
)
def test_a_file_that_is_missing_is_named(small: Path, name: str) -> None:
    (small / name).unlink()
    assert any(name in f"{fault.where} {fault.what}" for fault in verbs.verify(small))


def test_a_zip_of_it_holds_and_a_damaged_one_never_says_another_thing(small: Path, tmp_path: Path) -> None:
    """A flip in a zip is either found or in bytes that are no content (dates, padding): both programs agree."""
    path = tmp_path / "packet.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(small.rglob("*")):
            if file.is_file():
                archive.write(file, f"packet/{file.relative_to(small)}")
    assert verbs.verify(path) == []
    raw, source, found = path.read_bytes(), random.Random(5), 0
    for _ in range(150):
        changed = bytearray(raw)
        changed[source.randrange(len(raw))] ^= 1 << source.randrange(8)
        path.write_bytes(changed)
        verdict = bool(verbs.verify(path))
        assert verdict is bool(ZipCheck(path).run())
        found += verdict
    assert found > 100


def reseal(packet: Path, out: Path, changes: dict[str, bytes], key: Signer) -> Path:
    """The packet with changed payload files, and manifests and seal made anew."""
    out.mkdir()
    bag = Bag(out)
    for file in sorted((packet / "data").rglob("*")):
        if file.is_file():
            name = file.relative_to(packet / "data").as_posix()
            bag.add(name, changes.get(name, file.read_bytes()))
    bag.close(key, {"Bagging-Date": "2026-01-01"}, "read me")
    return out


def test_manifests_made_anew_do_not_help_without_the_key(small: Path, case: Case, tmp_path: Path) -> None:
    stranger = Signer(signer(case).verifier.name, bytes(32))
    forged = (small / "data/cover.pdf").read_bytes() + b"% another word\n"
    made = reseal(small, tmp_path / "forged", {"cover.pdf": forged}, stranger)
    assert any(fault.where == "seal.txt" for fault in verify_packet(made))
    assert script(made) == 1
    assert verify_packet(reseal(small, tmp_path / "own", {}, signer(case))) == []


def test_another_key_is_noticed_by_who_knows_the_right_one(small: Path, case: Case) -> None:
    right, wrong = signer(case).verifier.vkey, Signer(signer(case).verifier.name, bytes(32)).verifier.vkey
    assert verify_packet(small, right) == []
    assert [fault.where for fault in verify_packet(small, wrong)] == ["key"]
    assert (script(small, "--key", right), script(small, "--key", wrong)) == (0, 1)


def test_a_holder_of_the_key_cannot_change_a_record_afterwards(small: Path, case: Case, tmp_path: Path) -> None:
    """Sealed anew with the right key: rows, raw records, custody and proofs are still bound to the log."""
    rows = json.loads((small / "data/records.json").read_bytes())
    rows["records"][0]["text"] = "another text"
    raw = next((small / "data/raw").iterdir())
    custody = json.loads((small / "data/custody.json").read_bytes())
    custody["events"][-1]["payload"]["purpose"] = "another purpose"
    for number, (name, content) in enumerate(
        {
            "records.json": json.dumps(rows).encode(),
            "records.csv": (small / "data/records.csv").read_bytes().replace(b"telegram", b"telegraf"),
            f"raw/{raw.name}": raw.read_bytes() + b" ",
            "custody.json": json.dumps(custody).encode(),
        }.items()
    ):
        made = reseal(small, tmp_path / str(number), {name: content}, signer(case))
        assert any(name in fault.where for fault in verify_packet(made)), name


def test_both_programs_judge_changed_proofs_alike(small: Path, case: Case, tmp_path: Path) -> None:
    """Digits of hashes, base64 and numbers changed in the proof, sealed anew with the right key."""
    text = (small / "data/proof.json").read_text("utf-8")
    places = [m.start() for m in re.finditer(r"(?<=[0-9a-f])[0-9a-f](?=[0-9a-f])", text)]
    source = random.Random(2)
    for number in range(60):
        at = source.choice(places)
        changed = text[:at] + source.choice("0123456789abcdef".replace(text[at], "")) + text[at + 1 :]
        made = reseal(small, tmp_path / str(number), {"proof.json": changed.encode()}, signer(case))
        faults = Check(made).run()
        assert faults, text[at - 40 : at + 10]
        try:
            second = second_opinion(json.loads(changed), (made / "seal.txt").read_bytes())
        except ValueError:
            second = []
        # What the second does not read is the files themselves.
        assert second or any(where.startswith("data/") for where, _ in faults), text[at - 40 : at + 10]
        shutil.rmtree(made)
