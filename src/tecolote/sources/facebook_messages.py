r"""Messages from a Facebook or Instagram download (``message_1.json`` ...), and Messenger's encrypted chats.

Format as Meta's "Download your information" writes it, several versions back:

- text is UTF-8 whose bytes stand as ``\u00XX``; each string is repaired for itself, if it can be (Latin-1 to UTF-8),
  and ``text_raw`` keeps it as found;
- ``timestamp_ms`` in milliseconds, before 2018 ``timestamp`` in seconds; both UTC;
- people are names, not ids; a removed account is "Facebook user" in the language of the download and nobody's id;
- a long conversation is split into ``message_1.json`` to ``message_N.json``, newest first; ``thread_path`` is its key;
- encrypted chats have ``senderName``, ``text``, ``isUnsent`` and a list of names.

A message has no id: it is derived from thread, time, sender, text and names of files, which stay the same in the next
download. Paths of media are given from the folder of the thread on, because that folder bears a person's name; for the
same reason a thread's id is the hash of its path.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from tecolote.sources import facebook_rows
from tecolote.sources.base import Chat, Options, Sink, Source
from tecolote.sources.chat_state import read_pieces, values
from tecolote.sources.jsonbytes import Piece, keys_of, pieces
from tecolote.sources.meta_download import fixed
from tecolote.sources.shapes import objs, seq, some

_INTO = frozenset({"messages"})
_INSTAGRAM = re.compile(r"your_instagram_activity|(?:^|[/!])instagram-", re.IGNORECASE)
_FOLDERS = {"", "inbox", "archived_threads", "filtered_threads", "message_requests", "e2ee_cutover", "messages"}
_SENDER = re.compile(rb'"(?:sender_name|senderName)"\s*:')
_OTHER = re.compile(rb'"(?:timestamp_ms|timestamp|participants)"\s*:')


class FacebookMessages:
    """Reader of conversations in downloads from Meta; see the module's words."""

    name = "facebook_messages"
    version = "3"
    title = "Facebook, Messenger and Instagram messages (download, JSON)"
    obtained = (
        "Accounts Centre: Download your information, messages, format JSON; Messenger: Download secure storage data"
    )
    proven = True
    platform = ""

    def sniff(self, head: bytes, name: str) -> float:
        """Sure where messages name a sender and a time as Meta does."""
        keys = keys_of(head)
        for sender in ("sender_name", "senderName"):
            if f"messages[].{sender}" in keys or (sender in keys and keys & {"timestamp", "timestamp_ms"}):
                return 0.9
        if keys & {"participants", "threadName"} and "messages" in keys:
            return 0.9
        # A long list of members may fill the head before the first message.
        return 0.5 if _SENDER.search(head) and _OTHER.search(head) else 0.0

    def chats(self, source: Source) -> list[Chat]:
        """The whole file is one private conversation."""
        envelope = next((piece.envelope for piece, _ in values(source, _INTO)), {})
        talk = fixed(envelope.get("title")) or some(envelope.get("threadName"))
        return [Chat(some(envelope.get("thread_path")) or talk or source.name, talk or source.name, True)]

    def read(self, source: Source, sink: Sink, options: Options) -> None:
        """Read all messages; see `Reader.read`."""
        found = list(pieces(source, sink, _INTO))
        envelope = found[0].envelope if found else {}
        rows = facebook_rows.Rows(_thread_id(envelope, found), envelope)
        read_pieces(found, sink, options, _platform(source, found), rows.add)
        if not found:
            sink.note("a conversation without messages")


def _platform(source: Source, found: list[Piece]) -> str:
    """Instagram where a path or a share says so, else Messenger: the messages themselves do not tell."""
    inside = any(b"your_instagram_activity" in p.raw or b'"original_content_owner"' in p.raw for p in found)
    return "instagram" if inside or _INSTAGRAM.search(source.name) else "messenger"


def _thread_id(envelope: dict[str, Any], found: list[Piece]) -> str:
    """Id of the conversation: hash of its path's end, else of its members and title, else of its first message."""
    # 'inbox/ana_1', 'archived_threads/ana_1' and 'messages/inbox/ana_1' are the same conversation; 'inbox/' names none.
    path = some(envelope.get("thread_path")) or some(envelope.get("threadName")) or ""
    key = path.rstrip("/").rpartition("/")[2]
    if key in _FOLDERS and envelope.get("participants"):
        people = [str(p.get("name")) for p in objs(envelope["participants"])] or seq(envelope["participants"])
        key = "\0".join([str(envelope.get("title")), *sorted(map(str, people))])
    elif key in _FOLDERS:
        key = min((piece.raw.decode("latin-1") for piece in found), default="")
    return "thread-" + sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24]


READER = FacebookMessages()
