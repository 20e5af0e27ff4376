"""What the writers share: times, tags, counts, and archives whose bytes do not depend on the clock."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from tecolote.demo.world import Post

URL = re.compile(r"https?://[^\s]+")
TAG = re.compile(r"#(\w+)")
MENTION = re.compile(r"@(\w+)")


def iso(at: datetime) -> str:
    """``2024-05-01T10:00:00.000Z``."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def iso_ms(at: datetime) -> str:
    """``2024-05-01T10:00:00.123Z``."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def dump(value: Any, indent: int | None = None) -> str:
    """JSON as text, non-ASCII kept."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def write(path: Path, text: str) -> None:
    """Write UTF-8 with line feeds, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))


def counts(post: Post, seen: datetime) -> tuple[int, int, int, int]:
    """Likes, reposts, replies and views at ``seen``: they grow with the days and are the same for the same moment."""
    days = max(0.0, (seen - post.at).total_seconds() / 86400)
    grown = days / (days + 3)
    reach = post.size * (1 + (post.account.followers if post.account else 200) ** 0.5)
    likes = int(reach * grown * 0.9)
    return likes, int(likes * 0.22), int(likes * 0.09), int(reach * grown * 40) + 3


def token(*parts: object, size: int = 10) -> str:
    """A short made-up token that depends on ``parts`` only."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return "".join(alphabet[b % 62] for b in digest)[:size]


def zip_files(path: Path, members: list[tuple[str, bytes, datetime]]) -> None:
    """A zip whose bytes depend on names, contents and the given times only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data, at in members:
            info = zipfile.ZipInfo(name, at.timetuple()[:6])
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(info, data)
