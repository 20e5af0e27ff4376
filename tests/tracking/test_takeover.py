"""Another hand on the same account: noticed within a few posts, and hardly ever where it is not so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tecolote.corpus.store import Corpus
from tecolote.tracking.style import FEATURES, Written, distance, features, own_distances, table
from tecolote.tracking.takeover import HISTORY, Event, alarms, hard_signals, takeover_alarms

Make = Callable[[dict[str, list[dict[str, Any]]]], Corpus]
START = datetime(2030, 1, 1, tzinfo=UTC)
WORDS = [
    "calle",
    "norte",
    "vecinos",
    "aviso",
    "agua",
    "luz",
    "mercado",
    "noche",
    "lluvia",
    "puente",
    "escuela",
    "radio",
]


class Author:
    """Somebody with habits: length, capitals, accents, punctuation, emoji, links, hours."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        draw = np.random.default_rng(seed + 10_000)
        self.length = draw.uniform(4, 25)
        self.capitals, self.accents, self.emoji = draw.beta(0.5, 2), draw.random(), draw.beta(0.5, 2)
        self.exclaims, self.stops, self.links = draw.beta(0.5, 1), draw.random(), draw.beta(0.5, 2)
        self.hour = draw.uniform(0, 24)

    def write(self, day: float) -> Written:
        r = self.random
        words = list(r.choice(WORDS, max(2, int(r.gamma(6, self.length / 6)))))
        text = " ".join(words)
        text = text.replace("o", "ó") if r.random() < self.accents * 0.5 else text
        text = text.upper() if r.random() < self.capitals else text.capitalize()
        text += "!" * int(r.integers(1, 4)) if r.random() < self.exclaims else ("." if r.random() < self.stops else "")
        text += " 🔥" if r.random() < self.emoji else ""
        text += " https://a.example/x" if r.random() < self.links else ""
        at = START + timedelta(days=int(day), hours=float((self.hour + r.normal(0, 2.5)) % 24))
        return Written(text, at)


def written(seed: int, days: int, every: float = 1.0, start: float = 0) -> list[Written]:
    author = Author(seed)
    return sorted((author.write(start + i * every) for i in range(int(days / every))), key=lambda p: p.at)


def test_another_hand_beside_a_hard_signal_is_noticed() -> None:
    noticed = 0
    for seed in range(40):
        own, other = written(seed, 120), written(seed + 500, 5, 1.0, 200)
        found = alarms(own + other, [Event(other[0].at, "it has a flagged post")])
        noticed += len(found) == 1
        assert all("Ask the owner" in a.reason and "flagged" in a.reason for a in found)
    assert noticed >= 28


def test_three_posts_of_the_other_hand_can_be_enough() -> None:
    noticed = 0
    for seed in range(40):
        own, other = written(seed, 120), written(seed + 500, 3, 1.0, 200)
        noticed += len(alarms(own + other, [Event(other[0].at, "it has a flagged post")]))
    assert noticed >= 20


def test_the_same_hand_raises_less_than_one_false_alarm_a_year() -> None:
    """Ten accounts write two years with a hard signal every month, none of them a takeover."""
    false, years = 0, 0
    for seed in range(10):
        posts = written(seed, 730)
        events = [Event(posts[i].at, "it is sent with another application") for i in range(40, len(posts) - 5, 30)]
        false, years = false + len(alarms(posts, events)), years + 2
    assert false / years <= 1
    assert false / years <= 0.5


def test_a_stretch_is_measured_against_the_rest() -> None:
    posts = written(4, 40)
    known = table(posts, posts)
    slow = [distance(np.concatenate([known[:i], known[i + 5 :]]), known[i : i + 5])[0] for i in range(36)]
    assert own_distances(known, 5) == pytest.approx(np.array(slow))


def test_no_hard_signal_no_alarm_and_no_history_no_alarm() -> None:
    own, other = written(1, 120), written(502, 20, 1.0, 200)
    assert alarms(own + other, []) == []
    assert alarms(own[: HISTORY - 1] + other, [Event(other[0].at, "x")]) == []
    assert alarms(own + other[:2], [Event(other[0].at, "x")]) == []


def test_hard_signals_need_a_history_without() -> None:
    posts = [Written("x", START + timedelta(days=i), "web" if i < 50 else "phone") for i in range(60)]
    flagged = [i in (3, 40, 41) for i in range(60)]
    found = [(e.at, e.words) for e in hard_signals(posts, flagged, [False] * 60)]
    assert [at for at, _ in found] == [START + timedelta(days=40), START + timedelta(days=50)]
    assert "flagged" in found[0][1] and "application" in found[1][1]


@pytest.mark.parametrize("text", ["", "\x00", "🔥🔥", "¡HOLA!", "a" * 10_000, "\n\n\n", "https://a.example"])
def test_every_text_has_seventeen_finite_features(text: str) -> None:
    found = features(Written(text, START))
    assert len(found) == len(FEATURES) == 17
    assert np.isfinite(found).all()


def rows(posts: list[Written], account: str, flagged_from: int | None) -> dict[str, list[dict[str, Any]]]:
    return {
        "posts": [
            {"platform": "x", "id": f"{account}{i}", "account_id": account, "created_at": p.at, "text": p.text}
            for i, p in enumerate(posts)
        ],
        "assessments": [
            {"platform": "x", "post_id": f"{account}{i}", "flag": True, "groups": ["g"]}
            for i in range(len(posts))
            if flagged_from is not None and i >= flagged_from
        ],
    }


def test_in_a_case_the_taken_account_is_named_and_its_neighbour_is_not(corpus_of: Make) -> None:
    threat = "LA PLAZA TIENE DUEÑO!!! 🔥🔥 " * 3
    own, other = written(2, 120), [Written(threat, START + timedelta(days=200 + i, hours=3)) for i in range(6)]
    taken, calm = rows(own + other, "t", len(own)), rows(written(3, 120), "c", None)
    found = takeover_alarms(corpus_of({name: taken[name] + calm[name] for name in taken}))
    assert set(found) == {("x", "t")}
    reason = found["x", "t"]
    assert reason.startswith("Ask the owner")
    assert "flagged post" in reason and "criminal group" in reason and "2030-07-20" in reason


def test_a_new_name_is_a_hard_signal(corpus_of: Make) -> None:
    own, other = written(2, 120), [Written("COMPRA YA!!! 🔥🔥 " * 5, START + timedelta(days=200 + i)) for i in range(6)]
    tables = rows(own + other, "t", None)
    tables["account_snapshots"] = [
        {"platform": "x", "account_id": "t", "username": name, "observed_at": START + timedelta(days=day)}
        for name, day in (("old", 1), ("old", 50), ("new", 199))
    ]
    found = takeover_alarms(corpus_of(tables))
    assert "another name" in found["x", "t"]
    assert takeover_alarms(corpus_of(rows(own + other, "t", None))) == {}
