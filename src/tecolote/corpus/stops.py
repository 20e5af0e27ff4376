"""Files that an import must not take: their hashes stand on a list that the user was given.

Suspected child-abuse material is the case for which this is made: nothing of it may be kept, read or shown. Its
bytes are hashed and go no further; the log says which hash was met and on which list, and no name of the file.

An archive inside an archive is known by its members, not by a hash of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import new
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

from tecolote.case import write_durably
from tecolote.errors import UsageError
from tecolote.evidence import Evidence

EVENT = "stopped"
#: The list of a case, beside ``case.toml``.
CASE_LIST = "stop-list.txt"
#: Length of a hex digest to the algorithm that makes it.
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}
_MAX_BYTES = 1 << 30
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Stop:
    """A hash that was met: the algorithm, the hex digest, and the name of the list on which it stands."""

    algorithm: str
    digest: str
    list: str

    @property
    def reason(self) -> str:
        """What a person is told."""
        return f"stopped: its {self.algorithm} is on the list {self.list}; no copy was kept and nothing of it was read"


@dataclass
class StopList:
    """Digests by algorithm, each with the name of its list."""

    _digests: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, paths: Iterable[Path]) -> StopList:
        """Read text files of hex digests, one a line; empty lines and lines that begin with '#' say nothing.

        Raises:
            UsageError: a file is no such list; one line that cannot be read would let a file through unseen.
        """
        made = cls()
        for path in paths:
            try:
                text = path.read_text("utf-8-sig") if path.stat().st_size <= _MAX_BYTES else None
            except (OSError, UnicodeDecodeError):
                text = None
            if text is None:
                raise UsageError(f"the stop list {path} cannot be read", "Give a text file of digests below 1 GiB")
            for number, line in enumerate(text.splitlines(), 1):
                made._add(line.strip().lower(), path.name, number)
        return made

    def _add(self, line: str, name: str, number: int) -> None:
        if not line or line.startswith("#"):
            return
        algorithm = _ALGORITHMS.get(len(line))
        if algorithm is None or not re.fullmatch("[0-9a-f]+", line):
            raise UsageError(
                f"line {number} of the stop list {name} is no digest",
                "Write one SHA-256, SHA-1 or MD5 a line, in hex",
            )
        self._digests.setdefault(algorithm, {})[line] = name

    def find(self, stream: BinaryIO) -> Stop | None:
        """The stop that the bytes of ``stream`` meet, if any; leaves it at its beginning.

        Reads nothing if the list is empty, else all in bounded memory, for every algorithm at once.
        """
        if not self._digests:
            return None
        hashes = [new(algorithm, usedforsecurity=False) for algorithm in self._digests]
        stream.seek(0)
        while block := stream.read(_BLOCK):
            for each in hashes:
                each.update(block)
        stream.seek(0)
        for each in hashes:
            name = self._digests[each.name].get(each.hexdigest())
            if name is not None:
                return Stop(each.name, each.hexdigest(), name)
        return None


def case_list(root: Path) -> list[Path]:
    """The list of a case, if it has one."""
    path = root / CASE_LIST
    return [path] if path.exists() else []


def add_to_case_list(root: Path, digest: str) -> None:
    """Put one more digest on the list of a case."""
    listed = "".join(path.read_text("utf-8-sig") for path in case_list(root))
    if digest not in listed.split():
        write_durably(
            root / CASE_LIST, f"{listed}{'' if listed.endswith(chr(10)) or not listed else chr(10)}{digest}\n".encode()
        )


def log_stop(evidence: Evidence, stop: Stop, container: str | None = None, chain: tuple[int, ...] = ()) -> bool:
    """Log that an import stopped at a file, once for each place; whether something was logged.

    Args:
        evidence: open for writing.
        stop: the hash that was met.
        container: SHA-256 of the container; None for a file of its own.
        chain: positions in the container.
    """
    payload = {**vars(stop), "container": container, "chain": list(chain)}
    if any(event.payload == payload for event in evidence.events(EVENT)):
        return False
    evidence.append(EVENT, payload=payload, public={})
    return True


def where_to_report() -> list[str]:
    """Lines for a person: what to do with such a file now, and whom to tell, by country."""
    text = resources.files(__package__).joinpath("where_to_report.json").read_text("utf-8")
    known: dict[str, Any] = json.loads(text)
    return [
        "Do not open, copy or send it. Report it, by its address or by where you found it; ask them what to do with "
        "your copy, and delete it if they or the law say so:",
        *(f"  {place['country']}: {place['name']}, {place['how']}" for place in known["places"]),
        f"Checked on {known['checked']}; look at their own pages.",
    ]
