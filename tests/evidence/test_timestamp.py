"""Time-stamp tokens: the public vectors, a real authority on the loopback, and every way in which it may lie."""

from __future__ import annotations

import base64
import hashlib
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.errors import EvidenceError, TecoloteError, UsageError
from tecolote.evidence import Evidence
from tecolote.evidence.der import encoded, inside, values
from tecolote.evidence.timestamp import ask, certificates, check, in_order
from tecolote.evidence.verify import verify_case

from .authority import Authority, make, serving

VECTORS = [
    ("identrust/issue-104.tsr", "sha512", b"hello", ""),
    ("sigstage/response-sha256.tsr", "sha256", b"hello", ""),
    ("sigstage/response-sha384.tsr", "sha384", b"hello", ""),
    ("sigstage/response-sha512.tsr", "sha512", b"hello", ""),
    ("sigstage/response-no-embedded-cert.tsr", "sha256", b"hello", ""),
    ("sigstage/response-invalid-signature.tsr", "sha256", b"hello", "signature"),
    ("test_tsa/response.tsr", "sha512", b"hello", ""),
    ("test_tsa/response-injected-certs.tsr", "sha512", b"hello", ""),
    ("test_tsa/other_response.tsr", "sha512", b"hello", "verify"),
    ("sigstage/response-sha256.tsr", "sha256", b"other", "Mismatch"),
]


@pytest.mark.data
@pytest.mark.parametrize(("name", "algorithm", "text", "why"), VECTORS)
def test_the_public_vectors(data: Path, name: str, algorithm: str, text: bytes, why: str) -> None:
    folder = data / "evidence/rfc3161"
    reply, roots = (folder / name).read_bytes(), (folder / name).with_name("ts_chain.pem").read_bytes()
    imprint = hashlib.new(algorithm, text).digest()
    if why:
        with pytest.raises(EvidenceError, match=why):
            check(reply, imprint, roots)
    else:
        token = check(reply, imprint, roots)
        assert token.time.endswith("Z") and token.policy and token.serial.isdigit()
        with pytest.raises(EvidenceError, match="Policy"):
            check(reply, imprint, roots, policy="1.2.3")
        with pytest.raises(EvidenceError, match="Nonce"):
            check(reply, imprint, roots, nonce=12345)


@pytest.mark.data
def test_the_chain_must_lead_to_the_root_that_was_given(data: Path) -> None:
    folder = data / "evidence/rfc3161"
    reply, imprint = (folder / "test_tsa/response.tsr").read_bytes(), hashlib.sha512(b"hello").digest()
    with pytest.raises(EvidenceError, match="does not hold"):
        check(reply, imprint, (folder / "sigstage/ts_chain.pem").read_bytes())


@pytest.mark.data
def test_an_expired_certificate_is_judged_at_the_time_of_the_token(data: Path) -> None:
    """The vector's certificate ended long ago; its token was made while it was valid, as RFC 3161 appendix B asks."""
    folder = data / "evidence/rfc3161/sigstore.mock"
    payload, reply = (folder / "payload").read_bytes(), (folder / "response-expired.tsr").read_bytes()
    own, _, tops = certificates((folder / "ts_chain.pem").read_bytes())
    token = check(reply, hashlib.sha256(payload).digest(), (folder / "ts_chain.pem").read_bytes())
    assert str(own[0].not_valid_before_utc) < token.time.replace("T", " ") < str(own[0].not_valid_after_utc)
    assert tops


@pytest.mark.data
def test_no_changed_bit_of_what_is_signed_passes(data: Path) -> None:
    folder = data / "evidence/rfc3161/sigstage"
    reply, roots = (folder / "response-sha256.tsr").read_bytes(), (folder / "ts_chain.pem").read_bytes()
    imprint, source = hashlib.sha256(b"hello").digest(), random.Random(4)
    token = check(reply, imprint, roots)
    for _ in range(400):
        changed = bytearray(reply)
        changed[source.randrange(len(reply))] ^= 1 << source.randrange(8)
        try:
            found = check(bytes(changed), imprint, roots)
        except TecoloteError:
            continue
        assert (found.time, found.policy, found.serial) == (token.time, token.policy, token.serial)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    return make(tmp_path_factory.mktemp("tsa") / "a")


@pytest.fixture
def root(authority: Authority, tmp_path: Path) -> Path:
    (tmp_path / "root.pem").write_bytes(authority.root)
    return tmp_path / "root.pem"


def test_a_checkpoint_is_stamped_logged_and_verified(filled: Case, authority: Authority, root: Path) -> None:
    with Evidence.open(filled) as evidence:
        before = evidence.checkpoint()
    with serving(authority) as server:
        (token,) = verbs.timestamp(filled.root, server.url, root, "1.2.3.4.1")
    assert token["size"] == before.size
    assert token["policy"] == "1.2.3.4.1" and token["signer"] == "CN=Clock"
    assert verbs.timestamp(filled.root) == [token]
    assert verify_case(filled) == []
    with Evidence.open(filled) as evidence:
        payload = evidence.event(token["leaf"]).payload
        assert payload["note"] == before.note
    # OpenSSL agrees about what was logged.
    folder = root.parent
    (folder / "reply.tsr").write_bytes(base64.b64decode(payload["reply"]))
    (folder / "note").write_bytes(payload["note"].encode())
    words = ["openssl", "ts", "-verify", "-in", "reply.tsr", "-data", "note", "-CAfile", root]
    assert b"Verification: OK" in subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout
    assert any(event["type"] == "timestamp" for event in verbs.custody(filled.root))


def test_certificates_in_disorder_are_put_in_order_and_nothing_signed_is_touched(authority: Authority) -> None:
    """OpenSSL sends the chain as its file has it; only the order of that set changes."""
    from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response

    for text in (b"one", b"two"):
        reply = authority.reply(TimestampRequestBuilder().data(text).build().as_bytes())
        mended = in_order(reply)
        assert sorted(mended) == sorted(reply)
        assert check(reply, hashlib.sha512(text).digest(), authority.root).signer == "CN=Clock"
        certificates_of = decode_timestamp_response(mended).signed_data.certificates
        assert len(certificates_of) == 3
        assert in_order(mended) == mended


@pytest.mark.parametrize("lie", ["nonce", "imprint", "status", "cut", "kind", "redirect", "refused", "policy"])
def test_a_lie_or_a_refusal_is_not_logged(
    filled: Case, authority: Authority, root: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    from rfc3161_client import TimestampRequestBuilder

    other = authority.reply(TimestampRequestBuilder().data(b"something else").build().as_bytes())
    size = len(verbs.custody(filled.root))
    change = {
        "nonce": lambda reply: other,
        "imprint": lambda reply: reply.replace(inside(reply, 0x30)[1][1][-8:], bytes(8)),
        "status": lambda reply: encoded(0x30, encoded(0x30, encoded(0x02, b"\x02"))),
        "cut": lambda reply: reply[:-1],
    }.get(lie, lambda reply: reply)
    monkeypatch.setattr(authority, "change", change, raising=False)
    monkeypatch.setattr(authority, "kind", "text/html" if lie == "kind" else authority.kind)
    monkeypatch.setattr(authority, "status", {"redirect": 302, "refused": 500}.get(lie, 200))
    with serving(authority) as server, pytest.raises(EvidenceError):
        verbs.timestamp(filled.root, server.url, root, "1.9.9" if lie == "policy" else None)
    assert len(verbs.custody(filled.root)) == size
    assert verbs.timestamp(filled.root) == []


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/", "tsa", "http://", "data:,x"])
def test_only_http_is_asked(address: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        ask(address, b"")


def test_an_authority_that_is_not_there_says_so() -> None:
    with pytest.raises(EvidenceError, match="could not be asked"):
        ask("http://127.0.0.1:9/", b"")


def test_an_authority_needs_a_root(filled: Case, root: Path) -> None:
    with pytest.raises(UsageError, match="root"):
        verbs.timestamp(filled.root, "http://127.0.0.1:9/")
    root.write_text("nothing")
    with pytest.raises(UsageError, match="cannot be read"):
        verbs.timestamp(filled.root, "http://127.0.0.1:9/", root)


def test_a_token_of_another_log_is_a_fault(filled: Case, authority: Authority, root: Path) -> None:
    """A holder who logs a token that is about something else is found out."""
    with serving(authority) as server:
        (token,) = verbs.timestamp(filled.root, server.url, root)
    with Evidence.open(filled) as evidence:
        payload = evidence.event(token["leaf"]).payload
    for change in (
        {"time": "2001-01-01T00:00:00Z"},
        {"nonce": "1"},
        {"note": payload["note"].replace("\n", "\n1", 1)},
        {"reply": payload["reply"][:-8]},
        {"roots": ""},
        {"signer": "CN=Somebody else"},
    ):
        with filled.writing(), Evidence.open(filled, write=True) as evidence:
            evidence.append("timestamp", payload=payload | change, public={"size": token["size"], "imprint": ""})
            evidence.commit()
        assert len(verify_case(filled)) == 1 + sum(1 for _ in verbs.timestamp(filled.root)) - 2
    assert len(verify_case(filled)) == 6


def test_der_is_read_strictly() -> None:
    for raw in (
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x05\x00",
        b"\x30\x81\x05" + bytes(5),
        b"\x1f\x01\x00",
        b"\x30\x85" + b"\xff" * 9,
    ):
        with pytest.raises(EvidenceError):
            values(raw)
    for size in (0, 5, 127, 128, 255, 256, 65536):
        assert values(encoded(0x04, bytes(size))) == [(0x04, bytes(size))]
    with pytest.raises(EvidenceError):
        inside(encoded(0x04, b""), 0x30)
