"""Whose archive a file belongs to, where another file of the same archive says so.

The posts in an archive of X or a download from Instagram do not say whose they are: one small file beside them does.
It counts for the files of its own archive only, and not at all where two disagree or no folder or container tells
which files belong together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tecolote.sources import instagram_download, registry, x_archive
from tecolote.sources.base import Options, Reader, Source

_MAX_BYTES = 1 << 20
#: By reader: what finds the owner in a file that states it, and what stands in its path below the archive's root.
_STATED: dict[str, tuple[Callable[[Source], str | None], str]] = {
    "x_archive": (x_archive.owner, ""),
    "instagram_download": (instagram_download.owner, "personal_information/"),
}
#: Where to look before the rest of a folder is read.
_NAMES = ("account.js", "manifest.js", "personal_information.json")


@dataclass
class Owners:
    """The owners that files of an import state, by reader and root of the archive."""

    _found: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def learn(self, source: Source, reader: Reader | None) -> None:
        """Take up whom ``source`` names as the owner of its archive, if it does."""
        if reader is None or reader.name not in _STATED or source.size > _MAX_BYTES:
            return
        find, below = _STATED[reader.name]
        root = _folder(source.name)
        root = root[: root.find(below)] if below and below in root else root
        owner = find(source)
        if owner and root:
            self._found.setdefault((reader.name, root), set()).add(owner)

    def look(self, paths: Iterable[tuple[str, Path, str]]) -> None:
        """Look into the files of a folder that state an owner; see `tecolote.corpus.plan.walk`."""
        for name, path, why in paths:
            if not why and name.endswith(_NAMES):
                with contextlib.suppress(OSError), path.open("rb") as stream:
                    source = Source(name, stream, path.stat().st_size)
                    self.learn(source, registry.pick(source.head, name))

    def options(self, name: str, reader: Reader | None, options: Options) -> Options:
        """What the user said, with the owner of the archive that the file ``name`` is part of."""
        if reader is None or options.owner is not None:
            return options
        roots = [root for of, root in self._found if of == reader.name and name.startswith(root)]
        stated = self._found[reader.name, max(roots, key=len)] if roots else set()
        if len(stated) != 1:
            return options
        return replace(options, mapping={**options.mapping, "account_id": f"={next(iter(stated))}"})


def _folder(name: str) -> str:
    """The folder or container in which a file lies, with the sign that ends it; '' if it was given by itself."""
    return name[: max(name.rfind("/"), name.rfind("!")) + 1]
