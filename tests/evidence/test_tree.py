from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.evidence.tree import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    leaf_hashes,
    verify_consistency,
    verify_inclusion,
)

MOST = 130


def plain_root(values: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word by word."""
    if not values:
        return hashlib.sha256().digest()
    if len(values) == 1:
        return hashlib.sha256(b"\x00" + values[0]).digest()
    half = 1
    while half * 2 < len(values):
        half *= 2
    return hashlib.sha256(b"\x01" + plain_root(values[:half]) + plain_root(values[half:])).digest()


VALUES = [str(n).encode() for n in range(MOST)]
ROOTS = [plain_root(VALUES[:n]) for n in range(MOST + 1)]
TREE = Tree.of(VALUES)


def decode(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@pytest.mark.data
def test_transparency_dev_inclusion_vectors(data: Path) -> None:
    cases = [json.loads(line) for line in (data / "evidence/merkle/inclusion.jsonl").open()]
    assert len(cases) == 98
    for c in cases:
        proof = [decode(p) for p in c["proof"] or []]
        held = verify_inclusion(decode(c["leafHash"]), c["leafIdx"], c["treeSize"], proof, decode(c["root"]))
        assert held is not c["wantErr"], c["name"]


@pytest.mark.data
def test_transparency_dev_consistency_vectors(data: Path) -> None:
    cases = [json.loads(line) for line in (data / "evidence/merkle/consistency.jsonl").open()]
    assert len(cases) == 98
    for c in cases:
        proof = [decode(p) for p in c["proof"] or []]
        held = verify_consistency(c["size1"], c["size2"], proof, decode(c["root1"]), decode(c["root2"]))
        assert held is not c["wantErr"], c["name"]


def test_every_root_is_that_of_the_definition() -> None:
    assert [TREE.root(n) for n in range(MOST + 1)] == ROOTS
    assert Tree().root() == EMPTY_ROOT == ROOTS[0]


def test_every_inclusion_proof_up_to_130_leaves() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            proof = TREE.inclusion(index, size)
            assert verify_inclusion(TREE.leaf(index), index, size, proof, ROOTS[size])
            assert not verify_inclusion(TREE.leaf(index), (index + 1) % size, size, proof, ROOTS[size]) or size == 1
            assert not verify_inclusion(TREE.leaf(index), index, size, [*proof, ROOTS[0]], ROOTS[size])


def test_every_consistency_proof_up_to_130_leaves() -> None:
    for second in range(1, MOST + 1):
        for first in range(1, second + 1):
            proof = TREE.consistency(first, second)
            assert verify_consistency(first, second, proof, ROOTS[first], ROOTS[second])
            assert not verify_consistency(first, second, proof, ROOTS[first - 1], ROOTS[second])
            assert not verify_consistency(first, second, [*proof, ROOTS[0]], ROOTS[first], ROOTS[second])


@given(st.lists(st.integers(0, 40), max_size=8))
def test_growing_in_any_steps_gives_the_same_tree(steps: list[int]) -> None:
    steps = [step for i, step in enumerate(steps) if sum(steps[: i + 1]) <= MOST]
    tree = Tree()
    for step in steps:
        tree.extend(leaf_hashes(VALUES[tree.size : tree.size + step]))
        assert tree.root() == ROOTS[tree.size]


@given(st.integers(0, MOST), st.integers(0, MOST))
def test_cutting_is_undone_by_growing_again(size: int, back: int) -> None:
    tree = Tree.of(VALUES[:size])
    back = min(back, size)
    tree.cut(back)
    assert (tree.size, tree.root()) == (back, ROOTS[back])
    tree.extend(leaf_hashes(VALUES[back:size]))
    assert tree.root() == ROOTS[size]


def test_a_leaf_is_never_taken_for_a_node() -> None:
    inner = hashlib.sha256(b"\x00a").digest() + hashlib.sha256(b"\x00b").digest()
    assert leaf_hash(inner) != Tree.of([b"a", b"b"]).root()


def test_sizes_that_are_not_there_are_refused() -> None:
    for call in (
        lambda: TREE.root(MOST + 1),
        lambda: TREE.inclusion(5, 5),
        lambda: TREE.consistency(0, 5),
        lambda: TREE.consistency(6, 5),
    ):
        with pytest.raises(IndexError):
            call()
