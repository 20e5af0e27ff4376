"""What an account is, from the voices of its posts.

Two posts are the least evidence for saying anything about a speaker. Where reporting or testimony is three
times as frequent as flagged posts, the account is a reporter's or a victim's and protected, whatever was
flagged: that also keeps a hijacked account of a reporter protected (the alarm is for the analyst). One
confident testimony without any flagged post already protects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from tecolote.corpus.store import Corpus

LEAST = 2
OUTWEIGHS = 3
_COUNTS = """
SELECT p.platform, p.account_id, count(*) AS posts,
       count(*) FILTER (WHERE a.flag) AS flagged,
       count(*) FILTER (WHERE a.voice = 'reporter' AND a.confidence <> 'low') AS reporter,
       count(*) FILTER (WHERE a.voice = 'victim' AND a.confidence <> 'low') AS victim,
       count(*) FILTER (WHERE a.voice = 'victim' AND a.confidence = 'high') AS testimony,
       count(*) FILTER (WHERE a.voice = 'fan' AND a.confidence <> 'low') AS fan
FROM posts p JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
WHERE p.account_id IS NOT NULL
GROUP BY p.platform, p.account_id ORDER BY p.platform, p.account_id
"""
_GROUPS = """
WITH named AS (
    SELECT p.platform, p.account_id, unnest(a.groups) AS grp
    FROM posts p JOIN assessments a ON a.platform = p.platform AND a.post_id = p.id
    WHERE p.account_id IS NOT NULL AND a.flag)
SELECT platform, account_id, grp, count(*) AS n FROM named GROUP BY ALL ORDER BY n DESC, grp
"""


def assess_accounts(corpus: Corpus) -> pa.Table:
    """The `account_assessments` table of a corpus whose posts have been assessed; one row per author.

    ``groups`` are those named in flagged posts, most frequent first; ``alarm`` is left null.
    """
    import pyarrow as pa

    from tecolote.records import SCHEMAS

    groups: dict[tuple[str, str], list[str]] = {}
    for row in corpus.rows(_GROUPS):
        groups.setdefault((row["platform"], row["account_id"]), []).append(row["grp"])
    rows = []
    for counts in corpus.rows(_COUNTS):
        role = _role(counts)
        rows.append(
            {
                "platform": counts["platform"],
                "account_id": counts["account_id"],
                "role": role,
                "protected": role in ("reporter", "victim"),
                "groups": groups.get((counts["platform"], counts["account_id"]), []),
                "posts": counts["posts"],
                "flagged": counts["flagged"],
                "alarm": None,
                "reason": _why(counts),
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMAS["account_assessments"])


def _role(counts: dict[str, Any]) -> str:
    flagged, reporter, victim = counts["flagged"], counts["reporter"], counts["victim"]
    protecting = reporter + victim
    if protecting >= LEAST and protecting >= OUTWEIGHS * flagged:
        return "victim" if victim > reporter else "reporter"
    if counts["testimony"] and not flagged:
        return "victim"
    if flagged >= LEAST:
        return "suspected_member"
    return "fan" if counts["fan"] >= LEAST else "neutral"


def _why(counts: dict[str, Any]) -> str:
    return (
        f"{counts['posts']} posts read: {counts['flagged']} flagged, {counts['reporter']} as reporter, "
        f"{counts['victim']} as victim, {counts['fan']} as fan"
    )
