"""Packets of other records than posts: ties, profiles and availability, each described as one row like a post's.

Every row has the columns of a post's row, so that cover, STIX and CASE need no second form: who, when, a sentence; and
``said``, which holds the columns of its own table.
"""

from __future__ import annotations

from dataclasses import dataclass

TABLES = ("posts", "edges", "profiles", "observations")


@dataclass(frozen=True)
class Kind:
    """How one table is asked.

    Attributes:
        view: view of the corpus.
        terms: condition by name of a term; ``{0}`` stands for the parameter.
        time: expression by which ``since`` and ``until`` are judged.
        id: expression that names the row.
        account: expression of the account it is about.
        name: expression of that account's name.
        kind: expression of the kind of record.
        text: expression of the row as a sentence.
        said: columns of the table that go in as they are.
        accounts: expressions of every account that the row may name.
        post: expression of the post that states it.
    """

    view: str
    terms: dict[str, str]
    time: str
    id: str
    account: str
    name: str
    kind: str
    text: str
    said: tuple[str, ...]
    accounts: tuple[str, ...]
    post: str


KINDS = {
    "edges": Kind(
        view="edges",
        terms={
            "platform": "p.platform = {0}",
            "account": "{0} IN (p.src, p.dst, p.dst_account_id)",
            "post": "p.post_id = {0}",
            "type": "p.type = {0}",
        },
        time="coalesce(p.at, p.observed_at)",
        id="p.src || ' ' || p.type || ' ' || p.dst",
        account="p.src",
        name="CAST(NULL AS VARCHAR)",
        kind="p.type",
        text="p.src || ' ' || p.type || ' ' || p.dst",
        said=("src", "dst", "type", "dst_kind", "post_id", "dst_account_id", "at", "observed_at"),
        accounts=("p.src", "p.dst", "p.dst_account_id"),
        post="p.post_id",
    ),
    "profiles": Kind(
        view="account_snapshots",
        terms={
            "platform": "p.platform = {0}",
            "account": "(p.account_id = {0} OR lower(p.username) = lower({0}))",
        },
        time="p.observed_at",
        id="p.account_id",
        account="p.account_id",
        name="coalesce(p.username, p.display_name)",
        kind="'profile'",
        text="concat_ws(' · ', p.display_name, p.username, p.location, p.bio)",
        said=(
            "username", "display_name", "bio", "location", "url", "avatar", "verified", "verified_type", "protected",
            "followers", "following", "posts", "likes", "observed_at", "observed_basis",
        ),
        accounts=("p.account_id",),
        post="CAST(NULL AS VARCHAR)",
    ),
    "observations": Kind(
        view="observations",
        terms={
            "platform": "p.platform = {0}",
            "account": "(p.target_kind = 'account' AND p.target_id = {0})",
            "post": "(p.target_kind = 'post' AND p.target_id = {0})",
            "state": "p.state = {0}",
        },
        time="p.observed_at",
        id="p.target_id",
        account="CASE WHEN p.target_kind = 'account' THEN p.target_id END",
        name="CAST(NULL AS VARCHAR)",
        kind="p.target_kind",
        text="concat_ws(' · ', p.target_kind || ' ' || p.target_id, p.state, p.reason, p.jurisdiction)",
        said=(
            "target_kind", "target_id", "state", "reason", "jurisdiction", "observed_at", "observed_by", "state_since",
        ),
        accounts=("p.target_id", "q.account_id"),
        post="CASE WHEN p.target_kind = 'post' THEN p.target_id END",
    ),
}  # fmt: skip


def sql(table: str, where: str, limit: int) -> str:
    """The query for a table's rows; its values are parameters."""
    kind = KINDS[table]
    said = ", ".join(f"'{name}': CAST(p.{name} AS VARCHAR)" for name in kind.said)
    known = "SELECT 1 FROM account_assessments r WHERE r.protected AND r.platform = p.platform"
    protected = " OR ".join(f"EXISTS ({known} AND r.account_id = {account})" for account in kind.accounts)
    nothing = ", ".join(
        f"CAST(NULL AS VARCHAR) AS {name}"
        for name in ("created_at_raw", "tz_basis", "lang", "in_reply_to_id", "visibility", "url", "voice", "imminence")
    )
    return f"""
SELECT p.leaf_index, p.record_index, p.raw_sha256, p.platform, {kind.id} AS id, {kind.kind} AS kind,
       {kind.account} AS account_id, {kind.name} AS author_name, {kind.time} AS created_at, {kind.text} AS text,
       q.thread_id, {nothing}, false AS flag, CAST(NULL AS INTEGER) AS severity, CAST(NULL AS VARCHAR[]) AS themes,
       CAST(NULL AS VARCHAR[]) AS groups, CAST(NULL AS DOUBLE) AS probability,
       CAST(NULL AS VARCHAR) AS assessor_version, p.row_locator, p.source_file, p.reader, p.reader_version,
       ({protected}) AS author_protected,
       coalesce(t.private, false) OR coalesce(q.visibility = 'private', false) AS private, {{{said}}} AS said
FROM {kind.view} p
LEFT JOIN posts q ON q.platform = p.platform AND q.id = {kind.post}
LEFT JOIN threads t ON t.platform = q.platform AND t.id = q.thread_id
WHERE {where} ORDER BY p.leaf_index, p.record_index, p.platform, id, created_at LIMIT {limit}
"""
