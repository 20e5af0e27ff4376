"""Content credentials written by the specification (C2PA 2.1): CBOR, JUMBF, COSE, in JPEG, PNG and MP4."""

from __future__ import annotations

import functools
import hashlib
import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.x509.oid import NameOID

KEYS = {
    -7: ec.generate_private_key(ec.SECP256R1()),
    -35: ec.generate_private_key(ec.SECP384R1()),
    -37: rsa.generate_private_key(65537, 2048),
    -8: ed25519.Ed25519PrivateKey.generate(),
}
UUID_TAIL = bytes.fromhex("00110010800000aa00389b71")
MP4_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def cbor(value: Any) -> bytes:
    """A value in CBOR."""
    if isinstance(value, bool) or value is None:
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(cbor(part) for pair in value.items() for part in pair)
    return _head(4, len(value)) + b"".join(map(cbor, value))


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes([major << 5 | size])
    power = next(power for power in range(4) if size < 1 << (8 << power))
    return bytes([major << 5 | 24 + power]) + size.to_bytes(1 << power, "big")


def box(type_: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + type_ + content


def superbox(kind: bytes, label: str, *contents: bytes) -> bytes:
    return box(b"jumb", box(b"jumd", kind + UUID_TAIL + b"\x03" + label.encode() + b"\0") + b"".join(contents))


@functools.cache
def certificate(algorithm: int) -> bytes:
    key = KEYS[algorithm]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Camera <script>")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    made = builder.sign(key, None if algorithm == -8 else hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def sign(algorithm: int, text: bytes) -> bytes:
    key: Any = KEYS[algorithm]
    if algorithm == -8:
        return key.sign(text)
    digest = hashes.SHA384() if algorithm == -35 else hashes.SHA256()
    if algorithm == -37:
        return key.sign(text, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    width = key.key_size // 8
    return b"".join(n.to_bytes(width, "big") for n in utils.decode_dss_signature(key.sign(text, ec.ECDSA(digest))))


def store(exclusions: list[dict[str, int]], digest: bytes, algorithm: int = -7, *, wrong: str = "") -> bytes:
    """A manifest store; ``wrong`` spoils the signature or an assertion."""
    bound = {"exclusions": exclusions, "alg": "sha256", "hash": digest, "pad": b"", "name": "jumbf manifest"}
    actions = {"actions": [{"action": "c2pa.created", "digitalSourceType": "http://x/trainedAlgorithmicMedia"}]}
    assertions = {
        "c2pa.actions.v2": superbox(b"cbor", "c2pa.actions.v2", box(b"cbor", cbor(actions))),
        "c2pa.hash.data": superbox(b"cbor", "c2pa.hash.data", box(b"cbor", cbor(bound))),
    }
    claim = cbor(
        {
            "instanceID": "xmp:iid:1",
            "claim_generator_info": {"name": "Maker", "version": "2.0"},
            "dc:title": "\u202etitle",
            "alg": "sha256",
            "created_assertions": [
                {"url": f"self#jumbf=c2pa.assertions/{label}", "hash": hashlib.sha256(raw[8:]).digest()}
                for label, raw in assertions.items()
            ],
        }
    )
    protected = cbor({1: algorithm, 33: certificate(algorithm)})
    signature = sign(algorithm, cbor(["Signature1", protected, b"", claim]))
    if wrong == "signature":
        signature = bytes([signature[0] ^ 1]) + signature[1:]
    if wrong == "assertion":
        assertions["c2pa.actions.v2"] = assertions["c2pa.actions.v2"].replace(b"created", b"altered")
    manifest = superbox(
        b"c2ma",
        "urn:c2pa:1",
        superbox(b"c2as", "c2pa.assertions", *assertions.values()),
        superbox(b"c2cl", "c2pa.claim.v2", box(b"cbor", claim)),
        superbox(b"c2cs", "c2pa.signature", box(b"cbor", b"\xd2" + cbor([protected, {}, None, signature]))),
    )
    return superbox(b"c2pa", "c2pa", manifest)


def in_png(algorithm: int = -7, *, wrong: str = "") -> bytes:
    """A PNG with a credential bound to its bytes."""
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    tail = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    digest = hashlib.sha256(head + tail).digest()
    size = len(chunk(b"caBX", store([{"start": len(head), "length": 1000}], digest, algorithm)))
    for _ in range(3):
        made = chunk(b"caBX", store([{"start": len(head), "length": size}], digest, algorithm, wrong=wrong))
        if len(made) == size:
            break
        size = len(made)
    return head + made + tail


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def in_jpeg(raw: bytes, piece: int = 700) -> bytes:
    """A JPEG that carries a manifest store in several segments."""
    head, body = raw[:8], raw[8:]
    segments = b""
    for number, at in enumerate(range(0, len(body), piece), 1):
        content = b"JP" + struct.pack(">HI", 1, number) + head + body[at : at + piece]
        segments += b"\xff\xeb" + struct.pack(">H", len(content) + 2) + content
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9) + segments + b"\xff\xda\xff\xd9"


def in_mp4(raw: bytes) -> bytes:
    """An MP4 that carries a manifest store."""
    content = MP4_UUID + bytes(4) + b"manifest\0" + bytes(8) + raw
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"uuid", content) + box(b"mdat", b"x" * 10)
