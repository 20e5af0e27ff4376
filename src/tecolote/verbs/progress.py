"""How a verb tells how far it is."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with what is done, what there is in all (0: unknown), and what it is counted in."""
