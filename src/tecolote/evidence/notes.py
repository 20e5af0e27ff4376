"""Signed notes and log checkpoints, read by a strict grammar.

Sources: C2SP signed-note and C2SP tlog-checkpoint (https://c2sp.org); RFC 8032 for Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tecolote.errors import EvidenceError

_ED25519 = b"\x01"
_DASH = "\u2014 "
_MAX_NOTE = 64 << 10
_MAX_SIGNATURES = 32
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Verifier:
    """A public key with the name under which it signs."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Key id: 4 bytes of SHA-256(name, newline, algorithm, key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: ``name+id+base64``."""
        return f"{self.name}+{self.id.hex()}+{_b64(_ED25519 + self.public)}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a key as `vkey` writes it.

        Raises:
            EvidenceError: it is not an Ed25519 verifier key, or its id does not match.
        """
        name, _, rest = vkey.partition("+")
        id_hex, _, key = rest.partition("+")
        raw = _unb64(key)
        if not _is_name(name) or raw is None or len(raw) != 33 or raw[:1] != _ED25519:
            raise EvidenceError("a public key is not an Ed25519 verifier key")
        found = cls(name, raw[1:])
        if found.id.hex() != id_hex:
            raise EvidenceError("the id of a public key does not match the key")
        return found

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` (64 bytes) is this key's over ``text``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """A private key with its name; signs notes."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take the key of ``seed`` (32 secret bytes)."""
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The signature line for ``text``, with its newline."""
        signature = self._private.sign(text.encode())
        return f"{_DASH}{self.verifier.name} {_b64(self.verifier.id + signature)}\n"


@dataclass(frozen=True)
class Note:
    """A note as parsed: its text, and ``(name, key id, signature)`` of each signature line."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, raw: bytes) -> Note:
        """Read a signed note; says nothing yet about its signatures.

        Raises:
            EvidenceError: the bytes break the grammar.
        """
        if len(raw) > _MAX_NOTE:
            raise EvidenceError("a note is too long")
        try:
            whole = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise EvidenceError("a note is not UTF-8") from None
        if any(c < " " and c != "\n" for c in whole):
            raise EvidenceError("a note holds a control character")
        at = whole.rfind("\n\n")
        if at < 0 or not whole.endswith("\n"):
            raise EvidenceError("a note has no signature block")
        text, lines = whole[: at + 1], whole[at + 2 : -1].split("\n")
        if not 1 <= len(lines) <= _MAX_SIGNATURES:
            raise EvidenceError("a note has too many signatures")
        return cls(text, tuple(_signature(line) for line in lines))

    def signers(self, known: Sequence[Verifier]) -> list[Verifier]:
        """Those of the ``known`` keys that signed; signatures of unknown keys are ignored.

        Raises:
            EvidenceError: a known key's signature does not hold, or no known key signed.
        """
        found: list[Verifier] = []
        text = self.text.encode()
        for name, id_, signature in self.signatures:
            for key in known:
                if (key.name, key.id) == (name, id_):
                    if not key.holds(text, signature):
                        raise EvidenceError(f"the signature of {name} does not hold")
                    found.append(key)
        if not found:
            raise EvidenceError("no known key signed the note")
        return found


def sign_note(text: str, signers: Sequence[Signer]) -> str:
    """A note: ``text`` (ending in a newline), a blank line and one line for each signer.

    Raises:
        EvidenceError: ``text`` cannot be the text of a note.
    """
    note = text + "\n" + "".join(signer.sign(text) for signer in signers)
    if Note.parse(note.encode()).text != text:
        raise EvidenceError("this text cannot be signed as a note")
    return note


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """Text of a checkpoint: origin, size and base64 root, a line each."""
    return f"{origin}\n{size}\n{_b64(root)}\n"


def parse_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root (32 bytes) of a checkpoint's text. Extension lines are let pass unread.

    Raises:
        EvidenceError: the text breaks the grammar.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise EvidenceError("a checkpoint needs origin, size and root, a line each")
    root = _unb64(lines[2])
    if not _SIZE.fullmatch(lines[1]) or root is None or len(root) != 32:
        raise EvidenceError("size or root of a checkpoint is not as the format wants it")
    return lines[0], int(lines[1]), root


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    raw = _unb64(encoded)
    if not line.startswith(_DASH) or not space or not _is_name(name) or raw is None or len(raw) <= 4:
        raise EvidenceError("a signature line breaks the grammar")
    return name, raw[:4], raw[4:]


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unb64(text: str) -> bytes | None:
    """Bytes of standard base64 with padding; None for anything that another text also encodes."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    return raw if _b64(raw) == text else None
