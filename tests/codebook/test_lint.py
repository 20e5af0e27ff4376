"""Remarks on a codebook that is valid and yet likely to mislead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tecolote import codebook
from tecolote.codebook.lint import remarks

HEAD = 'sources: {notes: "Interviews"}\nterms:\n'
SOUND = "  - {id: own-a, term: chambear recio, kind: phrase, weight: 0.3, themes: [recruitment], source: [notes]"


def _said(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    return [f"{r.entry}: {r.what}" for r in remarks(codebook.load(path), codebook.load())]


def test_a_sound_entry_gets_no_remark(tmp_path: Path) -> None:
    assert _said(tmp_path, HEAD + SOUND + "}\n") == []


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (", valid_from: 2024-01-02, valid_to: 2024-01-01", "ends before it begins"),
        (", ambiguity: high, weight: 0.9", "ambiguous"),
        (", source: [elsewhere]", "not explained"),
        (", source: []", "names no source"),
        (", kind: word, term: ya", "2 letters"),
        (", themes: []", "no theme and no group"),
        (", kind: emoji, term: 🐓, groups: [cjng]", "emoji that points at a group"),
    ],
)
def test_each_doubt_is_named(tmp_path: Path, extra: str, words: str) -> None:
    entry = dict(pair.split(": ", 1) for pair in SOUND.strip("- {").split(", "))
    entry |= dict(pair.split(": ", 1) for pair in extra.strip(", ").split(", "))
    text = HEAD + "  - {" + ", ".join(f"{k}: {v}" for k, v in entry.items()) + "}\n"
    said = _said(tmp_path, text)
    assert any(words in line for line in said), said


def test_an_entry_that_is_there_already_and_an_alias_of_two_groups(tmp_path: Path) -> None:
    shipped = next(t for t in codebook.load().terms.values() if t.kind == "word")
    again = SOUND.replace("chambear recio", shipped.term) + "}\n"
    groups = "groups:\n" + "".join(
        f"  - {{id: own-{n}, name: {n}, aliases: [los mismos], countries: [MX]}}\n" for n in ("uno", "dos")
    )
    said = _said(tmp_path, HEAD + again + groups)
    assert any(f"already term '{shipped.id}'" in line for line in said)
    assert any("also names own-dos" in line for line in said)
