"""Demos that the tests of this room share: a small one, a small hostile one, and the one of full size."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tecolote.demo import DemoPaths, write_demo


@dataclass(frozen=True)
class Written:
    """A demo on disk and its truth."""

    paths: DemoPaths
    truth: dict[str, Any]


def _write(folder: Path, **options: Any) -> Written:
    paths = write_demo(folder, **options)
    return Written(paths, json.loads(paths.truth.read_text("utf-8")))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return _write(tmp_path_factory.mktemp("demo") / "small", scale=0.05)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return _write(tmp_path_factory.mktemp("demo") / "hostile", scale=0.1, hostile=True)


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return _write(tmp_path_factory.mktemp("demo") / "full")
