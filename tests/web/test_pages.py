from __future__ import annotations

import re

import pytest

from tecolote.decisions.codes import key_of
from tecolote.web.middleware import HEADERS

PAGES = ["/", "/posts", "/accounts", "/network", "/media", "/sources", "/observations"]


def addresses(built):
    post = key_of(built.posts[6]["platform"], built.posts[6]["id"])
    account = key_of("x", "a0")
    return [*PAGES, f"/post/{post}", f"/account/{account}"]


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_page_answers_in_both_languages(get, built, language):
    for address in addresses(built):
        answer = get(address, language)
        assert answer.status_code == 200, address
        body = answer.content.decode()
        assert f'<html lang="{language}">' in body
        assert ("Caso de demostración" if language == "es" else "Fictional demo case") in body


def test_every_page_has_a_json_twin(get, built):
    for address in addresses(built):
        answer = get("/overview.json" if address == "/" else f"{address}.json")
        assert answer.status_code == 200
        assert answer.json()["fictional"] is True


@pytest.mark.parametrize(
    "address",
    ["/post/" + "0" * 20, "/account/" + "0" * 20, "/picture/" + "0" * 64, "/nothing", "/post/../etc", "/language/xx"],
)
def test_what_is_not_there_is_404(get, address):
    assert get(address).status_code == 404


def test_headers_of_every_answer(get, built):
    for address in [*addresses(built), "/nothing", f"/picture/{built.media_sha256}"]:
        answer = get(address)
        for name, value in HEADERS.items():
            assert answer[name] == value, (address, name)
        assert "unsafe-inline" not in answer["Content-Security-Policy"]


def test_nothing_inline_and_nothing_from_elsewhere(get, built):
    for address in addresses(built):
        body = get(address).content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)", body)
        assert "style=" not in re.sub(r"&lt;.*?&gt;", "", body)
        for value in re.findall(r'(?:src|href|action|srcset|data-source|data-account)="([^"]*)"', body):
            assert value.startswith(("/", "?", "#")) and not value.startswith("//"), (address, value)


def test_only_reading(get, built):
    from django.test import Client

    from tecolote.web.library import ENVIRON_KEY, Library

    client = Client(headers={"host": "localhost"}, **{ENVIRON_KEY: Library(built.case)})
    for address in PAGES:
        assert client.post(address).status_code == 405


def test_a_foreign_host_name_is_refused(get, built):
    from django.test import Client

    from tecolote.web.library import ENVIRON_KEY, Library

    client = Client(headers={"host": "evil.example"}, **{ENVIRON_KEY: Library(built.case)})
    assert client.get("/").status_code == 400


def test_language_choice_goes_back_but_never_elsewhere(get):
    answer = get("/language/es", next="/posts?q=x")
    assert (answer.status_code, answer["Location"]) == (302, "/posts?q=x")
    assert answer.cookies["tecolote_language"].value == "es"
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert get("/language/es", next=elsewhere)["Location"] == "/"


def test_a_picture_comes_from_evidence_only_if_a_record_names_it(get, built):
    answer = get(f"/picture/{built.media_sha256}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
