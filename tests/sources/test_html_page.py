"""Saved pages are recognised and described in their own words, and dangerous XML is still named first."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import html_page, markup

SINGLE = b"""<!DOCTYPE html> <html lang=es><!--
 Page saved with SingleFile
 url: https://example.org/nota?a=1
 saved date: Mon Nov 23 2026 10:00:00 GMT-0600
--><meta charset=utf-8><title>Una &amp; otra
 nota</title><body>x"""


def test_a_page_saved_with_single_file() -> None:
    assert markup.remark(io.BytesIO(SINGLE)) == (
        "kept, a web page saved with SingleFile “Una & otra nota”; "
        "it says: from https://example.org/nota?a=1, Mon Nov 23 2026 10:00:00 GMT-0600"
    )


def test_plain_pages_and_what_is_none() -> None:
    assert html_page.describe(b"\n<html><head><title>T</title>") == "kept, a web page “T”"
    assert html_page.describe(b"<!doctype html>") == "kept, a web page"
    assert html_page.describe(b"<svg><title>T</title>") == ""
    bomb = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "b">]><html/>'
    assert "refused to parse" in markup.remark(io.BytesIO(bomb))


@pytest.mark.data
def test_the_summary_of_an_archiver_is_a_page(data: Path) -> None:
    path = data / "exports" / "auto_archiver" / "local_archive" / "9a2e60018cb8c5207c4ee5f7.html"
    with open(path, "rb") as stream:
        assert markup.remark(stream).startswith("kept, a web page")


@given(st.binary(max_size=500))
def test_nothing_breaks_the_look(noise: bytes) -> None:
    html_page.describe(noise)
    assert html_page.describe(b"<html>" + noise).startswith("kept, a web page")
