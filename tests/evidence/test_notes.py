from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from tecolote.errors import EvidenceError
from tecolote.evidence.notes import Note, Signer, Verifier, checkpoint_text, parse_checkpoint, sign_note

SEED = bytes(range(32))
SIGNER = Signer("example.org/log", SEED)
OTHER = Signer("example.org/log", bytes(32))
TEXT = checkpoint_text("example.org/log", 7, bytes(range(32)))
NOTE = sign_note(TEXT, [SIGNER])


@pytest.mark.data
def test_the_example_of_the_specification(data: Path) -> None:
    example = json.loads((data / "evidence/notes/signed_note_example.json").read_text())
    key = Verifier.parse(example["vkey"])
    note = Note.parse(example["note"].encode())
    assert note.text == "This is an example message.\n"
    assert note.signers([key]) == [key]
    assert key.vkey == example["vkey"]


def test_a_checkpoint_comes_back() -> None:
    note = Note.parse(NOTE.encode())
    assert parse_checkpoint(note.text) == ("example.org/log", 7, bytes(range(32)))
    assert note.signers([OTHER.verifier, SIGNER.verifier]) == [SIGNER.verifier]


def test_two_keys_may_sign() -> None:
    note = Note.parse(sign_note(TEXT, [SIGNER, OTHER]).encode())
    assert note.signers([SIGNER.verifier]) == [SIGNER.verifier]
    assert note.signers([OTHER.verifier, SIGNER.verifier]) == [SIGNER.verifier, OTHER.verifier]


def test_an_unknown_key_alone_is_not_enough() -> None:
    with pytest.raises(EvidenceError, match="no known key"):
        Note.parse(NOTE.encode()).signers([OTHER.verifier])


def test_a_known_key_that_does_not_hold_voids_the_note() -> None:
    line = SIGNER.sign("something else\n")
    note = Note.parse((sign_note(TEXT, [OTHER]) + line).encode())
    with pytest.raises(EvidenceError, match="does not hold"):
        note.signers([OTHER.verifier, SIGNER.verifier])


def test_every_changed_bit_is_noticed() -> None:
    raw = NOTE.encode()
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1 << (at % 8)
        with pytest.raises(EvidenceError):
            parse_checkpoint(Note.parse(bytes(changed)).text) and Note.parse(bytes(changed)).signers([SIGNER.verifier])


_LINE = SIGNER.sign(TEXT)
BAD_NOTES = {
    "no signature": TEXT + "\n",
    "no blank line": TEXT + _LINE,
    "no newline at the end": NOTE[:-1],
    "text behind the signatures": NOTE + "more\n",
    "a blank line at the end": NOTE + "\n",
    "a carriage return": NOTE.replace("\n", "\r\n"),
    "a control character": NOTE.replace("7", "\x07"),
    "a hyphen for the dash": NOTE.replace("\u2014", "-"),
    "two spaces before the name": NOTE.replace("\u2014 ", "\u2014  "),
    "a name with a plus": NOTE.replace("\u2014 example.org/", "\u2014 example+org/"),
    "a name with a no-break space": NOTE.replace("\u2014 example.org/", "\u2014 example\u00a0org/"),
    "no name": NOTE.replace("\u2014 example.org/log ", "\u2014  "),
    "base64 without padding": NOTE.replace("=\n", "\n") if NOTE.endswith("=\n") else NOTE[:-2] + "\n",
    "url-safe base64": TEXT + "\n\u2014 example.org/log " + "_-" * 46 + "\n",
    "a short signature": TEXT + "\n\u2014 example.org/log " + base64.b64encode(b"abcd").decode() + "\n",
    "too many signatures": TEXT + "\n" + _LINE * 40,
    "too long": "x" * 70_000 + NOTE,
}


@pytest.mark.parametrize("name", BAD_NOTES)
def test_notes_outside_the_grammar(name: str) -> None:
    with pytest.raises(EvidenceError):
        Note.parse(BAD_NOTES[name].encode())


def test_a_note_is_utf8() -> None:
    with pytest.raises(EvidenceError):
        Note.parse(NOTE.encode().replace(b"7", b"\xff"))


def test_base64_has_one_spelling() -> None:
    # The last character of this root holds two unused bits; setting them must not go unnoticed.
    assert TEXT.endswith("8=\n")
    with pytest.raises(EvidenceError):
        parse_checkpoint(TEXT.replace("8=\n", "9=\n"))


ROOT = base64.b64encode(bytes(32)).decode()
BAD_CHECKPOINTS = {
    "leading zero": f"o\n07\n{ROOT}\n",
    "sign": f"o\n+7\n{ROOT}\n",
    "negative": f"o\n-7\n{ROOT}\n",
    "other digits": f"o\n\u0667\n{ROOT}\n",
    "space": f"o\n7 \n{ROOT}\n",
    "empty size": f"o\n\n{ROOT}\n",
    "empty origin": f"\n7\n{ROOT}\n",
    "short root": f"o\n7\n{base64.b64encode(bytes(31)).decode()}\n",
    "no root": "o\n7\n",
    "no last newline": f"o\n7\n{ROOT}",
    "empty extension": f"o\n7\n{ROOT}\n\nx\n",
    "hex root": f"o\n7\n{'00' * 32}\n",
    "size beyond 64 bits": f"o\n{10**30}\n{ROOT}\n",
}


@pytest.mark.parametrize("name", BAD_CHECKPOINTS)
def test_checkpoints_outside_the_grammar(name: str) -> None:
    with pytest.raises(EvidenceError):
        parse_checkpoint(BAD_CHECKPOINTS[name])


def test_size_zero_and_extension_lines_are_allowed() -> None:
    assert parse_checkpoint(f"o\n0\n{ROOT}\nextension\n") == ("o", 0, bytes(32))


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.org/log",
        SIGNER.verifier.vkey.replace("example", "Example"),
        SIGNER.verifier.vkey.upper(),
        SIGNER.verifier.vkey + "=",
        SIGNER.verifier.vkey[:-4] + "AAA=",
    ],
)
def test_verifier_keys_are_read_strictly(vkey: str) -> None:
    with pytest.raises(EvidenceError):
        Verifier.parse(vkey)


def test_text_that_cannot_be_a_note_is_not_signed() -> None:
    for text in ("", "no newline", "bell\x07\n"):
        with pytest.raises(EvidenceError):
            sign_note(text, [SIGNER])


@pytest.mark.data
def test_no_signature_is_accepted_that_openssl_refuses(data: Path) -> None:
    """The edge cases of C2SP/CCTV that a strict reading of RFC 8032 must refuse: S out of range."""
    order = 2**252 + 27742317777372353535851937790883648493
    cases = [json.loads(line) for line in (data / "evidence/ed25519/edge_cases.jsonl").open()]
    beyond = [c for c in cases if int.from_bytes(bytes.fromhex(c["sig"])[32:], "little") >= order]
    assert len(cases) == 914
    for c in beyond:
        assert not Verifier("x", bytes.fromhex(c["key"])).holds(c["msg"].encode(), bytes.fromhex(c["sig"]))


def test_a_signature_of_the_wrong_length_does_not_hold() -> None:
    assert not SIGNER.verifier.holds(b"x", os.urandom(63))
