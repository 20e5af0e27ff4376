"""A folder of files as a sealed BagIt bag (RFC 8493) with SHA-256 and SHA-512 manifests.

The seal is a signed note (C2SP) over the SHA-256 of every tag file but the tag manifests; the manifests are among
them, so one signature covers every byte of the bag.
"""

from __future__ import annotations

import hashlib
import os
from importlib import resources
from pathlib import Path

from tecolote.case import sync_folder
from tecolote.evidence.notes import Signer, sign_note
from tecolote.evidence.verify_packet import BAGIT, SEAL

_ALGORITHMS = ("sha256", "sha512")
VERIFIER = "verify_packet.py"


class Bag:
    """A bag being filled; names are relative to its payload folder ``data``."""

    def __init__(self, folder: Path) -> None:
        """Begin in an empty folder."""
        self.folder = folder
        self._sums: dict[str, tuple[str, str]] = {}
        self._bytes = 0

    def add(self, name: str, data: bytes) -> None:
        """Put a payload file in."""
        self._bytes += len(data)
        self._write(f"data/{name}", data)

    def hashes(self) -> dict[str, str]:
        """SHA-256 (hex) of the payload files so far, by name below ``data``."""
        return {n.removeprefix("data/"): s[0] for n, s in self._sums.items() if n.startswith("data/")}

    def close(self, signer: Signer, info: dict[str, str], readme: str) -> None:
        """Write manifests, the verifier and the seal; nothing can be added behind it.

        Args:
            signer: the key that signs the case.
            info: lines of ``bag-info.txt``.
            readme: text of ``README.txt``.
        """
        oxum = {"Payload-Oxum": f"{self._bytes}.{len(self._sums)}"}
        lines = [f"{name}: {' '.join(value.split())}" for name, value in (info | oxum).items()]
        for at, algorithm in enumerate(_ALGORITHMS):
            self._write(f"manifest-{algorithm}.txt", self._list(at, payload=True))
        self._write("bagit.txt", BAGIT)
        self._write("bag-info.txt", "\n".join([*lines, ""]).encode())
        self._write("README.txt", readme.encode())
        self._write(VERIFIER, resources.files("tecolote.evidence").joinpath(VERIFIER).read_bytes())
        sealed = f"{SEAL}\n{signer.verifier.name}\n" + self._list(0, payload=False).decode()
        self._write("seal.txt", sign_note(sealed, [signer]).encode())
        tags = [self._list(at, payload=False) for at in range(len(_ALGORITHMS))]
        for algorithm, listed in zip(_ALGORITHMS, tags, strict=True):
            self._write(f"tagmanifest-{algorithm}.txt", listed)
        for path in (*sorted(p for p in self.folder.rglob("*") if p.is_dir()), self.folder):
            sync_folder(path)

    def _list(self, at: int, *, payload: bool) -> bytes:
        names = sorted(n for n in self._sums if n.startswith("data/") is payload)
        return "".join(f"{self._sums[name][at]}  {name}\n" for name in names).encode()

    def _write(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        self._sums[name] = (hashlib.sha256(data).hexdigest(), hashlib.sha512(data).hexdigest())
