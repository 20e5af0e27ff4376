"""What tests of packets share: the oldest Python, what is inside a packet, a small private chat."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from tecolote import verbs
from tecolote.evidence.packets import verify_packet

#: The verifier promises Python 3.9: run there if one can be found, else where the tests run.
OLDEST = next(
    (
        str(path)
        for path in (*(Path.home() / ".pyenv/versions").glob("3.9.*/bin/python"), Path("/usr/bin/python3.9"))
        if path.exists()
    ),
    sys.executable,
)
PURPOSE = "Documentation of an extortion for a complaint and for anonymous statistics (fictional demo)"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def rows_of(packet: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((packet / "data/records.json").read_bytes())["records"]
    return found


def script(packet: Path, *more: str) -> int:
    """Exit status of the verifier inside, on a Python without site packages."""
    script = next(
        iter(packet.glob("verify_packet.py")), Path(verify_packet.__code__.co_filename).with_name("verify_packet.py")
    )
    return subprocess.run([OLDEST, "-I", "-S", str(script), str(packet), *more], capture_output=True).returncode


def chat(tmp_path: Path) -> None:
    """A case with a small private chat and its consent."""
    chat = "[01/03/2026, 10:00:01] Eva: hola\n[01/03/2026, 10:01:00] Otro: \u200e<attached: 00000002-PHOTO.png>\n"
    with zipfile.ZipFile(tmp_path / "chat.zip", "w") as archive:
        archive.writestr("_chat.txt", chat)
        archive.writestr("00000002-PHOTO.png", PICTURE)
    consent = (
        'giver = "Eva"\ngiven_on = 2026-01-01\npurpose = "complaint"\nuntil = 2090-01-01\ncontact = "e@example.org"\n'
    )
    (tmp_path / "consent.toml").write_text(consent)
    verbs.import_exports(tmp_path / "case", [tmp_path / "chat.zip"], consent=tmp_path / "consent.toml", timezone="UTC")
