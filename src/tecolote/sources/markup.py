"""What a file without a reader deserves to be said about it: a web page, or XML that is dangerous to parse.

No XML is parsed for its content. The check runs an expat parser that stops at the first declaration
or at too much depth, so that the table of an import names such files.
"""

from __future__ import annotations

from typing import BinaryIO
from xml.parsers import expat

from tecolote.sources import html_page

_MAX_DEPTH = 512
_MAX_BYTES = 16 << 20


class _Stop(Exception):
    """Ends the check with its verdict."""


def remark(stream: BinaryIO) -> str:
    """Why an XML file must not be parsed, or what a web page calls itself; '' for other files and harmless XML."""
    stream.seek(0)
    head = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"<"):
        return ""
    page = html_page.describe(head)
    stream.seek(0)
    parser = expat.ParserCreate()
    depth = 0

    def down(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_DEPTH:
            raise _Stop(f"kept, refused to parse: XML nested more than {_MAX_DEPTH} deep")

    def up(name: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(*_: object) -> None:
        if not head[:15].lower().startswith(b"<!doctype html"):
            raise _Stop("kept, refused to parse: XML with a document type declaration (DTD)")

    parser.StartElementHandler, parser.EndElementHandler = down, up
    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    left = _MAX_BYTES
    try:
        while left > 0 and (block := stream.read(1 << 16)):
            left -= len(block)
            parser.Parse(block, False)
    except _Stop as verdict:
        return str(verdict)
    except expat.ExpatError:
        return page
    return page
