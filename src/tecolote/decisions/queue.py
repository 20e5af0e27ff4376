"""What people should read next, the sheet on which they code it, and the sheet read back.

A sheet is CSV for a spreadsheet, without what the machine says of a post: coders are blind to it. The column ``item``
stands for platform and id, because a spreadsheet turns a long number into another one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from tecolote.corpus.store import Corpus
from tecolote.decisions.codes import Code, Post, key_of
from tecolote.errors import UsageError

COLUMNS = ("item", "lang", "written", "text", "voice", "themes", "note")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MOST_BYTES = 64 << 20
_MOST_TEXT = 5000
_READ = """
SELECT p.platform, p.id AS post_id, coalesce(p.text_raw, p.text) AS text, p.lang, p.created_at,
  a.flag, a.abstain, a.voice, a.themes, a.severity, a.probability
FROM posts p JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
WHERE length(trim(coalesce(p.text_raw, p.text, ''))) > 0 AND {which} LIMIT $most
"""
_KEY = "left(sha256(p.platform || ' ' || p.id), 20)"
# First what the reader would flag, the gravest first; then what it abstains from, the nearest to a flag first.
_URGENT = _READ.format(
    which="(a.flag OR a.abstain) ORDER BY a.flag DESC, a.severity DESC, a.victim_risk DESC, a.probability DESC, 1, 2"
)
# A sample of what it passes over, in an order that has nothing to do with the posts.
_PASSED = _READ.format(which=f"NOT a.flag AND NOT a.abstain ORDER BY {_KEY}")
_NAMED = _READ.format(which=f"{_KEY} IN (SELECT unnest($keys::VARCHAR[]))")


def queue(
    corpus: Corpus, done: Collection[Post], first: dict[Post, str], most: int, sample: int
) -> list[dict[str, Any]]:
    """Posts to read next, with ``why``: at most ``most`` in order of urgency, and ``sample`` that nothing speaks for.

    Args:
        corpus: of a case whose posts were assessed.
        done: posts that need nobody any more.
        first: posts that come before all others, and why (a second reader differs).
        most: of those that are flagged, abstained from or in ``first``.
        sample: how many of the others.
    """
    rank = {post: number for number, post in enumerate(post for post in first if post not in done)}
    named = {"keys": [key_of(*post) for post in rank], "most": len(rank)}
    ahead = sorted(corpus.rows(_NAMED, named), key=lambda row: rank[_post(row)]) if rank else []
    skipped = {*done, *rank}
    others, drawn = (
        [row for row in corpus.rows(sql, {"most": wanted + len(skipped)}) if _post(row) not in skipped][:wanted]
        for sql, wanted in ((_URGENT, most), (_PASSED, sample))
    )
    for row in ahead + others + drawn:
        row["why"] = first.get(_post(row)) or ("flagged" if row["flag"] else "unsure" if row["abstain"] else "sample")
    return (ahead + others)[:most] + drawn


def write_sheet(rows: Sequence[dict[str, Any]], out: Path, mask: Callable[[str | None], str | None]) -> None:
    """Write the sheet to fill in: ``voice`` and ``themes`` (several with a blank between) are empty.

    Args:
        rows: of `queue`; they come out in the order of their keys, so that the order tells nothing.
        out: new file.
        mask: what is withheld from whatever leaves the case.

    Raises:
        UsageError: the file exists.
    """
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for item, row in sorted(((key_of(*_post(row)), row) for row in rows), key=lambda pair: pair[0]):
        text = (mask(row["text"]) or "").replace("\0", "\ufffd")
        text = text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]} […]"
        written = row["created_at"].strftime("%Y-%m-%d %H:%M") if row["created_at"] else ""
        cells = (f"p{item}", row["lang"] or "", written, text, "", "", "")
        writer.writerow(["'" + cell if cell.startswith(_FORMULA) else cell for cell in cells])
    try:
        with open(out, "x", encoding="utf-8-sig", newline="") as file:
            file.write(sheet.getvalue())
    except FileExistsError:
        raise UsageError(f"{out} exists already", "Name a new file: a filled sheet is not written over") from None


def read_sheet(path: Path, posts: dict[str, Post], themes: Collection[str], by: str, *, settles: bool) -> list[Code]:
    """The codes of a filled sheet; rows without a voice are not coded yet. Columns may stand in any order.

    Args:
        path: CSV in UTF-8, its cells parted by commas, semicolons or tabs.
        posts: key to post, of the case.
        themes: ids of the codebook.
        by: who coded.
        settles: whether these are adjudications.

    Raises:
        UsageError: it cannot be read, a row names no post of the case, or a code is not allowed; the row is named.
    """
    found: dict[Post, Code] = {}
    for number, row in enumerate(_cells(path), 2):
        voice, given = row["voice"].strip().lower(), row["themes"].replace(",", " ").replace(";", " ").split()
        if not voice and not given:
            continue
        post = posts.get(row["item"].strip().removeprefix("p"))
        if post is None:
            raise UsageError(f"{path}, row {number}: no post of this case has that item", "Leave the column as it was")
        code = Code(*post, voice, tuple(dict.fromkeys(given)), by.strip(), (row.get("note") or "").strip(), settles)
        try:
            code.check(themes)
        except UsageError as error:
            raise UsageError(f"{path}, row {number}: {error.what}", error.hint) from None
        found[post] = code
    return list(found.values())


def _cells(path: Path) -> list[dict[str, str]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path} is larger than {_MOST_BYTES >> 20} MB", "Divide it")
        text = path.read_text("utf-8-sig")
        head = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=head.count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="", strict=True)
        missing = {"item", "voice", "themes"} - set(reader.fieldnames or ())
        if missing:
            raise UsageError(f"{path} has no column '{min(missing)}'", "Fill in the sheet of tecolote review --out")
        return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}", "Save it as CSV in UTF-8") from None


def _post(row: dict[str, Any]) -> Post:
    return row["platform"], row["post_id"]
