"""Fixtures that all rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("TECOLOTE_DATA", ROOT.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs data outside the repository, with the reason, where it is absent."""
    if DATA.is_dir():
        return
    reason = pytest.mark.skip(reason="data outside the repository: set TECOLOTE_DATA to the folder with the samples")
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(reason)


@pytest.fixture
def data() -> Path:
    """The folder of sample exports, vectors and labelled sets."""
    return DATA


@pytest.fixture(autouse=True)
def _keys(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's own keys."""
    monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path_factory.mktemp("keys")))
