"""Labelled posts from what people decided in a case: what a reader may learn from, and what is left out and why.

Left out: posts on which coders differ and nobody has ruled; messages of private threads, because consent to keep them
is none to learn from them; posts with words that are withheld from whatever leaves the case, as weights do; posts
without words. What was erased is in no table and therefore not here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tecolote.corpus.store import Corpus
from tecolote.decisions.codes import Code, key_of, settled
from tecolote.errors import ModelError
from tecolote.signals.evaluate import Case
from tecolote.signals.text.normalise import fold

#: Fewest independent units (accounts, with all that is nearly the same as a post of theirs) of each side.
LEAST_UNITS = 5
_POSTS = """
SELECT p.platform, p.id, p.account_id, p.author_name, coalesce(p.text_raw, p.text) AS text, p.lang,
  coalesce(t.private, false) OR coalesce(p.visibility, 'public') NOT IN ('public', 'unlisted') AS private
FROM posts p LEFT JOIN threads t ON t.platform = p.platform AND t.id = p.thread_id
WHERE left(sha256(p.platform || ' ' || p.id), 20) IN (SELECT unnest($keys::VARCHAR[])) ORDER BY p.platform, p.id
"""


class Labels(msgspec.Struct, frozen=True):
    """What people's decisions teach.

    Attributes:
        cases: labelled posts; those of one account, and those that are nearly the same, share a ``unit``.
        coders: how many people decided.
        left_out: reason to number of posts.
    """

    cases: list[Case]
    coders: int
    left_out: dict[str, int]

    def lines(self) -> list[str]:
        """What a model card says of them: counts, no texts, no names."""
        voices = Counter(case.voices[0] for case in self.cases)
        units = len({case.unit for case in self.cases})
        return [
            "",
            "## Where the labels come from",
            "",
            f"Decisions of {self.coders} people on {len(self.cases):,} posts of one case: "
            + ", ".join(f"{count:,} {voice}" for voice, count in voices.most_common())
            + f". They are {units:,} units: posts of one account, and posts that are nearly the same, were never "
            "divided between what is learnt and what measures.",
            "",
            "Left out: " + (", ".join(f"{n:,} {why}" for why, n in sorted(self.left_out.items())) or "nothing") + ".",
            "",
        ]


def labels(
    corpus: Corpus,
    codes: Sequence[Code],
    withheld: Callable[[str], bool],
    alike: Callable[[list[str]], Sequence[int]],
) -> Labels:
    """What ``codes`` teach.

    Args:
        corpus: of the case.
        codes: those that stand (`tecolote.decisions.codes.standing`).
        withheld: whether a text holds words that may not leave the case.
        alike: for each text the position of the first that is nearly the same, -1 where that cannot be said.

    Raises:
        ModelError: what remains comes from too few accounts.
    """
    coded = {code.post for code in codes}
    agreed = settled(codes)
    left_out: Counter[str] = Counter()
    if len(agreed) < len(coded):
        left_out["on which coders differ"] = len(coded) - len(agreed)
    kept: list[tuple[dict[str, Any], Code]] = []
    for row in corpus.rows(_POSTS, {"keys": [key_of(*post) for post in agreed]}):
        why = _why_not(row, withheld)
        if why:
            left_out[why] += 1
        else:
            kept.append((row, agreed[row["platform"], row["id"]]))
    units = _units([row for row, _ in kept], alike([row["text"] for row, _ in kept]) if kept else [])
    cases = [_case(row, code, unit) for (row, code), unit in zip(kept, units, strict=True)]
    _independent(cases)
    return Labels(cases, len({code.by.casefold() for code in codes}), dict(left_out))


def _why_not(row: dict[str, Any], withheld: Callable[[str], bool]) -> str:
    if row["private"]:
        return "of private threads"
    if not (row["text"] or "").strip():
        return "without words"
    return "with words that are withheld" if withheld(row["text"]) else ""


def _case(row: dict[str, Any], code: Code, unit: str) -> Case:
    flag = bool(code.themes)
    name = key_of(row["platform"], row["id"])
    return Case(row["text"], name, row["platform"], flag, (code.voice,), code.themes, "", row["lang"], unit)


def _units(rows: list[dict[str, Any]], first: Sequence[int]) -> list[str]:
    """A name for each post that it shares with the posts of its account and with those that are nearly the same."""
    above = list(range(len(rows)))

    def top(at: int) -> int:
        while above[at] != at:
            above[at] = above[above[at]]
            at = above[at]
        return at

    seen: dict[tuple[str, str], int] = {}
    for at, row in enumerate(rows):
        who = row["account_id"] or row["author_name"]
        ties = [("text", fold(row["text"]))] + ([(row["platform"], who)] if who else [])
        if first[at] >= 0:
            ties.append(("alike", str(first[at])))
        for tie in ties:
            above[top(at)] = top(seen.setdefault(tie, at))
    return [str(top(at)) for at in range(len(rows))]


def _independent(cases: Sequence[Case]) -> None:
    for flag, whose in ((True, "perpetrators"), (False, "others")):
        units = len({case.unit for case in cases if case.must_flag == flag})
        if units < LEAST_UNITS:
            raise ModelError(
                f"the decided posts of {whose} come from {units} independent accounts",
                f"Decide on posts of {LEAST_UNITS} at least; tecolote review --sample 50 draws ordinary ones too",
            )
