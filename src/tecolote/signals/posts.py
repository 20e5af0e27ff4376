"""All posts of a case, read in batches: the rows of `findings` and `assessments`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tecolote.signals.assess import Assessment, Assessor, as_row

if TYPE_CHECKING:
    import pyarrow as pa

    from tecolote.corpus.store import Corpus

BATCH = 5000
_POSTS = "SELECT platform, id, coalesce(text_raw, text) AS words, lang, created_at FROM posts ORDER BY platform, id"


def assess_posts(
    corpus: Corpus, assessor: Assessor, progress: Callable[[int], None] | None = None
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Findings and assessments of every post, one row per identity, in the schemas of `tecolote.records`.

    ``progress`` is called with the number of posts of each batch when the batch is done. Posts without
    words get an assessment that abstains.
    """
    import pyarrow as pa

    from tecolote.records import SCHEMAS

    reader = corpus.connect().cursor().execute(_POSTS).to_arrow_reader(BATCH)
    for batch in reader:
        findings: list[dict[str, Any]] = []
        assessments: list[dict[str, Any]] = []
        columns = (batch.column(i).to_pylist() for i in range(5))
        for platform, post, words, lang, at in zip(*columns, strict=True):
            found = assessor.assess(words, lang, at)
            assessments.append({"platform": platform, "post_id": post, **as_row(found)})
            findings.extend(_findings(platform, post, found))
        yield (
            pa.Table.from_pylist(findings, schema=SCHEMAS["findings"]),
            pa.Table.from_pylist(assessments, schema=SCHEMAS["assessments"]),
        )
        if progress is not None:
            progress(batch.num_rows)


def _findings(platform: str, post: str, found: Assessment) -> Iterator[dict[str, Any]]:
    for row in found.findings:
        yield {
            "platform": platform,
            "target_kind": "post",
            "target_id": post,
            "signal": f"text.{row.signal}",
            "signal_version": found.assessor_version,
            "label": row.label,
            "score": row.score,
            "span_a": row.a,
            "span_b": row.b,
            "reason": row.reason,
        }
