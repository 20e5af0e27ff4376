"""What was found against what was planted: precision and recall with intervals, and every miss by name.

A measure compares two sets: what the truth holds and what the analysis says, both limited to what was read. Precision
is the share of what was found that is right, recall the share of what is right that was found, each with Wilson's
95 % interval (Wilson 1927).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tecolote.publish.numbers import wilson
from tecolote.publish.sheet import PROTECTED_ROLES, Sheet

Key = tuple[str, ...]
_GONE = ("deleted", "suspended", "deactivated", "not_found")


@dataclass(frozen=True)
class Measure:
    """One comparison.

    Attributes:
        id: key of the words (section ``truth``), ``voice.<name>`` for voices.
        planted: how many the truth holds.
        found: how many the analysis says; for a rate of false alarms, how many were flagged.
        right: how many of these are right.
        missed: names of what was planted and not found, ``platform id`` and more.
        false_alarms: names of what was found and not planted.
        whole: whether ``found`` may be judged (the truth is complete for this measure).
    """

    id: str
    planted: int
    found: int
    right: int
    missed: list[str]
    false_alarms: list[str]
    whole: bool = True

    @property
    def precision(self) -> tuple[float, float, float] | None:
        """Value and interval, or None when nothing was found or it cannot be judged."""
        return (self.right / self.found, *wilson(self.right, self.found)) if self.found and self.whole else None

    @property
    def recall(self) -> tuple[float, float, float] | None:
        """Value and interval, or None when nothing was planted."""
        return (self.right / self.planted, *wilson(self.right, self.planted)) if self.planted else None


def compare(sheet: Sheet) -> list[Measure]:
    """All measures of a case with planted truth; empty without one."""
    if sheet.truth is None:
        return []
    posts = sheet.rows(
        "SELECT platform, id, account_id, voice, flag, themes, groups FROM sheet.posts ORDER BY platform, id"
    )
    found: dict[Key, Any] = {(r["platform"], r["id"]): r for r in posts}
    planted: dict[Key, Any] = {(p["platform"], p["id"]): p for p in sheet.truth["posts"]}
    planted = {key: post for key, post in planted.items() if key in found}
    accounts: dict[Key, Any] = {(a["platform"], a["id"]): a for a in sheet.truth["accounts"]}
    return [*_posts(found, planted), *_protected(found, accounts), *_accounts(sheet, accounts), _pairs(sheet)]


def _measure(id: str, planted: Iterable[Key], found: Iterable[Key], whole: bool = True) -> Measure:
    right, said = set(planted), set(found)
    names = [[" ".join(key) for key in sorted(keys)] for keys in (right - said, said - right if whole else set())]
    return Measure(id, len(right), len(said), len(right & said), names[0], names[1], whole)


def _posts(found: Mapping[Key, Any], planted: Mapping[Key, Any]) -> list[Measure]:
    """Flags, voices, themes and groups of the posts that the truth speaks of."""
    known = {key: found[key] for key in planted}
    made = [_measure("flags", (k for k, p in planted.items() if p["flag"]), (k for k, r in known.items() if r["flag"]))]
    for voice in ("perpetrator", "reporter", "victim", "fan", "neutral"):
        right = [k for k, p in planted.items() if p["voice"] == voice]
        if right:
            made.append(_measure(f"voice.{voice}", right, (k for k, r in known.items() if r["voice"] == voice)))
    flagged = {k for k, r in known.items() if r["flag"] and planted[k]["flag"]}
    made.append(
        _measure(
            "themes",
            ((*k, t) for k in flagged for t in planted[k]["themes"]),
            ((*k, t) for k in flagged for t in known[k]["themes"]),
        )
    )
    made.append(
        _measure(
            "groups",
            ((*k, planted[k]["group"]) for k in flagged if planted[k]["group"]),
            ((*k, g) for k in flagged for g in known[k]["groups"]),
        )
    )
    return [m for m in made if m.planted or m.found]


def _protected(found: Mapping[Key, Any], accounts: Mapping[Key, Any]) -> list[Measure]:
    """Posts by protected accounts that were flagged: every one is a false alarm."""
    mine = {
        k: r
        for k, r in found.items()
        if r["account_id"] and accounts.get((r["platform"], r["account_id"]), {}).get("role") in PROTECTED_ROLES
    }
    flagged = [" ".join((*k, r["account_id"])) for k, r in mine.items() if r["flag"]]
    return [Measure("protected", len(mine), len(flagged), 0, [], flagged)] if mine else []


def _accounts(sheet: Sheet, accounts: dict[Key, Any]) -> list[Measure]:
    """Members, the recruitment ring, accounts gone dark and their state, hijacked accounts."""
    suspected = {
        (r["platform"], r["id"]) for r in sheet.rows("SELECT platform, id FROM sheet.accounts WHERE suspected")
    }
    suspected |= {
        (r["platform"], r["account_id"])
        for r in sheet.rows("SELECT platform, account_id FROM account_assessments WHERE role = 'suspected_member'")
    }
    states = {
        (r["platform"], r["id"]): r["state"]
        for r in sheet.rows("SELECT platform, id, state FROM sheet.observations WHERE kind = 'account'")
    }
    alarms = {
        (r["platform"], r["account_id"])
        for r in sheet.rows("SELECT platform, account_id FROM account_assessments WHERE alarm IS NOT NULL")
    }
    known = accounts.keys()
    dark = {k: a["dark_state"] or "" for k, a in accounts.items() if a.get("goes_dark")}
    gone = {k: s for k, s in states.items() if s in _GONE and k in known}
    made = [
        _measure("members", (k for k, a in accounts.items() if a["role"] == "member"), suspected & known),
        _measure("ring", (k for k, a in accounts.items() if a.get("ring")), suspected & known, whole=False),
        _measure("dark", dark, gone),
        _measure("dark_state", ((*k, s) for k, s in dark.items() if s), ((*k, gone[k]) for k in gone if k in dark)),
        _measure("takeover", (k for k, a in accounts.items() if a["role"] == "hijacked"), alarms & known),
    ]
    return [m for m in made if m.planted or m.found]


def _pairs(sheet: Sheet) -> Measure:
    """Pairs of accounts that act together: all pairs inside a planted cluster against the ties that are shown.

    Ties of protected accounts are never shown (`tecolote.publish.sheet`), so they are neither right nor wrong here.
    """
    planted = {
        tuple(sorted((f"{c['platform']} {a}", f"{c['platform']} {b}")))
        for c in (sheet.truth or {}).get("clusters", [])
        for a in c["accounts"]
        for b in c["accounts"]
        if a < b
    }
    ties = sheet.rows("SELECT DISTINCT a, b FROM sheet.coaction")
    return _measure("pairs", planted, (tuple(sorted((r["a"], r["b"]))) for r in ties))
