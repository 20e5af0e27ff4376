"""The record tables: the one place where a column is named, typed and explained.

Times are UTC with microseconds. Platform ids are text, unique by (platform, id). Every count may be
null: absent is not zero. Spans are ``[a, b)`` in Unicode code points of ``text_raw``.

Sources: ActivityStreams 2.0 (W3C, 2017) for the words; RFC 6962 for ``leaf_index``.
"""

from __future__ import annotations

import pyarrow as pa

TEXT = pa.string()
TIME = pa.timestamp("us", tz="UTC")
INT = pa.int64()
FLAG = pa.bool_()
HASH = pa.binary(32)
TEXTS = pa.list_(pa.string())

# Where a row comes from. The importer fills these; a reader only says which record it is in.
PROVENANCE: list[tuple[str, pa.DataType, str]] = [
    ("source_file", TEXT, "path of the file inside the import, members after '!'"),
    ("row_locator", TEXT, "where in the file: 'line 12', '/messages/3', 'row 4'"),
    ("raw_sha256", HASH, "SHA-256 of the record's span of bytes, as found"),
    ("leaf_index", INT, "leaf of the evidence log that commits to the file"),
    ("record_index", INT, "leaf of the file's own record tree"),
    ("reader", TEXT, "source module that read the record"),
    ("reader_version", TEXT, "version of that module"),
]

_DATA: dict[str, list[tuple[str, pa.DataType, str]]] = {
    "posts": [
        ("platform", TEXT, "platform id of platforms.yaml, lower case"),
        ("id", TEXT, "id of the post as the platform writes it"),
        ("id_is_derived", FLAG, "the export holds no id: ours, from thread, time, author and text"),
        ("kind", TEXT, "post, comment, message, story, video, event"),
        ("account_id", TEXT, "author's id; null where the export hides it"),
        ("author_name", TEXT, "author as the record names it: username, else display name"),
        ("created_at", TIME, "null where the file cannot settle it"),
        ("created_at_raw", TEXT, "the time as written"),
        ("tz_basis", TEXT, "utc, offset, user_given, unknown"),
        ("edited_at", TIME, "last edit, if stated"),
        ("version_of", TEXT, "id of the first version of an edited post"),
        ("revision", pa.int32(), "0 = first version, if stated"),
        ("text", TEXT, "full, repaired text"),
        ("text_raw", TEXT, "text as found, lone surrogates as U+FFFD; null when equal to text"),
        ("text_truncated", FLAG, "the record holds only the beginning"),
        ("lang", TEXT, "language as the platform says (BCP 47)"),
        ("thread_id", TEXT, "conversation, chat or channel"),
        ("in_reply_to_id", TEXT, "id of the post answered"),
        ("visibility", TEXT, "public, unlisted, followers, private"),
        ("url", TEXT, "address as stated in the record; never fetched"),
        ("source_app", TEXT, "client that wrote it"),
        ("place", TEXT, "JSON of the stated place"),
        ("sensitive", FLAG, "marked sensitive by author or platform"),
    ],
    "post_snapshots": [
        ("platform", TEXT, ""),
        ("post_id", TEXT, ""),
        ("observed_at", TIME, "when the counts were seen; null if the file does not say"),
        ("observed_basis", TEXT, "record, file, user, unknown"),
        ("likes", INT, ""),
        ("reposts", INT, ""),
        ("replies", INT, ""),
        ("quotes", INT, ""),
        ("views", INT, ""),
        ("bookmarks", INT, ""),
        ("reactions", TEXT, "JSON: reaction to count"),
    ],
    "accounts": [
        ("platform", TEXT, ""),
        ("id", TEXT, ""),
        ("id_kind", TEXT, "native, did, actor_uri, username, phone, display_name, pseudonym"),
        ("created_at", TIME, "when the platform says it was opened"),
    ],
    "account_snapshots": [
        ("platform", TEXT, ""),
        ("account_id", TEXT, ""),
        ("observed_at", TIME, "when the profile was seen; null if the file does not say"),
        ("observed_basis", TEXT, "record, file, user, unknown"),
        ("username", TEXT, ""),
        ("display_name", TEXT, ""),
        ("bio", TEXT, ""),
        ("location", TEXT, "as stated by the owner"),
        ("url", TEXT, ""),
        ("avatar", TEXT, "address; never fetched"),
        ("verified", FLAG, ""),
        ("verified_type", TEXT, ""),
        ("protected", FLAG, "visible to approved followers only"),
        ("followers", INT, ""),
        ("following", INT, ""),
        ("posts", INT, ""),
        ("likes", INT, ""),
    ],
    "media": [
        ("platform", TEXT, ""),
        ("id", TEXT, "the platform's key, else derived from post and position"),
        ("post_id", TEXT, ""),
        ("type", TEXT, "image, video, audio, animation, sticker, document, link_preview"),
        ("url", TEXT, "address; never fetched"),
        ("local_path", TEXT, "path inside the export"),
        ("sha256", TEXT, "hex, when the bytes are in the case"),
        ("mime", TEXT, ""),
        ("width", pa.int32(), "pixels"),
        ("height", pa.int32(), "pixels"),
        ("duration_ms", INT, ""),
        ("alt_text", TEXT, ""),
        ("status", TEXT, "present, omitted, unavailable"),
    ],
    "edges": [
        ("platform", TEXT, ""),
        ("src", TEXT, "account id, for attaches a post id"),
        ("dst", TEXT, "account id, post id, link, hashtag (lower case, no #), thread or media id"),
        ("type", TEXT, "follows, mentions, replies, quotes, reposts, forwards, links_to, hashtag, attaches, member_of"),
        ("dst_kind", TEXT, "account, post, link, hashtag, thread, media; account_name if only a name is known"),
        ("post_id", TEXT, "post that states the edge; null for follower lists"),
        ("dst_account_id", TEXT, "author of the post in dst, where the record says"),
        ("at", TIME, "when it happened"),
        ("observed_at", TIME, "when it was seen"),
    ],
    "threads": [
        ("platform", TEXT, ""),
        ("id", TEXT, ""),
        ("title", TEXT, ""),
        ("type", TEXT, "direct, group, channel, conversation, subreddit, playlist"),
        ("private", FLAG, "needs a consent record"),
        ("member_count", INT, ""),
    ],
    "observations": [
        ("platform", TEXT, ""),
        ("target_kind", TEXT, "post, account, media, thread"),
        ("target_id", TEXT, ""),
        (
            "state",
            TEXT,
            "live, deleted, suspended, deactivated, protected, withheld, restricted, not_found, "
            "not_in_later_export, unknown",
        ),
        ("reason", TEXT, "the platform's words"),
        ("jurisdiction", TEXT, "countries of a withheld item"),
        ("observed_at", TIME, ""),
        ("observed_by", TEXT, "export, checker, analyst"),
        ("state_since", TIME, "when the platform says the state began; not the time of the check"),
    ],
}

# Tables that analysis derives. They have no provenance of their own: they point at (platform, id).
_DERIVED: dict[str, list[tuple[str, pa.DataType, str]]] = {
    "findings": [
        ("platform", TEXT, ""),
        ("target_kind", TEXT, "post, account, pair, cluster"),
        ("target_id", TEXT, ""),
        ("signal", TEXT, "signal module"),
        ("signal_version", TEXT, ""),
        ("label", TEXT, "codebook entry, cue or class"),
        ("score", pa.float64(), "the signal's own scale, explained in its docstring"),
        ("span_a", pa.int32(), "first code point of text_raw (or text), null if none"),
        ("span_b", pa.int32(), "behind the last code point"),
        ("reason", TEXT, "one sentence for a reviewer"),
    ],
    "assessments": [
        ("platform", TEXT, ""),
        ("post_id", TEXT, ""),
        ("voice", TEXT, "perpetrator, reporter, victim, fan, neutral"),
        ("themes", TEXTS, "performed by the author"),
        ("topics_mentioned", TEXTS, "only spoken about"),
        ("groups", TEXTS, "group ids with a name or two independent cues"),
        ("target", TEXT, "themes.yaml, axis target"),
        ("imminence", TEXT, "none, conditional, dated_or_placed, immediate"),
        ("severity", pa.int8(), "0 to 4"),
        ("victim_risk", FLAG, "somebody named here may need protection"),
        ("flag", FLAG, "put this before a person; never 'remove'"),
        ("abstain", FLAG, "the reader is not sure enough to say"),
        ("probability", pa.float64(), "calibrated probability of flag"),
        ("confidence", TEXT, "high, medium, low"),
        ("lang", TEXT, "language as read"),
        (
            "reasons",
            pa.list_(
                pa.struct([("signal", TEXT), ("label", TEXT), ("a", pa.int32()), ("b", pa.int32()), ("why", TEXT)])
            ),
            "why, with spans",
        ),
        ("assessor_version", TEXT, "version of the assessment and hash of codebook and models"),
    ],
    "account_assessments": [
        ("platform", TEXT, ""),
        ("account_id", TEXT, ""),
        ("role", TEXT, "suspected_member, reporter, victim, fan, neutral"),
        ("protected", FLAG, "never shown, never exported: reporter, victim, or listed by a person"),
        ("groups", TEXTS, ""),
        ("posts", INT, "posts read"),
        ("flagged", INT, "posts flagged"),
        ("alarm", TEXT, "takeover alarm in words, null if none"),
        ("reason", TEXT, ""),
    ],
    "coaction_edges": [
        ("platform", TEXT, ""),
        ("account_id", TEXT, "the smaller id"),
        ("account_id_y", TEXT, "the larger id"),
        ("modality", TEXT, "link, hashtag, text, all"),
        ("weight", INT, "distinct objects shared by both within the window"),
        ("first", TIME, "first of these"),
        ("last", TIME, "last of these"),
        ("exact", FLAG, "false where a heavy object was not enumerated"),
        ("cluster", pa.int32(), "connected set of accounts, 0 is the largest"),
        ("objects", TEXTS, "up to ten shared objects"),
    ],
}

_METADATA = {b"tecolote.format": b"1"}


def _schema(fields: list[tuple[str, pa.DataType, str]]) -> pa.Schema:
    return pa.schema(
        [pa.field(name, kind, metadata={"meaning": meaning}) for name, kind, meaning in fields],
        metadata=_METADATA,
    )


RECORD_TABLES: tuple[str, ...] = tuple(_DATA)
DERIVED_TABLES: tuple[str, ...] = tuple(_DERIVED)
TABLES: tuple[str, ...] = RECORD_TABLES + DERIVED_TABLES

#: Columns a reader fills, in order, by table.
DATA_COLUMNS: dict[str, tuple[str, ...]] = {t: tuple(n for n, _, _ in f) for t, f in _DATA.items()}
#: Names of the provenance columns, in order.
PROVENANCE_COLUMNS: tuple[str, ...] = tuple(n for n, _, _ in PROVENANCE)
#: Full Arrow schema by table: data columns, then provenance for the record tables.
SCHEMAS: dict[str, pa.Schema] = {t: _schema(f + PROVENANCE) for t, f in _DATA.items()} | {
    t: _schema(f) for t, f in _DERIVED.items()
}


def describe(table: str) -> list[tuple[str, str, str]]:
    """Name, type and meaning of each column of ``table``."""
    return [(f.name, str(f.type), (f.metadata or {}).get(b"meaning", b"").decode()) for f in SCHEMAS[table]]
