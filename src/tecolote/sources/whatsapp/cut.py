"""A chat cut into messages in bounded memory, and what one look over all of it tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from tecolote.sources.base import MAX_RECORD_BYTES, Source
from tecolote.sources.date_order import DateEvidence
from tecolote.sources.whatsapp.layout import FIRST_YEAR, HEADER, local_time, signature
from tecolote.sources.whatsapp.phrases import GROUP_TITLE, NAME_TITLE, plain

_BLOCK = 256 << 10

Match = re.Match[bytes]
#: First byte, bytes without the line break behind them, and the header; None for text before the first header.
Cut = tuple[int, bytes, Match | None]


def cut(
    source: Source, pattern: re.Pattern[bytes] = HEADER, accept: Callable[[Match, Match], bool] | None = None
) -> Iterator[Cut]:
    """The messages of a chat.

    Args:
        source: the file.
        pattern: `HEADER`, or what `like` makes of it.
        accept: whether a header, the second argument, begins a message or is text of the message whose header
            is the first argument. Without it every header begins a message.
    """
    for base, held, spans in _windows(source, pattern, accept):
        for begin, end, match in spans:
            yield base + begin, held[begin:end].removesuffix(b"\r"), match


def _windows(
    source: Source, pattern: re.Pattern[bytes], accept: Callable[[Match, Match], bool] | None
) -> Iterator[tuple[int, bytes, list[tuple[int, int, Match | None]]]]:
    """Blocks of the file that end between two messages: place of the first byte, bytes, and spans in them."""
    stream = source.open()
    held, base = b"\n", -1
    while block := stream.read(max(_BLOCK, len(held))):
        held += block
        spans: list[tuple[int, int, Match | None]] = []
        begin, current = 0, None
        for found in pattern.finditer(held):
            if current is not None and accept is not None and not accept(current, found):
                continue
            at = found.start()
            if at > begin or current is not None:
                spans.append((begin + 1, at, current))
            begin, current = at, found
        too_long = len(held) - begin > MAX_RECORD_BYTES
        if too_long:
            spans.append((begin + 1, len(held), current))
        yield base, held, spans
        # The next block continues inside a line where this one was too long: nothing begins there.
        base, held = (base + len(held) - 1, b"\r") if too_long else (base + begin, held[begin:])
    last = held[1:].removesuffix(b"\n")
    if last or pattern.match(held):
        yield base, held, [(1, 1 + len(last), pattern.match(held))]


@dataclass
class Survey:
    """What a whole chat says of itself.

    Attributes:
        thread_id: derived from the first two messages, so that a renamed or longer export of the chat has the same.
        title: group name or the name in the export's file name; else the file's name.
        example: the first header.
        main: its layout.
        dates: evidence on the date order, by layout.
    """

    thread_id: str = ""
    title: str = ""
    example: bytes = b""
    main: bytes = b""
    is_group: bool = False
    dates: dict[bytes, DateEvidence] = field(default_factory=dict)

    def order(self, layout: bytes) -> str | None:
        """The settled date order of a layout."""
        return self.dates[layout].settled()[0] if layout in self.dates else None


def survey(source: Source) -> Survey:
    """Look once over the whole chat."""
    found = Survey()
    first: list[bytes] = []
    parts: tuple[bytes, ...] = ()
    previous = b""
    for _, held, spans in _windows(source, HEADER, None):
        for begin, end, match in spans:
            if match is None:
                continue
            if len(first) < 2:
                first.append(plain(held[begin:end].decode("utf-8", "replace")).strip().encode())
            layout = signature(match[1])
            now = match.group(3, 5, 6)
            if now == parts and layout == previous:
                continue
            parts, previous = now, layout
            if layout not in found.dates:
                found.dates[layout] = DateEvidence(FIRST_YEAR)
                found.example = found.example or match[1]
            found.dates[layout].see((match[3], match[5], match[6]))
    found.main = signature(found.example)
    found.thread_id = sha256(b"whatsapp\0" + b"\0".join(first)).hexdigest()[:24]
    group = GROUP_TITLE.search(plain(source.head.decode("utf-8", "replace")))
    found.is_group = group is not None
    found.title = (group[1] if group else None) or _name_title(source.name)
    return found


def _name_title(name: str) -> str:
    """The chat's name in the file names that WhatsApp gives: of the file, else of the zip around it."""
    parts = re.split(r"[!/]", name)
    for part in reversed(parts[-3:]):
        found = NAME_TITLE.search(part)
        if found:
            return found[1]
    return re.sub(r"\.txt$", "", parts[-1], flags=re.IGNORECASE)


class Acceptance:
    """Tells a header in another layout than the file's own from a header that somebody quoted.

    An export has one layout. A line in another one that is earlier than the message it stands in is a quotation
    of the past and stays text; otherwise it begins a message (chats that were put together by hand).
    """

    def __init__(self, seen: Survey) -> None:
        self.seen = seen
        self.quoted = 0
        self._orders = {layout: dates.settled()[0] for layout, dates in seen.dates.items()}

    def __call__(self, current: Match, found: Match) -> bool:
        """Whether ``found`` begins a message behind the one of ``current``."""
        layout, own = signature(found[1]), signature(current[1])
        if layout in (self.seen.main, own):
            return True
        fallback = self._orders.get(own) or self._orders.get(layout) or "dmy"
        before = local_time(current, self._orders.get(own) or fallback)
        then = local_time(found, self._orders.get(layout) or fallback)
        if before is None or then is None or then >= before:
            return True
        self.quoted += 1
        return False
