"""One fictional case and its packets, made once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.publish.packet import Order, build
from tecolote.publish.packet_items import AUDIENCES
from tests.publish.packet.parts import PURPOSE, rows_of


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small fictional case, analyzed, with its keys beside it, and a packet for each addressee."""
    folder = tmp_path_factory.mktemp("packets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TECOLOTE_KEYS", str(folder / "keys"))
        verbs.import_demo(verbs.write_demo(folder / "demo", seed=3, hostile=False, scale=0.05), folder / "case")
        verbs.analyze(folder / "case")
        for audience in AUDIENCES:
            items = "flag" if audience != "court" else "platform=whatsapp severity>=1 severity=0"
            build(Case.open(folder / "case"), Order(audience, items, PURPOSE, "R", "B", "es"), folder / audience)
    return folder


@pytest.fixture
def case(world: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """The case of that world, with its keys in place."""
    monkeypatch.setenv("TECOLOTE_KEYS", str(world / "keys"))
    return Case.open(world / "case")


@pytest.fixture
def small(case: Case, world: Path, tmp_path: Path) -> Path:
    """A packet of a few records, for many checks."""
    if not (world / "small").exists():
        post = next(r for r in rows_of(world / "law-enforcement") if r["platform"] == "telegram")
        build(case, Order("law-enforcement", f"post={post['id']}", "test"), world / "small")
    shutil.copytree(world / "small", tmp_path / "packet")
    return tmp_path / "packet"
