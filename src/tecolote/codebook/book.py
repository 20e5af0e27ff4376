"""The codebook as typed values.

Format of every file: YAML with the top-level keys of the shipped files. A file of one's own may hold
``groups:`` and ``terms:`` in the same shape; a key that is not known is an error, so that a typing
mistake never silently switches a term off.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from tecolote.codebook import safe_yaml
from tecolote.errors import CodebookError

_FILES = ("themes.yaml", "groups.yaml", "terms.yaml", "platforms.yaml")
_MAX_BYTES = 8 << 20
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

Kind = Literal["name", "word", "phrase", "emoji", "emoji_seq", "hashtag", "discourse"]
Ambiguity = Literal["low", "medium", "high"]
Voice = Literal["perpetrator", "reporter", "victim", "fan", "neutral"]


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of a file; unknown keys are errors."""


class Name(_Entry, frozen=True):
    """One way to write a group's name.

    Attributes:
        alias: as written; words in brackets at the end are a remark and are not matched.
        valid_from: first day on which the alias means the group, or None.
        valid_to: last such day, or None.
    """

    alias: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class Emoji(_Entry, frozen=True):
    """An emoji reported for a group, never enough on its own."""

    emoji: str
    reading: str = ""
    source: str = ""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class Listing(_Entry, frozen=True):
    """Whether and when the United States listed the group as a foreign terrorist organisation."""

    designated: bool = False
    date: str = ""
    basis: str = ""
    source: str = ""


class Group(_Entry, frozen=True):
    """One criminal group or faction. Attribution needs a name or two independent coded cues."""

    id: str
    name: str
    aliases: tuple[str | Name, ...] = ()
    type: str = "group"
    countries: tuple[str, ...] = ()
    territory: str = ""
    relation: str = ""
    hashtags_reported: tuple[str | Name, ...] = ()
    emoji_reported: tuple[str | Emoji, ...] = ()
    us_fto: Listing = Listing()
    other_us_measures: str = ""
    status: str = ""
    ambiguity: str = ""
    verification: str = ""
    sources: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @property
    def names(self) -> tuple[Name, ...]:
        """The name and every alias, without remarks in brackets."""
        listed = [Name(alias=self.name), *(Name(alias=a) if isinstance(a, str) else a for a in self.aliases)]
        return tuple(msgspec.structs.replace(n, alias=_REMARK.sub("", n.alias).strip()) for n in listed)

    @property
    def hashtags(self) -> tuple[Name, ...]:
        """Hashtags reported for the group."""
        return tuple(Name(alias=h) if isinstance(h, str) else h for h in self.hashtags_reported)

    @property
    def emoji(self) -> tuple[Emoji, ...]:
        """Emoji reported for the group."""
        return tuple(Emoji(emoji=e) if isinstance(e, str) else e for e in self.emoji_reported)


class Term(_Entry, frozen=True):
    """A hint, never a verdict.

    Attributes:
        weight: prior evidence, -1 to 1: above 0 for the hinted themes, below 0 for ``voice_hint``.
        combine_with: the term counts only when one of these is in the same post.
        valid_from, valid_to: days between which the term has this meaning.
    """

    id: str
    term: str
    kind: Kind
    weight: float
    lang: str = "es"
    themes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    ambiguity: Ambiguity = "medium"
    note: str = ""
    source: tuple[str, ...] = ()
    verification: str = ""
    voice_hint: Voice | None = None
    combine_with: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class Theme(_Entry, frozen=True):
    """One act that an author can perform; ``severity`` 0 to 4."""

    id: str
    tier: Literal["core", "extended"]
    severity: int
    name: dict[str, str]
    definition: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    indicators_es: tuple[str, ...] = ()
    indicators_en: tuple[str, ...] = ()
    typical_media: tuple[str, ...] = ()
    typical_targets: tuple[str, ...] = ()
    false_friends: tuple[str, ...] = ()
    note: str = ""
    sources: tuple[str, ...] = ()


class Platform(_Entry, frozen=True):
    """Who hosts, where, under which law, and how to report. Facts to be checked on the day of use.

    ``preservation_days`` is how long a platform keeps what an agency asks it to keep, 0 if no such term is known;
    ``preservation_renewals`` how often the agency may ask again.
    """

    id: str
    name: str
    company: str
    hq_country: str
    listing: dict[str, Any]
    jurisdiction_class: str
    policy_names: tuple[str, ...] = ()
    report_channels: tuple[str, ...] = ()
    law_enforcement_channel: str = ""
    preservation: str = ""
    preservation_days: int = 0
    preservation_renewals: int = 0
    transparency_reports: tuple[str, ...] = ()
    lawful_data_routes: tuple[str, ...] = ()
    eu_dsa_very_large: bool | str = False
    notes: str = ""
    verification: str = ""


class Codebook(msgspec.Struct, frozen=True, kw_only=True):
    """A validated codebook; every mapping is from id to entry, in the order of the files.

    Attributes:
        sha256: hex digest over the bytes of all files that were read, in order.
        files: names of these files.
        contexts: the non-perpetrator contexts of ``themes.yaml``.
        axes: what a coder decides about a post, with the allowed values.
        sources: keys of sources to words.
    """

    themes: dict[str, Theme]
    groups: dict[str, Group]
    terms: dict[str, Term]
    platforms: dict[str, Platform]
    sha256: str
    files: tuple[str, ...]
    contexts: tuple[dict[str, Any], ...] = ()
    axes: dict[str, Any] = msgspec.field(default_factory=dict)
    sources: dict[str, str] = msgspec.field(default_factory=dict)


_REMARK = re.compile(r"\s*\([^)]*\)\s*$")
_Shape = TypeVar("_Shape", Group, Term, Theme, Platform)
_SHAPES: dict[str, type[_Entry]] = {"groups": Group, "terms": Term, "themes": Theme, "platforms": Platform}
_OWN_KEYS = {
    "themes.yaml": {
        "version",
        "unit",
        "axes",
        "flag_rule",
        "severity_scale",
        "reliability_protocol",
        "themes",
        "contexts",
        "sources",
    },
    "groups.yaml": {"version", "compiled_for", "rules", "groups", "sources"},
    "terms.yaml": {"version", "n_terms", "terms", "sources"},
    "platforms.yaml": {"version", "fields", "notice_law", "other_channels", "platforms"},
}
_EXTRA_KEYS = {"version", "groups", "terms", "sources"}


def active_on(entry: Name | Emoji | Term | Group, day: dt.date | None) -> bool:
    """Whether ``entry`` has its meaning on ``day``; always when the day is not known."""
    if day is None:
        return True
    return (entry.valid_from is None or entry.valid_from <= day) and (entry.valid_to is None or day <= entry.valid_to)


def load(*extra_paths: str | Path) -> Codebook:
    """The shipped codebook with the groups and terms of ``extra_paths`` added.

    Raises:
        CodebookError: a file cannot be read, a key is unknown, a value has the wrong type, an id occurs
            twice or a term names a theme or group that does not exist. One line, with file and entry.
    """
    digest = hashlib.sha256()
    found: dict[str, dict[str, Any]] = {kind: {} for kind in _SHAPES}
    rest: dict[str, Any] = {"sources": {}}
    names: list[str] = []
    data = resources.files("tecolote.codebook") / "data"
    inputs = [(name, (data / name).read_bytes(), _OWN_KEYS[name]) for name in _FILES]
    inputs += [(str(path), _bytes(Path(path)), _EXTRA_KEYS) for path in extra_paths]
    for name, raw, keys in inputs:
        digest.update(len(raw).to_bytes(8, "big") + raw)
        names.append(name)
        _take(name, _parse(name, raw, keys), found, rest)
    _check_references(found)
    return Codebook(
        **found,
        sha256=digest.hexdigest(),
        files=tuple(names),
        contexts=tuple(rest.get("contexts", ())),
        axes=rest.get("axes", {}),
        sources=rest["sources"],
    )


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CodebookError(f"{path} is larger than {_MAX_BYTES >> 20} MB", "A codebook is text written by people")
        return path.read_bytes()
    except OSError as error:
        raise CodebookError(f"{path} cannot be read: {error.strerror}", "Check the path") from None


def _parse(name: str, raw: bytes, keys: set[str]) -> dict[str, Any]:
    import yaml

    try:
        found = safe_yaml.load(raw)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        words = " ".join(str(error).split())[:200]
        raise CodebookError(f"{name} is not valid YAML: {words}", "Correct that line") from None
    if not isinstance(found, dict):
        raise CodebookError(f"{name} is not a codebook", f"Its top level needs: {', '.join(sorted(keys))}")
    unknown = sorted(str(k) for k in found if k not in keys)
    if unknown:
        raise CodebookError(f"{name}: unknown key '{unknown[0]}'", f"Allowed: {', '.join(sorted(keys))}")
    return found


def _take(name: str, parsed: dict[str, Any], found: dict[str, dict[str, Any]], rest: dict[str, Any]) -> None:
    for kind, shape in _SHAPES.items():
        entries = parsed.get(kind) or []
        if not isinstance(entries, list):
            raise CodebookError(f"{name}: '{kind}' is not a list", "Begin each entry with '- id: ...'")
        for position, raw in enumerate(entries):
            entry = _entry(name, kind, position, raw, shape)
            if entry.id in found[kind]:
                raise CodebookError(f"{name}: {kind} '{entry.id}' is defined twice", "Give it another id")
            found[kind][entry.id] = entry
    rest["sources"].update({str(k): str(v) for k, v in (parsed.get("sources") or {}).items()})
    rest.update({k: parsed[k] for k in ("contexts", "axes") if k in parsed})


def _entry(name: str, kind: str, position: int, raw: Any, shape: type[_Entry]) -> Any:
    label = raw.get("id", f"number {position + 1}") if isinstance(raw, dict) else f"number {position + 1}"
    try:
        entry: Any = msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise CodebookError(f"{name}: {kind} '{label}': {error}", "Correct that entry") from None
    if not _ID.fullmatch(entry.id):
        raise CodebookError(f"{name}: {kind} '{label}': id is not lower-case letters, digits, _ or -", "Rename it")
    if isinstance(entry, Term):
        if not entry.term.strip() or not -1.0 <= entry.weight <= 1.0:
            raise CodebookError(f"{name}: terms '{label}': empty term or weight outside -1 to 1", "Correct that entry")
    elif not entry.name:
        raise CodebookError(f"{name}: {kind} '{label}': empty name", "Correct that entry")
    return entry


def _check_references(found: dict[str, dict[str, Any]]) -> None:
    for term in found["terms"].values():
        for kind, listed in (("themes", term.themes), ("groups", term.groups)):
            for wanted in listed:
                if wanted not in found[kind]:
                    raise CodebookError(
                        f"term '{term.id}' names {kind[:-1]} '{wanted}', which is not defined",
                        f"Add it under '{kind}:' or correct the id",
                    )
