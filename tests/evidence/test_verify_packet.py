"""The verifier that ships in packets: what it may use, its signatures, notes and trees against other programs."""

from __future__ import annotations

import ast
import base64
import json
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.evidence import verify_packet
from tecolote.evidence.notes import Signer, checkpoint_text, sign_note
from tecolote.evidence.tree import Tree, leaf_hashes
from tecolote.evidence.verify_packet import Broken, included, opened_checkpoint, opened_note, signed

SOURCE = Path(verify_packet.__file__).read_text("utf-8")
SIGNER = Signer("tecolote/abc", bytes(range(32)))
KEY = SIGNER.verifier.vkey
NOTE = sign_note(checkpoint_text("tecolote/abc", 7, bytes(range(32))), [SIGNER])


def test_it_is_short_and_needs_the_standard_library_alone() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 9))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert all(name.partition(".")[0] in sys.stdlib_module_names for name in named)
    assert not named & {"socket", "urllib", "http", "ssl", "subprocess", "pickle", "ctypes", "importlib"}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"eval", "exec", "compile", "__import__"}
    assert len(SOURCE.splitlines()) < 300
    assert max(map(len, SOURCE.splitlines())) <= 120


@pytest.mark.data
def test_it_never_accepts_a_signature_that_openssl_refuses(data: Path) -> None:
    cases = [json.loads(line) for line in (data / "evidence/ed25519/edge_cases.jsonl").read_text().splitlines()]
    assert len(cases) == 914
    for case in cases:
        key, text, signature = bytes.fromhex(case["key"]), case["msg"].encode(), bytes.fromhex(case["sig"])
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
            openssl = True
        except (InvalidSignature, ValueError):
            openssl = False
        ours = signed(key, text, signature)
        assert openssl or not ours, case["number"]
        assert ours or not openssl or {"low_order_A", "non_canonical_A"} & set(case["flags"]), case["number"]


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_it_accepts_what_openssl_signs_and_no_changed_bit(seed: bytes, text: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(text)
    assert signed(key, text, signature)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not signed(key, text, bytes(changed))
    assert not signed(key, text + b"x", signature)
    assert not signed(key, text, signature[:63])


@pytest.mark.data
def test_all_inclusion_vectors(data: Path) -> None:
    cases = [json.loads(line) for line in (data / "evidence/merkle/inclusion.jsonl").read_text().splitlines()]
    assert len(cases) == 98
    for case in cases:
        leaf, root = (base64.b64decode(case[name] or "") for name in ("leafHash", "root"))
        proof = [base64.b64decode(part or "").hex() for part in case["proof"] or ()]
        found = included(leaf, case["leafIdx"], case["treeSize"], proof, root)
        assert found is not case["wantErr"], case


def test_every_proof_of_every_small_tree() -> None:
    for size in range(1, 40):
        values = [bytes([n]) for n in range(size)]
        tree, hashes = Tree.of(values), leaf_hashes(values)
        for index in range(size):
            proof = [part.hex() for part in tree.inclusion(index)]
            assert included(hashes[index], index, size, proof, tree.root())
            assert not included(hashes[index], (index + 1) % size, size, proof, tree.root()) or size == 1
            assert not included(hashes[index], index, size, [*proof, "00" * 32], tree.root())
            assert not proof or not included(hashes[index], index, size, proof[:-1], tree.root())


def test_a_checkpoint_is_read_and_no_changed_byte_passes() -> None:
    assert opened_checkpoint(NOTE, KEY) == (7, bytes(range(32)))
    raw = NOTE.encode()
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1 << at % 7
        with pytest.raises((Broken, ValueError)):
            opened_checkpoint(bytes(changed).decode(), KEY)


@pytest.mark.parametrize(
    "text",
    [
        "tecolote/abc\n07\n" + "A" * 43 + "=\n",
        "tecolote/abc\n-7\n" + "A" * 43 + "=\n",
        "tecolote/abc\n7 \n" + "A" * 43 + "=\n",
        "tecolote/abc\n\u0667\n" + "A" * 43 + "=\n",
        "tecolote/abc\n7\n" + "A" * 42 + "==\n",
        "tecolote/abc\n7\n" + "A" * 42 + "B=\n",
        "tecolote/abc\n7\n" + "A" * 43 + "=\nmore\n",
        "tecolote/other\n7\n" + "A" * 43 + "=\n",
        "tecolote/abc\n10000000000000000000000\n" + "A" * 43 + "=\n",
        "tecolote/abc\n7\n",
    ],
)
def test_a_signed_note_that_is_no_strict_checkpoint_is_refused(text: str) -> None:
    with pytest.raises((Broken, ValueError)):
        opened_checkpoint(sign_note(text, [SIGNER]), KEY)


def test_a_note_needs_exactly_the_signature_of_the_key() -> None:
    other = Signer("tecolote/abc", bytes(32))
    for signers in ([other], [SIGNER, other], [other, SIGNER], [SIGNER, SIGNER]):
        with pytest.raises(Broken):
            opened_note(sign_note("text\n", signers).encode(), KEY, "note")
    assert opened_note(sign_note("text\nmore\n", [SIGNER]).encode(), KEY, "note") == ["text", "more"]
