"""What an import asks the person at the terminal, where neither files nor options say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from tecolote.sources.base import Chat, Options, Source, Unsettled

if TYPE_CHECKING:
    from tecolote.corpus.plan import Part
    from tecolote.sources.consent import Consent
    from tecolote.sources.date_order import DateQuestion


class Questions(Protocol):
    """Someone who answers."""

    def consent(self, chat: Chat, today: date) -> Consent | None:
        """The record that lets ``chat``, and the private chats behind it, in; None: nobody consents."""
        ...

    def date_order(self, name: str, question: DateQuestion) -> str | None:
        """Which order the dates of the file ``name`` have; None: it is not known."""
        ...


def settled(
    ask: Questions,
    part: Part,
    options: Options,
    readings: Mapping[str | None, tuple[int, dict[str, Any]]] | None,
    opened: Callable[[], BinaryIO],
) -> Options:
    """``options`` with the order of the file's dates, asked for where it decides and nobody has said it.

    Args:
        ask: who answers.
        part: the file.
        options: what the user said.
        readings: earlier readings of the same bytes, of which the answer is taken.
        opened: gives the file's bytes.
    """
    reader: object = part.reader
    if options.date_order is not None or not isinstance(reader, Unsettled):
        return options
    known = [settings["date_order"] for _, settings in (readings or {}).values() if settings["date_order"]]
    if known:
        return replace(options, date_order=known[-1])
    stream = opened()
    question = reader.date_question(Source(part.name, stream, stream.seek(0, 2)), options)
    return replace(options, date_order=ask.date_order(part.name, question)) if question is not None else options
