"""What a person reads of a packet: the cover (PDF by typst), the README, and the draft of a certification."""

from __future__ import annotations

import functools
import json
import tempfile
import textwrap
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from tecolote.publish.packet_items import AUTHORITIES
from tecolote.publish.visible import marks

_COVER = "cover.typ"
#: Records on the cover, and how much of a text.
_ROWS, _CHARS = 60, 280
_FACTS = (
    "audience", "recipient", "purpose", "items", "lawful_basis", "records", "files", "accounts", "platforms", "span",
    "flagged", "severities", "themes", "media", "withheld",
)  # fmt: skip
Facts = dict[str, Any]


@functools.cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_template("words.json"))
    return found


def _template(name: str) -> str:
    return resources.files(__package__).joinpath("templates", "packet", name).read_text("utf-8")


def cover(facts: Facts, rows: list[dict[str, Any]], custody: dict[str, Any]) -> bytes:
    """The cover as PDF/A-3; the same facts give the same bytes."""
    import typst

    words = _words()[facts["lang"]]
    day = date.fromisoformat(facts["at"][:10])
    shown = sorted(rows, key=lambda row: (-(row["severity"] or 0), row["created_at"] or ""))[:_ROWS]
    said = {
        "lang": facts["lang"],
        "words": words,
        "case": _seen(facts["title"]),
        "fictional": facts["fictional"],
        "year": day.year,
        "month": day.month,
        "day": day.day,
        "made": words["made"].format(**facts),
        "strap": _seen(_strap(facts)),
        "notes": _notes(facts),
        "facts": _facts(facts, words),
        "proof": [
            [words["labels"][name], _broken(str(facts[name]))]
            for name in ("key", "root", "size", "leaf", "stamp")
            if facts[name]
        ],
        "custody": [[label, _seen(_flat(custody[name]))] for name, label in words["custody_labels"].items()],
        "records_note": words["shown"].format(shown=len(shown), of=len(rows)),
        "rows": [_row(row) for row in shown],
    }
    package = resources.files(__package__)
    with tempfile.TemporaryDirectory(prefix="tecolote-packet-") as name:
        folder = Path(name)
        (folder / _COVER).write_text(_template(_COVER), "utf-8")
        (folder / "cover.json").write_text(json.dumps(said, ensure_ascii=False), "utf-8")
        with resources.as_file(package.joinpath("fonts")) as fonts:
            made: bytes = typst.compile(
                str(folder / _COVER),
                root=name,
                font_paths=[str(fonts)],
                ignore_system_fonts=True,
                format="pdf",
                pdf_standards="a-3b",
                timestamp=(day - date(1970, 1, 1)).days * 86400,
            )
    return made


def article_227(lang: str, said: dict[str, Any]) -> dict[str, str]:
    """Texts of the fields of CNPP article 227 for this hand-over, filled with what the log knows."""
    words = _words()[lang]
    texts = words["article_227"]
    values = said | {
        "by": said["by"] or texts["holder"],
        "recipient": said["recipient"] or texts["someone"],
        "audience": words["audiences"][said["audience"]],
    }
    return {name: text.format(**values) for name, text in texts.items()}


def readme(facts: Facts) -> str:
    """Text of ``README.txt``."""
    notes = "\n".join(f"  {note}" for note in _notes(facts))
    return _template(f"readme.{facts['lang']}.txt").format(
        strap=_strap(facts), key=facts["key"], notes=notes, stamps=_stamps(facts)
    )


def _stamps(facts: Facts) -> str:
    """What there is to say about time-stamp tokens."""
    words = _words()[facts["lang"]]
    said = (
        words["stamp_how"].format(stamp=facts["stamp"], n=facts["stamp_leaf"]) if facts["stamp"] else words["no_stamp"]
    )
    paragraphs = (
        textwrap.fill(line, 118, subsequent_indent="  ", break_long_words=False) for line in said.split("\n  ")
    )
    return "\n".join(f"  {part}" for part in paragraphs)


def certification(facts: Facts) -> str:
    """The draft under FRE 902(13) and (14); what only a person can say stands in brackets."""
    left = ", ".join(f"{count} {why}" for why, count in facts["left_out"].items()) or "nothing"
    return _template("certification.txt").format(**facts | {"left_out": left, "stamp": facts["stamp"] or "none"})


def _strap(facts: Facts) -> str:
    words = _words()[facts["lang"]]
    audience = words["audiences"][facts["audience"]]
    return str(words["strap"].format(records=facts["records"], audience=audience, purpose=facts["purpose"]))


def _notes(facts: Facts) -> list[str]:
    """What an addressee must know before reading."""
    words = _words()[facts["lang"]]
    notes = [words["flag_note"], words["copy_note"]]
    if facts["audience"] in AUTHORITIES:
        notes.append(words["raw_note"])
    if facts["withheld"]:
        notes.append(words["withheld_note"].format(n=facts["withheld"]))
    if facts["left_out"]:
        what = ", ".join(f"{n} {words['reasons'].get(why, why)}" for why, n in facts["left_out"].items())
        notes.append(words["left_note"].format(what=what))
    return notes


def _facts(facts: Facts, words: dict[str, Any]) -> list[list[str]]:
    shown = facts | {
        "audience": words["audiences"][facts["audience"]],
        "span": " – ".join(part for part in (facts["first"], facts["last"]) if part),
    }
    return [[words["labels"][name], _seen(_flat(shown[name]))] for name in _FACTS if shown[name] not in ("", {}, None)]


def _row(row: dict[str, Any]) -> list[str]:
    text = " ".join((row["text"] or "").split())
    text = text if len(text) <= _CHARS else text[:_CHARS] + " …"
    who = row["author_name"] or row["account_id"] or ""
    where = f"{row['platform']} {_broken(row['id'], 12)}"
    severity = "" if row["severity"] is None else str(row["severity"])
    return [(row["created_at"] or "")[:19].replace("T", " "), where, _broken(_seen(who), 14), severity, _seen(text)]


def _flat(value: Any) -> str:
    """A value of facts or custody in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {count}" for name, count in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_flat(list(v.values()) if isinstance(v, dict) else v) for v in value if v is not None)
    return str(value)


def _seen(text: str) -> str:
    """``text`` with what hides or cannot be drawn replaced by its code point."""
    return "".join(f"[{piece}]" if marked else piece for piece, marked in marks(text))


def _broken(text: str, width: int = 48) -> str:
    """Long words with places (zero-width spaces) at which a line may end."""
    return "\u200b".join(text[at : at + width] for at in range(0, len(text), width))
