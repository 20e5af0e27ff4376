r"""What downloads of Facebook and Instagram share: repaired texts, media by their paths, ids where there are none.

Texts are UTF-8 whose bytes stand as ``\u00XX``: each string is repaired for itself, if Latin-1 to UTF-8 succeeds.
A post has no id; it is derived from its time, its text and the names of its files, so that the same carousel in two
files of a download, and in the next download, is the same post.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from tecolote.sources.json_reader import Record
from tecolote.sources.shapes import dig, epoch, obj, small, some, words

_NUMBERED = re.compile(r"_(\d{14,20})\.\w{2,5}$")
_VIDEO = (".mp4", ".mov", ".m4v", ".webm", ".avi")
_AUDIO = (".mp3", ".m4a", ".aac", ".wav", ".ogg")


def repaired(value: Any) -> tuple[str | None, str | None]:
    """A text with its characters restored, and the text as found where that differs; (None, None) if empty."""
    found = some(value)
    if found is None or found.isascii():
        return found, None
    try:
        clean = words(value.encode("latin-1").decode())
    except UnicodeError:
        return found, None
    return clean, found


def fixed(value: Any) -> str | None:
    """The same where the text as found is of no use: names, titles, paths."""
    return repaired(value)[0]


def file_name(uri: Any) -> str:
    """The last part of a path or address, without what follows a question mark."""
    return (some(uri) or "").split("?", 1)[0].rsplit("/", 1)[-1]


def derived_id(raw_time: str | None, text: str | None, files: list[str]) -> str:
    """An id from what does not change between downloads; the text counts only where there are no files."""
    whole = "\0".join([raw_time or "", *(sorted(files) or [text or ""])])
    return sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def place_of(media: list[dict[str, Any]]) -> dict[str, Any]:
    """The first coordinates that a file's metadata has."""
    for item in media:
        for kind in obj(item.get("media_metadata")).values():
            for exif in obj(kind).get("exif_data") or ():
                if isinstance(exif, dict) and "latitude" in exif:
                    return {k: exif[k] for k in ("latitude", "longitude") if k in exif}
    return {}


def add_media(record: Record, post: str, media: list[dict[str, Any]], at: Any) -> None:
    """Rows of the files of a post, in order, each once."""
    known: set[str] = set()
    for number, item in enumerate(media):
        uri = some(item.get("uri"))
        found = _NUMBERED.search(file_name(uri))
        key = found[1] if found else f"{post}/{number}"
        if key in known:
            continue
        known.add(key)
        local = uri is not None and "://" not in uri
        record.add(
            "media", id=key, post_id=post, type=_type(item, uri), url=some(item.get("backup_uri")) if local else uri,
            local_path=uri if local else None, width=small(_exif(item, "width")), height=small(_exif(item, "height")),
            status="present" if uri else "omitted", alt_text=fixed(item.get("description")),
        )  # fmt: skip
        record.edge("attaches", post, key, "media", post_id=post, at=at)


def _exif(item: dict[str, Any], key: str) -> Any:
    return dig(item, "media_metadata", "photo_metadata", key)


def _type(item: dict[str, Any], uri: str | None) -> str:
    name = file_name(uri).lower()
    if name.endswith(_VIDEO) or "video_metadata" in obj(item.get("media_metadata")):
        return "video"
    return "audio" if name.endswith(_AUDIO) else "image"


def earliest(media: list[dict[str, Any]]) -> Any:
    """The earliest stated time of the files, in seconds; None if none states one."""
    stated = [item.get("creation_timestamp") for item in media]
    return min((s for s in stated if isinstance(s, int) and epoch(s)[0] is not None), default=None)
