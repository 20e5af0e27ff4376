"""What is asked at the terminal during an import: who consents to a private chat, and the order of a file's dates.

Questions are in Spanish where the terminal's language is (``LC_ALL``, ``LC_MESSAGES``, ``LANG``), else in English.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tecolote.cli.common import say, visible

if TYPE_CHECKING:
    from tecolote.sources.base import Chat
    from tecolote.sources.consent import Consent
    from tecolote.sources.date_order import DateQuestion

Pause = Callable[[], AbstractContextManager[None]]

_WORDS = {
    "private": (
        "'{title}' is a private chat. Nothing of it is kept without the consent of someone who takes part in it.",
        "'{title}' es un chat privado. No se guarda nada sin el consentimiento de quien participa en él.",
    ),
    "form": ("Write down such a consent now?", "¿Anotar ahora ese consentimiento?"),
    "giver": ("Who consents, as the chat names them", "Quién consiente, como lo nombra el chat"),
    "names": ("Their other names or numbers in chats (commas; may be empty)",
              "Sus otros nombres o números en chats (comas; puede quedar vacío)"),
    "purpose": ("What the chat may be used for", "Para qué puede usarse el chat"),
    "until": ("Last day on which it may be kept (YYYY-MM-DD)", "Último día en que puede guardarse (AAAA-MM-DD)"),
    "contact": ("How they can be reached, to renew or withdraw", "Cómo contactarles, para renovar o retirar"),
    "all": ("Does it cover every private chat of this import (no: this one alone)?",
            "¿Abarca todos los chats privados de esta importación (no: solo este)?"),
    "agreed": ("Is this what they agreed to?", "¿Es esto lo que aceptaron?"),
    "wrote": ("Written to {path}:", "Escrito en {path}:"),
    "needed": ("An answer is needed.", "Se necesita una respuesta."),
    "day": ("A day from today on, e.g. {example}.", "Un día de hoy en adelante, p. ej. {example}."),
    "order": (
        "{name}: the dates of this file, such as {example}, can be read in more than one order: {orders}. "
        "Which (empty: not known, times stay empty)",
        "{name}: las fechas de este archivo, como {example}, pueden leerse en más de un orden: {orders}. "
        "Cuál (vacío: no se sabe, las horas quedan vacías)",
    ),
    "dmy": ("dmy (day first)", "dmy (primero el día)"),
    "mdy": ("mdy (month first)", "mdy (primero el mes)"),
    "ymd": ("ymd (year first)", "ymd (primero el año)"),
    "one_of": ("One of: {orders}", "Una de: {orders}"),
}  # fmt: skip


def at_terminal(case_dir: Path, pause: Pause) -> Terminal | None:
    """Who asks, if a person sits at standard input and can read standard error; else None."""
    return Terminal(case_dir, pause) if sys.stdin.isatty() and sys.stderr.isatty() else None


class Terminal:
    """Asks at the terminal; see `tecolote.corpus.asking.Questions`.

    Args:
        case_dir: the case; a consent record is written beside it.
        pause: takes the progress bar away while a question stands.
    """

    def __init__(self, case_dir: Path, pause: Pause) -> None:
        self._case_dir = case_dir
        self._pause = pause
        stated = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        self._tongue = int(stated.lower().startswith("es"))

    def consent(self, chat: Chat, today: date) -> Consent | None:
        """The record that the person fills in, kept as a file beside the case; None if they do not."""
        from tecolote.sources import consent as consents

        with self._pause():
            say(self._words("private", title=visible(chat.title)[:120]))
            if not self._yes("form"):
                return None
            written = self._record(chat, today)
            say(written)
            if not self._yes("agreed"):
                return None
            path = self._keep(written, today)
            say(self._words("wrote", path=str(path)))
            say(path.read_text("utf-8"))
            return consents.load(path)

    def date_order(self, name: str, question: DateQuestion) -> str | None:
        """Which of the orders in question, or None."""
        orders = ", ".join(self._words(order) for order in question.orders)
        asked = self._words("order", name=visible(name), example=question.example, orders=orders)
        with self._pause():
            while True:
                answer = self._line(asked).lower()
                if not answer:
                    return None
                if answer in question.orders:
                    return answer
                say(self._words("one_of", orders=", ".join(question.orders)))

    def _record(self, chat: Chat, today: date) -> str:
        """The consent record (TOML) that the answers make."""
        giver, purpose, until, contact = (
            self._needed("giver"), self._needed("purpose"), self._day(today), self._needed("contact"),
        )  # fmt: skip
        names = [name.strip() for name in self._line(self._words("names")).split(",") if name.strip()]
        lines = [
            f"giver = {_quoted(giver)}",
            f"given_on = {today.isoformat()}",
            f"purpose = {_quoted(purpose)}",
            f"until = {until.isoformat()}",
            f"contact = {_quoted(contact)}",
            f"names = [{', '.join(map(_quoted, names))}]",
        ]
        if not self._yes("all"):
            lines += ["", "[[chat]]", f"id = {_quoted(chat.id)}"]
        return "\n".join(lines) + "\n"

    def _keep(self, written: str, today: date) -> Path:
        """Write a new file beside the case, readable by its owner alone."""
        case_dir = self._case_dir.absolute()
        case_dir.parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            more = f"-{number}" if number > 1 else ""
            path = case_dir.parent / f"{case_dir.name}-consent-{today.isoformat()}{more}.toml"
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                number += 1
                continue
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(written)
            return path

    def _needed(self, key: str) -> str:
        while not (answer := self._line(self._words(key))):
            say(self._words("needed"))
        return answer

    def _day(self, today: date) -> date:
        while True:
            try:
                day = date.fromisoformat(self._line(self._words("until")))
            except ValueError:
                day = date.min
            if day >= today:
                return day
            say(self._words("day", example=date(today.year + 1, today.month, 1).isoformat()))

    def _yes(self, key: str) -> bool:
        hint = "s/N" if self._tongue else "y/N"
        return self._line(f"{self._words(key)} [{hint}]").lower() in ("y", "yes", "s", "si", "sí")

    def _line(self, asked: str) -> str:
        answer = click.prompt(asked, default="", show_default=False, err=True)
        return re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "", str(answer)).strip()

    def _words(self, key: str, **values: str) -> str:
        return _WORDS[key][self._tongue].format(**values)


def _quoted(text: str) -> str:
    """A TOML string."""
    return json.dumps(text, ensure_ascii=False)
