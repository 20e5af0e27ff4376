"""The reader of WhatsApp's text exports.

Formats as written by the apps; checked against whatstk, chat-miner, chat-analytics and Pustur's parser by their own
sample files. Columns that need explaining:

- ``id``: derived from the thread, the time as written, author, text and the number among equals, so that the same
  message in a later export has the same id. ``thread_id``: derived from the first two messages.
- ``created_at``: null unless the date order is settled (`layout`) *and* the user gave a time zone.
- ``account_id``: a phone number as ``+`` and digits, else the name under which the exporting phone knows the person:
  such a name means something inside this chat only.
- ``text``: null where WhatsApp's own words stand in for one (deleted, omitted, not received yet); these are in
  ``text_raw``.
- ``revision``: 1 where the message says that it was edited (once or more often); the first text is not in the export.
"""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256

from tecolote.sources.base import MAX_RECORD_BYTES, Chat, Options, Sink, Source, clean_text
from tecolote.sources.date_order import DateQuestion
from tecolote.sources.text_edges import edges_of
from tecolote.sources.whatsapp.cut import Acceptance, Match, Survey, cut, survey
from tecolote.sources.whatsapp.layout import HEADER, Clock, like, signature
from tecolote.sources.whatsapp.phrases import (
    CALL,
    DELETED,
    EDITED,
    ENCRYPTION,
    GROUP_TITLE,
    PENDING,
    PLACE,
    Attachment,
    attachment,
    event,
    plain,
    starts_quoted,
)  # fmt: skip
from tecolote.sources.whatsapp.utf16 import Recoded, is_utf16

_PHONE = re.compile(r"\+?\d[\d ().\u2010\u2011-]{5,24}")
_LOG_LEVELS = re.compile(r"(?:[\w.-]+\.)?(?:ERROR|INFO|DEBUG|WARN|WARNING|TRACE|FATAL|CRITICAL|NOTICE)")
_MAX_AUTHOR = 200
_MAX_PLACE = 4000

Person = tuple[str, str, str]


class WhatsApp:
    """Reader of ``_chat.txt`` and ``WhatsApp Chat with X.txt``; see the module's words on columns."""

    name = "whatsapp"
    version = "3"
    title = "WhatsApp chat (text or zip)"
    obtained = "In the chat: More, Export chat; with or without media"
    proven = True
    platform = "whatsapp"

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 if the file begins with a message, 0.7 if one stands soon after; less where no author is named."""
        if is_utf16(head):
            head = head.decode("utf-16", "ignore").encode()
        found = [m for m, _ in zip(HEADER.finditer(b"\n" + head), range(20), strict=False)]
        if not found or head[: found[0].start()].count(b"\n") > 20:
            return 0.0
        texts = [head[m.end() - 1 :][:300].split(b"\n")[0].decode("utf-8", "replace") for m in found]
        authors = [text.split(": ")[0] for text in texts if ": " in text]
        if any(_LOG_LEVELS.fullmatch(a) for a in authors):
            return 0.0
        if not authors and not any(ENCRYPTION.fullmatch(plain(t)) or GROUP_TITLE.search(plain(t)) for t in texts):
            return 0.0 if found[0][1].endswith(b": ") else 0.2
        begins = not head[: found[0].start()].strip(b"\xef\xbb\xbf\r\n\t ")
        return 0.9 if begins else 0.7 if len(found) > 1 else 0.3

    def chats(self, source: Source) -> list[Chat]:
        """The one chat of the file; always private."""
        seen = survey(Recoded(source).source if is_utf16(source.head) else source)
        return [Chat(seen.thread_id, seen.title, True)]

    def date_question(self, source: Source, options: Options) -> DateQuestion | None:
        """What the dates of the chat's own layout leave open."""
        seen = survey(Recoded(source).source if is_utf16(source.head) else source)
        return seen.dates[seen.main].question() if seen.main in seen.dates else None

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all messages; see `Reader.read`."""
        recoded = Recoded(source) if is_utf16(source.head) else None
        if recoded is not None:
            sink.note("encoding: saved as UTF-16, which WhatsApp does not write")
            source = recoded.source
        _Reading(survey(source), sink, options).run(source, recoded)


class _Reading:
    """One pass that turns messages into rows."""

    def __init__(self, seen: Survey, sink: Sink, options: Options) -> None:
        self.seen = seen
        self.sink = sink
        self.options = options
        self.basis = "user_given" if options.zone else "unknown"
        self.clocks = {layout: Clock(self._order(layout), options.zone) for layout in seen.dates}
        self.clock = next(iter(self.clocks.values())) if len(self.clocks) == 1 else None
        self.people: dict[str, Person] = {}
        self.known: set[str] = set()
        self.equals: dict[bytes, int] = {}
        self.thread = seen.thread_id
        self.quarantined_head = False

    def _order(self, layout: bytes) -> str | None:
        order, why = self.seen.dates[layout].settled()
        given = self.options.date_order
        if layout == self.seen.main:
            self.sink.note(why if order or not given else f"dates are read as {given}, as the user said")
            if order and given and order != given and "alike" not in why:
                self.sink.note(f"--date-order {given} is not followed: the dates themselves say {order}")
            if self.options.zone is None:
                self.sink.note("times carry no zone: give --timezone to convert them")
        return order or given

    def run(self, source: Source, recoded: Recoded | None) -> None:
        """All messages, then the thread; spans are those of the file as it was found."""
        accept = Acceptance(self.seen)
        line, rec = 1, -1
        alone = len(self.clocks) == 1
        pattern = like(self.seen.example) if alone else HEADER
        for start, raw, match in cut(source, pattern, None if alone else accept):
            at, line = line, line + raw.count(b"\n") + 1
            if match is None:
                self._preamble(raw, at)
                continue
            if len(raw) > MAX_RECORD_BYTES:
                self.sink.quarantine(f"line {at}", f"message longer than {MAX_RECORD_BYTES >> 20} MiB")
                continue
            found = recoded.place(start, raw) if recoded else (start, raw)
            rec = self.sink.record(*found, f"line {at}")
            self._take(rec, raw, match)
        if accept.quoted:
            self.sink.note(f"{accept.quoted} lines look like older messages in another layout: read as quotations")
        if rec >= 0:
            self._thread(rec)

    def _preamble(self, raw: bytes, at: int) -> None:
        if raw.strip(b"\xef\xbb\xbf\r\n\t ") and not self.quarantined_head:
            self.quarantined_head = True
            self.sink.quarantine(f"line {at}", "text before the first message")

    def _thread(self, rec: int) -> None:
        people = len(self.known)
        group = self.seen.is_group or people > 2
        self.sink.add(
            "threads", rec, platform="whatsapp", id=self.thread, title=clean_text(self.seen.title),
            type="group" if group else "direct", private=True,
        )  # fmt: skip

    def _take(self, rec: int, raw: bytes, match: Match) -> None:
        """One message or event."""
        header = match.end() - match.start() - 1
        try:
            body = raw[header:].decode()
        except UnicodeDecodeError:
            self.sink.note("bytes that are not UTF-8 are read as U+FFFD; the bytes are kept")
            body = raw[header:].decode("utf-8", "replace")
        if "\x00" in body:
            body = body.replace("\x00", "\ufffd")
        person, text = self._author(body)
        stated = _stated(match[1].decode())
        at = (self.clock or self.clocks[signature(match[1])]).utc(match)
        post = self._identity(stated, person, text)
        low = text.lower()
        if person is None:
            self._event(rec, post, at, stated, text)
        elif (
            "omit" in low or "elimin" in low or "delet" in low or "call" in low or "llamada" in low or "adjunt" in low
            or "attach" in low or "maps" in low or text[-1:] == ">" or "\u200e" in text or "cifrad" in low
            or "encrypt" in low or "secured" in low or text[:1] == "<" or " privac" in low
            or "esperando" in low or "waiting" in low
        ):  # fmt: skip
            self._special(rec, post, at, stated, person, text)
        else:
            self._post(rec, post, "message", person, at, stated, text)

    def _author(self, body: str) -> tuple[Person | None, str]:
        """Who wrote it and the text; None for a line of the app."""
        name, colon, text = body.partition(": ")
        person = self.people.get(name) if colon else None
        if person is not None:
            return person, text
        if colon and "\n" not in name and 0 < len(name) <= _MAX_AUTHOR:
            return (None, body) if starts_quoted(body) else (self._person(name), text)
        name, colon, text = body.partition(":")
        if colon and name in self.people:
            return self.people[name], text
        if colon and name and len(name) <= _MAX_AUTHOR and "\n" not in name and (not text or text[0] in "\r\n"):
            return self._person(name), text.lstrip("\r\n")
        return None, body

    def _person(self, name: str) -> Person:
        shown = clean_text(plain(name)) or ""
        shown = shown.strip() or "\ufffd"
        if _PHONE.fullmatch(shown):
            digits = re.sub(r"\D", "", shown)
            person = ("+" + digits if shown.startswith("+") else digits, shown, "phone")
        else:
            person = (shown, shown, "display_name")
        self.people[name] = person
        return person

    def _identity(self, stated: str, person: Person | None, text: str) -> str:
        """The derived id; see the module's words."""
        whole = f"whatsapp\0{self.thread}\0{stated}\0{person[0] if person else ''}\0{text}"
        key = sha256(whole.encode()).digest()[:12]
        again = self.equals.get(key, 0)
        self.equals[key] = again + 1
        return f"{key.hex()}-{again}" if again else key.hex()

    def _special(self, rec: int, post: str, at: datetime | None, stated: str, person: Person, text: str) -> None:
        """A message in which WhatsApp's own words stand, perhaps."""
        shown = plain(text).strip()
        short = len(shown) <= 160
        if short and DELETED.fullmatch(shown):
            self._post(rec, post, "message", person, at, stated, None, raw=text)
            self.sink.add(
                "observations", rec, platform="whatsapp", target_kind="post", target_id=post, state="deleted",
                reason=shown, observed_by="export",
            )  # fmt: skip
        elif ENCRYPTION.fullmatch(shown) or (text.startswith("\u200e") and event(text) and not attachment(text)):
            self._event(rec, post, at, stated, text)
        elif short and PENDING.fullmatch(shown):
            self._post(rec, post, "message", person, at, stated, None, raw=text)
        elif short and CALL.fullmatch(shown):
            self._post(rec, post, "event", person, at, stated, text)
        else:
            self._edited_or_attached(rec, post, at, stated, person, text)

    def _edited_or_attached(
        self, rec: int, post: str, at: datetime | None, stated: str, person: Person, text: str
    ) -> None:
        said: str | None = text
        revision = None
        cut_at = text.rfind("<", -80)
        if cut_at >= 0 and EDITED.fullmatch(text[cut_at:].rstrip()):
            said, revision = text[:cut_at].rstrip().removesuffix("\u200e").rstrip(), 1
        found = attachment(said or "")
        if found is not None:
            said = found.caption
        place = PLACE.search(said[:_MAX_PLACE]) if said and "maps" in said else None
        where = f'{{"lat": {place[1]}, "lon": {place[2]}}}' if place else None
        self._post(rec, post, "message", person, at, stated, said, raw=text, revision=revision, place=where)
        if found is not None:
            self._media(rec, post, found)

    def _media(self, rec: int, post: str, found: Attachment) -> None:
        name = clean_text(found.name)
        self.sink.add(
            "media", rec, platform="whatsapp", id=f"{post}/0", post_id=post, type=found.kind, local_path=name,
            status=found.status,
        )  # fmt: skip

    def _event(self, rec: int, post: str, at: datetime | None, stated: str, text: str) -> None:
        """A line of the app, with the members that it names."""
        found = event(text)
        actor = self._named(found.actor) if found and found.actor else None
        self._post(rec, post, "event", actor, at, stated, text)
        if found is None:
            return
        for name in found.members:
            member = self._named(name)
            self._account(rec, member)
            if found.joins:
                self.sink.add(
                    "edges", rec, platform="whatsapp", src=member[0], dst=self.thread, type="member_of",
                    dst_kind="thread", post_id=post, at=at,
                )  # fmt: skip

    def _named(self, name: str) -> Person:
        return self.people.get(name) or self._person(name)

    def _account(self, rec: int, person: Person) -> None:
        account, shown, kind = person
        if account in self.known:
            return
        self.known.add(account)
        self.sink.add("accounts", rec, platform="whatsapp", id=account, id_kind=kind)
        self.sink.add(
            "account_snapshots", rec, platform="whatsapp", account_id=account, observed_basis="unknown",
            display_name=shown,
        )  # fmt: skip

    def _post(
        self, rec: int, post: str, kind: str, person: Person | None, at: datetime | None, stated: str,
        text: str | None, raw: str | None = None, revision: int | None = None, place: str | None = None,
    ) -> None:  # fmt: skip
        """The row of `posts`, in the order of its columns, and the edges that its text states."""
        account = author = None
        if person is not None:
            account, author, _ = person
            if account not in self.known:
                self._account(rec, person)
        found = raw if raw is not None else text
        said = text
        if said is not None and "\r" in said:
            said = said.replace("\r\n", "\n")
        self.sink.rows["posts"].append((
            rec, "whatsapp", post, True, kind, account, author, at, stated, self.basis, None, None, revision, said,
            found if found != said else None, None, None, self.thread, None, "private", None, None, place, None,
        ))  # fmt: skip
        if said and kind == "message" and ("://" in said or "#" in said or "@" in said):
            for type_, target, target_kind in edges_of(said):
                self.sink.add(
                    "edges", rec, platform="whatsapp", src=account, dst=target, type=type_, dst_kind=target_kind,
                    post_id=post, at=at,
                )  # fmt: skip


def _stated(header: str) -> str:
    """The time as written, without the signs that divide it from the message, with ordinary spaces."""
    if not header.isascii():
        header = header.replace("\u202f", " ").replace("\u00a0", " ").replace("\u200e", "")
    return plain(header).strip(" []-:")


READER = WhatsApp()
