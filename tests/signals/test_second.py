"""The second reader: a real server on this machine that obeys whatever a post orders, and worse ones."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tecolote import codebook, verbs
from tecolote.case import Case
from tecolote.cli import cli
from tecolote.corpus.store import Corpus
from tecolote.errors import TecoloteError, UsageError
from tecolote.signals.second import Endpoint, SecondReader, Unreachable, understood
from tests.decisions.conftest import case as case  # noqa: PLC0414 - the same small case
from tests.decisions.conftest import make as make  # noqa: PLC0414

BOOK = codebook.load()
Speak = Callable[[dict[str, Any]], tuple[int, bytes]]


def reply(voice: str, theme: str = "none", protected: str = "no", **more: str) -> bytes:
    content = json.dumps({"voice": voice, "theme": theme, "protected": protected, **more})
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}], "id": "1"}).encode()


def obedient(post: dict[str, Any]) -> tuple[int, bytes]:
    """A model that reads passably and does what any text tells it."""
    text = post["text"]
    if "answer neutral" in text:
        return 200, reply("neutral")
    if "Atte:" in text:
        return 200, reply("perpetrator", "territorial_claim" if "dueño" in text else "threat_rival")
    return 200, reply("neutral")


class Server(ThreadingHTTPServer):
    """Answers with what ``speak`` says; keeps what it was asked."""

    daemon_threads = True
    speak: Speak = staticmethod(obedient)
    asked: list[dict[str, Any]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body | {"path": self.path})
        status, raw = self.server.speak(json.loads(body["messages"][1]["content"])["post"])
        with contextlib.suppress(OSError):
            self.send_response(status)
            if status == 302:
                self.send_header("Location", self.server.url)
            self.end_headers()
            for at in range(0, len(raw), 1 << 16):
                self.wfile.write(raw[at : at + (1 << 16)])
                if raw[:5] == b"slow:":
                    time.sleep(0.2)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), _Handler)
    made.asked = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def assessed(case: Case) -> dict[str, dict[str, Any]]:
    return {row["post_id"]: row for row in Corpus(case).rows("SELECT * FROM assessments")}


def test_a_post_that_instructs_the_model_changes_no_verdict_and_comes_before_a_person(
    case: Case, server: Server
) -> None:
    before = assessed(case)
    call = ["second-read", "--case", str(case.root), "--endpoint", server.url, "--model", "m", "--json"]
    done = json.loads(CliRunner().invoke(cli, call, catch_exceptions=False).stdout)
    assert assessed(case) == before and before["10000005"]["flag"]
    assert [(row["post_id"], row["kind"]) for row in done["differences"]] == [("10000005", "flag")]
    first = verbs.review(case.root)[0]
    assert first["post_id"] == "10000005"
    assert first["why"] == "second reader (m) says neutral; the assessment stays perpetrator, threat_rival"
    verbs.analyze(case.root)
    assert verbs.review(case.root)[0]["post_id"] == "10000005"
    assert not verbs.verify(case.root)


def test_a_post_is_sent_as_data_and_an_answered_one_never_again(case: Case, server: Server) -> None:
    endpoint = Endpoint(server.url, "m")
    done = verbs.second_read(case.root, endpoint, 2)
    assert (done["asked"], done["answered"]) == (2, 2)
    done = verbs.second_read(case.root, endpoint, 100)
    assert done["answered_before"] == 2
    assert verbs.second_read(case.root, endpoint, 100)["asked"] == 0
    texts = [json.loads(body["messages"][1]["content"])["post"]["text"] for body in server.asked]
    assert len(texts) == len(set(texts)) == 2 + done["asked"]
    for body in server.asked:
        system, user = body["messages"]
        assert body["path"] == "/v1/chat/completions" and system["role"] == "system" and user["role"] == "user"
        assert not any(text in system["content"] for text in texts)
        assert body["response_format"]["json_schema"]["strict"] and body["temperature"] == 0
    assert verbs.second_read(case.root, Endpoint(server.url, "other"), 100)["asked"] == len(texts)


def test_what_was_said_is_kept_when_the_server_goes_away(
    case: Case, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tecolote.signals.second._PAUSE", 0.01)
    server.speak = lambda post: obedient(post) if len(server.asked) < 3 else (503, b"")
    with pytest.raises(Unreachable, match="status 503"):
        verbs.second_read(case.root, Endpoint(server.url, "m"), 100)
    assert len(server.asked) == 5
    server.speak = obedient
    assert verbs.second_read(case.root, Endpoint(server.url, "m"), 100)["answered_before"] == 2


@pytest.mark.parametrize(
    "said",
    [
        (200, b""),
        (200, b"[" * 100_000),
        (200, b'{"choices": []}'),
        (200, b"x" * 10_000_000),
        (200, b"\xff" * 50),
        (400, reply("fan")),
        (200, reply("boss")),
        (200, reply("fan", more="ignore the rest")),
        (200, reply("reporter", "extortion", "yes")),
        (200, reply("perpetrator", "none")),
        (200, reply("perpetrator", "no_such_theme")),
        (200, reply("victim", protected="no")),
        (200, json.dumps({"choices": [{"message": {"content": 'Sure! {"voice": "fan"}'}}]}).encode()),
        (200, json.dumps({"choices": [{"message": {"content": None}}]}).encode()),
    ],
    ids=str,
)
def test_whatever_is_not_the_structure_is_no_answer(server: Server, said: tuple[int, bytes]) -> None:
    server.speak = lambda post: said
    assert SecondReader(Endpoint(server.url, "m"), BOOK).read("Buenos días") is None


def test_time_and_redirects_are_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tecolote.signals.second._PAUSE", 0.01)
    server.speak = lambda post: (200, b"slow:" + b" " * (100 << 16))
    began = time.monotonic()
    assert SecondReader(Endpoint(server.url, "m", seconds=0.5), BOOK).read("Buenos días") is None
    assert time.monotonic() - began < 10
    server.speak = lambda post: (302, b"")
    with pytest.raises(Unreachable, match="status 302"):
        SecondReader(Endpoint(server.url, "m"), BOOK).read("Buenos días")
    assert len(server.asked) == 2
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:9")
    server.speak = obedient
    answer = SecondReader(Endpoint(server.url, "m"), BOOK).read("x" * 10_000 + "\ud800", "es")
    assert answer is not None and answer.voice == "neutral"
    sent = json.loads(server.asked[-1]["messages"][1]["content"])["post"]
    assert (len(sent["text"]), sent["cut"], sent["lang"]) == (4000, True, "es")


def test_a_model_that_never_answers_as_asked_is_given_up(make: Callable[..., Case], server: Server) -> None:
    case = make({f"a{n}": f"Vamos a matar a todos los contras de la calle {n}. Atte: el cártel" for n in range(30)})
    server.speak = lambda post: (200, b"{}")
    with pytest.raises(TecoloteError, match="not one answer"):
        verbs.second_read(case.root, Endpoint(server.url, "m"), 100)
    assert len(server.asked) == 20


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/v1", "https://example.org/v1", "http://127.0.0.1.example.org/v1", "http://[::ffff:192.0.2.1]/v1",
        "http://user@127.0.0.1/v1", "file:///etc/passwd", "127.0.0.1:8080", "http://", "http://127.0.0.1:99999/v1",
        "http://0.0.0.0:80/v1", "http://127.0.0.1/v1?x=1", "http://[bad/v1",
    ],
)  # fmt: skip
def test_posts_stay_on_this_machine(url: str) -> None:
    with pytest.raises(UsageError):
        SecondReader(Endpoint(url, "m"), BOOK)


def test_in_words_they_may_leave_but_never_in_the_clear() -> None:
    assert SecondReader(Endpoint("https://192.0.2.1/v1", "m", may_leave=True), BOOK).prompt
    with pytest.raises(UsageError, match="http is read on the way"):
        SecondReader(Endpoint("http://192.0.2.1/v1", "m", may_leave=True), BOOK)


@given(
    st.binary(max_size=300)
    | st.text(max_size=200).map(lambda t: json.dumps({"choices": [{"message": {"content": t}}]}).encode())
)
def test_no_reply_can_break_the_reading_of_replies(raw: bytes) -> None:
    answer = understood(raw, frozenset(BOOK.themes))
    assert answer is None or answer.flag == (answer.voice == "perpetrator")
