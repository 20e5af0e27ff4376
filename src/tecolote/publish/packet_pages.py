"""What a person reads of a packet: the cover (PDF by typst), the README, and the draft of a certification."""

from __future__ import annotations

import functools
import json
import textwrap
from datetime import date
from importlib import resources
from typing import Any

from tecolote.publish.packet_items import AUTHORITIES
from tecolote.publish.typeset import typeset
from tecolote.publish.visible import broken, legible

_COVER = "packet/cover.typ"
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
    words = _words()[facts["lang"]]
    day = date.fromisoformat(facts["at"][:10])
    shown = sorted(rows, key=lambda row: (-(row["severity"] or 0), row["created_at"] or ""))[:_ROWS]
    said = {
        "lang": facts["lang"],
        "words": words,
        "case": legible(facts["title"]),
        "fictional": facts["fictional"],
        "year": day.year,
        "month": day.month,
        "day": day.day,
        "made": words["made"].format(**facts),
        "strap": legible(_strap(facts)),
        "notes": _notes(facts),
        "facts": _facts(facts, words),
        "proof": [
            [words["labels"][name], broken(str(facts[name]))]
            for name in ("key", "root", "size", "leaf", "stamp")
            if facts[name]
        ],
        "custody": [[label, legible(_flat(custody[name]))] for name, label in words["custody_labels"].items()],
        "records_note": words["shown"].format(shown=len(shown), of=len(rows)),
        "rows": [_row(row) for row in shown],
    }
    return typeset(_COVER, {"cover.json": json.dumps(said, ensure_ascii=False).encode()}, day)


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
    return [
        [words["labels"][name], legible(_flat(shown[name]))] for name in _FACTS if shown[name] not in ("", {}, None)
    ]


def _row(row: dict[str, Any]) -> list[str]:
    text = " ".join((row["text"] or "").split())
    text = text if len(text) <= _CHARS else text[:_CHARS] + " …"
    who = row["author_name"] or row["account_id"] or ""
    where = f"{row['platform']} {broken(row['id'], 12)}"
    severity = "" if row["severity"] is None else str(row["severity"])
    return [(row["created_at"] or "")[:19].replace("T", " "), where, broken(legible(who), 14), severity, legible(text)]


def _flat(value: Any) -> str:
    """A value of facts or custody in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {count}" for name, count in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_flat(list(v.values()) if isinstance(v, dict) else v) for v in value if v is not None)
    return str(value)
