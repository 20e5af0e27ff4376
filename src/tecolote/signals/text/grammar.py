"""From grammar in data files to patterns that run in linear time.

A file under ``signals/data/grammar`` holds word classes, verbs with their endings, and cues. In a cue's
pattern a space stands for whatever separates two words, `` .. `` for up to three words between,
`` ... `` for up to seven, ``<money>`` for a word class, ``<harm.we_fut>`` for a verb class in one person,
tense or mood. Everything else is RE2 syntax (Cox 2010), which has no backtracking: a pattern cannot be
slow, whoever wrote it. Words of Spanish classes also match their phonetic spellings (k/qu/c, s/z/c, b/v,
y/ll, silent h), because messages are written by ear.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec

from tecolote.codebook import safe_yaml

_GAP = r"[^0-9a-z_]+(?:[0-9a-z_]+[^0-9a-z_]+){0,%d}?"
_SPACE, _MAYBE = r"[^0-9a-z_]+", r"[^0-9a-z_]*"
_CLASS = re.compile(r"<([a-z0-9_]+)(?:\.([a-z0-9_]+))?>")
Voice = Literal["", "perpetrator", "reporter", "victim", "fan", "neutral"]


class Cue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One discourse cue.

    Attributes:
        id: ``family.name``; the family is an act, a topic, or what the cue says about the speaker.
        why: what it means, per language, one clause that a reviewer can read.
        patterns: any of these.
        voice: whose voice it speaks for, '' if it says nothing of that by itself.
        weight: prior strength of that, 1 (weak) to 4 (settles it).
    """

    id: str
    why: dict[str, str]
    patterns: tuple[str, ...]
    voice: Voice = ""
    weight: float = 0.0


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Theme = speech act x topic.

    Attributes:
        theme: id of the theme that is performed.
        all: each must be present: a cue id, a family (``family.*``), ``group`` (a codebook cue of a
            group), ``coded`` (an unambiguous codebook term of the theme), or ``a|b`` for either.
        none: none of these may be present.
        strength: 1 (possible), 2 (likely), 3 (plain).
    """

    theme: str
    all: tuple[str, ...]
    none: tuple[str, ...] = ()
    strength: int = 2


class _File(msgspec.Struct, forbid_unknown_fields=True):
    words: dict[str, list[str]] = {}
    verbs: dict[str, list[str]] = {}
    endings: dict[str, dict[str, list[str]]] = {}
    phonetic: bool = False
    cues: list[Cue] = []
    rules: list[Rule] = []
    says: dict[str, dict[str, str]] = {}


class Grammar(msgspec.Struct, frozen=True):
    """All cues with their compiled patterns' sources, the rules, and words for people.

    Attributes:
        says: a theme, cue id, family or ``group`` or ``coded`` to one clause per language.
    """

    cues: tuple[Cue, ...]
    sources: tuple[str, ...]
    rules: tuple[Rule, ...]
    says: dict[str, dict[str, str]]


@cache
def load_grammar() -> Grammar:
    """The shipped grammar files, in order of name."""
    folder = resources.files("tecolote.signals") / "data" / "grammar"
    cues: list[Cue] = []
    sources: list[str] = []
    rules: list[Rule] = []
    says: dict[str, dict[str, str]] = {}
    for entry in sorted(folder.iterdir(), key=lambda p: p.name):
        if not entry.name.endswith(".yaml"):
            continue
        file = msgspec.convert(safe_yaml.load(entry.read_bytes()), _File)
        classes = _classes(file)
        for cue in file.cues:
            cues.append(cue)
            sources.append("|".join(f"(?:{expand(p, classes, cue.id)})" for p in cue.patterns))
        rules.extend(file.rules)
        says |= file.says
    says |= {cue.id: cue.why for cue in cues}
    _check(cues, rules, says)
    return Grammar(tuple(cues), tuple(sources), tuple(rules), says)


@cache
def vocabulary() -> frozenset[str]:
    """Single words of all word classes and verb forms, unaccented, ñ kept."""
    found: set[str] = set()
    for _, raw in files():
        file = msgspec.convert(safe_yaml.load(raw), _File)
        for words in file.words.values():
            found.update(part for word in words if word.replace(" ", "").isalnum() for part in word.split())
        for verbs in file.verbs.values():
            found.update(v[:-2] + e for v in verbs for forms in file.endings[v[-2:]].values() for e in forms)
    return frozenset(w for w in found if len(w) > 2)


def files() -> list[tuple[str, bytes]]:
    """Name and bytes of every grammar file, for the version hash."""
    folder = resources.files("tecolote.signals") / "data" / "grammar"
    return [(e.name, e.read_bytes()) for e in sorted(folder.iterdir(), key=lambda p: p.name) if e.name[-5:] == ".yaml"]


def clause(name: str, lang: str = "en") -> str:
    """What a theme, cue, family, ``group`` or ``coded:theme`` is, in words for people."""
    key = "coded" if name.startswith("coded:") else name.removesuffix(".*")
    return load_grammar().says.get(key, {}).get(lang, name)


def _check(cues: list[Cue], rules: list[Rule], says: dict[str, dict[str, str]]) -> None:
    known = {c.id for c in cues} | {c.id.split(".")[0] + ".*" for c in cues} | {"group", "coded"}
    if len({c.id for c in cues}) != len(cues):
        raise ValueError("a cue id occurs twice in the grammar")
    for rule in rules:
        if {"en", "es"} - says.get(rule.theme, {}).keys():
            raise ValueError(f"nothing says what {rule.theme} is")
        for wanted in (*rule.all, *rule.none):
            for part in wanted.split("|"):
                if part not in known:
                    raise ValueError(f"rule for {rule.theme} names an unknown cue: {part}")
                if {"en", "es"} - says.get(part.removesuffix(".*"), {}).keys():
                    raise ValueError(f"nothing says what {part} is")


def _classes(file: _File) -> dict[str, str]:
    spell = _phonetic if file.phonetic else _plain
    found = {name: _either(spell(w) for w in words) for name, words in file.words.items()}
    for name, verbs in file.verbs.items():
        for form in {f for kinds in file.endings.values() for f in kinds}:
            forms = {verb[:-2] + e for verb in verbs for e in file.endings[verb[-2:]].get(form, [])}
            found[f"{name}.{form}"] = _either(spell(w) for w in sorted(forms))
    return found


def _either(alternatives: Any) -> str:
    return "(?:" + "|".join(alternatives) + ")"


def _plain(word: str) -> str:
    return _spaced(word.replace("ñ", "_"))


def _spaced(word: str) -> str:
    return word.replace(" ?", _MAYBE).replace(" ", _SPACE)


_SOUNDS = (
    (re.compile(r"qu(?=[ei])"), "(?:qu|k|q)"),
    (re.compile(r"c(?=[aou])"), "[ck]"),
    (re.compile(r"[sz]|c(?=[ei])"), "[scz]"),
    (re.compile(r"[bv]"), "[bv]"),
    (re.compile(r"ll"), "(?:ll|y)"),
    (re.compile(r"(?<![cs])\bh"), "h?"),
)


def _phonetic(word: str) -> str:
    pieces = re.split(r"(\[[^\]]*\]|\(\?:[^)]*\)| ?\?)", word.replace("ñ", "_"))
    for i, piece in enumerate(pieces):
        if i % 2:
            continue
        at, out = 0, []
        while at < len(piece):
            for pattern, new in _SOUNDS:
                match = pattern.match(piece, at)
                if match:
                    out.append(new)
                    at = match.end()
                    break
            else:
                out.append(piece[at])
                at += 1
        pieces[i] = "".join(out)
    return _spaced("".join(pieces))


def expand(pattern: str, classes: dict[str, str], where: str) -> str:
    """RE2 source of ``pattern``; raises ValueError for a class that does not exist."""

    def named(match: re.Match[str]) -> str:
        key = match.group(1) + (f".{match.group(2)}" if match.group(2) else "")
        if key not in classes:
            raise ValueError(f"{where}: no word class <{key}>")
        return classes[key]

    text = pattern.replace("ñ", "_")
    text = text.replace(" ... ", "\x01").replace(" .. ", "\x02")
    text = text.replace(" ?", _MAYBE).replace(" *", _MAYBE).replace(" ", _SPACE)
    text = text.replace("\x01", _GAP % 7).replace("\x02", _GAP % 3)
    text = _CLASS.sub(named, text)
    left = "" if text.startswith(("^", "[^", "\\n", "\\s", '"')) or not _wordy(text[0]) else r"\b"
    right = r"\b" if _wordy(text[-1]) and not text.endswith(("$", "]", '"')) else ""
    return f"{left}(?:{text}){right}"


def _wordy(char: str) -> bool:
    return char.isalnum() or char in "_()?+*\\["
