from __future__ import annotations

import ast
import gettext
import io
import re

from django.utils.translation.template import templatize

from tecolote.web.i18n import CATALOGUE, compiled, parse
from tecolote.web.serve import FOLDER, configure

LITERAL = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
CALL = re.compile(rf"(ngettext|gettext|_)\(\s*u?({LITERAL})(?:\s*,\s*u?({LITERAL}))?")


def words_of_the_pages():
    configure()
    found = set()
    for path in (FOLDER / "templates").rglob("*.html"):
        for kind, one, many in CALL.findall(templatize(path.read_text("utf-8"))):
            literals = [one, many] if kind == "ngettext" else [one]
            found.add("\0".join(ast.literal_eval(literal) for literal in literals))
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                found.add(node.args[0].value)
    return found


def test_every_word_of_the_pages_is_in_spanish_and_nothing_else_is():
    told = parse(CATALOGUE.read_text("utf-8"))
    told.pop("")
    assert words_of_the_pages() == set(told)
    for key, value in told.items():
        assert value, key
        assert sorted(set(re.findall(r"%\(\w+\)s", key))) == sorted(set(re.findall(r"%\(\w+\)s", value))), key


def test_the_compiled_catalogue_is_that_of_the_written_one():
    text = CATALOGUE.read_text("utf-8")
    raw = compiled(text)
    assert CATALOGUE.with_suffix(".mo").read_bytes() == raw, "run: python -m tecolote.web.i18n"
    read = gettext.GNUTranslations(io.BytesIO(raw))
    for key, value in parse(text).items():
        if key and "\0" in key:
            one, many = key.split("\0")
            assert [read.ngettext(one, many, n) for n in (1, 2)] == value.split("\0")
        elif key:
            assert read.gettext(key) == value
