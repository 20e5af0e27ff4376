"""Files made to break an import, each with the end that it must come to. Nothing here is taken from anywhere."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import random
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import zstandard

from tests.corpus import exports
from tests.sources.test_warc import record

_numbers = count(0, 10)


@dataclass(frozen=True)
class Hostile:
    """A file and its end.

    Attributes:
        name: its name in the folder.
        raw: its bytes.
        end: ``refused``, ``kept`` or ``read`` (one of these for the file, or for every file inside a container).
        posts: rows of posts.
        quarantined: records that could not be read.
        words: stands in the reason, the remarks or the reasons of quarantine.
        members: results, for containers.
    """

    name: str
    raw: bytes
    end: str
    posts: int = 0
    quarantined: int = 0
    words: str = ""
    members: int = 1


def all_of_them() -> list[Hostile]:
    """Every file, always the same."""
    return [
        *_lines(),
        *_cut_lines(),
        *_encodings(),
        *_zips(),
        *_zip_names(),
        *_tars(),
        *_streams(),
        *_pages(),
        *_warcs(),
    ]


def _post() -> dict[str, object]:
    return exports.x_v2_post(next(_numbers))


def _line(post: dict[str, object]) -> bytes:
    return json.dumps(post).encode()


def _with(key: str, raw: bytes) -> bytes:
    """A post in whose JSON the value of ``key`` is ``raw``, whatever that is."""
    return _line(_post() | {key: "@@"}).replace(b'"@@"', raw)


def _lines() -> Iterator[Hostile]:
    """A bad line between two good ones: the good ones are read, and the bad one too where only a part of it is bad."""
    lost = {
        "garbage": random.Random(1).randbytes(300).replace(b"\n", b"").replace(b"\r", b""),
        "cut": _line(_post())[:-40],
        "open-string": b'{"id": "1, "text: 5}',
        "trailing-comma": b'{"id": "1", "text": "x",}',
        "single-quotes": b"{'id': '1', 'text': 'x'}",
        "comment": b'{"id": "1" /* x */}',
        "hex": b'{"id": 0x10}',
        "two-on-a-line": _line(_post()) + _line(_post()),
        "deep-list": b"[" * 100_000,
        "deep-object": b'{"a":' * 50_000,
        "bracket": b"]",
        "utf-16": _line(_post()).decode().encode("utf-16"),
        "number": b"17",
        "string": b'"text"',
        "list": b"[1, 2, 3]",
        "null": b"null",
        "empty-object": b"{}",
        "id-null": _with("id", b"null"),
        "id-list": _with("id", b"[1]"),
        "id-object": _with("id", b'{"$ne": 1}'),
        "id-float": _with("id", b"1.0e18"),
        "id-infinite": _with("id", b"1e999"),
        "id-nan": _with("id", b"NaN"),
        # RFC 8259 knows no such numbers, and nobody counts so far.
        "nan-count": _with("public_metrics", b'{"like_count": NaN}'),
        "infinite-count": _with("public_metrics", b'{"like_count": Infinity}'),
        "huge-count": _with("public_metrics", b'{"like_count": 1' + b"0" * 5000 + b"}"),
    }
    kept = {
        "negative-count": _with("public_metrics", b'{"like_count": -5}'),
        "surrogate": _with("text", b'"a \\ud800 b"'),
        "nul": _with("text", b'"a \\u0000 b"'),
        "bidi": _with("text", b'"\\u202egnp.exe"'),
        "ten-megabytes": _with("text", b'"' + b"x" * (10 << 20) + b'"'),
        "year-99999": _with("created_at", b'"99999-01-01T00:00:00Z"'),
        "no-such-day": _with("created_at", b'"2026-02-30T00:00:00Z"'),
        "text-number": _with("text", b"17"),
        "proto": _with("__proto__", b'{"isAdmin": true}'),
        "formula": _with("text", b'"=HYPERLINK(\\"http://example.org\\")"'),
        "sql": _with("text", b'"\'; DROP TABLE posts; --"'),
    }
    for name, bad in lost.items():
        yield Hostile(f"line-{name}.jsonl", b"\n".join([_line(_post()), bad, _line(_post()), b""]), "read", 2, 1)
    for name, odd in kept.items():
        yield Hostile(f"line-{name}.jsonl", b"\n".join([_line(_post()), odd, _line(_post()), b""]), "read", 3)


def _cut_lines() -> Iterator[Hostile]:
    """A file that ends inside its third line."""
    for part in (1, 2, 5, 20, 50, 90, 99):
        last = _line(_post())
        raw = b"\n".join([_line(_post()), _line(_post()), last[: max(1, len(last) * part // 100)]])
        yield Hostile(f"cut-{part:02}.jsonl", raw, "read", 2, 1)


def _encodings() -> Iterator[Hostile]:
    def two() -> str:
        return f"{_line(_post()).decode()}\n{_line(_post()).decode()}\n"

    yield Hostile("enc-bom.jsonl", two().encode("utf-8-sig"), "read", 2)
    yield Hostile("enc-crlf.jsonl", two().replace("\n", "\r\n").encode(), "read", 2)
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        yield Hostile(f"enc-{name}.jsonl", two().encode(name), "kept")
    yield Hostile("enc-empty.json", b"", "kept")
    yield Hostile("enc-space.json", b" \r\n\t" * 50, "kept")
    yield Hostile("enc-only-bom.json", b"\xef\xbb\xbf", "kept")
    yield Hostile("enc-nuls.json", bytes(5000), "kept")
    yield Hostile("enc-brace.json", b"{", "kept")
    yield Hostile("enc-deep.json", b"[" * 200_000, "kept")
    yield Hostile("enc-ff.csv", b"\xff" * 4000, "kept")


def _zips() -> Iterator[Hostile]:
    good = exports.zipped({"a.jsonl": exports.x_v2(3, 100_000), "b.bin": random.Random(2).randbytes(9000)})
    for part in (5, 25, 50, 75, 95, 99):
        yield Hostile(f"zip-cut-{part:02}.zip", good[: len(good) * part // 100], "refused", words="cannot be read")
    yield Hostile("zip-empty.zip", exports.zipped({}), "none", members=0)
    yield Hostile("zip-behind-html.zip", b"<html>" + good, "kept")
    lying = bytearray(exports.zipped({"a.txt": bytes(5000)}))
    at = lying.index(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<I", 10)
    yield Hostile("zip-lying-size.zip", bytes(lying), "refused", words="cannot be read")
    wrong = bytearray(exports.zipped({"a.txt": b"x" * 900}))
    at = wrong.index(b"PK\x01\x02")
    wrong[at + 16] ^= 0xFF
    yield Hostile("zip-wrong-crc.zip", bytes(wrong), "refused", words="CRC")
    locked = bytearray(exports.zipped({"a.txt": b"secret"}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    yield Hostile("zip-encrypted.zip", bytes(locked), "refused", words="encrypted")
    yield Hostile("zip-bomb.zip", exports.zipped({"a.txt": bytes(400 << 20)}), "refused", words="far more")
    deep = b"end"
    for level in range(7):
        deep = exports.zipped({f"{level}.zip": deep})
    yield Hostile("zip-deep.zip", deep, "refused", words="nested")
    huge = zipfile.ZIP_LZMA
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", huge) as archive:
        archive.writestr("a.txt", b"x" * 5000)
    raw = out.getvalue()
    at = raw.index(b"a.txt") + 5
    out_of_memory = raw[: at + 5] + b"\xff\xff\xff\xff" + raw[at + 9 :]
    yield Hostile("zip-lzma-4-gigabytes.zip", out_of_memory, "refused")


def _zip_names() -> Iterator[Hostile]:
    """Names that would be somewhere else, or something else, if anybody used them."""
    names = [
        "../../outside.jsonl", "/tmp/outside.jsonl", "C:\\outside.jsonl", "\\\\server\\share\\outside.jsonl", "CON",
        "aux.jsonl", "..", "~/.ssh/authorized_keys", "a\nb.jsonl", "\u202egnp.jsonl", "a" * 5000, "x/" * 300 + "y",
        "-rf", "$(reboot)", "`id`.jsonl", "a!b!c.jsonl", ".", "file:///etc/passwd", "%2e%2e%2foutside", "nul\x01.jsonl",
    ]  # fmt: skip
    for number, name in enumerate(names):
        raw = exports.zipped({name: _line(_post()) + b"\n", "good.bin": b"good %d" % number})
        yield Hostile(f"name-{number:02}.zip", raw, "read", 1, members=2)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link.jsonl")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    yield Hostile("name-link.zip", out.getvalue(), "kept")


def _tar(kind: bytes, name: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        odd = tarfile.TarInfo(name)
        odd.type, odd.linkname, odd.devmajor, odd.devminor = kind, "/etc/passwd", 1, 3
        archive.addfile(odd)
        body = _line(_post()) + b"\n"
        good = tarfile.TarInfo("../../outside.jsonl")
        good.size = len(body)
        archive.addfile(good, io.BytesIO(body))
    return out.getvalue()


def _tars() -> Iterator[Hostile]:
    """What is no regular file inside a tar is passed over; the file beside it is read."""
    kinds = {
        "symlink": tarfile.SYMTYPE, "hardlink": tarfile.LNKTYPE, "device": tarfile.CHRTYPE, "disk": tarfile.BLKTYPE,
        "pipe": tarfile.FIFOTYPE, "folder": tarfile.DIRTYPE,
    }  # fmt: skip
    for name, kind in kinds.items():
        yield Hostile(f"tar-{name}.tar", _tar(kind, f"/dev/{name}"), "read", 1)
    whole = _tar(tarfile.DIRTYPE, "x")
    yield Hostile("tar-cut.tar", whole[:1300], "refused", words="cannot be read")


def _streams() -> Iterator[Hostile]:
    """Compressed files that unpack to too much, or are cut or damaged."""
    zeros = bytes(200 << 20)
    noise = random.Random(3).randbytes(50_000)
    packed = {
        "gz": (gzip.compress(zeros, mtime=0), gzip.compress(noise, mtime=0)),
        "xz": (lzma.compress(zeros, preset=0), lzma.compress(noise, preset=0)),
        "zst": (zstandard.compress(zeros), zstandard.compress(noise)),
    }
    for ending, (bomb, good) in packed.items():
        yield Hostile(f"bomb.json.{ending}", bomb, "refused", words="far more")
        yield Hostile(f"cut.json.{ending}", good[: len(good) // 2], "refused", words="cannot be read")
        damaged = bytearray(good)
        damaged[len(good) // 2] ^= 0x55
        if ending != "zst":  # without a checksum of its content, as written here, a changed byte is another file
            yield Hostile(f"damaged.json.{ending}", bytes(damaged), "refused", words="cannot be read")


def _pages() -> Iterator[Hostile]:
    """Pictures and pages that harm whoever shows them: kept as bytes, read by nobody."""
    size = struct.pack(">IIBBBBB", 20_000, 15_000, 8, 2, 0, 0, 0)
    header = b"IHDR" + size
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    yield Hostile("page-300-megapixels.png", png, "kept")
    yield Hostile("page-script.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "kept")
    entity = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    yield Hostile("page-entity.xml", b'<?xml version="1.0"?>' + entity, "kept", words="DTD")
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    laughing = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">' + laughs + b"]><a>&l9;</a>"
    yield Hostile("page-laughs.xml", laughing, "kept", words="DTD")
    yield Hostile("page-deep.xml", b'<?xml version="1.0"?>' + b"<a>" * 100_000, "kept", words="deep")
    yield Hostile("page-gif-script.gif", b"GIF89a/*\x00\x00*/=1;alert(1)", "kept")
    yield Hostile("page-program", b"\x7fELF\x02\x01\x01" + bytes(200), "kept")
    yield Hostile("page-half.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "kept")
    yield Hostile("page-pickle.pkl", b"\x80\x04cos\nsystem\n(S'touch outside'\ntR.", "kept")
    yield Hostile("page-bar.jsonl.exe", b"MZ" + bytes(300), "kept")


def _warcs() -> Iterator[Hostile]:
    """Web archives that end inside their second record."""
    for keep in (3, 20, 200, 400):
        second = record(b"200 OK", b"y" * 300, f"https://example.org/{keep}")
        raw = record(b"200 OK", b"x", f"https://example.org/first/{keep}") + second[:keep]
        yield Hostile(f"warc-{keep:03}.warc", raw, "read", 0, 1)
