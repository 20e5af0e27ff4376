"""A case whose tables are written by hand."""

from tests.networks.conftest import corpus_of

__all__ = ["corpus_of"]
