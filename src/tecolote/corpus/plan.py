"""What an import is about to take: which files, which reader, and what may be kept without consent.

Nothing is stored here. Every byte that has to be looked at is read in bounded memory; only when the
plan says that a file may be kept does the importer store it.
"""

from __future__ import annotations

import io
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from tecolote.corpus.asking import Questions
from tecolote.corpus.files import digest_of
from tecolote.corpus.owners import Owners
from tecolote.corpus.stops import Stop, StopList
from tecolote.errors import LimitExceeded, SourceRefused
from tecolote.sources import containers, private_shapes, registry, wacz
from tecolote.sources.base import Chat, Reader, Source, clean_text
from tecolote.sources.consent import Consent

#: Bytes of a web archive inside another container that are held in memory to check it.
_HELD = 64 << 20
_NESTED = (
    f"a web archive of more than {_HELD >> 20} MiB inside another container is not checked against its list of files: "
    "import it by itself"
)
HOW_TO_CONSENT = "Give the consent record of a participant: --consent consent.toml"


@dataclass
class Part:
    """One file of an export: itself, or a member of a container.

    Attributes:
        name: path inside the import, members behind '!'.
        chain: positions inside the container; empty for a file of its own.
        reader: who reads it; None keeps it as evidence only.
        private: it holds private chats, all covered by consent.
        refused: why it is not kept, or ''.
        public_spans: byte ranges that may be kept where the rest is private and not covered.
        private_chats: how many chats are left out.
        faults: what a web archive does not keep of the promises in this list of its files, in words.
        stopped: the hash on a stop list that its bytes met; nothing else of it was read.
    """

    name: str
    chain: tuple[int, ...] = ()
    reader: Reader | None = None
    private: bool = False
    refused: str = ""
    public_spans: list[tuple[int, int]] = field(default_factory=list)
    private_chats: int = 0
    faults: list[str] = field(default_factory=list)
    stopped: Stop | None = None


@dataclass
class Permission:
    """The consent of this import, the day on which it is judged, and the hashes that are never taken.

    Attributes:
        consent: the record that was given, or that ``ask`` drew up.
        today: a day in the case's zone.
        stops: hashes of which nothing may be kept.
        ask: draws up a record at the first private chat, if someone is there to answer.
    """

    consent: Consent | None
    today: date
    stops: StopList = field(default_factory=StopList)
    ask: Questions | None = None
    _asked: bool = False

    def covers(self, chat: Chat, hashes: Callable[[], tuple[str, ...]]) -> bool:
        """Whether a chat may be taken; ``hashes`` gives those of the file and its container, when asked."""
        if not chat.private:
            return True
        if self.consent is None and self.ask is not None and not self._asked:
            self._asked = True
            self.consent = self.ask.consent(chat, self.today)
        if self.consent is None:
            return False
        return any(self.consent.covers(chat, digest, self.today) for digest in hashes())


def walk(paths: list[Path]) -> Iterator[tuple[str, Path, str]]:
    """Every regular file below ``paths``: its name in the import, where it is, and why it is refused.

    Links inside a folder, devices, sockets and pipes are refused: they point outside what was given.
    """
    for given in paths:
        if not given.exists():
            yield _shown(str(given)), given, "no such file or folder"
        elif given.is_dir():
            root = given.name or given.resolve().name
            for path in sorted(given.rglob("*")):
                name = _shown(f"{root}/{path.relative_to(given).as_posix()}")
                mode = path.lstat().st_mode
                if stat.S_ISLNK(mode):
                    yield name, path, "a link; give the file itself"
                elif stat.S_ISREG(mode):
                    yield name, path, ""
                elif not stat.S_ISDIR(mode):
                    yield name, path, "not a regular file"
        elif given.is_file():
            yield _shown(given.name), given, ""
        else:
            yield _shown(given.name), given, "not a regular file"


def _shown(name: str) -> str:
    """A file name as text: names that are no UTF-8 come as lone surrogates."""
    return clean_text(name) or ""


def plan_file(name: str, stream: BinaryIO, size: int, permission: Permission, owners: Owners) -> Part:
    """The plan for a file that is no container; ``owners`` takes up whom it names as the owner of its archive."""
    return _plan(name, (), stream, size, permission, owners, lambda: (digest_of(stream),))


def plan_container(name: str, stream: BinaryIO, size: int, permission: Permission, owners: Owners) -> list[Part]:
    """The plan for every member of a container; ``owners`` as in `plan_file`.

    Raises:
        SourceRefused: the container cannot be opened or unpacks to too much.
    """
    outer: list[str] = []

    def outer_digest() -> str:
        if not outer:
            with open(stream.name, "rb") as again:
                outer.append(digest_of(again))
        return outer[0]

    parts = []
    for member in containers.members(name, stream, containers.Budget.of(size)):
        if member.damage:
            parts.append(Part(member.name, member.chain, refused=member.damage))
            continue
        inner = member.stream
        try:
            # The whole member is read once, so that damage and bombs show before anything is stored.
            inner_size = _length(inner)
            stopped = permission.stops.find(inner)
            if stopped is not None:
                parts.append(Part(member.name, member.chain, refused=stopped.reason, stopped=stopped))
                continue
            parts.append(
                _plan(
                    member.name,
                    member.chain,
                    inner,
                    inner_size,
                    permission,
                    owners,
                    lambda inner=inner: (digest_of(inner), outer_digest()),  # type: ignore[misc]
                )
            )
        except LimitExceeded:
            raise
        except SourceRefused as error:
            parts.append(Part(member.name, member.chain, refused=str(error)))
    _spread_privacy(parts)
    _check_lists(parts, stream)
    return parts


def _plan(
    name: str,
    chain: tuple[int, ...],
    stream: BinaryIO,
    size: int,
    permission: Permission,
    owners: Owners,
    hashes: Callable[[], tuple[str, ...]],
) -> Part:
    source = Source(name, stream, size)
    reader = registry.pick(source.head, name)
    owners.learn(source, reader)
    part = Part(name, chain, reader)
    if reader is None:
        words = private_shapes.recognise(source.head, name)
        chats = [Chat(name, words, True)] if words else []
    else:
        try:
            chats = reader.chats(source)
        except SourceRefused:
            raise
        except Exception as error:  # a reader's defect costs this file, never the run; nothing is kept unjudged
            part.refused = f"whether it is a private chat cannot be told: {type(error).__name__}: {str(error)[:200]}"
            return part
    private = [chat for chat in chats if chat.private]
    left_out = [chat for chat in private if not permission.covers(chat, hashes)]
    part.private = bool(private)
    part.private_chats = len(left_out)
    if left_out:
        open_spans = [span for chat in chats if chat not in left_out for span in chat.spans or ()]
        if open_spans and all(chat.spans for chat in chats):
            part.public_spans = open_spans
        else:
            part.refused = _why_refused(permission, len(left_out))
    return part


def _why_refused(permission: Permission, chats: int) -> str:
    what = "a private chat" if chats == 1 else f"{chats} private chats"
    if permission.consent is None:
        return f"{what} without consent; nothing of it was kept. {HOW_TO_CONSENT}"
    why = permission.consent.why_not(permission.today)
    return f"{what} that the consent record does not cover; nothing of it was kept. {why}"


def _check_lists(parts: list[Part], stream: BinaryIO) -> None:
    """Whether a web archive holds what its list of files says."""
    for part in parts:
        if part.name.rsplit("!", 1)[-1] == wacz.LIST and not part.refused:
            part.faults = _faults(part, stream)
            if part.faults and any(other.private for other in parts):  # their names are nobody's to keep
                part.faults = [f"{len(part.faults)} things are not as {wacz.LIST} says"]


def _faults(part: Part, stream: BinaryIO) -> list[str]:
    """What the web archive that ``part`` is the list of does not keep; one inside another container is held whole."""
    if len(part.chain) == 1:
        return wacz.faults(stream)
    outer = part.name.split("!", 1)[0]
    try:
        inside = containers.open_member(outer, stream, _length(stream), part.chain[:-1]).read(_HELD + 1)
    except SourceRefused as error:
        return [str(error)]
    return wacz.faults(io.BytesIO(inside)) if len(inside) <= _HELD else [_NESTED]


def _spread_privacy(parts: list[Part]) -> None:
    """Files beside a private chat (its pictures and voice notes) share its fate."""

    def folder(part: Part) -> tuple[tuple[int, ...], str]:
        return part.chain[:-1], part.name.rsplit("/", 1)[0] if "/" in part.name else part.name.rsplit("!", 1)[0]

    refused = {folder(p) for p in parts if p.refused and p.private_chats}
    private = {folder(p) for p in parts if p.private and not p.refused}
    for part in parts:
        if part.reader is None and not part.refused:
            if folder(part) in refused:
                part.refused, part.private_chats = "belongs to a private chat that was refused", 0
                part.private = True
            elif folder(part) in private:
                part.private = True


def _length(stream: BinaryIO) -> int:
    stream.seek(0)
    total = 0
    while block := stream.read(1 << 20):
        total += len(block)
    return total
