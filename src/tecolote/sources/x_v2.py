"""X API v2: flattened posts, pages, stream items, users, compliance rows; as JSON Lines or as one document.

A line is decoded into typed shapes (`x_shapes`), a line that does not fit goes through the tolerant mapping
(`shapes.fit`), and what fits neither is quarantined. How a line is read depends on nothing but the line.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import msgspec

from tecolote.sources.base import MAX_RECORD_BYTES, Chat, Options, Sink, Source
from tecolote.sources.jsonbytes import Unreadable, by_lines, decode, documents, keys_of
from tecolote.sources.shapes import MISSHAPEN, fit, forget, moment, obj, reason
from tecolote.sources.x_observe import compliance, notice, problem
from tecolote.sources.x_rows import Out
from tecolote.sources.x_shapes import Line, Thing

_decode = msgspec.json.Decoder(Line).decode
_NUL = rb"\u0000"
_FOLLOWS = re.compile(r"/2/users/(\d+)/(followers|following)\b")
_POST = {
    "author_id", "conversation_id", "created_at", "public_metrics", "edit_history_tweet_ids", "referenced_tweets",
    "possibly_sensitive", "reply_settings", "__twarc",
}  # fmt: skip
_USER = {"name", "created_at", "public_metrics", "profile_image_url", "verified", "protected", "description"}
_PAGE = {
    "text", "username", "owner_id", "tweet_count", "delete", "withheld", "dm_conversation_id", "drop", "undrop",
    "user_delete", "user_undelete", "user_suspend", "user_unsuspend", "user_protect", "user_unprotect", "user_withheld",
}  # fmt: skip


class XApiV2:
    """Reader of X API v2 data as saved by twarc2, by stream captures and by scripts."""

    name = "x_api_v2"
    version = "2"
    title = "X API v2 (JSON, JSON Lines)"
    obtained = "twarc2 (search, timeline, stream, users, compliance-job), or the API's own responses saved as files"
    proven = True
    platform = "x"

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for the objects of the API v2; v1.1 has ``id_str`` and answers for itself."""
        keys = keys_of(head)
        if "id_str" in keys or "data.rest_id" in keys or not keys:
            return 0.0
        if {"id", "text"} <= keys and keys & (_POST - {"created_at"}) and "did" not in keys and "user" not in keys:
            return 0.9
        if {"id", "username"} <= keys and len(keys & _USER) > 1 and ("public_metrics" in keys or "__twarc" in keys):
            return 0.9
        if {"id", "action"} <= keys and keys & {"reason", "redacted_at"}:
            return 0.9
        page = any(f"{data}.{key}" in keys for data in ("data", "data[]") for key in _PAGE)
        marked = keys & {"includes", "__twarc", "matching_rules", "meta.result_count", "data[].edit_history_tweet_ids"}
        if page and (marked or any(f"{d}.{k}" in keys for d in ("data", "data[]") for k in _POST | _PAGE - {"text"})):
            return 0.9
        return 0.9 if "errors[].resource_type" in keys or "meta.result_count" in keys else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """Direct messages, if the file begins with some; posts are public."""
        if b'"dm_conversation_id"' in source.head:
            return [Chat("direct messages", "X direct messages", private=True)]
        return []

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all records; see `tecolote.sources.base.Reader`."""
        one = _Mapping(source.name, sink, options).one
        if not by_lines(source):
            for piece in documents(source, sink, frozenset()):
                one(piece.start, piece.raw, piece.locator)
            return
        for number, start, raw in source.lines():
            if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
                raw, start = raw[3:], start + 3
            if raw and not raw.isspace():
                one(start, raw, f"line {number}")


class _Mapping:
    """The mapping of one file."""

    def __init__(self, name: str, sink: Sink, options: Options) -> None:
        self.name, self.sink, self.options = name, sink, options
        self.out = Out(sink)
        self._time = functools.lru_cache(64)(lambda raw: moment(raw)[0])

    def one(self, start: int, raw: bytes, where: str) -> None:
        """Read one record; quarantine it if it cannot be read."""
        sink, out = self.sink, self.out
        try:
            # No table holds NUL: the tolerant mapping cleans. From the right the rare backslash is looked for first.
            plain = len(raw) < MAX_RECORD_BYTES and raw.rfind(_NUL) < 0
            line = _decode(raw) if plain else self._tolerant(raw, where)
        except (ValueError, RecursionError):
            try:
                line = self._tolerant(raw, where)
            except MISSHAPEN as bad:
                sink.quarantine(where, reason(bad))
                return
        out.rec = rec = sink.record(start, raw, where)
        if sink.rows["posts"] is not out.posts or sink.rows["edges"] is not out.edges:
            out.bind(sink.rows)
        out.done.clear()
        self._observed(line)
        try:
            if line.data is None and line.includes is None and line.errors is None and line.meta is None:
                self._single(line, rec, raw, where)
            else:
                self._page(line, rec, raw, where)
        except MISSHAPEN as bad:
            forget(sink, rec)
            sink.quarantine(where, reason(bad))

    def _tolerant(self, raw: bytes, where: str) -> Line:
        """A line that does not fit the typed shapes; of a page, only the objects that cannot be read are lost."""
        value = decode(raw, self.sink.note)
        if not isinstance(value, dict):
            raise Unreadable("not a JSON object")
        data = value.pop("data", None)
        line: Line = fit(value, Line, self.sink.note)
        if isinstance(data, list):
            kept: list[Thing] = []
            for number, item in enumerate(data):
                try:
                    kept.append(fit(item, Thing, self.sink.note) or Thing())
                except Unreadable as bad:
                    self.sink.quarantine(f"{where} /data/{number}", str(bad))
            line.data = kept
        elif data is not None:
            line.data = fit(data, Thing, self.sink.note) or Thing()
        return line

    def _observed(self, line: Line) -> None:
        """When the record was captured: twarc's own word, else the user's."""
        out = self.out
        out.at = self._time(line.twarc.retrieved_at) if line.twarc is not None and line.twarc.retrieved_at else None
        out.basis = "record"
        if out.at is None:
            out.at = self.options.observed_at
            out.basis = "user" if out.at else "unknown"

    def _single(self, line: Line, rec: int, raw: bytes, where: str) -> None:
        """A line that is itself a post, a user or a row of a compliance job."""
        if line.text is not None and line.dm_conversation_id is None:
            self.out.flat(line)
        elif line.username is not None:
            self._user(line, line)
        elif line.action is not None and line.id is not None:
            compliance(self.sink, rec, line, self.name, self.options)
        elif not self._notice(rec, raw):
            self.sink.quarantine(where, _refusal(line))

    def _page(self, line: Line, rec: int, raw: bytes, where: str) -> None:
        """A page or a stream item: ``data`` with the objects beside it."""
        out, things = self.out, line.data if isinstance(line.data, list) else [line.data] if line.data else []
        self._include(line)
        refused: dict[str, int] = {}
        had: set[str] = set()
        for thing in things:
            if thing.text is not None and thing.dm_conversation_id is None:
                out.post(thing, out.users_by_id.get(thing.author_id or ""))
                had.add(thing.id or "")
            elif thing.username is not None:
                self._user(thing, line)
            elif not (thing.id is None and self._notice(rec, raw)):
                why = _refusal(thing)
                refused[why] = refused.get(why, 0) + 1
        for other in out.posts_by_id.values():
            if other.id not in had:
                out.post(other, out.users_by_id.get(other.author_id or ""))
        for user in out.users_by_id.values():
            out.user(user)
        self._problems(line, rec)
        for why, times in refused.items():
            self.sink.quarantine(where, why if times == 1 else f"{why} ({times} of them)")
        if not things and not line.errors and line.includes is None:
            self.sink.note("a page without results")

    def _include(self, line: Line) -> None:
        """Index what a page includes."""
        out, found = self.out, line.includes
        out.users_by_id = {u.id: u for u in found.users or () if u.id} if found else {}
        out.posts_by_id = {t.id: t for t in found.tweets or () if t.id} if found else {}
        out.media_by_key = {m.media_key: m for m in found.media or () if m.media_key} if found else {}
        places = [json.loads(bytes(p)) for p in found.places or ()] if found else []
        out.places_by_id = {str(p["id"]): p for p in places if isinstance(p, dict) and "id" in p}

    def _user(self, user: Thing, line: Line) -> None:
        """A user, and the follow that the page states."""
        if not user.id:
            raise Unreadable("a user without an id")
        self.out.user(user)
        asked = _FOLLOWS.search(line.twarc.url) if line.twarc is not None and line.twarc.url else None
        if asked:
            self.out.follows(user, asked[1], asked[2] == "following")

    def _problems(self, line: Line, rec: int) -> None:
        """Partial errors as observations."""
        if not line.errors:
            return
        names = {(u.username or "").lower(): u.id for u in self.out.users_by_id.values() if u.id}
        data = line.data if isinstance(line.data, list) else [line.data] if line.data else []
        for t in [*data, *self.out.posts_by_id.values()]:
            for m in (t.entities.mentions or ()) if t.entities is not None else ():
                if m.id and m.username:
                    names[m.username.lower()] = m.id
        said: set[tuple[Any, ...]] = set()
        for error in line.errors:
            key = (error.resource_type, error.resource_id or error.value, error.detail)
            if key not in said:
                said.add(key)
                problem(self.sink, rec, error, names, self.out.at)

    def _notice(self, rec: int, raw: bytes) -> bool:
        """A compliance event of a stream, in the form of v2 or v1.1."""
        value = obj(decode(raw, self.sink.note))
        found = obj(value.get("data")) or value
        return any(notice(self.sink, rec, key, obj(body), self.options) for key, body in found.items())


def _refusal(thing: Thing) -> str:
    """Why an object of the API is not read."""
    if thing.dm_conversation_id is not None:
        return "a direct message: private, not read; import posts"
    if thing.tweet_count is not None:
        return "a count of posts per time window, not a post: import the posts themselves (twarc2 search)"
    if thing.member_count is not None or thing.owner_id is not None:
        return "an X list: neither a post nor an account; import its posts or members"
    return "an object that is neither a post, a user nor a compliance row"


READER = XApiV2()
