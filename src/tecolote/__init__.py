"""Tecolote: documents and measures how organised crime uses social media."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tecolote.notebook import Case

__version__ = "0.1.0"
__all__ = ["Case", "__version__"]


def __getattr__(name: str) -> Any:
    """`Case`, loaded when it is first named: the command line must start without its libraries."""
    if name == "Case":
        from tecolote.notebook import Case

        return Case
    raise AttributeError(f"module 'tecolote' has no attribute {name!r}")
