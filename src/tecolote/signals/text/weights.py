"""The weights of a reader: three files in one folder, the package's own or those of somebody who trained on.

``voice.json`` is numbers beside names, ``words.bin`` and ``themes.bin`` a JSON line and signed bytes: nothing in them
can run. They are read whole and checked; what is not of the right form or size is refused.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from tecolote.errors import ModelError
from tecolote.signals.text.model import Model
from tecolote.signals.text.ngrams import WordReader, pack, unpack
from tecolote.signals.text.themes import ThemeReader, pack_themes, unpack_themes

FILES = ("voice.json", "words.bin", "themes.bin")
_MOST = 16 << 20


class Weights(NamedTuple):
    """The voice model, the readers of words and themes, and the SHA-256 (hex) of their files."""

    model: Model
    words: WordReader
    themes: ThemeReader
    sha256: str


class _Folder(Protocol):
    def joinpath(self, name: str, /) -> _File: ...


class _File(Protocol):
    def read_bytes(self) -> bytes: ...


@cache
def shipped() -> Weights:
    """The package's own."""
    return _weights(resources.files("tecolote.signals").joinpath("data"))


def load_weights(folder: Path) -> Weights:
    """The weights in ``folder``.

    Raises:
        ModelError: a file is missing, too long, or not what it should be.
    """
    for name in FILES:
        path = folder / name
        if not path.is_file() or path.stat().st_size > _MOST:
            raise ModelError(f"{path} is missing or too long", f"A model is a folder with {', '.join(FILES)}")
    try:
        return _weights(folder)
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
        raise ModelError(f"{folder} holds no model: {error}", "Train it again: tecolote train --help") from None


def save_weights(folder: Path, model: Model, words: WordReader, themes: ThemeReader) -> None:
    """Write the three files into ``folder``, which is there."""
    (folder / "voice.json").write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=0))
    (folder / "words.bin").write_bytes(pack(words))
    (folder / "themes.bin").write_bytes(pack_themes(themes))


def _weights(folder: _Folder) -> Weights:
    voice, words, themes = (folder.joinpath(name).read_bytes() for name in FILES)
    digest = hashlib.sha256()
    for raw in (voice, words, themes):
        digest.update(len(raw).to_bytes(8, "big") + raw)
    model = msgspec.json.decode(voice, type=Model)
    return Weights(model, unpack(words), unpack_themes(themes), digest.hexdigest())
