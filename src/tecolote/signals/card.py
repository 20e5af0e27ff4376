"""The model card as text (Mitchell et al. 2019, *Model cards for model reporting*), from figures just measured."""

from __future__ import annotations

from typing import Any

from tecolote.signals.text.weights import shipped

Figures = dict[str, dict[str, Any]]
FIGURES = (
    "cases",
    "recall",
    "specificity",
    "reporter and victim specificity",
    "pairs all right",
    "voice accuracy",
    "theme micro-F1",
    "calibration error",
)
"""Names of the figures of one suite, in the order in which they are shown."""
_HEAD = """# Model card: the reader of posts

Written by `python -m tecolote.signals.evaluate --data DIR --card docs/model-card.md`; not edited by hand.
Shares are given with 95 % Wilson intervals.

**What it is.** Rules of discourse in data files (who speaks to whom, in which mood, with which demand, offer or
signature), a codebook of names and terms, a linear reader of words, letters, kinds of words and cues, and a logistic
model of cues; the last two have an equal say in the probability, calibrated on files that neither had seen. It says
whose voice a post is (perpetrator, reporter, victim, fan, neutral), which acts its author performs, how sure that is,
and why, with the place in the raw text.

**What it is for.** To put posts before a person. A flag needs an act *and* the voice of a perpetrator: a probability
of at least 0.75, of 0.9 beside any cue of a reporter or a victim; what lies between 0.45 and that is an abstention.
The act is what the rules say; where no rule says one, but two things stand in the author's own words that an act can
be made of, the readers of words and themes say it, and the reasons tell so. A flag is no proof, removes nothing, and
says nothing about guilt.

**What it is not for.** Deciding without a person; languages other than Spanish, English and their mixture; pictures,
sound and video; measuring how much of what exists is found.
"""
_LIMITS = """
## What to expect

- The pairs of `pairs_after.yaml` were written after rules and weights were fixed, in wordings that avoid those of the
  rules: their recall is the nearest to what a new act in new words meets. The same hand wrote rules and pairs.
- `pairs_more.yaml` is split by a hash: half was fitted on, half measures. Who wrote the rules knew these sentences,
  so its figures lie above what is new.
- The pairs of `pairs_blind.yaml` were written before the sentences that taught the word reader its new wordings, and
  were read in totals only.
- In files of examples left out of the fit, with 94 % of twins clean, 43 % of acts are found: minimal pairs in
  wordings that no rule knows are the hardest that there is. More examples raise this slowly; an encoder found six acts
  more of a hundred at as many clean.
- Who speaks by allusion only, with no address, demand, offer, signature or name, is seldom found.
- A probability is that of a flag. Where nothing is found it is at most 0.01. It was calibrated on as many acts as other
  posts: on suites in new words it is too low, and that is most of the calibration error; in a stream of ordinary posts
  its mean is 0.02.
- Written suites are harder than a stream and far richer in acts; no figure here is a rate of the field.
"""


def _table(suites: Figures) -> list[str]:
    lines = ["| | " + " | ".join(f"`{name}`" for name in suites) + " |", "| --- |" + " --- |" * len(suites)]
    lines += [f"| {row} | " + " | ".join(str(s[row]) for s in suites.values()) + " |" for row in FIGURES]
    return lines


def _list(title: str, rows: dict[str, str]) -> list[str]:
    return ["", f"| {title} | share |", "| --- | --- |", *(f"| {name} | {share} |" for name, share in rows.items())]


def card(
    version: str,
    suites: Figures,
    held: Figures,
    fitted: Figures,
    rates: dict[str, str],
    hidden: dict[str, str],
    asked: Figures,
) -> str:
    """The card in Markdown.

    Args:
        version: of the assessor that was measured.
        suites: figures of functional suites that nothing was fitted on.
        held: figures of the shipped pairs that only measure.
        fitted: figures of the shipped pairs that the weights were fitted on.
        rates: share flagged per source and class.
        hidden: share of codebook terms found again per disguise.
        asked: figures of the suites and pairs that only measure, with an encoder; empty where none was asked.
    """
    lines = [_HEAD, f"Version `{version}`; weights `{shipped().sha256[:16]}`.", "", "## Pairs that only measure", ""]
    lines += _table(held)
    lines += ["", "## Functional suites beside the package", "", *_table(suites)] if suites else []
    lines += ["", "## The same suites with an encoder (extra `[encoder]`)", "", *_table(asked)] if asked else []
    lines += ["", "## Pairs that were fitted on", "", *_table(fitted)]
    worst: dict[str, str] = {}
    for name, figures in held.items():
        worst |= {f"{name}: {k}": v for k, v in figures["functionalities"].items()}
    lines += ["", "## By functionality, pairs that only measure", *_list("functionality, worst first by file", worst)]
    if rates:
        lines += ["", "## Flagged, per source and class", *_list("source", rates)]
    lines += ["", "## Codebook terms found again when hidden", *_list("hidden by", hidden)]
    trained = {name: f"{count} texts" for name, count in sorted(shipped().model.trained_on.items())}
    lines += ["", "## Trained on", *_list("source", trained), _LIMITS.rstrip(), ""]
    return "\n".join(lines)


def adapted_card(
    labels: int, version: str, calibrated: bool, before: dict[str, Any], after: dict[str, Any], kept: Figures
) -> str:
    """The card of weights that were fitted on from the package's, in Markdown.

    Args:
        labels: posts that were labelled.
        version: of the assessor with the new weights.
        calibrated: whether probabilities were calibrated on the labels.
        before: figures on the labels of the package's weights.
        after: figures on the labels of weights that had not seen the post.
        kept: figures on the package's own pairs, of both.
    """
    first = "reporter and victim specificity"
    order = (first, *(row for row in FIGURES if row not in (first, "cases")))
    lines = [
        "# Model card: a reader fitted on from the package's",
        "",
        f"Written by `tecolote train`; not edited by hand. Version `{version}`; fitted on {labels:,} labelled posts.",
        "Shares are given with 95 % Wilson intervals. What the labels say is the word of those who labelled.",
        "",
        "## The labelled posts, each read by weights that had not seen it",
        "",
        "| | the package's weights | these weights |",
        "| --- | --- | --- |",
        *(f"| {row} | {before[row]} | {after[row]} |" for row in order),
        "",
        "Probabilities were calibrated on the labels: they hold for posts as they were chosen for labelling."
        if calibrated
        else "There are too few labels to calibrate on: the package's calibration is kept.",
        "",
        "## The package's pairs that only measure",
        "",
        "| | the package's weights | these weights |",
        "| --- | --- | --- |",
        *(f"| {row} | {kept['before'][row]} | {kept['after'][row]} |" for row in order),
        "",
        "The package's own card says what it is for, what it is not for, and where it fails; all that holds here.",
    ]
    return "\n".join([*lines, ""])
