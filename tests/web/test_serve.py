"""The server as a process of its own, asked over the network; and the same by a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tecolote.case import Case
from tecolote.corpus.store import Writing
from tecolote.decisions.codes import key_of
from tecolote.errors import UsageError
from tecolote.web.library import Library
from tecolote.web.middleware import HEADERS
from tecolote.web.serve import FOLDER, secret_key, serve
from tests.web.conftest import build

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
RUN = """
import sys
from tecolote.case import Case
from tecolote.web.serve import serve
serve(Case.open(sys.argv[1]), port=0)
"""


@pytest.fixture
def address(built):
    process = subprocess.Popen([sys.executable, "-c", RUN, str(built.case.root)], stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        yield re.match(r"http://127\.0\.0\.1:\d+/", line)[0].rstrip("/")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        process.stderr.close()


def test_pages_and_files_over_the_network(address):
    with urllib.request.urlopen(f"{address}/posts?q=plaza") as answer:
        assert answer.status == 200 and b"Plaza" in answer.read()
    for name, kind in (
        ("css/tecolote.css", "text/css"),
        ("owl.svg", "image/svg+xml"),
        ("fonts/Inter-Regular.woff2", "font/woff2"),
    ):
        with urllib.request.urlopen(f"{address}/static/{name}") as answer:
            assert answer.headers.get_content_type() == kind
            assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def test_other_machines_are_refused_unless_asked_for(built):
    for host in ("0.0.0.0", "192.168.1.4", "example.org", "::"):
        with pytest.raises(UsageError):
            serve(built.case, host)


def test_the_secret_is_made_once_and_is_the_users_alone():
    first = secret_key()
    assert secret_key() == first and len(first) >= 48
    path = Path(os.environ["TECOLOTE_KEYS"]) / "web-secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_manifest_is_shown_and_the_old_index_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    case = Case.create(tmp_path / "case")
    library = Library(case)
    before = library.pin()
    assert library.pin() is before
    writing = Writing(case)
    writing.commit(writing.manifest({"size": 1, "root": "00"}))
    after = library.pin()
    assert after is not before
    assert len(list((tmp_path / "cache").rglob("*.duckdb"))) == 1
    assert [p for p in (tmp_path / "cache").rglob("*.duckdb") if p.stat().st_mode & 0o077] == []


def test_tables_that_go_away_while_a_page_is_made_are_read_from_the_new_state(tmp_path, monkeypatch):
    from django.test import RequestFactory

    from tecolote.web.library import ENVIRON_KEY
    from tecolote.web.serve import configure
    from tecolote.web.views import page

    configure()
    monkeypatch.setenv("TECOLOTE_KEYS", str(tmp_path / "keys"))
    case = build(tmp_path / "case", 20).case
    states = []

    def make(request, pin):
        if not states:
            writing = Writing(case)
            writing.clear("findings")
            writing.commit(writing.manifest({"size": 9, "root": "00"}))
            writing.sweep()
        states.append(pin)
        return "", {"findings": pin.rows("SELECT count(*) AS n FROM findings")[0]["n"]}

    request = RequestFactory().get("/", **{ENVIRON_KEY: Library(case)})
    answer = page(make)(request, as_json=True)
    assert json.loads(answer.content)["findings"] == 0
    assert len(states) == 2 and states[0] is not states[1]


def test_an_empty_case_has_pages(tmp_path, monkeypatch):
    from django.test import Client

    from tecolote.evidence import Evidence
    from tecolote.web.library import ENVIRON_KEY
    from tecolote.web.serve import configure

    configure()
    case = Case.create(tmp_path / "case")
    with case.writing():
        Evidence.create(case)
    client = Client(headers={"host": "localhost"}, **{ENVIRON_KEY: Library(case)})
    for path in ("/", "/posts", "/accounts", "/network", "/media", "/sources", "/observations"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "Fictional" not in answer.content.decode()


@pytest.mark.chromium
@pytest.mark.skipif(CHROMIUM is None, reason="needs the system package chromium")
def test_a_browser_asks_nobody_else_and_runs_without_errors(address, built, tmp_path):
    if not (FOLDER / "static" / "built" / "network.js").exists():
        pytest.skip("the islands are not built: run make setup")
    pages = ["/", f"/post/{key_of('x', '10006')}", "/network", "/media", f"/account/{key_of('x', 'a0')}"]
    for number, page in enumerate(pages):
        log = tmp_path / f"net{number}.json"
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-default-apps", "--disable-extensions",
             "--enable-logging=stderr", "--virtual-time-budget=6000", f"--log-net-log={log}",
             f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", address + page],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        assert not re.findall(r"CONSOLE.*(?:[Ee]rror|Refused|violat).*", done.stderr), page
        events = json.loads(log.read_text("utf-8", "replace"))["events"]
        started = [e["params"] for e in events if {"initiator", "url"} <= set(e.get("params", ()))]
        # The browser's own calls home have no page as their initiator; ours have.
        asked = {
            urlsplit(p["url"]).netloc for p in started if p["initiator"] == address or p["url"].startswith(address)
        }
        assert asked == {urlsplit(address).netloc}, (page, asked)
        if page == "/network":
            assert 'data-settled="yes"' in done.stdout
