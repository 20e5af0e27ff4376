"""The first page: how much there is, over which time, what was found, and what to look at first."""

from __future__ import annotations

from typing import Any

from tecolote.records import RECORD_TABLES
from tecolote.web import posts
from tecolote.web.library import Pin


def overview(pin: Pin) -> dict[str, Any]:
    """Totals, platforms, posts per month, facets and the most urgent posts."""
    totals = pin.once(
        "totals",
        """SELECT count(*) AS posts, count(*) FILTER (flag) AS flagged, count(*) FILTER (abstain) AS unsure,
             count(*) FILTER (voice IS NOT NULL) AS assessed, min(created_at) AS first, max(created_at) AS last,
             count(*) FILTER (created_at IS NULL) AS undated FROM browse.post""",
    )[0]
    platforms = pin.once(
        "platforms",
        """SELECT p.platform, p.posts, p.flagged, p.first, p.last, coalesce(a.accounts, 0) AS accounts,
             coalesce(m.media, 0) AS media FROM (
             SELECT platform, count(*) AS posts, count(*) FILTER (flag) AS flagged, min(created_at) AS first,
               max(created_at) AS last FROM browse.post GROUP BY 1) p
           LEFT JOIN (SELECT platform, count(*) AS accounts FROM browse.account GROUP BY 1) a USING (platform)
           LEFT JOIN (SELECT platform, count(*) AS media FROM browse.media GROUP BY 1) m USING (platform)
           ORDER BY p.posts DESC, platform""",
    )
    months = pin.once(
        "months",
        """SELECT strftime(timezone(?, created_at), '%Y-%m') AS month, count(*) AS n, count(*) FILTER (flag) AS flagged
           FROM browse.post WHERE created_at IS NOT NULL GROUP BY 1 ORDER BY 1""",
        [pin.zone.key],
    )
    counts = {
        table: sum(f["rows"] for f in pin.corpus.manifest["files"] if f["table"] == table) for table in RECORD_TABLES
    }
    roles = pin.once(
        "roles", "SELECT role, count(*) AS n FROM browse.account WHERE role IS NOT NULL GROUP BY 1 ORDER BY n DESC"
    )
    accounts = pin.once("account count", "SELECT count(*) AS n FROM browse.account")[0]["n"]
    observed = pin.once(
        "states", "SELECT state, count(*) AS n FROM browse.observation GROUP BY 1 ORDER BY n DESC, state"
    )
    alarms = pin.once("alarms", "SELECT count(*) AS n FROM browse.account WHERE alarm IS NOT NULL")[0]["n"]
    return {
        "totals": totals,
        "accounts": accounts,
        "alarms": alarms,
        "platforms": platforms,
        "months": months,
        "facets": posts.facets(pin),
        "roles": roles,
        "states": observed,
        "rows": counts,
        "urgent": posts.most_urgent(pin),
        "checkpoint": pin.corpus.checkpoint,
    }
