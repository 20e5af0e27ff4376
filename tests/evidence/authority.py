"""A time-stamp authority of RFC 3161 on this machine alone: OpenSSL behind a small HTTP server."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """
[tsa]
default_tsa = here
[here]
dir = {folder}
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/chain.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """An authority: its folder, its root as PEM; ``change`` alters each reply before it is sent."""

    folder: Path
    root: bytes
    url: str = ""
    kind: str = "application/timestamp-reply"
    status: int = 200

    def change(self, reply: bytes) -> bytes:
        """The reply as it is sent."""
        return reply

    def reply(self, request: bytes) -> bytes:
        """The reply to a request, by OpenSSL."""
        asked, answered = self.folder / "request.tsq", self.folder / "reply.tsr"
        asked.write_bytes(request)
        words = ["openssl", "ts", "-reply", "-config", self.folder / "tsa.cnf", "-queryfile", asked, "-out", answered]
        subprocess.run(words, check=True, capture_output=True)
        return answered.read_bytes()


def _made(subject: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate | None, signing, *more) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer.subject if issuer else name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=10))
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signing, hashes.SHA256())


def make(folder: Path) -> Authority:
    """An authority with a root, one certificate between, and its own."""
    folder.mkdir(parents=True)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    ca = (x509.BasicConstraints(ca=True, path_length=None), True)
    root = _made("Root", keys[0], None, keys[0], ca)
    between = _made("Between", keys[1], root, keys[0], ca)
    own = _made("Clock", keys[2], between, keys[1], (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True))
    pem = serialization.Encoding.PEM
    (folder / "tsa.pem").write_bytes(own.public_bytes(pem))
    (folder / "chain.pem").write_bytes(between.public_bytes(pem) + root.public_bytes(pem))
    (folder / "tsa.key").write_bytes(
        keys[2].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    return Authority(folder, root.public_bytes(pem))


@contextlib.contextmanager
def serving(authority: Authority) -> Iterator[Authority]:
    """The authority behind HTTP on the loopback, at ``authority.url``."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            reply = authority.change(authority.reply(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(authority.status)
            self.send_header("Content-Type", authority.kind)
            self.send_header("Content-Length", str(len(reply)))
            if authority.status == 302:
                self.send_header("Location", authority.url)
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/tsr"
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
