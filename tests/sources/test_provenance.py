"""Content credentials and OpenTimestamps proofs: read as the specifications say, never believed, never a crash."""

from __future__ import annotations

import hashlib
import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote import verbs
from tecolote.errors import SourceRefused
from tecolote.sources import c2pa, cbor, jumbf, opentimestamps

from . import credentials as made
from .credentials import in_jpeg, in_mp4, in_png, store

BITCOIN, PENDING = bytes.fromhex("0588960d73d71901"), bytes.fromhex("83dfe30d2ef90c8e")


def _read(raw: bytes) -> c2pa.Credential:
    found = c2pa.read(io.BytesIO(raw))
    assert found is not None
    return found


@pytest.mark.parametrize("algorithm", made.KEYS)
def test_a_credential_is_read_and_checked(algorithm: int) -> None:
    found = _read(in_png(algorithm))
    assert (found.signature, found.references, found.content) == ("valid", "valid", "valid")
    assert (found.generator, found.actions, found.sources) == (
        "Maker 2.0", ["c2pa.created"], ["trainedAlgorithmicMedia"]
    )  # fmt: skip
    assert found.assertions == ["c2pa.actions.v2", "c2pa.hash.data"]
    assert (found.title, found.signer, found.manifests) == ("\u202etitle", "CN=Camera \\<script\\>", 1)


def test_each_lie_is_named() -> None:
    assert _read(in_png(wrong="signature")).signature == "invalid"
    spoiled = _read(in_png(wrong="assertion"))
    assert (spoiled.signature, spoiled.references) == ("valid", "invalid")
    changed = in_png().replace(made.chunk(b"IEND", b""), made.chunk(b"tEXt", b"more") + made.chunk(b"IEND", b""))
    assert _read(changed).content == "invalid"


@pytest.mark.parametrize("wrap", [in_jpeg, in_mp4])
def test_it_is_found_in_jpeg_and_mp4(wrap) -> None:
    raw = store([], bytes(32))
    assert jumbf.find(io.BytesIO(wrap(raw))) == raw
    assert _read(wrap(raw)).signature == "valid"


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xd8", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x08ftyp", b"\xff\xd8\xff\xda"]
)
def test_a_file_without_one_says_nothing(raw: bytes) -> None:
    assert c2pa.read(io.BytesIO(raw)) is None


def test_no_damage_does_more_than_refuse() -> None:
    source, files = random.Random(8), [in_png(), in_jpeg(store([], bytes(32))), in_mp4(store([], bytes(32)))]
    for number in range(1500):
        raw = bytearray(files[number % 3])
        for _ in range(source.choice((1, 1, 4))):
            raw[source.randrange(len(raw))] = source.randrange(256)
        try:
            c2pa.read(io.BytesIO(raw[: source.choice((len(raw), source.randrange(len(raw))))]))
        except SourceRefused:
            continue


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.binary(), inner),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_cbor_comes_back(value: object) -> None:
    assert cbor.decode(made.cbor(value)) == value


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_cbor_or_refused(raw: bytes) -> None:
    try:
        cbor.decode(raw)
    except SourceRefused:
        return


@pytest.mark.parametrize(
    "raw", [b"\x81" * 40 + b"\x00", b"\x9f\xff", b"\xa2\x00\x00\x00\x01", b"\x00\x00", b"\x9a\xff\xff\xff\xff"]
)
def test_hostile_cbor_is_refused(raw: bytes) -> None:
    with pytest.raises(SourceRefused):
        cbor.decode(raw)


def _proof(digest: bytes, steps: bytes) -> bytes:
    return opentimestamps.MAGIC + b"\x01\x08" + digest + steps


def _end(kind: bytes, payload: bytes) -> bytes:
    return b"\x00" + kind + bytes([len(payload)]) + payload


def test_a_proof_is_followed_to_its_ends() -> None:
    digest = hashlib.sha256(b"hello").digest()
    calendar = b"https://calendar.example.org"
    # fork: pending after appending "a" and hashing; Bitcoin block 300 after prepending "b" and hashing.
    pending = b"\xff\xf0\x01a\x08" + _end(PENDING, bytes([len(calendar)]) + calendar)
    raw = _proof(digest, pending + b"\xf1\x01b\x08" + _end(BITCOIN, b"\xac\x02"))
    found = opentimestamps.read(raw)
    assert (found.algorithm, found.digest) == ("sha256", digest.hex())
    first, second = found.attestations
    assert (first.kind, first.calendar) == ("pending", calendar.decode())
    assert (second.kind, second.height) == ("bitcoin", 300)
    assert second.merkle_root == hashlib.sha256(b"b" + digest).digest()[::-1].hex()


@pytest.mark.parametrize(
    "steps",
    [
        b"",
        b"\x08" * 300 + _end(BITCOIN, b"\x01"),
        b"\xf3" * 9 + _end(BITCOIN, b"\x01"),
        b"\x99",
        _end(BITCOIN, b"\x01") + b"more",
        b"\x00" + BITCOIN + b"\xff" * 10,
        _end(BITCOIN, b"\xff" * 10),
        b"\xf0\xff\xff\x7f",
    ],
)
def test_a_hostile_proof_is_refused(steps: bytes) -> None:
    with pytest.raises(SourceRefused):
        opentimestamps.read(_proof(bytes(32), steps))


def test_an_unknown_end_is_told_as_one() -> None:
    found = opentimestamps.read(_proof(bytes(32), b"\x67" + _end(b"unknown!", b"x")))
    assert [end.kind for end in found.attestations] == ["unknown"]
    assert opentimestamps.read(_proof(bytes(32), b"\x67" + _end(BITCOIN, b"\x01"))).attestations[0].merkle_root is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_proof_or_refused(raw: bytes) -> None:
    try:
        opentimestamps.read(_proof(bytes(32), raw))
    except SourceRefused:
        return


def test_a_case_logs_what_its_files_say_once(tmp_path: Path) -> None:
    folder, case = tmp_path / "in", tmp_path / "case"
    folder.mkdir()
    (folder / "photo.png").write_bytes(in_png())
    digest = hashlib.sha256((folder / "photo.png").read_bytes()).digest()
    (folder / "photo.png.ots").write_bytes(_proof(digest, _end(BITCOIN, b"\x05")))
    (folder / "broken.ots").write_bytes(_proof(digest, b""))
    (folder / "posts.jsonl").write_text('{"id": "1", "text": "hola"}\n')
    verbs.import_exports(case, [folder])
    found = verbs.provenance(case, [])
    by_name = {Path(entry["name"]).name: (entry, words) for entry, words in found}
    assert set(by_name) == {"photo.png", "photo.png.ots", "broken.ots"}
    assert "not vouched for" in by_name["photo.png"][1]
    assert by_name["photo.png.ots"][0]["stamped_leaf"] in range(10)
    assert "cut off" in by_name["broken.ots"][1]
    assert verbs.provenance(case, []) == found
    assert verbs.verify(case) == []
    assert len(verbs.provenance(None, sorted(folder.iterdir()))) == 3
