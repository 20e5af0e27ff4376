"""Cases to test with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tecolote.case import Case
from tests.evidence.making import fill


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A case without evidence."""
    return Case.create(tmp_path / "case")


@pytest.fixture
def filled(case: Case) -> Case:
    """A closed case with four files, one of them over several segments, and tables."""
    fill(case, large=True)
    return case
