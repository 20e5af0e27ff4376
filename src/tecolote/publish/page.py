"""The private report: one self-contained page, by jinja2 with escaping on, without scripts and without network.

The content policy allows only the page's own style (by its hash) and fonts inside the page. Everything that strangers
wrote goes through `visible.as_markup`. No picture of any post is ever shown.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from tecolote import __version__
from tecolote.publish.charts import SERIES, Chart
from tecolote.publish.clusters import cluster_rows
from tecolote.publish.counter import Counter
from tecolote.publish.figures import VOICES
from tecolote.publish.network import MOST_ACCOUNTS, MOST_TIES
from tecolote.publish.numbers import Number
from tecolote.publish.statement import Binding, Statement
from tecolote.publish.texts import say, show, texts, value_name
from tecolote.publish.truth import Measure
from tecolote.publish.visible import as_markup

#: Charts of the page and their widths in pixels.
WIDTHS = {"timeline": 690, "themes": 330, "heat": 84, "voices": 600, "survival": 660, "network": 700}
URGENT_SHOWN, MISSES_SHOWN, FILES_SHOWN = 25, 60, 100
_FONTS = (("Inter", 400, "Inter-Regular"), ("Inter", 600, "Inter-SemiBold"), ("Noto Emoji", 400, "NotoEmoji-Regular"))

_URGENT = """
SELECT s.platform, s.id, s.account_id, s.protected, s.created_at, s.severity, s.imminence, s.victim_risk, s.groups,
       s.themes, p.text, p.author_name, a.reasons
FROM sheet.posts s JOIN posts p USING (platform, id)
JOIN assessments a ON a.platform = s.platform AND a.post_id = s.id
WHERE s.urgent ORDER BY s.victim_risk DESC, s.severity DESC, s.created_at DESC NULLS LAST, s.platform, s.id
LIMIT $most
"""


def render(
    statement: Statement,
    binding: Binding,
    counter: Counter,
    charts: dict[str, Chart],
    measures: list[Measure],
    files: dict[str, str],
    lang: str,
) -> str:
    """The page as text.

    Args:
        statement: the numbers.
        binding: where they stand in the log.
        counter: gives the names of themes, groups and platforms.
        charts: charts by name; one that is absent leaves a sentence in its place.
        measures: findings against planted truth; may be empty.
        files: file with the rows behind a number, by number id, relative to the page.
        lang: language of the page.
    """
    style = _style()
    environment = _environment(statement, lang)
    return environment.get_template("report.html.j2").render(
        lang=lang,
        t=texts(lang)["page"],
        s=statement,
        binding=binding,
        settings=statement.case.settings,
        style=Markup(style),  # noqa: S704 - our own file and fonts
        style_hash=_hash(style),
        version=__version__,
        charts=charts,
        row_files=files,
        numbers=statement.numbers,
        cards=_cards(statement),
        platforms=_platforms(statement, counter, lang),
        voices=VOICES,
        voice_names={v: value_name(lang, "voice", v) for v in VOICES},
        false_flags=statement.number("false_flags"),
        urgent=_urgent(statement, counter, lang),
        reach=_reach(statement, counter, lang),
        clusters=cluster_rows(statement.sheet),
        series=SERIES,
        most_drawn=MOST_ACCOUNTS,
        most_ties=MOST_TIES,
        states=_family(statement, "state."),
        survival=_family(statement, "survival."),
        measures=[_measure(m, lang) for m in measures],
        misses=_misses(measures, lang),
        miss_count=sum(len(m.missed) + len(m.false_alarms) for m in measures),
        themes=_family(statement, "flagged.theme."),
        groups=_family(statement, "flagged.group."),
        severity=_family(statement, "flagged.severity."),
        months=_family(statement, "flagged.month."),
        suspected=_family(statement, "suspected."),
        most=FILES_SHOWN,
        readers=_readers(statement),
        misses_shown=MISSES_SHOWN,
        prelude=statement.parts["queries"]["prelude"]["sql"],
    )


def _environment(statement: Statement, lang: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tecolote.publish", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    marks = {number.id: at for at, number in enumerate(statement.numbers, 1)}
    by_id = {number.id: number for number in statement.numbers}

    def num(id: str) -> Markup:
        """A number with the mark that leads to its note."""
        number = by_id.get(id)
        if number is None:
            return Markup('<span class="none">–</span>')
        shown = show(number.value, number.kind, lang)
        return Markup('<span class="num">{}<sup><a href="#n{}" id="r{}">{}</a></sup></span>').format(
            shown, marks[id], marks[id], marks[id]
        )

    def bound(number: Number) -> str:
        if number.interval is None:
            return ""
        low, high = (show(edge, "share", lang) for edge in number.interval)
        return say(lang, "page.interval", low=low, high=high)

    environment.globals.update(num=num, bound=bound, tail=lambda text: text.split(", ", 1)[-1])
    environment.globals.update(fill=lambda key, **values: say(lang, f"page.{key}", **values))
    environment.filters.update(
        content=as_markup,
        count=lambda value: show(value, "count", lang),
        share=lambda value: show(value, "share", lang),
    )
    return environment


@functools.cache
def _style() -> str:
    """The page's style with its fonts inside."""
    package = resources.files(__package__)
    faces = []
    for family, weight, name in _FONTS:
        raw = base64.b64encode(package.joinpath("fonts", f"{name}.woff2").read_bytes()).decode()
        faces.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};'
            f'src:url(data:font/woff2;base64,{raw}) format("woff2")}}'
        )
    return "\n".join(faces) + "\n" + package.joinpath("templates", "report.css").read_text("utf-8")


def _hash(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _cards(statement: Statement) -> list[Number]:
    ids = ("posts", "accounts", "flagged", "urgent", "suspected", "coaction.accounts", "files", "quarantined")
    return [n for id in ids if (n := statement.number(id)) is not None]


def _family(statement: Statement, prefix: str) -> list[Number]:
    return [n for n in statement.numbers if n.id.startswith(prefix)]


def _platforms(statement: Statement, counter: Counter, lang: str) -> list[dict[str, str]]:
    ids = dict.fromkeys(n.id.split(".", 1)[1] for n in statement.numbers if n.id.startswith(("posts.", "accounts.")))
    return [{"id": id, "name": counter.names("platform", id)[lang]} for id in ids]


def _urgent(statement: Statement, counter: Counter, lang: str) -> list[dict[str, Any]]:
    """The first posts of the urgent queue, people at risk first. Protected authors are not named."""
    rows = statement.sheet.rows(_URGENT, {"most": URGENT_SHOWN})
    for row in rows:
        row["platform_name"] = counter.names("platform", row["platform"])[lang]
        row["theme_names"] = [counter.names("theme", theme)[lang] for theme in row["themes"]]
        row["group_names"] = [counter.names("group", group)[lang] for group in row["groups"]]
        row["why"] = list(dict.fromkeys(reason["why"] for reason in row["reasons"] or []))[:4]
        row["when"] = (
            row["created_at"].astimezone(statement.case.settings.zone).strftime("%Y-%m-%d %H:%M")
            if row["created_at"]
            else "–"
        )
    return rows


def _reach(statement: Statement, counter: Counter, lang: str) -> list[dict[str, str]]:
    found = dict.fromkeys(tuple(n.id.split(".")[1:3]) for n in statement.numbers if n.id.startswith("reach."))
    return [
        {
            "id": f"reach.{g}.{p}",
            "group": counter.names("group", g)[lang],
            "platform": counter.names("platform", p)[lang],
        }
        for g, p in found
    ]


def _measure(measure: Measure, lang: str) -> dict[str, Any]:
    if measure.id.startswith("voice."):
        label = say(lang, "truth.voice", name=value_name(lang, "voice", measure.id.split(".")[1]))
    else:
        label = say(lang, f"truth.{measure.id}")
    return {"label": label, "m": measure}


def _misses(measures: list[Measure], lang: str) -> list[dict[str, str]]:
    """Misses by name, a fair part of each measure first, so that a long list hides no short one."""
    lists = [
        [(_measure(m, lang)["label"], what, name) for name in names]
        for m in measures
        for what, names in (("missed", m.missed), ("false_alarm", m.false_alarms))
        if names
    ]
    share = max(1, MISSES_SHOWN // max(1, len(lists)))
    return [{"label": label, "what": what, "name": name} for each in lists for label, what, name in each[:share]]


def _readers(statement: Statement) -> list[dict[str, Any]]:
    """Files by the reader that read them, with what they gave."""
    found: dict[str, dict[str, Any]] = {}
    for file in statement.sheet.files:
        row = found.setdefault(file["reader"], {"reader": file["reader"], "files": 0})
        row["files"] += 1
        for name in ("records", "posts", "accounts", "media", "quarantined"):
            row[name] = row.get(name, 0) + file[name]
    return sorted(found.values(), key=lambda row: (-row["records"], row["reader"]))
