"""The Spanish catalogue: ``django.po`` is written by people, ``django.mo`` is compiled from it by this module.

Both are committed, so that neither a build nor a user needs the gettext programs; a test compiles again and compares,
and another finds words of the pages that the catalogue lacks. After a change: ``python -m tecolote.web.i18n``.

Source of both formats: GNU gettext manual, "The Format of PO Files" and "The Format of GNU MO Files".
"""

from __future__ import annotations

import ast
import struct
from pathlib import Path

CATALOGUE = Path(__file__).parent / "locale" / "es" / "LC_MESSAGES" / "django.po"
_MAGIC = 0x950412DE
_PLURAL = "\0"


def parse(text: str) -> dict[str, str]:
    """Messages of a .po file by id; a plural has the id ``singular NUL plural`` and its forms joined by NUL.

    Raises:
        ValueError: a line is not understood, or an id occurs twice; with its number.
    """
    found: dict[str, str] = {}
    fields: dict[str, str] = {}
    current = ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        line = line.strip()
        if line.startswith("#"):
            continue
        keyword, _, rest = line.partition(" ")
        if (not line or keyword == "msgid") and "msgid" in fields:
            _take(fields, found, number)
            fields = {}
        if not line:
            continue
        if line.startswith('"'):
            fields[current] += ast.literal_eval(line)
        elif keyword.startswith("msg") and rest.startswith('"'):
            current = keyword
            fields[current] = ast.literal_eval(rest)
        else:
            raise ValueError(f"line {number} is not understood: {line}")
    return found


def _take(fields: dict[str, str], found: dict[str, str], number: int) -> None:
    key = _PLURAL.join([fields["msgid"], *([fields["msgid_plural"]] if "msgid_plural" in fields else [])])
    if key in found:
        raise ValueError(f"before line {number}: '{fields['msgid']}' occurs twice")
    found[key] = _PLURAL.join(value for name, value in sorted(fields.items()) if name.startswith("msgstr"))


def compiled(text: str) -> bytes:
    """The .mo file of a .po file, without what has no translation."""
    messages = sorted((k.encode(), v.encode()) for k, v in parse(text).items() if v.strip(_PLURAL))
    ids = b"".join(key + b"\0" for key, _ in messages)
    start = 28 + 16 * len(messages)
    table, at = [], start
    for key, _ in messages:
        table += [len(key), at]
        at += len(key) + 1
    for _, value in messages:
        table += [len(value), at]
        at += len(value) + 1
    head = struct.pack("<7I", _MAGIC, 0, len(messages), 28, 28 + 8 * len(messages), 0, start)
    return head + struct.pack(f"<{len(table)}I", *table) + ids + b"".join(value + b"\0" for _, value in messages)


if __name__ == "__main__":
    CATALOGUE.with_suffix(".mo").write_bytes(compiled(CATALOGUE.read_text("utf-8")))
