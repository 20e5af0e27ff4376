"""Words of the publications by language, from data files, and how numbers and dates are printed."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

from tecolote.errors import UsageError

LANGUAGES = ("en", "es")


@functools.cache
def texts(lang: str) -> dict[str, Any]:
    """All words of one language.

    Raises:
        UsageError: a language that is not shipped.
    """
    if lang not in LANGUAGES:
        raise UsageError(f"no language '{lang}'", f"Use one of: {', '.join(LANGUAGES)}")
    found: dict[str, Any] = json.loads(resources.files(__package__).joinpath("i18n", f"{lang}.json").read_text("utf-8"))
    return found


def say(lang: str, key: str, **values: Any) -> str:
    """The text ``key`` (``section.name``) with ``values`` filled in."""
    section, name = key.split(".", 1)
    return str(texts(lang)[section][name]).format(**values)


def both(key: str, values: dict[str, Any] | None = None, **by_lang: dict[str, str]) -> dict[str, str]:
    """The text in every language; ``by_lang`` holds values that differ by language."""
    shared = values or {}
    return {
        lang: say(lang, key, **shared, **{name: words[lang] for name, words in by_lang.items()}) for lang in LANGUAGES
    }


def value_name(lang: str, kind: str, value: str) -> str:
    """Name of an enum value for people; the value itself where no name is known."""
    return str(texts(lang)["values"].get(kind, {}).get(value, value))


def show_count(value: float, lang: str) -> str:
    """A whole number with thousands set apart: ``12,345`` or ``12 345`` with a narrow space."""
    grouped = f"{round(value):,}"
    return grouped if lang == "en" else grouped.replace(",", "\u202f")


def show_share(value: float, lang: str) -> str:
    """A share as per cent, with one digit behind the point, two below one per cent."""
    digits = 2 if 0 < value < 0.01 else 1
    shown = f"{100 * value:.{digits}f}"
    return f"{shown}%" if lang == "en" else f"{shown.replace('.', ',')}\u00a0%"


def show(value: float | str | None, kind: str, lang: str) -> str:
    """A number as it is printed on the face of a publication."""
    if value is None:
        return say(lang, "page.not_measured")
    if isinstance(value, str):
        return value
    return show_share(value, lang) if kind == "share" else show_count(value, lang)
