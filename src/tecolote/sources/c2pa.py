"""Content credentials (C2PA 1.x and 2.x): what a picture or video says of its own origin, read and never believed.

What is checked, by C2PA 2.1 sections 8.3 (hashed references), 10 (claims), 13.2 (COSE signatures) and 18.5 (hash of
the data): that the signature over the claim holds under the certificate it carries, that the assertions are those the
claim names, and, for JPEG and PNG, that the bytes of the file are those that were signed. What is not checked: whether
anybody trusts that certificate, revocation, time-stamps inside, other manifests than the active one, and the bytes of
MP4 files. A credential can be stripped, and anybody can make one: its absence says nothing, its presence says who
would answer for it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from tecolote.errors import SourceRefused
from tecolote.sources import cbor, jumbf
from tecolote.sources.jumbf import Box

VALID, INVALID = "valid", "invalid"
_MAX_ACTIONS, _MAX_TEXT = 50, 500
#: COSE algorithms (RFC 9053, RFC 8230) by number: kind and hash.
_ALGORITHMS = {
    -7: ("ES", "SHA256"), -35: ("ES", "SHA384"), -36: ("ES", "SHA512"),
    -37: ("PS", "SHA256"), -38: ("PS", "SHA384"), -39: ("PS", "SHA512"), -8: ("ED", ""),
}  # fmt: skip
_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


@dataclass
class Credential:
    """What the active manifest of a file says, and what of it holds.

    Attributes:
        manifest: its label.
        title: title of the file in it.
        generator: program that made it.
        actions: what was done, in its words.
        sources: kinds of digital source it names, such as ``trainedAlgorithmicMedia``.
        assertions: labels of all assertions.
        manifests: how many manifests the file holds; more than one tell of earlier versions.
        signer: subject of the certificate (RFC 4514); not compared with any list of trusted signers.
        signature: ``valid``, ``invalid``, or why it was not checked.
        references: the same, of the assertions that the claim names.
        content: the same, of the bytes of the file.
    """

    manifest: str = ""
    title: str = ""
    generator: str = ""
    actions: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    assertions: list[str] = field(default_factory=list)
    manifests: int = 0
    signer: str = ""
    signature: str = "not checked"
    references: str = "not checked"
    content: str = "not checked"

    def as_payload(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)


def read(stream: BinaryIO) -> Credential | None:
    """The credential in a JPEG, PNG or MP4 file; None where there is none.

    Raises:
        SourceRefused: there is one that cannot be read.
    """
    raw = jumbf.find(stream)
    if raw is None:
        return None
    stores = [box for box in jumbf.boxes(raw) if box.label == "c2pa"]
    if not stores or not stores[0].boxes:
        raise SourceRefused("its provenance box holds no manifest")
    manifest = stores[0].boxes[-1]
    parts = {box.label.partition(".v2")[0]: box for box in manifest.boxes}
    claim_raw = parts["c2pa.claim"].content(b"cbor") if "c2pa.claim" in parts else None
    claim = cbor.decode(claim_raw) if claim_raw is not None else None
    if claim_raw is None or not isinstance(claim, dict):
        raise SourceRefused("its provenance manifest holds no claim")
    assertions = parts["c2pa.assertions"].boxes if "c2pa.assertions" in parts else []
    found = Credential(manifest.label, _text(claim.get("dc:title")), _generator(claim), manifests=len(stores[0].boxes))
    found.assertions = [box.label for box in assertions]
    _tell_actions(found, assertions)
    signature = parts["c2pa.signature"].content(b"cbor") if "c2pa.signature" in parts else None
    found.signer, found.signature = _signature(signature, claim_raw)
    found.references = _references(claim, assertions)
    found.content = _content(stream, assertions)
    return found


def _text(value: Any) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) else ""


def _generator(claim: dict[Any, Any]) -> str:
    """Name and version of the program, from either version of the claim."""
    info = claim.get("claim_generator_info")
    info = info[0] if isinstance(info, list) and info else info
    if isinstance(info, dict) and _text(info.get("name")):
        return f"{_text(info.get('name'))} {_text(info.get('version'))}".strip()
    return _text(claim.get("claim_generator"))


def _tell_actions(found: Credential, assertions: list[Box]) -> None:
    for box in assertions:
        if not box.label.startswith("c2pa.actions"):
            continue
        said = _decoded(box)
        actions = said.get("actions") if isinstance(said, dict) else None
        for action in (actions if isinstance(actions, list) else [])[:_MAX_ACTIONS]:
            if isinstance(action, dict):
                when = _text(action.get("when"))
                found.actions.append(f"{_text(action.get('action'))} {when}".strip())
                source = _text(action.get("digitalSourceType")).rpartition("/")[2]
                if source and source not in found.sources:
                    found.sources.append(source)


def _decoded(box: Box) -> Any:
    """Content of an assertion; None where it cannot be read."""
    raw = box.content(b"cbor")
    try:
        if raw is not None:
            return cbor.decode(raw)
        text = box.content(b"json")
        return json.loads(text) if text is not None else None
    except (SourceRefused, ValueError, RecursionError):
        return None


def _references(claim: dict[Any, Any], assertions: list[Box]) -> str:
    """Whether the assertions in the manifest are those that the claim names by hash."""
    lists = [claim.get(name) for name in ("assertions", "created_assertions", "gathered_assertions")]
    named = [entry for found in lists if isinstance(found, list) for entry in found if isinstance(entry, dict)]
    by_label = {box.label: box for box in assertions}
    for entry in named:
        box = by_label.get(_text(entry.get("url")).rpartition("/")[2])
        algorithm = _HASHES.get(str(entry.get("alg") or claim.get("alg") or "sha256"))
        if algorithm is None:
            return f"not checked: hash {_text(entry.get('alg'))}"
        if box is None or algorithm(box.raw).digest() != entry.get("hash"):
            return INVALID
    return VALID if named else "not checked: the claim names none"


def _content(stream: BinaryIO, assertions: list[Box]) -> str:
    """Whether the bytes of the file, but for the ranges left out, are those that were hashed."""
    box = next((box for box in assertions if box.label == "c2pa.hash.data"), None)
    if box is None:
        kinds = [box.label for box in assertions if box.label.startswith("c2pa.hash.")]
        return f"not checked: {', '.join(kinds)}" if kinds else "not bound to the bytes of the file"
    said = _decoded(box)
    algorithm = _HASHES.get(str(said.get("alg") or "sha256")) if isinstance(said, dict) else None
    ranges = _ranges(said.get("exclusions") or []) if isinstance(said, dict) else None
    if algorithm is None or ranges is None:
        return "not checked: its hash of the data cannot be read"
    hasher, at = algorithm(), 0
    stream.seek(0)
    for start, length in [*ranges, (None, 0)]:
        while start is None or at < start:
            block = stream.read(1 << 20 if start is None else min(1 << 20, start - at))
            if not block:
                break
            hasher.update(block)
            at += len(block)
        at += length
        stream.seek(at)
    return VALID if hasher.digest() == said.get("hash") else INVALID


def _ranges(exclusions: Any) -> list[tuple[int, int]] | None:
    """Start and length of what is left out, in order and apart; None for anything else."""
    try:
        found = sorted((int(entry["start"]), int(entry["length"])) for entry in exclusions)
    except (TypeError, KeyError, ValueError):
        return None
    ends = [0, *(start + length for start, length in found)]
    apart = all(start >= end and length >= 0 for (start, length), end in zip(found, ends, strict=False))
    return found if apart and len(found) <= 1000 and ends[-1] < 1 << 62 else None


def _signature(raw: bytes | None, claim: bytes) -> tuple[str, str]:
    """Signer and state of the COSE_Sign1 signature over the claim."""
    try:
        protected, unprotected, _, signature = cbor.decode(raw or b"")
        header = cbor.decode(protected)
        chain = next(h[k] for h in (header, unprotected) for k in (33, "x5chain") if k in h)
        first = chain[0] if isinstance(chain, list) else chain
        return _verified(first, header.get(1), protected, claim, signature)
    except (SourceRefused, ValueError, TypeError, AttributeError, LookupError, StopIteration):
        return "", "not checked: the signature cannot be read"


def _verified(certificate: bytes, algorithm: Any, protected: bytes, claim: bytes, signature: bytes) -> tuple[str, str]:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

    try:
        found = x509.load_der_x509_certificate(certificate)
        signer = found.subject.rfc4514_string()
    except x509.InvalidVersion as error:
        raise SourceRefused(str(error)) from None
    kind, name = _ALGORITHMS.get(algorithm, ("", ""))
    text = b"\x84\x6aSignature1" + b"".join(_bytes(part) for part in (protected, b"", claim))
    try:
        key = found.public_key()
        if kind == "ES" and isinstance(key, ec.EllipticCurvePublicKey):
            half = len(signature) // 2
            pair = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            key.verify(utils.encode_dss_signature(*pair), text, ec.ECDSA(getattr(hashes, name)()))
        elif kind == "PS" and isinstance(key, rsa.RSAPublicKey):
            digest = getattr(hashes, name)()
            key.verify(signature, text, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        elif kind == "ED" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, text)
        else:
            return signer, f"not checked: algorithm {algorithm}"
    except InvalidSignature:
        return signer, INVALID
    except UnsupportedAlgorithm:
        return signer, "not checked: the key is of a kind that is not read here"
    return signer, VALID


def _bytes(raw: bytes) -> bytes:
    """A byte string in CBOR."""
    size = len(raw)
    if size < 24:
        return bytes([0x40 + size]) + raw
    power = next(power for power in range(3) if size < 1 << (8 << power))
    return bytes([0x58 + power]) + size.to_bytes(1 << power, "big") + raw
