"""The case folder: create, open, lock, paths and settings.

A case is one folder. What a person needs to keep is in it, except keys: those live in the user's key
folder (``TECOLOTE_KEYS``, by default ``~/.config/tecolote/keys``) and never in the case.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
import time
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tecolote.errors import CaseError, CaseLocked, UsageError

FORMAT = 1
LOCK_WAIT_S = 30.0
_TEMPORARY = ".tmp"
_HEARTBEAT_S = 2.0
_STALE_S = 15.0
_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
_FOLDERS = ("evidence", "corpus", "decisions", "findings", "assessments", "published", "codebook")


@dataclass(frozen=True)
class Settings:
    """What ``case.toml`` says.

    Attributes:
        id: random id of the case, set once.
        title: one line, printed on every page.
        purpose: why the material is processed; required before anything is published.
        lawful_basis: on what legal ground.
        retention: last day on which the case may be kept (end of that day), or None.
        timezone: zone in which days are counted.
        fictional: True for the demo case; said on every page.
        groups: ids of the groups watched; empty means all of the codebook.
        agency: the public authority that keeps the case; "" if it is none.
    """

    id: str
    title: str = "Untitled case"
    purpose: str = ""
    lawful_basis: str = ""
    retention: date | None = None
    timezone: str = "UTC"
    fictional: bool = False
    groups: tuple[str, ...] = field(default=())
    agency: str = ""

    @property
    def zone(self) -> ZoneInfo:
        """The case's zone as an object."""
        return ZoneInfo(self.timezone)


def keys_folder() -> Path:
    """The user's key folder: ``TECOLOTE_KEYS`` or ``~/.config/tecolote/keys``."""
    given = os.environ.get("TECOLOTE_KEYS")
    return Path(given) if given else Path.home() / ".config" / "tecolote" / "keys"


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make ``folder`` and what is missing above it, and make their names durable."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode, parents=True, exist_ok=True)
    for path in missing:
        sync_folder(path.parent)


def write_durably(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` so that after a power cut it holds all of the old or all of the new."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}{_TEMPORARY}")
    with open(temporary, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def is_temporary(path: Path) -> bool:
    """Whether ``path`` is what an interrupted `write_durably` left; it holds nothing that was acknowledged."""
    return path.name.startswith(".") and path.name.endswith(_TEMPORARY)


class Case:
    """An open case folder.

    Reading needs no lock. Writing happens inside ``with case.writing():``.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self._held = 0

    @classmethod
    def create(cls, root: str | Path, **settings: Any) -> Case:
        """Make a new case in an empty or new folder.

        Args:
            root: the folder.
            settings: fields of `Settings` other than ``id``.

        Raises:
            CaseError: the folder holds something else, or lies on a network file system.
        """
        root = Path(root)
        if (root / "case.toml").exists():
            raise CaseError(f"{root} is a case already", "Leave out 'init', or name another folder")
        if root.exists() and any(root.iterdir()):
            raise CaseError(f"{root} is not empty", "Name a new or an empty folder")
        make_folder(root)
        _refuse_network(root)
        for name in _FOLDERS:
            (root / name).mkdir(exist_ok=True)
        made = Settings(id=uuid.uuid4().hex, **settings)
        _check_zone(made.timezone)
        write_durably(root / "case.toml", _to_toml(made).encode())
        return cls(root, made)

    @classmethod
    def open(cls, root: str | Path) -> Case:
        """Open an existing case.

        Raises:
            CaseError: no case there, or one that a newer version wrote.
        """
        root = Path(root)
        path = root / "case.toml"
        if not path.is_file():
            raise CaseError(f"{root} is not a case", f"Make one with: tecolote init --case {root}")
        try:
            raw = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CaseError(f"{path} cannot be read: {error}", "Correct that line") from None
        if int(raw.get("format", 0)) > FORMAT:
            raise CaseError(f"{root} has format {raw['format']}, newer than this program", "Install a newer tecolote")
        known = {k: v for k, v in raw.items() if k in Settings.__dataclass_fields__}
        if "id" not in known:
            raise CaseError(f"{path} has no 'id'", "Restore case.toml from a backup")
        known["groups"] = tuple(known.get("groups", ()))
        settings = Settings(**known)
        _check_zone(settings.timezone)
        return cls(root, settings)

    @property
    def evidence_folder(self) -> Path:
        """Packs, log, index, stamps and public keys."""
        return self.root / "evidence"

    @property
    def corpus_folder(self) -> Path:
        """Record tables and the manifest."""
        return self.root / "corpus"

    @property
    def published_folder(self) -> Path:
        """Reports and fact sheets."""
        return self.root / "published"

    @property
    def codebook_folder(self) -> Path:
        """Codebooks that this case adds to the package's own."""
        return self.root / "codebook"

    @property
    def model_folder(self) -> Path:
        """Weights of a reader that this case uses instead of the package's own; absent in most cases."""
        return self.codebook_folder / "model"

    @property
    def keys(self) -> Path:
        """Folder of this case's keys, inside the user's key folder; readable by the owner only."""
        folder = keys_folder() / self.settings.id
        make_folder(folder, 0o700)
        return folder

    @property
    def caches(self) -> Path:
        """Folder of what is kept of this case to show it quickly: ``$XDG_CACHE_HOME/tecolote/<case id>``."""
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return base / "tecolote" / self.settings.id

    @property
    def is_writing(self) -> bool:
        """Whether this object holds the writer's lock."""
        return self._held > 0

    @contextlib.contextmanager
    def writing(self, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """Hold the writer's lock; nested use in one process is one lock.

        Raises:
            CaseLocked: another live process holds it for longer than ``wait_s``.
        """
        if self._held:
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1
            return
        path = self.root / "lock"
        _acquire(path, wait_s)
        stop = threading.Event()
        beat = threading.Thread(target=_heartbeat, args=(path, stop), daemon=True)
        beat.start()
        self._held = 1
        self._sweep()
        try:
            yield
        finally:
            self._held = 0
            stop.set()
            beat.join()
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    def _sweep(self) -> None:
        """Remove what an interrupted write left behind; only the holder of the lock writes."""
        for folder in (self.root, *(self.root / name for name in (*_FOLDERS, "evidence/keys"))):
            if folder.is_dir():
                for path in folder.iterdir():
                    if is_temporary(path):
                        path.unlink(missing_ok=True)


def _acquire(path: Path, wait_s: float) -> None:
    mine = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "boot": _boot()}).encode()
    deadline = time.monotonic() + wait_s
    while True:
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            holder = _holder(path)
            if holder is None or _is_stale(path, holder):
                _take_over(path)
                continue
            if time.monotonic() >= deadline:
                raise CaseLocked(
                    f"process {holder['pid']} on {holder['host']} is writing to {path.parent}",
                    "Wait for it to end, or end it, and try again",
                ) from None
            time.sleep(0.1)
            continue
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(mine)
        except OSError:
            path.unlink()
            raise
        return


def _boot() -> str:
    """What tells this start of the machine from others; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _holder(path: Path) -> dict[str, Any] | None:
    """Who holds the lock; a lock file that is still empty is treated as held until it is stale."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        found: dict[str, Any] = json.loads(raw)
        return {"pid": int(found["pid"]), "host": str(found["host"]), "boot": str(found.get("boot", ""))}
    except (ValueError, KeyError, TypeError):
        return {"pid": 0, "host": "unknown host", "boot": ""}


def _is_stale(path: Path, holder: dict[str, Any]) -> bool:
    if holder["host"] == socket.gethostname() and holder["pid"]:
        if holder["boot"] and _boot() and holder["boot"] != _boot():
            return True  # the number may be another process's after the machine was started again
        return not _is_alive(holder["pid"])
    try:
        return time.time() - path.stat().st_mtime > _STALE_S
    except FileNotFoundError:
        return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _take_over(path: Path) -> None:
    """Remove a stale lock; the rename makes sure that only one waiter removes it."""
    grave = path.with_name(f".lock.{os.getpid()}.{time.monotonic_ns()}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(grave)
        grave.unlink()


def _heartbeat(path: Path, stop: threading.Event) -> None:
    while not stop.wait(_HEARTBEAT_S):
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)


def _refuse_network(root: Path) -> None:
    """Refuse file systems on which rename and fsync do not promise what the log needs."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return
    resolved = str(root.resolve())
    best, kind = "", ""
    for line in mounts.read_text("utf-8", "replace").splitlines():
        parts = line.split()
        if len(parts) > 2:
            point = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), parts[1])
            inside = resolved == point or resolved.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):
                best, kind = point, parts[2]
    if kind in _NETWORK_FILE_SYSTEMS:
        raise CaseError(f"{root} lies on a network file system ({kind})", "Put the case on a local disk")


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"unknown time zone '{name}'", "Use a name such as America/Mexico_City") from None


def _to_toml(settings: Settings) -> str:
    """TOML of the settings; JSON strings are TOML basic strings."""
    lines = [f"format = {FORMAT}"]
    for name in Settings.__dataclass_fields__:
        value = getattr(settings, name)
        if value is None:
            continue
        if isinstance(value, date):
            lines.append(f"{name} = {value.isoformat()}")
        elif isinstance(value, bool):
            lines.append(f"{name} = {str(value).lower()}")
        else:
            shown = list(value) if isinstance(value, tuple) else value
            lines.append(f"{name} = {json.dumps(shown, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
