"""Small export files for tests of the import, written with the standard library alone."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any


def x_v2_post(number: int, text: str = "Buenos días", author: int = 7) -> dict[str, Any]:
    """One flattened post of the X API v2, as twarc writes it."""
    who = {
        "id": str(author),
        "username": f"user{author}",
        "name": f"User {author}",
        "created_at": "2020-01-01T00:00:00.000Z",
        "public_metrics": {"followers_count": 10, "following_count": 5, "tweet_count": 3, "listed_count": 0},
    }
    return {
        "id": str(10**18 + number),
        "text": text,
        "author_id": str(author),
        "author": who,
        "lang": "es",
        "created_at": f"2026-03-{1 + number % 28:02}T12:00:00.000Z",
        "conversation_id": str(10**18 + number),
        "edit_history_tweet_ids": [str(10**18 + number)],
        "public_metrics": {"retweet_count": 1, "reply_count": 0, "like_count": number, "quote_count": 0},
        "entities": {"hashtags": [{"start": 0, "end": 4, "tag": "Prueba"}]},
        "__twarc": {
            "url": "https://api.twitter.com/2/",
            "version": "2.14.0",
            "retrieved_at": "2026-04-01T00:00:00+00:00",
        },
    }


def x_v2(count: int, first: int = 0, text: str = "Buenos días") -> bytes:
    """A file of ``count`` posts."""
    return b"".join(json.dumps(x_v2_post(first + n, text)).encode() + b"\n" for n in range(count))


WHATSAPP = (
    "03/14/26, 10:15 - Los mensajes y las llamadas están cifrados de extremo a extremo.\n"
    "03/14/26, 10:16 - Ana Invented: Hola, ya deposité\n"
    "03/14/26, 10:17 - Beto Invented: Bien. Mañana otra vez\nsegunda línea\n"
    "03/15/26, 10:18 - Ana Invented: IMG-20260315-WA0001.jpg (archivo adjunto)\n"
).encode()


def telegram(private: bool, name: str = "Canal inventado", number: int = 1) -> dict[str, Any]:
    """One chat as Telegram Desktop exports it."""
    return {
        "name": name,
        "type": "personal_chat" if private else "public_channel",
        "id": 5000 + number,
        "messages": [
            {
                "id": n,
                "type": "message",
                "date": f"2026-03-0{n}T10:00:00",
                "date_unixtime": str(1772359200 + 86400 * n),
                "from": name,
                "from_id": f"{'user' if private else 'channel'}{5000 + number}",
                "text": f"mensaje {n} de {name}",
                "text_entities": [],
            }
            for n in (1, 2, 3)
        ],
    }


def zipped(entries: dict[str, bytes]) -> bytes:
    """A zip of ``entries``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


CONSENT = """
giver = "Ana Invented"
given_on = 2026-01-01
purpose = "to document an extortion"
until = 2099-12-31
contact = "ana@example.org"
"""
