"""The fields of an export, found by the standard library alone, and what alters in the tables when one alters.

A field is a path of keys in which every place of a list is written ``[]``, the column of a table, or a part of a text
format (`Document.of`). Its effect is the set of columns that differ by the first change of its values that shows at
all; a table's name alone says that there are more or fewer rows of it.
"""

from __future__ import annotations

import copy
import csv
import functools
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tecolote.records import DATA_COLUMNS
from tecolote.sources.base import Options, Reader, Sink
from tests.sources.reading import read

GONE = object()
_MANY = 8
_LONG = 60_000
#: Signs between the parts of a chat's line.
_PUNCTUATION = {"begin", "gap", "end", "colon"}
Alter = Callable[[Any], Any]
_YEAR = re.compile(r"(?<!\d)(?:19[7-9]|20[0-3])\d(?!\d)")
_CHAT_LINE = re.compile(
    r"(?P<begin>[\u200e\ufeff]*\[?)(?P<date>\d[\d/.\-]+\d)(?P<gap>,? )(?P<time>\d{1,2}:\d\d(?::\d\d)?)"
    r"(?P<half>[\s\u202f\u00a0]?[aApP]\.?[\s\u202f\u00a0]?[mM]\.?)?(?P<end>\]? (?:- )?)(?P<rest>.*)"
)
_HALF = re.compile(r"\W?[ap]\W?\W?m\W?", re.IGNORECASE)
_SAID = re.compile(r"(?P<author>[^:]{1,60}?)(?P<colon>: )(?P<text>.*)")


@dataclass(frozen=True)
class Document:
    """A file as values made of objects and lists, and how they are written down again.

    Attributes:
        values: one per document, line, row or record; what is none of these stands as its bytes.
        before: what stands in front of the first value.
        join: the file's bytes from these two.
        root: path of the values: ``[]`` where the document is a list of many.
    """

    values: list[Any]
    before: str
    join: Callable[[str, list[Any]], bytes]
    root: str = ""

    @staticmethod
    def of(raw: bytes, name: str) -> Document:
        """Take a file apart by what its name says it is."""
        if ".warc" in name:
            return Document(list(_warc(raw)), "", _join_warc)
        text = raw.decode("utf-8-sig")
        if name.endswith(".csv"):
            rows = list(csv.DictReader(io.StringIO(text, newline="")))
            return Document(rows, json.dumps(list(rows[0])), _join_csv)
        if name.endswith(".txt"):
            return Document([_chat_line(line) for line in text.split("\n")], "", _join_chat)
        head = re.match(r"window\.YTD\.[\w.]+ = ", text)
        body = text[head.end() :] if head else text
        try:
            whole = json.loads(body)
            if isinstance(whole, list) and len(whole) >= _MANY:
                return Document(whole, head[0] if head else "", _join_list, "[]")
            return Document([whole], head[0] if head else "", _join_json)
        except ValueError:
            return Document([_line(line) for line in body.splitlines() if line.strip()], "", _join_json)

    def write(self) -> bytes:
        """The file again."""
        return self.join(self.before, self.values)

    def fields(self) -> set[str]:
        """Every path at which a value stands; an empty list or object is one."""
        found: set[str] = set()
        for value in self.values:
            _collect(value, self.root, found)
        return found - _PUNCTUATION

    def without(self, places: list[str]) -> Document:
        """The same with whatever stands at each of ``places``, a field or what holds fields, taken away."""
        found = self
        for place in places:
            found = found.altered(place, lambda value: GONE, deep=True)
        return found

    def altered(self, field: str, alter: Alter, deep: bool = False) -> Document:
        """The same with every value of ``field`` altered; `GONE` takes a key or an entry away.

        Objects and lists that hold something are altered only if ``deep``.
        """
        steps = field.removeprefix(self.root).replace("[]", ".[]").removeprefix(".").split(".")
        values = [v if isinstance(v, bytes) else _alter(v, steps, alter, deep) for v in self.values]
        return replace(self, values=[v for v in values if v is not GONE])

    def holding(self, field: str) -> Document:
        """Only the values in which ``field`` stands, if the file is a long list: its records stand for themselves."""
        if len(self.values) < _MANY or self.join not in (_join_json, _join_list) or not self._long:
            return self
        return replace(self, values=[v for v, held in zip(self.values, self._held, strict=True) if field in held])

    @functools.cached_property
    def _long(self) -> bool:
        return len(self.write()) > _LONG

    @functools.cached_property
    def _held(self) -> list[set[str]]:
        return [replace(self, values=[v]).fields() for v in self.values]


def _line(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line.encode()


def _join_json(before: str, values: list[Any]) -> bytes:
    return before.encode() + b"\n".join(
        v if isinstance(v, bytes) else json.dumps(v, ensure_ascii=False).encode() for v in values
    )


def _join_list(before: str, values: list[Any]) -> bytes:
    return before.encode() + json.dumps(values, ensure_ascii=False).encode()


def _join_csv(before: str, values: list[Any]) -> bytes:
    made = io.StringIO(newline="")
    writer = csv.DictWriter(made, json.loads(before), restval="")
    writer.writeheader()
    writer.writerows(values)
    return made.getvalue().encode()


def _chat_line(line: str) -> dict[str, str]:
    """A line of a WhatsApp chat by its parts: date, time and half of the day, author, text; or what a line goes on."""
    begun = _CHAT_LINE.fullmatch(line)
    if begun is None:
        return {"next line": line}
    parts = {k: v for k, v in begun.groupdict().items() if v is not None}
    rest = parts.pop("rest")
    said = _SAID.fullmatch(rest)
    return parts | (said.groupdict() if said else {"event": rest})


def _join_chat(before: str, values: list[Any]) -> bytes:
    return "\n".join("".join(value.values()) for value in values).encode()


def _warc(raw: bytes) -> Iterator[dict[str, Any]]:
    """The whole records of a WARC file: head of the record, status and headers of HTTP, and the rest of its block."""
    text = (gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode("latin-1")
    while text:
        head, _, rest = text.partition("\r\n\r\n")
        version, *lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        size = int(headers.get("Content-Length", -1))
        if not 0 <= size <= len(rest):
            return  # cut off here
        block, text = rest[:size], rest[size:].lstrip("\r\n")
        http = re.match(r"HTTP/1\.\d (?P<status>\d{3})(?P<block>.*)", block, re.DOTALL)
        yield {"version": version, **headers, **(http.groupdict() if http else {"block": block})}


def _join_warc(before: str, values: list[Any]) -> bytes:
    made = ""
    for value in values:
        headers = {k: v for k, v in value.items() if k not in ("version", "status", "block")}
        body = (f"HTTP/1.1 {value['status']}" if "status" in value else "") + value.get("block", "")
        lines = [value.get("version", "WARC/1.0"), *(f"{k}: {v}" for k, v in headers.items())]
        made += "\r\n".join(lines) + "\r\n\r\n" + body + "\r\n\r\n"
    return made.encode("latin-1")


def _collect(value: Any, path: str, found: set[str]) -> None:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _collect(inner, f"{path}.{escaped(key)}" if path else escaped(key), found)
    elif isinstance(value, list) and value:
        for inner in value:
            _collect(inner, path + "[]", found)
    elif not isinstance(value, bytes):
        found.add(path + "[]" if isinstance(value, list) else path)


def escaped(key: str) -> str:
    """A key as a step of a path: it may itself hold dots or brackets."""
    return key.replace("%", "%25").replace(".", "%2E").replace("[]", "%5B%5D")


def _alter(value: Any, steps: list[str], alter: Alter, deep: bool) -> Any:
    if not steps or (steps == ["[]"] and value == []):
        return value if isinstance(value, dict | list) and value and not deep else alter(value)
    if steps[0] == "[]" and isinstance(value, list):
        return [v for v in (_alter(inner, steps[1:], alter, deep) for inner in value) if v is not GONE]
    if isinstance(value, dict):
        changed = {k: _alter(v, steps[1:], alter, deep) if escaped(k) == steps[0] else v for k, v in value.items()}
        return {k: v for k, v in changed.items() if v is not GONE}
    return value


def _year_later(text: str) -> str:
    return _YEAR.sub(lambda year: str(int(year[0]) + 1), text, count=1)


def _last_digit(text: str) -> str:
    return re.sub(r"\d(?=\D*$)", lambda digit: str(int(digit[0]) ^ 1), text)


def _on_text(change: Callable[[str], str]) -> Alter:
    return lambda value: change(value) if isinstance(value, str) and value else value


def _other_half(text: str) -> str:
    """The other half of a day, or the other of yes and no."""
    if _HALF.fullmatch(text):
        return text.translate(str.maketrans("apAP", "paPA"))
    return {"yes": "no", "no": "yes"}.get(text, text)


def _number(value: Any) -> Any:
    return value + 1 if isinstance(value, int | float) and not isinstance(value, bool) else value


def _filled(filling: Any) -> Alter:
    return lambda value: copy.deepcopy(filling) if value is None or value in ({}, [], "") else value


#: Changes in the order in which they are tried: of the same kind, in place of nothing, and away.
CHANGES: tuple[Alter, ...] = (
    lambda value: not value if isinstance(value, bool) else value,
    _number,
    _on_text(_other_half),
    _on_text(_year_later),
    _on_text(_last_digit),
    _on_text(lambda text: text + "x"),
    _on_text(lambda text: "x" + text),
    *(_filled(v) for v in ("7", 7, True, "2020-02-03T04:05:06Z", ["7"], [{"id": "7"}])),
    lambda value: GONE,
)


def difference(before: Sink, after: Sink) -> frozenset[str]:
    """Columns in which two readings differ; a table's name where it has more or fewer rows."""
    found: set[str] = set()
    for table, names in DATA_COLUMNS.items():
        old, new = before.rows[table], after.rows[table]
        if len(old) != len(new):
            found.add(table)
        elif old != new:
            pairs = list(zip(old, new, strict=True))
            found.update(f"{table}.{name}" for at, name in enumerate(names, 1) if any(a[at] != b[at] for a, b in pairs))
    return frozenset(found)


def effect(reader: Reader, document: Document, field: str, options: Options) -> frozenset[str]:
    """Columns that differ by the first change of ``field`` that shows anywhere; empty if none does."""
    document = document.holding(field)
    base = read(reader, document.write(), options=options)
    for change in CHANGES:
        other = document.altered(field, change)
        if other.values != document.values:
            found = difference(base, read(reader, other.write(), options=options))
            if found:
                return found
    return frozenset()
