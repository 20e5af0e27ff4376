"""The share still online after some days, as numbers."""

from __future__ import annotations

from tecolote.publish.counter import Counter


def add_survival(c: Counter) -> None:
    """Nothing yet."""
