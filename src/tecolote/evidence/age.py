"""Files encrypted to a passphrase or to a person's key, in a format that other tools open as well.

Source: the age file encryption format v1 (C2SP, ``age.md``): X25519 and scrypt recipients, HKDF-SHA-256 (RFC 5869),
ChaCha20-Poly1305 (RFC 8439) over chunks of 64 KiB in the STREAM construction; keys as Bech32 (BIP 173). A truncated,
reordered or changed file is refused, the last chunk included.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import io
import os
import re
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tecolote.errors import EvidenceError, UsageError

CHUNK = 64 << 10
_TAG = 16
_MAX_HEADER = 64 << 10
#: Work of scrypt for a passphrase, as the power of two; read up to `_MOST_WORK`.
WORK = 17
_MOST_WORK = 20
_FIRST = b"age-encryption.org/v1"
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_DAMAGED = "Fetch it again, or use another backup"


def new_identity() -> str:
    """A fresh secret key, ``AGE-SECRET-KEY-1...``."""
    return _bech32("age-secret-key-", os.urandom(32)).upper()


def recipient_of(identity: str) -> str:
    """The public half, ``age1...``, of a secret key.

    Raises:
        UsageError: it is no such key.
    """
    return _bech32("age", _private(identity).public_key().public_bytes_raw())


class Encrypting(io.RawIOBase):
    """A file to write to; what is written goes encrypted to ``out``. `close` writes the last chunk."""

    def __init__(self, out: BinaryIO, *, recipient: str = "", passphrase: str = "", work: int = WORK) -> None:
        """Write the header.

        Raises:
            UsageError: neither or both of recipient and passphrase are given, or the recipient is no key.
        """
        if bool(recipient) is bool(passphrase):
            raise UsageError("encryption needs a recipient or a passphrase", "Give one of them")
        file_key, nonce = os.urandom(16), os.urandom(16)
        stanza = _to_recipient(recipient, file_key) if recipient else _to_passphrase(passphrase, file_key, work)
        head = _FIRST + b"\n" + stanza + b"---"
        out.write(head + b" " + _b64(_mac(file_key, head)) + b"\n" + nonce)
        self._out, self._cipher = out, ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
        self._held, self._count = bytearray(), 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: object, /) -> int:
        """Encrypt ``data``."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        self._held += view
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]
        return len(view)

    def close(self) -> None:
        """Write what is held as the last chunk."""
        if not self.closed:
            self._seal(bytes(self._held), last=True)
            self._held.clear()
        super().close()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._count, last), chunk, None))
        self._count += 1


class Decrypting(io.RawIOBase):
    """The plaintext of an encrypted file, front to back."""

    def __init__(self, source: BinaryIO, *, identity: str = "", passphrase: str = "") -> None:
        """Read the header.

        Raises:
            EvidenceError: the file is none of this format, was changed, or is not for this key or passphrase.
            UsageError: the identity is no key, or none and no passphrase is given.
        """
        head, stanzas, mac = _header(source)
        if stanzas[0].kind == "scrypt" and len(stanzas) == 1:
            file_key = _by_passphrase(passphrase, stanzas[0])
        else:
            file_key = _by_identity(identity, [stanza for stanza in stanzas if stanza.kind == "X25519"])
        if not hmac.compare_digest(_mac(file_key, head), mac):
            raise EvidenceError("the header of the encrypted file was changed", _DAMAGED)
        nonce = source.read(16)
        self._source, self._cipher = source, ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))
        self._next = source.read(CHUNK + _TAG)
        self._held, self._count, self._ended = b"", 0, False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object, /) -> int:
        """The next bytes.

        Raises:
            EvidenceError: the file was changed or ends too early.
        """
        out = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._held and not self._ended:
            self._open()
        count = min(len(out), len(self._held))
        out[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _open(self) -> None:
        chunk = self._next
        self._next = self._source.read(CHUNK + _TAG) if len(chunk) == CHUNK + _TAG else b""
        last = not self._next
        try:
            self._held = self._cipher.decrypt(_nonce(self._count, last), chunk, None)
        except InvalidTag:
            raise EvidenceError("the encrypted file was changed or is cut", _DAMAGED) from None
        if last and not self._held and self._count:
            raise EvidenceError("the encrypted file was changed or is cut", _DAMAGED)
        self._count, self._ended = self._count + 1, last


# -- the header


class _Stanza(NamedTuple):
    """One way to open the file."""

    kind: str
    arguments: list[str]
    body: bytes


def _header(source: BinaryIO) -> tuple[bytes, list[_Stanza], bytes]:
    """Header up to the dashes, its stanzas, and the code that authenticates it."""
    lines, size = [], 0
    while True:
        line = source.readline(_MAX_HEADER)
        size += len(line)
        if not line.endswith(b"\n") or size > _MAX_HEADER:
            raise EvidenceError("this is no encrypted file of the age format", _DAMAGED)
        lines.append(line[:-1])
        if line.startswith(b"---"):
            break
    stanzas = _stanzas(lines[1:-1])
    if lines[0] != _FIRST or not stanzas:
        raise EvidenceError("this is no encrypted file of the age format", _DAMAGED)
    return b"\n".join([*lines[:-1], b"---"]), stanzas, _unb64(lines[-1][4:].decode("ascii", "replace"))


def _stanzas(lines: list[bytes]) -> list[_Stanza]:
    found: list[tuple[list[str], list[str]]] = []
    for line in lines:
        text = line.decode("ascii", "replace")
        if text.startswith("-> "):
            found.append((text[3:].split(" "), []))
        elif found and len(text) <= 64 and (not found[-1][1] or len(found[-1][1][-1]) == 64):
            found[-1][1].append(text)
        else:
            raise EvidenceError("the header of the encrypted file was changed", _DAMAGED)
    return [_Stanza(words[0], words[1:], _unb64("".join(body))) for words, body in found]


def _stanza(kind: str, arguments: list[str], body: bytes) -> bytes:
    text = _b64(body).decode()
    wrapped = [text[at : at + 64] for at in range(0, len(text), 64)]
    if not text or len(wrapped[-1]) == 64:
        wrapped.append("")
    return "\n".join([f"-> {' '.join([kind, *arguments])}", *wrapped, ""]).encode()


def _to_recipient(recipient: str, file_key: bytes) -> bytes:
    public = _unbech32(recipient, "age")
    secret = X25519PrivateKey.generate()
    share = secret.public_key().public_bytes_raw()
    wrap = _hkdf(_shared(secret, public), share + public, _FIRST + b"/X25519")
    return _stanza("X25519", [_b64(share).decode()], ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None))


def _by_identity(identity: str, stanzas: list[_Stanza]) -> bytes:
    if not identity:
        raise UsageError("the file is encrypted to a key", "Give the secret key: --identity FILE")
    secret = _private(identity)
    mine = secret.public_key().public_bytes_raw()
    for stanza in stanzas:
        share = _unb64(stanza.arguments[0]) if len(stanza.arguments) == 1 else b""
        if len(share) != 32 or len(stanza.body) != 32:
            raise EvidenceError("the header of the encrypted file was changed", _DAMAGED)
        wrap = _hkdf(_shared(secret, share), share + mine, _FIRST + b"/X25519")
        with contextlib.suppress(InvalidTag):
            return ChaCha20Poly1305(wrap).decrypt(bytes(12), stanza.body, None)
    raise EvidenceError("the file cannot be opened: it is not encrypted to this key", "Use the key it was made for")


def _to_passphrase(passphrase: str, file_key: bytes, work: int) -> bytes:
    salt = os.urandom(16)
    body = ChaCha20Poly1305(_scrypt(passphrase, salt, work)).encrypt(bytes(12), file_key, None)
    return _stanza("scrypt", [_b64(salt).decode(), str(work)], body)


def _by_passphrase(passphrase: str, stanza: _Stanza) -> bytes:
    if not passphrase:
        raise UsageError("the file is encrypted to a passphrase", "Give it when asked, or as TECOLOTE_PASSPHRASE")
    if len(stanza.arguments) != 2 or not re.fullmatch("[1-9][0-9]?", stanza.arguments[1]) or len(stanza.body) != 32:
        raise EvidenceError("the header of the encrypted file was changed", _DAMAGED)
    salt, work = _unb64(stanza.arguments[0]), int(stanza.arguments[1])
    if len(salt) != 16 or work > _MOST_WORK:
        raise EvidenceError("the header of the encrypted file was changed, or asks for too much work", _DAMAGED)
    try:
        return ChaCha20Poly1305(_scrypt(passphrase, salt, work)).decrypt(bytes(12), stanza.body, None)
    except InvalidTag:
        raise EvidenceError("the file cannot be opened: the passphrase is wrong", "Try another") from None


# -- primitives


def _nonce(count: int, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


def _hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt or None, info).derive(secret)


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_hkdf(file_key, b"", b"header"), head, "sha256")


def _scrypt(passphrase: str, salt: bytes, work: int) -> bytes:
    return Scrypt(_FIRST + b"/scrypt" + salt, 32, 1 << work, 8, 1).derive(passphrase.encode())


def _shared(secret: X25519PrivateKey, public: bytes) -> bytes:
    try:
        return secret.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise EvidenceError("a public key in the header is not usable", _DAMAGED) from None


def _private(identity: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_unbech32(identity.strip().lower(), "age-secret-key-"))


def _b64(raw: bytes) -> bytes:
    return base64.b64encode(raw).rstrip(b"=")


def _unb64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise EvidenceError("the header of the encrypted file was changed", _DAMAGED) from None
    if _b64(raw).decode() != text:
        raise EvidenceError("the header of the encrypted file was changed", _DAMAGED)
    return raw


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def _expanded(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _bech32(prefix: str, raw: bytes) -> str:
    number = int.from_bytes(raw, "big") << (-len(raw) * 8 % 5)
    count = -(-len(raw) * 8 // 5)
    data = [number >> 5 * (count - 1 - at) & 31 for at in range(count)]
    check = _polymod([*_expanded(prefix), *data, *[0] * 6]) ^ 1
    data += [check >> 5 * (5 - at) & 31 for at in range(6)]
    return f"{prefix}1{''.join(_ALPHABET[value] for value in data)}"


def _unbech32(text: str, prefix: str) -> bytes:
    """32 bytes of a key.

    Raises:
        UsageError: the text is no key of that kind.
    """
    found, _, rest = text.strip().rpartition("1")
    data = [_ALPHABET.find(c) for c in rest]
    if found != prefix or len(data) != 58 or -1 in data or _polymod(_expanded(prefix) + data) != 1:
        raise UsageError("this is no key of the age format", f"It begins with {prefix}1")
    number = 0
    for value in data[:52]:
        number = number << 5 | value
    if number & 15:
        raise UsageError("this is no key of the age format", f"It begins with {prefix}1")
    return (number >> 4).to_bytes(32, "big")
