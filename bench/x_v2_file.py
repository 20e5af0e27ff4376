"""Writes a file of flattened X API v2 posts of a given size: the shape that twarc writes, about 6.9 kB each."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

WORDS = [
    "hoy",
    "mañana",
    "ciudad",
    "carretera",
    "lluvia",
    "mercado",
    "escuela",
    "partido",
    "noticias",
    "camino",
    "gente",
    "trabajo",
    "playa",
    "fiesta",
    "música",
    "abierto",
    "cerrado",
    "tránsito",
    "reporte",
    "vecinos",
    "centro",
    "colonia",
    "puente",
    "hospital",
    "camión",
    "noche",
    "domingo",
    "familia",
    "gracias",
]


def user(rng: random.Random, number: int) -> dict[str, Any]:
    return {
        "id": str(10**8 + number),
        "username": f"cuenta_{number}",
        "name": f"Cuenta {number} 🌵",
        "description": " ".join(rng.choices(WORDS, k=18)),
        "created_at": "2019-05-04T10:11:12.000Z",
        "location": "Puerto",
        "verified": False,
        "protected": False,
        "url": f"https://t.co/u{number}",
        "profile_image_url": f"https://pbs.twimg.com/profile_images/{number}/x_normal.jpg",
        "public_metrics": {
            "followers_count": rng.randrange(10**5),
            "following_count": rng.randrange(5000),
            "tweet_count": rng.randrange(10**5),
            "listed_count": rng.randrange(300),
        },
        "entities": {"description": {"hashtags": [{"start": 3, "end": 9, "tag": "puerto"}]}},
    }


def post(rng: random.Random, number: int) -> dict[str, Any]:
    text = " ".join(rng.choices(WORDS, k=24)) + f" #aviso @cuenta_{number % 977} https://t.co/{number:010d}"
    made = {
        "id": str(15 * 10**17 + number),
        "text": text,
        "author_id": str(10**8 + number % 5000),
        "author": user(rng, number % 5000),
        "conversation_id": str(15 * 10**17 + number),
        "lang": "es",
        "created_at": f"2026-0{1 + number % 9}-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:07.000Z",
        "edit_history_tweet_ids": [str(15 * 10**17 + number)],
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "public_metrics": {
            "retweet_count": number % 50,
            "reply_count": 1,
            "like_count": number % 90,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": number % 9999,
        },
        "entities": {
            "hashtags": [{"start": 1, "end": 7, "tag": "aviso"}],
            "mentions": [
                {"start": 9, "end": 19, "username": f"cuenta_{number % 977}", "id": str(10**8 + number % 977)}
            ],
            "urls": [
                {
                    "start": 30,
                    "end": 53,
                    "url": f"https://t.co/{number:010d}",
                    "expanded_url": f"https://example.org/nota/{number % 4000}",
                    "display_url": "example.org/nota",
                    "status": 200,
                    "title": "Nota",
                    "description": " ".join(rng.choices(WORDS, k=30)),
                    "unwound_url": f"https://example.org/nota/{number % 4000}",
                }
            ],
            "annotations": [
                {"start": k, "end": k + 5, "probability": 0.9, "type": "Place", "normalized_text": WORDS[k]}
                for k in range(4)
            ],
        },
        "context_annotations": [
            {
                "domain": {"id": str(k), "name": "Topic", "description": " ".join(WORDS[:8])},
                "entity": {"id": str(10**9 + k), "name": WORDS[k], "description": " ".join(WORDS[8:16])},
            }
            for k in range(8)
        ],
        "attachments": {
            "media_keys": [f"3_{number}"],
            "media": [
                {
                    "media_key": f"3_{number}",
                    "type": "photo",
                    "url": f"https://pbs.twimg.com/{number}.jpg",
                    "width": 1200,
                    "height": 800,
                }
            ],
        },
        "__twarc": {
            "url": "https://api.twitter.com/2/tweets/search/all",
            "version": "2.14.0",
            "retrieved_at": "2026-10-01T00:00:00+00:00",
        },
    }
    if number % 3 == 0:
        other = dict(made, id=str(14 * 10**17 + number % 3000), author=user(rng, 6000 + number % 900))
        other["author_id"] = other["author"]["id"]
        other.pop("__twarc")
        made["referenced_tweets"] = [{"type": "quoted", **other}]
    return made


def write(path: Path, size: int, seed: int = 1) -> int:
    """Write at least ``size`` bytes; the number of posts. Only the ids differ after the first 3,000 posts."""
    rng = random.Random(seed)
    shapes = [json.dumps(post(rng, n), ensure_ascii=False) for n in range(3000)]
    count = written = 0
    with path.open("w", encoding="utf-8") as out:
        while written < size:
            n = count % 3000
            line = shapes[n].replace(str(15 * 10**17 + n), str(15 * 10**17 + count)) + "\n"
            out.write(line)
            written += len(line.encode())
            count += 1
    return count
