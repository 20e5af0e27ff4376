"""Every failure that a user can cause: one line that says what happened and what to do next.

The command line prints ``str(error)`` on standard error and exits with ``error.exit_code``.
"""

from __future__ import annotations


class TecoloteError(Exception):
    """A failure with a remedy.

    Args:
        what: what went wrong, without a full stop at the end.
        hint: what the user can do next; printed after the first sentence.
    """

    exit_code = 1

    def __init__(self, what: str, hint: str = "") -> None:
        self.what = what
        self.hint = hint
        super().__init__(f"{what}. {hint}" if hint else what)


class UsageError(TecoloteError):
    """The command was called in a way that cannot work (exit code 2)."""

    exit_code = 2


class CaseError(TecoloteError):
    """The case folder is missing, of an unknown format, or on a disk that cannot hold one."""


class CaseLocked(CaseError):
    """Another process is writing to the case."""


class KeyMissing(TecoloteError):
    """A key that this step needs is not in the user's key folder."""


class EvidenceError(TecoloteError):
    """A byte, leaf, checkpoint or signature does not hold."""


class ConsentError(TecoloteError):
    """A private chat came without a consent record that covers it, or the record is not usable."""


class SourceRefused(TecoloteError):
    """A file cannot be read as any known format, or is too dangerous to open."""


class LimitExceeded(SourceRefused):
    """A file is larger, deeper or more compressed than the import allows."""


class CodebookError(TecoloteError):
    """A codebook does not validate."""


class ModelError(TecoloteError):
    """Weights cannot be read, or too little is labelled to fit any."""


class CannotRecompute(TecoloteError):
    """A figure needs a version of a component that is not installed."""
