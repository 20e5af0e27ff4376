"""Time-stamp tokens of RFC 3161 for checkpoints: asked of an authority that the user names, checked, and logged.

Nothing else in this package opens a connection, and this one only when somebody runs the verb and names an authority.
What leaves the machine is the SHA-256 of a signed checkpoint and a nonce. The reply is kept as it came; `check`
follows RFC 3161, sections 2.2 and 2.4.2: status granted, imprint, nonce, policy, signature, a chain to a root that
the user gave, valid at the time of the token, and a critical extended key usage for time-stamping alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tecolote.errors import EvidenceError, TecoloteError, UsageError
from tecolote.evidence import der, keys
from tecolote.evidence.notes import Note, Verifier, parse_checkpoint, sign_note
from tecolote.evidence.reader import Event
from tecolote.evidence.store import Evidence

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

EVENT = "timestamp"
_MAX_REPLY = 1 << 20
_TIMEOUT_S = 30
_SEQUENCE, _CERTIFICATES = 0x30, 0xA0
_HINT = "Nothing was logged; ask again, or another authority"


@dataclass(frozen=True)
class Token:
    """What a token says, once it is checked.

    Attributes:
        time: when the authority saw the imprint, ISO 8601 in UTC.
        policy: object identifier under which it was made.
        serial: its number, decimal.
        signer: subject of the authority's certificate (RFC 4514), "" if the reply carries no certificate.
    """

    time: str
    policy: str
    serial: str
    signer: str


# -- asking


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An authority answers where it was asked: no reply sends us elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        """Refuse."""


def ask(authority: str, request: bytes) -> bytes:
    """Send a request (DER) by HTTP, as RFC 3161, section 3.4, says; the reply (DER).

    Raises:
        UsageError: ``authority`` is no http or https address.
        EvidenceError: it cannot be reached, or what it says is no time-stamp reply.
    """
    parts = urlsplit(authority)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"'{authority}' is no address of an authority", "Give one that begins with https://")
    asked = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        authority, data=request, headers={"Content-Type": "application/timestamp-query"}, method="POST"
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(asked, timeout=_TIMEOUT_S) as answer:
            kind, reply = answer.headers.get_content_type(), answer.read(_MAX_REPLY + 1)
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise EvidenceError(f"{authority} could not be asked: {error}", _HINT) from None
    if kind != "application/timestamp-reply" or len(reply) > _MAX_REPLY:
        raise EvidenceError(f"{authority} answered with {kind}, which is no time-stamp reply", _HINT)
    return bytes(reply)


def stamp(evidence: Evidence, authority: str, roots: bytes, policy: str | None = None) -> tuple[int, Token]:
    """Have the last checkpoint stamped, check the token and log it; leaf and token.

    Args:
        evidence: open for writing.
        authority: http or https address of the authority.
        roots: PEM of the root that the authority's chain must end in, intermediate certificates with it if the
            reply does not carry them.
        policy: object identifier that the token must name.

    Raises:
        UsageError: the address or the certificates cannot be used.
        EvidenceError: the authority cannot be reached, refuses, or its token does not hold; nothing is logged then.
    """
    from cryptography.hazmat.primitives.serialization import Encoding
    from rfc3161_client import TimestampRequestBuilder
    from rfc3161_client.base import HashAlgorithm

    pem = b"".join(one.public_bytes(Encoding.PEM) for found in certificates(roots) for one in found)
    signer, last = keys.signer(evidence.case), evidence.checkpoint()
    # The key in force alone signs what is stamped: at a rotation the log's own note has two signatures.
    note = sign_note(Note.parse(last.note.encode()).text, [signer])
    request = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    reply = ask(authority, request.as_bytes())
    said = {
        "authority": authority,
        "note": note,
        "key": signer.verifier.vkey,
        "reply": base64.b64encode(reply).decode(),
        "roots": pem.decode("ascii"),
        "nonce": str(request.nonce),
        "asked_policy": policy,
    }
    token = check(reply, hashlib.sha256(note.encode()).digest(), roots, nonce=request.nonce, policy=policy)
    public = {"size": last.size, "imprint": hashlib.sha256(note.encode()).hexdigest()}
    leaf = evidence.append(EVENT, payload=said | vars(token), public=public)
    evidence.commit()
    return leaf, token


# -- checking


def check(reply: bytes, imprint: bytes, roots: bytes, *, nonce: int | None = None, policy: str | None = None) -> Token:
    """Check a reply against the SHA-256 (or SHA-384, SHA-512) of what was stamped.

    Args:
        reply: the authority's answer, DER.
        imprint: hash of what was stamped.
        roots: PEM of trusted certificates: roots, and intermediates or the authority's own where the reply has none.
        nonce: the number that was sent, if it is known.
        policy: object identifier that the token must name, if one must be.

    Raises:
        UsageError: ``roots`` or ``policy`` cannot be read.
        EvidenceError: the reply cannot be parsed, or something of it does not hold.
    """
    from cryptography.x509 import InvalidVersion, ObjectIdentifier
    from rfc3161_client import VerificationError, VerifierBuilder

    own, middle, tops = certificates(roots)
    try:
        wanted = ObjectIdentifier(policy) if policy else None
    except ValueError:
        raise UsageError(f"'{policy}' is no object identifier", "Write it like 1.2.3.4") from None
    response = _parsed(reply)
    embedded = bool(response.status == 0 and response.signed_data.certificates)
    builder = VerifierBuilder(policy_id=wanted, nonce=nonce, roots=tops, intermediates=middle)
    if own and not embedded:
        builder = builder.tsa_certificate(own[0])
    try:
        builder.build().verify(response, imprint)
        return _said(response)
    except (VerificationError, ValueError, InvalidVersion) as error:
        raise EvidenceError(f"the time-stamp token does not hold: {error}", _HINT) from None


def certificates(pem: bytes) -> tuple[list[Certificate], list[Certificate], list[Certificate]]:
    """Certificates of a file (PEM, or one in DER): those that may stamp time, those between, and roots.

    Raises:
        UsageError: it cannot be read, or holds no root (a certificate that signs itself).
    """
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificates(pem) if b"-----BEGIN" in pem else [x509.load_der_x509_certificate(pem)]
    except (ValueError, x509.InvalidVersion) as error:
        raise UsageError(f"the certificates cannot be read: {error}", "Give a PEM file, or one in DER") from None
    tops = [one for one in found if one.subject == one.issuer]
    own = [one for one in found if _stamps(one) and one not in tops]
    if not tops:
        raise UsageError("the certificates hold no root", "Get the root's PEM from the authority by another way")
    return own, [one for one in found if one not in tops and one not in own], tops


def _stamps(certificate: Certificate) -> bool:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    # An intermediate of an authority may carry the usage as a constraint.
    try:
        is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_ca = False
    return ExtendedKeyUsageOID.TIME_STAMPING in usage and not is_ca


def _parsed(reply: bytes) -> TimeStampResponse:
    """The reply as an object, its certificates first put into the order that DER asks for."""
    from rfc3161_client import decode_timestamp_response

    try:
        return decode_timestamp_response(reply)
    except ValueError as first:
        try:
            return decode_timestamp_response(in_order(reply))
        except (ValueError, EvidenceError):
            raise EvidenceError(f"the time-stamp reply cannot be parsed: {first}", _HINT) from None


def in_order(reply: bytes) -> bytes:
    """The reply with the certificates of its token sorted.

    Some authorities (OpenSSL's among them) send that SET OF unsorted, against X.690, section 11.6; strict parsers
    refuse it. The set is not under the token's signature, so its order can be mended without touching what is signed.

    Raises:
        EvidenceError: the reply is not built as RFC 3161 says.
    """
    status, token = der.inside(reply, _SEQUENCE)
    kind, wrapped = der.values(token[1])
    signed = der.inside(wrapped[1], _SEQUENCE)
    parts = []
    for tag, content in signed:
        mended = content
        if tag == _CERTIFICATES:
            mended = b"".join(sorted(der.encoded(*one) for one in der.values(content)))
        parts.append(der.encoded(tag, mended))
    inner = der.encoded(wrapped[0], der.encoded(_SEQUENCE, b"".join(parts)))
    return der.encoded(_SEQUENCE, der.encoded(*status) + der.encoded(token[0], der.encoded(*kind) + inner))


def _said(response: TimeStampResponse) -> Token:
    from cryptography.x509 import load_der_x509_certificate

    info = response.tst_info
    signer = ""
    for info_of_signer in response.signed_data.signer_infos:
        for raw in response.signed_data.certificates:
            found = load_der_x509_certificate(raw)
            if (found.issuer, found.serial_number) == (info_of_signer.issuer, info_of_signer.serial_number):
                signer = found.subject.rfc4514_string()
    time = info.gen_time.isoformat().replace("+00:00", "Z")
    return Token(time, info.policy.dotted_string, str(info.serial_number), signer)


def stamp_faults(payload: dict[str, Any], states: dict[int, bytes]) -> list[str]:
    """What does not hold of a logged token; empty when everything does.

    Args:
        payload: of the event.
        states: root by size of the checkpoints that the log holds.
    """
    try:
        note = Note.parse(payload["note"].encode())
        note.signers([Verifier.parse(payload["key"])])
        _, size, root = parse_checkpoint(note.text)
        if states.get(size) != root:
            return [f"its token is about a checkpoint of size {size} that this log does not hold"]
        digest, nonce = hashlib.sha256(payload["note"].encode()).digest(), int(payload["nonce"])
        reply, roots = base64.b64decode(payload["reply"], validate=True), payload["roots"].encode()
        token = check(reply, digest, roots, nonce=nonce, policy=payload["asked_policy"])
    except TecoloteError as error:
        return [error.what]
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        return [f"incomplete or malformed ({error})"]
    same = all(payload.get(name) == value for name, value in vars(token).items())
    return [] if same else ["what was logged is not what the token says"]


def line(event: Event) -> dict[str, Any]:
    """A logged token in one line for lists: leaf, size of the log stamped, time, authority, policy and signer."""
    said = event.payload
    return {"leaf": event.index, "size": event.public["size"]} | {
        name: said[name] for name in ("time", "authority", "policy", "serial", "signer")
    }
