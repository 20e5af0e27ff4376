"""The readers, and which of them reads a file: decided by the first bytes, never by the name alone."""

from __future__ import annotations

import importlib
from typing import cast

from tecolote.errors import CannotRecompute
from tecolote.sources.base import Reader

#: Modules of the readers; each has an instance ``READER``. On a tie the earlier one reads.
MODULES: tuple[str, ...] = (
    "x_dm",
    "x_v2",
    "x_v1",
    "x_graphql",
    "x_archive",
    "bluesky",
    "youtube_api",
    "ytdlp",
    "tiktok_research",
    "tiktok_web",
    "instagram_instaloader",
    "instagram_web",
    "instagram_download",
    "facebook_posts",
    "telegram",
    "facebook_messages",
    "reddit",
    "mastodon",
    "activitypub",
    "discord",
    "telegram_telethon",
    "telegram_html",
    "tiktok_download",
    "warc",
    "auto_archiver",
    "whatsapp",
    "crowdtangle",
    "crowdtangle_csv",
    "mcl",
    "x_io",
    "fourcat",
    "csv_any",
)
#: A reader that is less sure than this does not read the file.
ENOUGH = 0.2


def _load() -> tuple[Reader, ...]:
    package = __name__.rpartition(".")[0]
    return tuple(cast(Reader, importlib.import_module(f"{package}.{name}").READER) for name in MODULES)


READERS: tuple[Reader, ...] = _load()


def pick(head: bytes, name: str) -> Reader | None:
    """The reader that is most sure of a file beginning with ``head``; None: kept, no reader.

    Args:
        head: the first 64 KiB.
        name: path inside the import; may break a tie, never decide.
    """
    sure, reader = 0.0, None
    for candidate in READERS:
        found = candidate.sniff(head, name)
        if found > sure:
            sure, reader = found, candidate
    return reader if sure >= ENOUGH else None


def by_name(name: str, version: str) -> Reader:
    """The reader with this ``name`` and ``version``, as the log and the provenance columns call it.

    Raises:
        CannotRecompute: it is not installed, or in another version.
    """
    for reader in READERS:
        if reader.name == name and reader.version == version:
            return reader
    raise CannotRecompute(f"needs the reader {name} {version}", "Install the release of tecolote that wrote the case")
