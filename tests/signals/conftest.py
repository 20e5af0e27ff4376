"""One reader for all tests of the room: making it takes longer than using it."""

from __future__ import annotations

import pytest

from tecolote import codebook
from tecolote.signals.assess import Assessor


@pytest.fixture(scope="session")
def reader() -> Assessor:
    return Assessor(codebook.load())
