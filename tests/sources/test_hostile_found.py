"""What fuzzing found: inputs that once broke a reader or parser, in their smallest form."""

from __future__ import annotations

import io
import json
import zipfile

from tecolote.sources import wacz
from tecolote.sources.base import Sink
from tests.fuzz.targets import TARGETS


def _zip(names: list[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), json.dumps({"resources": [{"path": name}] * 40}))
    return out.getvalue()


def test_a_telegram_chat_whose_type_is_a_list_is_private() -> None:
    chat = {"name": "x", "type": ["public_channel"], "id": 5, "messages": []}
    TARGETS["telegram"](json.dumps(chat).encode())


def test_a_zip_entry_without_a_name_is_a_file_like_others() -> None:
    TARGETS["archives"](_zip(["qqq"]).replace(b"qqq", b"\x00\x00\x00"))


def test_a_wacz_whose_list_is_damaged_says_so() -> None:
    raw = bytearray(_zip(["datapackage.json"]))
    raw[30 + len("datapackage.json") + 3] ^= 0xFF
    assert wacz.faults(io.BytesIO(bytes(raw))) != []


def test_words_about_a_file_can_always_be_stored() -> None:
    sink = Sink()
    sink.note("of \ud800")
    sink.quarantine("/a\ud800", "b\0")
    assert (sink.notes, sink.quarantined) == (["of \ufffd"], [("/a\ufffd", "b\ufffd")])
