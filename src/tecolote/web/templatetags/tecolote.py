"""Template filters and tags: hostile text, words for codes, times, numbers, addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.safestring import SafeString

from tecolote.web import charts, labels
from tecolote.web.text import plain as _plain
from tecolote.web.text import visible as _visible

register = template.Library()


@register.filter
def visible(text: object) -> SafeString:
    """Escaped text with invisible characters marked; for everything that comes out of a record."""
    return _visible(text)


@register.filter
def plain(text: object) -> str:
    """Text with marks and without tags, for attributes; the template escapes it."""
    return _plain(text)


@register.filter
def label(code: object, axis: str) -> SafeString:
    """The word for a code; a code may come from a record, so it is made safe too."""
    return _visible(labels.label(code, axis))


@register.filter
def count(number: int | None) -> str:
    """A number with separators of thousands; an absent one is a dash, never 0."""
    return "–" if number is None else number_format(number, force_grouping=True)


@register.filter
def digits(number: float | None, places: int = 2) -> str:
    """A decimal number; an absent one is a dash."""
    return "–" if number is None else number_format(number, places)


@register.filter
def hexadecimal(raw: bytes | str | None) -> str:
    """Bytes as hexadecimal digits."""
    return raw.hex() if isinstance(raw, bytes) else (raw or "")


@register.simple_tag(takes_context=True)
def moment(context: template.Context, value: datetime | None) -> str:
    """A time in the case's zone, to the second."""
    return "–" if value is None else value.astimezone(context["zone"]).strftime("%Y-%m-%d %H:%M:%S")


@register.simple_tag(takes_context=True)
def day(context: template.Context, value: datetime | None) -> str:
    """A day in the case's zone."""
    return "–" if value is None else value.astimezone(context["zone"]).strftime("%Y-%m-%d")


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """The query string of this address with some values changed; None takes one out. Page ranks are dropped."""
    query = context["request"].GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return "?" + query.urlencode()


@register.filter
def bars(months: list[dict[str, Any]], width: int) -> list[charts.Bar]:
    """Bars of posts per month, ``width`` units wide in all and 100 high."""
    return charts.bars(months, width)


@register.filter
def spark(months: list[dict[str, Any]], width: int) -> charts.Spark:
    """The same as two outlines."""
    return charts.spark(months, width)
