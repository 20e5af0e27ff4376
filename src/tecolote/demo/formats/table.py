"""A list collected by hand: public Facebook posts in a CSV, as a spreadsheet set to Spanish saves it.

Semicolons, a byte order mark and Spanish column names.
"""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

from tecolote.demo.formats.common import counts, write
from tecolote.demo.world import END, World

COLUMNS = (
    "plataforma", "id_publicacion", "id_autor", "autor", "fecha", "texto", "enlace", "me_gusta", "comentarios",
    "fecha_captura", "capturado_por",
)  # fmt: skip


def write_table(world: World, folder: Path) -> None:
    """Write ``facebook_hand_collected.csv``."""
    out = io.StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(COLUMNS)
    for post in world.posts:
        if post.platform == "facebook" and post.account:
            seen = min(post.at + timedelta(days=4), END)
            likes, _, replies, _ = counts(post, seen)
            name = post.account.name
            url = f"https://www.facebook.com/{post.id.replace('_', '/posts/')}"
            table.writerow((
                "facebook", post.id, post.account.id, name, f"{post.at:%Y-%m-%dT%H:%M:%SZ}", post.text, url, likes,
                replies, f"{seen:%Y-%m-%dT%H:%M:%SZ}", "equipo de campo",
            ))  # fmt: skip
    write(folder / "facebook_hand_collected.csv", "\ufeff" + out.getvalue())
