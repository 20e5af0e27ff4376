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

    @classmethod
    def of(cls, model: Model, words: WordReader, themes: ThemeReader) -> Weights:
        """These weights as they are once written and read again."""
        return _weights(*_files(model, words, themes))


class _Folder(Protocol):
    def joinpath(self, name: str, /) -> _File: ...


class _File(Protocol):
    def read_bytes(self) -> bytes: ...


@cache
def shipped() -> Weights:
    """The package's own."""
    return _weights(*_read(resources.files("tecolote.signals").joinpath("data")))


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
        return _weights(*_read(folder))
    except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
        raise ModelError(f"{folder} holds no model: {error}", "Train it again: tecolote train --help") from None


def save_weights(folder: Path, model: Model, words: WordReader, themes: ThemeReader) -> None:
    """Write the three files into ``folder``, which is there."""
    for name, raw in zip(FILES, _files(model, words, themes), strict=True):
        (folder / name).write_bytes(raw)


def _files(model: Model, words: WordReader, themes: ThemeReader) -> tuple[bytes, bytes, bytes]:
    return msgspec.json.format(msgspec.json.encode(model), indent=0), pack(words), pack_themes(themes)


def _read(folder: _Folder) -> tuple[bytes, bytes, bytes]:
    voice, words, themes = (folder.joinpath(name).read_bytes() for name in FILES)
    return voice, words, themes


def _weights(voice: bytes, words: bytes, themes: bytes) -> Weights:
    digest = hashlib.sha256()
    for raw in (voice, words, themes):
        digest.update(len(raw).to_bytes(8, "big") + raw)
    model = msgspec.json.decode(voice, type=Model)
    return Weights(model, unpack(words), unpack_themes(themes), digest.hexdigest())
