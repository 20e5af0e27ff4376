"""The cache behind lists and search: one DuckDB file per state of a case, in the user's cache folder.

It holds one slim row per post and per account, with texts folded for search, and is built from the tables in one
go. It is no evidence: delete it at any time. Its name is the hash of the manifest and of the SQL below, so an old
one is never read for a new state; building one removes those of earlier states, because they may hold texts that
have been erased since.

Folding: lower case, no accents, no invisible characters, no look-alike letters, symbols such as emoji as words of
their own. A query is folded by the same expression, so that what is typed and what is stored cannot drift apart.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tecolote.case import Case
from tecolote.corpus.store import MANIFEST, Corpus

if TYPE_CHECKING:
    import duckdb

_FOLD = r"""
CREATE MACRO folded(t) AS ' ' || trim(regexp_replace(regexp_replace(regexp_replace(
  strip_accents(lower(t)), '[\p{M}\p{Cf}]', '', 'g'), '(\p{So})', ' \1 ', 'g'),
  '[^\p{L}\p{N}\p{So}]+', ' ', 'g')) || ' ';
CREATE MACRO key_of(platform, id) AS left(sha256(platform || ' ' || id), 20);
"""


def _macros() -> str:
    """The SQL functions ``fold`` and ``key_of``.

    Letters that imitate others (bold, full-width, Cyrillic look-alikes) are replaced by the table with which the
    signals read; only in texts that hold one, because replacing costs much more than looking.
    """
    from tecolote.signals.text.normalise import table

    pairs = {code: to for code, to in table().items() if code > 0x24F and chr(code).isalnum() and len(to) == 1}
    theirs, ours = "".join(map(chr, pairs)), "".join(pairs.values())
    looked_for = "".join(f"\\x{{{code:x}}}" for code in pairs)
    return _FOLD + (
        f"CREATE MACRO fold(t) AS folded(CASE WHEN regexp_matches(t, '[{looked_for}]') "
        f"THEN translate(t, {_literal(theirs)}, {_literal(ours)}) ELSE t END);"
    )


_BUILD = """
CREATE TABLE browse.post AS
WITH judged AS (
  SELECT * FROM assessments
  QUALIFY row_number() OVER (PARTITION BY platform, post_id ORDER BY assessor_version DESC) = 1
), attached AS (SELECT platform, post_id, count(*) AS n FROM media GROUP BY ALL)
SELECT key_of(p.platform, p.id) AS key, p.platform, p.id, p.kind, p.author_name,
  key_of(p.platform, p.account_id) AS account_key, key_of(p.platform, p.thread_id) AS thread_key,
  p.created_at, p.created_at_raw, coalesce(a.lang, p.lang) AS lang,
  left(coalesce(p.text_raw, p.text), 700) AS excerpt, length(coalesce(p.text_raw, p.text)) AS length,
  fold(coalesce(p.text, '')) AS folded, a.voice, coalesce(a.themes, []) AS themes,
  coalesce(a.topics_mentioned, []) AS topics, coalesce(a.groups, []) AS groups, coalesce(a.flag, false) AS flag,
  coalesce(a.abstain, false) AS abstain, a.severity, a.probability, coalesce(m.n, 0) AS media, p.source_file,
  row_number() OVER (ORDER BY p.created_at NULLS FIRST, p.platform, p.id) AS by_time,
  row_number() OVER (ORDER BY coalesce(a.flag, false), coalesce(a.severity, -1), coalesce(a.probability, -1),
                     p.created_at NULLS FIRST, p.platform, p.id) AS by_urgency
FROM posts p LEFT JOIN judged a ON a.platform = p.platform AND a.post_id = p.id
LEFT JOIN attached m ON m.platform = p.platform AND m.post_id = p.id ORDER BY by_time;

CREATE TABLE browse.account AS
WITH written AS (
  SELECT p.platform, p.account_id AS id, any_value(p.author_name) AS author_name, count(*) AS posts,
    count(*) FILTER (b.flag) AS flagged, min(p.created_at) AS first, max(p.created_at) AS last
  FROM posts p JOIN browse.post b ON b.platform = p.platform AND b.id = p.id
  WHERE p.account_id IS NOT NULL GROUP BY ALL
), ids AS (
  SELECT platform, id FROM accounts UNION SELECT platform, id FROM written
  UNION SELECT platform, account_id FROM account_assessments
  UNION SELECT platform, account_id FROM coaction_edges UNION SELECT platform, account_id_y FROM coaction_edges
), profile AS (
  SELECT * FROM account_snapshots
  QUALIFY row_number() OVER (PARTITION BY platform, account_id
                             ORDER BY observed_at DESC NULLS LAST, leaf_index DESC, record_index DESC) = 1
), ends AS (
  SELECT platform, account_id AS id, cluster FROM coaction_edges
  UNION SELECT platform, account_id_y, cluster FROM coaction_edges
), clusters AS (SELECT platform, id, min(cluster) AS cluster FROM ends GROUP BY ALL)
SELECT key_of(i.platform, i.id) AS key, i.platform, i.id,
  coalesce(nullif(s.username, ''), nullif(w.author_name, ''), nullif(s.display_name, ''), i.id) AS name,
  s.display_name, fold(concat_ws(' ', s.username, s.display_name, w.author_name, i.id)) AS folded,
  s.followers, coalesce(w.posts, 0) AS posts, coalesce(w.flagged, 0) AS flagged, w.first, w.last,
  j.role, coalesce(j.protected, false) AS protected, coalesce(j.groups, []) AS groups, j.alarm, j.reason, c.cluster,
  row_number() OVER (ORDER BY coalesce(w.flagged, 0), coalesce(w.posts, 0), i.platform, i.id) AS by_flagged
FROM ids i LEFT JOIN written w ON w.platform = i.platform AND w.id = i.id
LEFT JOIN profile s ON s.platform = i.platform AND s.account_id = i.id
LEFT JOIN account_assessments j ON j.platform = i.platform AND j.account_id = i.id
LEFT JOIN clusters c ON c.platform = i.platform AND c.id = i.id ORDER BY by_flagged;

CREATE TABLE browse.observation AS
SELECT key_of(platform, target_id) AS key, platform, target_kind, target_id, state, reason, jurisdiction, observed_at,
  observed_by, state_since, source_file, row_locator,
  row_number() OVER (ORDER BY observed_at NULLS FIRST, leaf_index, record_index, target_id) AS by_time
FROM observations ORDER BY by_time;

CREATE TABLE browse.media AS
SELECT m.platform, m.id, m.type, m.sha256, m.mime, m.width, m.height, m.duration_ms, m.alt_text, m.status, m.url,
  m.local_path, key_of(m.platform, m.post_id) AS post_key, b.flag,
  row_number() OVER (ORDER BY coalesce(b.by_time, 0), m.platform, m.post_id, m.id) AS by_time
FROM media m LEFT JOIN browse.post b ON b.platform = m.platform AND b.id = m.post_id ORDER BY by_time;
"""


def cache_folder(case: Case) -> Path:
    """Where this case's index lies: among its caches, readable by the owner only."""
    folder = case.caches
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def attach(corpus: Corpus) -> duckdb.DuckDBPyConnection:
    """A connection with the views of ``corpus`` and, as schema ``browse``, the index; built where it is missing."""
    import duckdb

    connection = corpus.connect()
    macros = _macros()
    connection.execute(macros)
    state = repr((corpus.manifest, duckdb.__version__)) + macros + _BUILD
    folder = cache_folder(corpus.case)
    path = folder / f"{hashlib.sha256(state.encode()).hexdigest()[:32]}.duckdb"
    if not path.exists():
        _build(connection, path)
        for old in folder.glob("*.duckdb"):
            if old != path:
                old.unlink(missing_ok=True)
    connection.execute(f"ATTACH {_literal(path)} AS browse (READ_ONLY)")
    return connection


def _build(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Build beside ``path``, then rename, so that a half-built index is never opened."""
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    unfinished.unlink(missing_ok=True)
    connection.execute(f"ATTACH {_literal(unfinished)} AS browse")
    connection.execute(_BUILD)
    connection.execute("DETACH browse")
    unfinished.chmod(0o600)
    unfinished.replace(path)


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def manifest_state(case: Case) -> tuple[int, int, int]:
    """What changes when a writer puts a new manifest in place: time, size and inode of the file."""
    try:
        found = (case.corpus_folder / MANIFEST).stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
