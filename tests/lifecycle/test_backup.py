"""A backup made while an import writes is one state of the case; put back elsewhere it verifies and goes on."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.importer import project_all
from tecolote.corpus.store import Corpus
from tecolote.errors import EvidenceError, TecoloteError, UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.age import Decrypting, Encrypting, new_identity, recipient_of
from tecolote.evidence.verify import verify_case
from tecolote.lifecycle.backup import backup, restore
from tecolote.lifecycle.erase import Grounds, Wish, erase
from tests.corpus import exports

IMPORTER = """
import sys
from pathlib import Path
from tecolote import verbs
print("ready", flush=True)
for path in sorted(Path(sys.argv[2]).iterdir()):
    verbs.import_exports(Path(sys.argv[1]), [path])
"""


def texts(case: Case) -> list[str]:
    return [row["id"] for row in Corpus(case).rows("SELECT id FROM posts_rows ORDER BY id")]


def test_while_an_import_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.jsonl").write_bytes(exports.x_v2(50, 100 * number))
    verbs.import_exports(tmp_path / "case", [folder / "00.jsonl"])
    case = Case.open(tmp_path / "case")
    key = new_identity()
    writer = subprocess.Popen(
        [sys.executable, "-c", IMPORTER, str(case.root), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    made = []
    while writer.poll() is None:
        made.append(backup(case, tmp_path / f"{len(made)}.age", recipient=recipient_of(key)))
        time.sleep(0.02)
    assert writer.returncode == 0
    sizes = [done.size for done in made]
    assert len(set(sizes)) > 2, sizes
    for number, done in enumerate(made[:: max(1, len(made) // 5)]):
        monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path / f"keys-{number}"))
        root = tmp_path / f"restored-{number}"
        assert restore(done.path, root, identity=key) == []
        copy = Case.open(root)
        with Evidence.open(copy) as ev:
            assert ev.size == done.size
            files = len(list(ev.events("import.file")))
        before = texts(copy)
        assert len(before) in (50 * files, 50 * (files - 1))
        verbs.import_exports(root, [folder])
        assert len(texts(copy)) == 2000
        project_all(copy)
        assert verify_case(copy) == []


def test_nothing_of_it_can_be_read_and_every_change_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "posts.jsonl").write_bytes(exports.x_v2(20))
    verbs.import_exports(tmp_path / "case", [tmp_path / "posts.jsonl"])
    case = Case.open(tmp_path / "case")
    done = backup(case, tmp_path / "made.age", passphrase="invented passphrase")
    raw = done.path.read_bytes()
    assert b"Buenos d" not in raw
    assert (case.keys / "signing.key").read_bytes().strip() not in raw
    with Evidence.open(case) as ev:
        assert ev.event(done.leaf or -1).payload["sha256"] == done.sha256
    monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path / "other-keys"))
    source = random.Random(1)
    places = [source.randrange(len(raw)) for _ in range(12)] + [0, len(raw) - 1]
    for at in places:
        (tmp_path / "bad.age").write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(TecoloteError):
            restore(tmp_path / "bad.age", tmp_path / "bad", passphrase="invented passphrase")
    for end in (10, len(raw) // 2, len(raw) - 1):
        (tmp_path / "bad.age").write_bytes(raw[:end])
        with pytest.raises(TecoloteError):
            restore(tmp_path / "bad.age", tmp_path / "bad", passphrase="invented passphrase")
    with pytest.raises(EvidenceError, match="passphrase is wrong"):
        restore(done.path, tmp_path / "bad", passphrase="another")
    assert not (tmp_path / "bad").exists()
    assert list((tmp_path / "other-keys").iterdir()) == []
    assert restore(done.path, tmp_path / "good", passphrase="invented passphrase") == []
    with pytest.raises(UsageError, match="keys of this case"):
        restore(done.path, tmp_path / "twice", passphrase="invented passphrase")


def test_after_an_erasure_the_backup_does_not_hold_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "posts.jsonl").write_bytes(exports.x_v2(20) + exports.x_v2(1, 500, "esto se va para siempre"))
    verbs.import_exports(tmp_path / "case", [tmp_path / "posts.jsonl"])
    case = Case.open(tmp_path / "case")
    erase(case, Wish(items=f"post={10**18 + 500}"), Grounds("GDPR art. 17", "One", "Two"))
    key = new_identity()
    done = backup(case, tmp_path / "made.age", recipient=recipient_of(key))
    with open(done.path, "rb") as stream:
        plain = io.BufferedReader(Decrypting(stream, identity=key)).read()
    assert b"esto se va" not in plain
    monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path / "other-keys"))
    assert restore(done.path, tmp_path / "copy", identity=key) == []
    assert project_all(Case.open(tmp_path / "copy")) == 1
    assert len(texts(Case.open(tmp_path / "copy"))) == 20


@pytest.mark.parametrize("name", ["../evil", "case/../../evil", "/etc/evil", "keys/../case/x", "other/x", "case"])
def test_names_in_a_forged_backup_lead_nowhere(tmp_path: Path, name: str) -> None:
    key = new_identity()
    with open(tmp_path / "forged.age", "wb") as raw, Encrypting(raw, recipient=recipient_of(key)) as sealed:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w|") as tar:
            info = tarfile.TarInfo(name)
            info.size = 4
            tar.addfile(info, io.BytesIO(b"evil"))
        sealed.write(out.getvalue())
    with pytest.raises(EvidenceError):
        restore(tmp_path / "forged.age", tmp_path / "new", identity=key)
    assert not any("evil" in path.name for path in tmp_path.rglob("*"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 200_000])
def test_any_size_is_sealed_and_opened(size: int) -> None:
    data, key = os.urandom(size), new_identity()
    for how, back in (
        ({"recipient": recipient_of(key)}, {"identity": key}),
        ({"passphrase": "ñ", "work": 4}, {"passphrase": "ñ"}),
    ):
        out = io.BytesIO()
        sealed = Encrypting(out, **how)  # type: ignore[arg-type]
        sealed.write(data)
        sealed.close()
        raw = out.getvalue()
        assert io.BufferedReader(Decrypting(io.BytesIO(raw), **back)).read() == data
        if size > 65536:
            with pytest.raises(EvidenceError):
                io.BufferedReader(Decrypting(io.BytesIO(raw[: -(size % 65536) - 16]), **back)).read()
    with pytest.raises(EvidenceError, match="not encrypted to this key"):
        Decrypting(io.BytesIO(_sealed(recipient_of(key))), identity=new_identity())


def _sealed(recipient: str) -> bytes:
    out = io.BytesIO()
    Encrypting(out, recipient=recipient).close()
    return out.getvalue()
