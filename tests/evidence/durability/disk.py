"""A disk as it may be after a power cut, computed from the trace that ``disk.c`` wrote.

The model takes of POSIX only what it promises. What was written to a file since its last sync is there, lost, out of
order, or torn at sectors of 512 bytes; a file may have its new length and zeros in it. Names made, changed or
removed since the last sync of their folder are there or not, each on its own or as far as a journal came; a
rename is one step. A file that was synced can be lost with its name.
"""

from __future__ import annotations

import copy
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

SECTOR = 512
#: Path and content of every file; None for an empty folder.
Found = dict[str, bytes | None]
_HEAD = struct.Struct("<cQQQII")


@dataclass(frozen=True)
class Op:
    """One entry of the trace; see ``disk.c``."""

    op: str
    inode: int
    first: int
    second: int
    a: str
    data: bytes

    @property
    def b(self) -> str:
        return self.data.decode()


def read_trace(path: Path) -> Iterator[Op]:
    raw, at = path.read_bytes(), 0
    while at < len(raw):
        op, inode, first, second, a, b = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        yield Op(op.decode(), inode, first, second, raw[at : at + a].decode(), raw[at + a : at + a + b])
        at += a + b


@dataclass(eq=False)
class File:
    safe: bytes = b""
    live: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # offset and data; length and None

    def write(self, at: int, data: bytes) -> None:
        self.pending.append((at, data))
        _write(self.live, at, data)

    def cut(self, length: int) -> None:
        self.pending.append((length, None))
        _cut(self.live, length)

    def sync(self) -> None:
        self.safe = bytes(self.live)
        self.pending.clear()


@dataclass(eq=False)
class Folder:
    safe: dict[str, File | Folder] = field(default_factory=dict)
    live: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[dict[str, File | Folder | None]] = field(default_factory=list)  # each is one step

    def change(self, names: dict[str, File | Folder | None]) -> None:
        self.pending.append(names)
        _rename(self.live, names)

    def sync(self) -> None:
        self.safe = dict(self.live)
        self.pending.clear()


def _write(raw: bytearray, at: int, data: bytes) -> None:
    if at > len(raw):
        raw.extend(bytes(at - len(raw)))
    raw[at : at + len(data)] = data


def _cut(raw: bytearray, length: int) -> None:
    if length < len(raw):
        del raw[length:]
    else:
        raw.extend(bytes(length - len(raw)))


def _rename(names: dict[str, File | Folder], step: dict[str, File | Folder | None]) -> None:
    for name, there in step.items():
        if there is None:
            names.pop(name, None)
        else:
            names[name] = there


class Disk:
    """Everything below one folder, as programs see it and as far as it is safe."""

    def __init__(self, root: Path) -> None:
        """Take what is below ``root`` now; it is safe."""
        self.root = root
        self.top = Folder()
        self._by_inode: dict[int, File | Folder] = {root.stat().st_ino: self.top}
        for path in sorted(root.rglob("*")):
            there: File | Folder = Folder() if path.is_dir() else File()
            if isinstance(there, File):
                there.live = bytearray(path.read_bytes())
                there.sync()
            self._by_inode[path.stat().st_ino] = there
            folder, name = self._folder(str(path))
            folder.change({name: there})
        self._sync_all(self.top)

    def _sync_all(self, folder: Folder) -> None:
        folder.sync()
        for there in folder.live.values():
            if isinstance(there, Folder):
                self._sync_all(there)

    def _folder(self, path: str) -> tuple[Folder, str]:
        """The folder in which ``path`` is a name, and the name."""
        parts = PurePosixPath(path).relative_to(self.root.as_posix()).parts
        folder = self.top
        for part in parts[:-1]:
            inner = folder.live[part]
            assert isinstance(inner, Folder), path
            folder = inner
        return folder, parts[-1]

    def apply(self, op: Op) -> None:
        if op.op in "WTS":
            there = self._by_inode.get(op.inode)
            if op.op == "S" and there is not None:
                there.sync()
            elif isinstance(there, File):
                there.write(op.first, op.data) if op.op == "W" else there.cut(op.first)
            return
        folder, name = self._folder(op.a)
        if op.op in "CD":
            made: File | Folder = File() if op.op == "C" else Folder()
            self._by_inode[op.inode] = made
            folder.change({name: made})
        elif op.op in "UX":
            folder.change({name: None})
        elif op.op in "RL":
            to, new = self._folder(op.b)
            step: dict[str, File | Folder | None] = {new: folder.live[name]}
            if op.op == "R" and to is folder:
                step[name] = None
            to.change(step)
            if op.op == "R" and to is not folder:
                folder.change({name: None})
        else:
            raise ValueError(f"the trace holds a change that cannot be replayed: {op.op} {op.a}")

    def files(self) -> dict[str, bytes]:
        """Path and content of every file as programs see it."""
        return dict(_walk(self.top, "", lambda f: dict(f.live), lambda f: bytes(f.live)))

    def cut(self, style: Style) -> Found:
        """What may be found after a power cut now."""
        return dict(_walk(self.top, "", style.names, style.content))


def _walk(folder, prefix, names, content):  # type: ignore[no-untyped-def]
    for name, there in sorted(names(folder).items()):
        path = f"{prefix}{name}"
        if isinstance(there, Folder):
            inner = list(_walk(there, f"{path}/", names, content))
            yield from inner or [(path, None)]
        else:
            yield path, content(there)


@dataclass
class Style:
    """How a cut chooses: names and data each ``none``, ``all`` or ``some`` of what was not safe."""

    source: random.Random
    of_names: str
    of_data: str

    def names(self, folder: Folder) -> dict[str, File | Folder]:
        found = dict(folder.safe)
        for step in self._some(folder.pending, self.of_names):
            _rename(found, step)
        return found

    def content(self, file: File) -> bytes:
        raw = bytearray(file.safe)
        for at, data in self._some(file.pending, self.of_data):
            if data is None:
                _cut(raw, at)
            elif self.of_data == "some" and len(data) > SECTOR - at % SECTOR and self.source.random() < 0.5:
                self._tear(raw, at, data)
            else:
                _write(raw, at, data)
        if self.of_data == "some" and file.pending and self.source.random() < 0.3:
            _cut(raw, max(len(raw), len(file.live)))
        return bytes(raw)

    def _some(self, pending, how):  # type: ignore[no-untyped-def]
        if how == "none" or not pending:
            return []
        if how == "all":
            return pending
        if self.source.random() < 0.5:
            return pending[: self.source.randrange(len(pending) + 1)]
        share = self.source.random()
        return [step for step in pending if self.source.random() < share]

    def _tear(self, raw: bytearray, at: int, data: bytes) -> None:
        share, start = self.source.random(), 0
        while start < len(data):
            end = min(len(data), start + SECTOR - (at + start) % SECTOR)
            if self.source.random() < share:
                _write(raw, at + start, data[start:end])
            start = end


CORNERS = [(names, data) for names in ("none", "all") for data in ("none", "all")]


@dataclass
class Recording:
    """A disk as it was, and what was then done to it."""

    start: Disk
    trace: list[Op]

    def cuts(self, states: int, seed: int) -> Iterator[tuple[bytes, Found]]:
        """About ``states`` power cuts spread over the trace: what had been acknowledged, and what is found.

        A cut stands before an operation or behind the last. Most choose at random; every fourth is one of the
        corners, none or all of the names with none or all of the data.
        """
        source, disk = random.Random(seed), copy.deepcopy(self.start)
        share, owed, said, turn = states / (len(self.trace) + 1), 0.0, b"", 0
        for op in [*self.trace, None]:
            owed += share
            while owed >= 1:
                owed -= 1
                turn += 1
                names, data = CORNERS[turn // 4 % 4] if turn % 4 == 0 else (source.choice(["some", "all"]), "some")
                yield said, disk.cut(Style(source, names, data))
            if op is not None and op.op == "A":
                said += op.data
            elif op is not None:
                disk.apply(op)
