"""WhatsApp text exports: every layout, the date order, the app's own words, and what must not be believed."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.sources.base import Options, Source
from tecolote.sources.date_order import DateEvidence
from tecolote.sources.whatsapp import READER
from tecolote.sources.whatsapp.cut import cut
from tests.sources.reading import content, counts, read, rows

MEXICO = Options(timezone="America/Mexico_City")

# Layout: strftime-like pattern, in the order of the parts; {h} is the hour of a 12-hour clock, {p} its half.
LAYOUTS = {
    "android es-MX": "{d}/{m}/{y2}, {h}:{M}\u202f{p}.\u00a0m. - ",
    "android es-MX old": "{d}/{m}/{y4} {h}:{M} {p}. m. - ",
    "android en-US": "{m}/{d}/{y2}, {h}:{M}\u202f{P}M - ",
    "android 24 h": "{d2}/{m2}/{y4}, {H}:{M} - ",
    "android dots": "{d2}.{m2}.{y2}, {H}:{M} - ",
    "android year first": "{y4}-{m2}-{d2}, {H}:{M} - ",
    "ios es-MX": "[{d2}/{m2}/{y2}, {h}:{M}:{S} {p}.m.] ",
    "ios en-US": "[{m}/{d}/{y2}, {h}:{M}:{S}\u202f{P}M] ",
    "ios dashes": "[{d2}-{m2}-{y2} {H}:{M}:{S}] ",
    "ios finnish": "[{d}.{m}.{y4} klo {H}.{M}.{S}] ",
    "ios old": "{d2}/{m2}/{y2} {H}:{M}:{S}: ",
}


def header(layout: str, at: datetime) -> str:
    return LAYOUTS[layout].format(
        d=at.day, m=at.month, d2=f"{at.day:02}", m2=f"{at.month:02}", y2=f"{at.year % 100:02}", y4=at.year,
        h=at.hour % 12 or 12, H=f"{at.hour:02}", M=f"{at.minute:02}", S=f"{at.second:02}",
        p="a" if at.hour < 12 else "p", P="A" if at.hour < 12 else "P",
    )  # fmt: skip


# What no message may contain without becoming something else: control characters, marks, the app's words.
WORDS = st.lists(
    st.sampled_from(["hola", "¿dónde?", "mañana", "a las 8", "😀", "x: y", "[sic]", "- no"]), min_size=1, max_size=5
)
TEXT = st.lists(WORDS.map(" ".join), min_size=1, max_size=3).map("\n".join)
NAMES = st.sampled_from(["Ana", "Beto Ruiz", "+52 55 5555 0100", "Peña 🏠", "~ Caro"])
MESSAGES = st.lists(st.tuples(NAMES, TEXT, st.integers(1, 4 * 86400)), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(LAYOUTS)), MESSAGES, st.booleans(), st.booleans())
def test_what_is_written_in_a_layout_is_read_back(
    layout: str, messages: list[tuple[str, str, int]], windows: bool, last_break: bool
) -> None:
    at, parts, expected = datetime(2024, 1, 13, 23, 30), [], []
    for name, text, gap in messages:
        at += timedelta(seconds=gap)
        shown = at if "{S}" in LAYOUTS[layout] else at.replace(second=0)
        parts.append(f"{header(layout, at)}{name}: {text}")
        expected.append((name, text, shown.replace(tzinfo=ZoneInfo("America/Mexico_City")).astimezone(UTC)))
    raw = ("\r\n" if windows else "\n").join(parts).encode() + (b"\n" if last_break else b"")
    order = {"android en-US": "mdy", "ios en-US": "mdy", "android year first": "ymd"}.get(layout, "dmy")
    sink = read(READER, raw, options=Options(timezone="America/Mexico_City", date_order=order))
    found = [(p["author_name"], p["text"], p["created_at"]) for p in rows(sink, "posts")]
    assert found == expected
    assert READER.sniff(raw[:65536], "x") >= 0.9
    spans = [raw[sink.spans[i] : sink.spans[i] + sink.spans[i + 1]].decode() for i in range(0, len(sink.spans), 2)]
    assert spans == parts
    assert len({p["id"] for p in rows(sink, "posts")}) == len(parts)


def test_ids_stay_when_the_chat_is_exported_again_and_longer() -> None:
    first = "31/8/24, 20:47 - Ana: hola\n31/8/24, 20:47 - Ana: hola\n31/8/24, 20:48 - Beto: sí\n"
    later = first + "31/8/24, 20:48 - Beto: sí\n1/9/24, 9:00 - Ana: ya\n"
    before = [p["id"] for p in rows(read(READER, first.encode(), name="WhatsApp Chat with X.txt"), "posts")]
    after = [p["id"] for p in rows(read(READER, later.encode(), name="renamed.txt"), "posts")]
    assert after[: len(before)] == before
    assert len(set(after)) == 5


ES = """[31/8/24, 8:47:01 p.m.] Vecinos: \u200eLos mensajes y las llamadas están cifrados de extremo a extremo.
[31/8/24, 8:47:02 p.m.] Vecinos: \u200eAna creó el grupo "Vecinos: centro"
[31/8/24, 8:47:03 p.m.] Vecinos: \u200eAna añadió a Beto y Caro
\u200e[31/8/24, 8:48:00 p.m.] Beto: \u200e<adjunto: 00000012-PHOTO-2024-08-31-20-48-00.jpg>
[31/8/24, 8:49:00 p.m.] Beto: mira \u200eimagen omitida
[31/8/24, 8:50:00 p.m.] Beto: \u200evideo omitido
[31/8/24, 8:51:00 p.m.] Beto: lista.pdf • \u200e3 páginas \u200edocumento omitido
[31/8/24, 8:52:00 p.m.] Beto: \u200eEliminaste este mensaje.
[31/8/24, 8:53:00 p.m.] Beto: \u200eSe eliminó este mensaje.
[31/8/24, 8:54:00 p.m.] Caro: mañana a las 8 \u200e<Se editó este mensaje.>
[31/8/24, 8:55:00 p.m.] Caro: \u200eLlamada perdida
[31/8/24, 8:56:00 p.m.] Caro: \u200eUbicación: https://maps.google.com/?q=19.432608,-99.133209
[31/8/24, 8:57:00 p.m.] Caro: \u200eENCUESTA:
¿Vamos?
\u200eOPCIÓN: Sí (\u200e3 votos)
[31/8/24, 8:58:00 p.m.] Caro: \u200eTarjeta de contacto omitida
[31/8/24, 8:59:00 p.m.] ~ Dora: los borrados son: <Multimedia omitido> jaja
"""
EN = """8/31/24, 20:47 - Messages and calls are end-to-end encrypted. Only people in this chat can read them.
8/31/24, 20:47 - Ana created group "Neighbours: centre"
8/31/24, 20:47 - Ana added Beto and Caro
8/31/24, 20:48 - Beto: IMG-20240831-WA0001.jpg (file attached)
8/31/24, 20:49 - Beto: <Media omitted>
look
8/31/24, 20:50 - Beto: <Media omitted>
8/31/24, 20:51 - Beto: list.pdf (file attached)
the caption
8/31/24, 20:52 - Beto: You deleted this message
8/31/24, 20:53 - Beto: This message was deleted
8/31/24, 20:54 - Caro: tomorrow at 8 <This message was edited>
8/31/24, 20:55 - Caro: Missed voice call
8/31/24, 20:56 - Caro: location: https://maps.google.com/?q=19.432608,-99.133209
8/31/24, 20:57 - Caro: POLL:
Shall we?
OPTION: Yes (3 votes)
8/31/24, 20:58 - Caro: Juan.vcf (file attached)
8/31/24, 20:59 - Dora: the deleted ones are: <Media omitted> haha
8/31/24, 21:00 - Dora changed the group name from "Neighbours: centre" to "Night: watch"
8/31/24, 21:01 - Beto left
"""


@pytest.mark.parametrize(("chat", "events"), [(ES, 4), (EN, 6)])
def test_the_words_of_the_app_are_told_from_those_of_people(chat: str, events: int) -> None:
    sink = read(READER, chat.encode(), options=MEXICO)
    posts = rows(sink, "posts")
    by_minute = {re.search(r":(\d\d)", p["created_at_raw"])[1]: p for p in posts}  # type: ignore[index]
    assert sum(p["kind"] == "event" for p in posts) == events
    assert rows(sink, "threads")[0] | {"rec": 0} == {
        "rec": 0, "platform": "whatsapp", "id": posts[0]["thread_id"], "type": "group", "private": True,
        "title": "Vecinos: centro" if chat is ES else "Neighbours: centre", "member_count": None,
    }  # fmt: skip
    members = {e["src"] for e in rows(sink, "edges", type="member_of")}
    assert members == {"Beto", "Caro"}
    assert [by_minute[m]["text"] for m in ("52", "53")] == [None, None]
    assert {o["target_id"] for o in rows(sink, "observations", state="deleted")} == {
        by_minute[m]["id"] for m in ("52", "53")
    }
    assert by_minute["54"]["revision"] == 1 and by_minute["54"]["text"] in ("mañana a las 8", "tomorrow at 8")
    assert by_minute["54"]["text_raw"].endswith(">")
    assert by_minute["55"]["kind"] == "event" and by_minute["55"]["account_id"] == "Caro"
    assert by_minute["56"]["place"] == '{"lat": 19.432608, "lon": -99.133209}'
    assert by_minute["57"]["kind"] == "message" and "\n" in by_minute["57"]["text"]
    assert by_minute["59"]["text"].endswith(("jaja", "haha")) and by_minute["59"]["text_raw"] is None
    media = {m["post_id"]: (m["type"], m["local_path"], m["status"]) for m in rows(sink, "media")}
    assert len(media) == 5
    assert media[by_minute["48"]["id"]][0::2] == ("image", "present")
    assert media[by_minute["50"]["id"]][2] == "omitted"
    assert media[by_minute["51"]["id"]][:2] == ("document", "lista.pdf" if chat is ES else "list.pdf")
    assert by_minute["49"]["text"] in ("mira", "look")


def test_a_quoted_header_in_a_message_is_text_and_said() -> None:
    raw = (
        "31/8/24, 20:47 - Ana: me escribió esto:\n[30/8/24, 10:00:01] Beto: paga\n[30/8/24, 10:00:05] Beto: o verás\n"
        "31/8/24, 20:48 - Ana: eso\n"
    ).encode()
    sink = read(READER, raw)
    assert [p["author_name"] for p in rows(sink, "posts")] == ["Ana", "Ana"]
    assert "Beto: paga" in rows(sink, "posts")[0]["text"]
    assert any("2 lines look like older messages" in n for n in sink.notes)


def test_layouts_one_after_the_other_are_all_messages() -> None:
    lines = ["13/8/24, 20:47 - Ana: a", "[14/08/2024, 20:48:00] Beto: b", "15.08.24, 20:49 - Ana: c",
             "2024-08-16, 20:50 - Ana: d"]  # fmt: skip
    sink = read(READER, "\n".join(lines).encode(), options=MEXICO)
    assert [p["text"] for p in rows(sink, "posts")] == ["a", "b", "c", "d"]
    assert [p["created_at"].day for p in rows(sink, "posts")] == [14, 15, 16, 17]


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["13/1/21"], "dmy"),
        (["1/13/21"], "mdy"),
        (["2021/1/5"], "ymd"),
        (["1/2/21", "3/4/21"], None),
        (["1/1/21", "5/5/21"], "dmy"),
        (["1/2/21", "2/2/21", "1/3/21", "2/3/21", "1/4/21", "2/4/21", "1/5/21"], "dmy"),
        (["1/2/21", "2/2/21", "1/3/21"], None),
        (["31/2/21"], None),
        (["10/11/12"], None),
    ],
)
def test_the_date_order_is_settled_by_the_whole_file_or_not_at_all(dates: list[str], order: str | None) -> None:
    evidence = DateEvidence(2009)
    for written in dates:
        a, b, c = written.split("/")
        evidence.see((a, b, c))
    assert evidence.settled()[0] == order
    raw = "".join(f"{d}, 10:00 - Ana: x{i}\n" for i, d in enumerate(dates)).encode()
    found = [p["created_at"] for p in rows(read(READER, raw, options=MEXICO), "posts")]
    assert all((at is None) == (order is None) for at in found)


@given(st.lists(st.dates(datetime(2009, 1, 1).date(), datetime(2099, 12, 31).date()), min_size=1, max_size=40))
def test_a_settled_order_is_never_another_than_the_true_one(days: list) -> None:  # type: ignore[type-arg]
    evidence = DateEvidence(2009)
    for day in sorted(days):
        evidence.see((str(day.day), str(day.month), f"{day.year % 100:02}"))
    order, why = evidence.settled()
    assert order in ("dmy", None) or "alike" in why


def test_without_a_zone_or_an_order_no_time_is_made_up() -> None:
    raw = b"1/2/21, 10:00 - Ana: x\n3/4/21, 10:00 - Ana: y\n"
    for options, made in (
        (Options(), False), (MEXICO, False), (Options(date_order="dmy"), False),
        (Options(timezone="America/Mexico_City", date_order="dmy"), True),
    ):  # fmt: skip
        post = rows(read(READER, raw, options=options), "posts")[0]
        assert (post["created_at"] is not None) == made
        assert post["created_at_raw"] == "1/2/21, 10:00"
        assert post["tz_basis"] == ("user_given" if options.timezone else "unknown")


def test_a_word_of_the_user_does_not_overrule_the_dates() -> None:
    sink = read(READER, b"13/1/21, 10:00 - Ana: x\n", options=Options(timezone="UTC", date_order="mdy"))
    assert rows(sink, "posts")[0]["created_at"] == datetime(2021, 1, 13, 10, tzinfo=UTC)
    assert any("--date-order mdy is not followed" in note for note in sink.notes)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 80))
def test_noise_never_stops_the_reader(noise: bytes, at: int) -> None:
    good = "31/8/24, 20:47 - Ana: hola\n31/8/24, 20:48 - Beto: sí\n".encode()
    raw = good[:at] + noise + good[at:]
    READER.sniff(raw, "")
    READER.chats(Source("x", io.BytesIO(raw), len(raw)))
    read(READER, raw, options=MEXICO)


def test_the_cut_does_not_depend_on_the_size_of_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = EN.encode()
    whole = [(s, r) for s, r, _ in cut(Source("x", io.BytesIO(raw), len(raw)))]
    for size in (1, 7, 64):
        monkeypatch.setattr("tecolote.sources.whatsapp.cut._BLOCK", size)
        assert [(s, r) for s, r, _ in cut(Source("x", io.BytesIO(raw), len(raw)))] == whole


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"{}",
        b"a,b\n1,2\n",
        b"2024-01-01 10:00:00: INFO started\n" * 3,
        b"[2024-01-01 10:00:00] app.ERROR: x\n",
    ],
)
def test_other_files_are_not_taken_for_chats(raw: bytes) -> None:
    assert READER.sniff(raw, "_chat.txt") < 0.3


@given(st.lists(st.text(max_size=20).map(lambda t: t.replace("\n", " ")), min_size=1, max_size=6), st.booleans())
@settings(max_examples=50, deadline=None)
def test_a_chat_in_utf16_reads_as_in_utf8_with_spans_of_its_own_bytes(texts: list[str], big: bool) -> None:
    chat = "".join(f"31/8/24, 20:4{n} - Ana: hola {t}\n" for n, t in enumerate(texts))
    code = "utf-16-be" if big else "utf-16-le"
    raw = ("\ufeff" + chat).encode(code)
    assert READER.sniff(raw, "") >= 0.9
    sink, plain = read(READER, raw), read(READER, chat.encode())
    assert content(sink) == content(plain) and sink.quarantined == plain.quarantined
    assert READER.chats(Source("x", io.BytesIO(raw), len(raw))) == READER.chats(
        Source("x", io.BytesIO(chat.encode()), 9)
    )
    for i in range(sink.count):
        a, length = sink.spans[2 * i : 2 * i + 2]
        b, size = plain.spans[2 * i : 2 * i + 2]
        assert raw[a : a + length].decode(code) == chat.encode()[b : b + size].decode()
    assert sink.count == plain.count and any("UTF-16" in note for note in sink.notes)


def test_utf16_with_unpaired_surrogates_and_an_odd_end_keeps_its_spans() -> None:
    text = "31/8/24, 20:47 - Ana: a\ud800b\n31/8/24, 20:48 - Ana: c"
    raw = b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass") + b"x"
    sink = read(READER, raw)
    assert [p["text"] for p in rows(sink, "posts")] == ["a\ufffdb", "c\ufffd"]
    start, length = sink.spans[2:4]
    assert raw[start : start + length].startswith("31/8/24, 20:48".encode("utf-16-le"))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "messages", "authors", "order"),
    [
        ("chat-analytics_2A_5M.txt", 5, 2, "alike"),
        ("chat-miner_test_bmmddyyb_24hrs.txt", 9, 6, "mdy"),
        ("chat-miner_test_ddmmyy_24hrs.txt", 9, 6, "dmy"),
        ("chat-miner_test_mmddyy_24hrs.txt", 9, 6, "mdy"),
        ("chat-miner_test_mmddyyyy_12hrs.txt", 9, 6, "mdy"),
        ("chat-miner_test_yyyymmdd_24hrs.txt", 9, 6, "ymd"),
        ("composed_es_mx_android.txt", 7, 3, "dmy"),
        ("pustur_short-chat.txt", 5, 3, "cannot settle"),
        ("whatstk_lorem.txt", 500, 4, "dmy"),
        ("whatstk_pokemon.txt", 20, 8, "dmy"),
    ],
)
def test_samples_of_other_projects(data: Path, name: str, messages: int, authors: int, order: str) -> None:
    raw = (data / "exports" / "whatsapp_txt" / name).read_bytes()
    sink = read(READER, raw, options=MEXICO)
    # An independent count: lines that begin with a date, whatever its layout.
    assert (
        sink.count
        == sum(bool(re.match(r"\[?\d+[/.-]\d+[/.-]\d+[, ]", x)) for x in raw.decode().splitlines())
        == messages
    )
    assert counts(sink)["posts"] == messages and not sink.quarantined
    assert counts(sink)["accounts"] == authors
    assert any(order in note for note in sink.notes)
    assert all((p["created_at"] is None) == (order == "cannot settle") for p in rows(sink, "posts"))


@pytest.mark.data
def test_values_read_by_hand(data: Path) -> None:
    sink = read(READER, (data / "exports" / "whatsapp_txt" / "composed_es_mx_android.txt").read_bytes(), options=MEXICO)
    posts = rows(sink, "posts")
    assert [(p["kind"], p["account_id"], p["text"], p["text_raw"], p["revision"]) for p in posts[1:]] == [
        ("event", "Ana", 'Ana creó el grupo "Vecinos 🏘️"', None, None),
        ("message", "Ana", "Buenas noches\nsegunda línea: con dos puntos", None, None),
        ("message", "Beto", None, "<Multimedia omitido>", None),
        ("message", "Beto", "Corrijo", "Corrijo <Se editó este mensaje.>", 1),
        ("message", "Beto", None, "Se eliminó este mensaje.", None),
        ("message", "+525555550100", None, "IMG-20240901-WA0001.jpg (archivo adjunto)", None),
    ]
    assert posts[0]["kind"] == "event" and posts[0]["account_id"] is None
    assert posts[2]["created_at"] == datetime(2024, 9, 1, 2, 48, tzinfo=UTC)
    assert (posts[3]["created_at"], posts[3]["tz_basis"]) == (datetime(2024, 9, 1, 6, 5, tzinfo=UTC), "user_given")
    assert [(m["post_id"], m["type"], m["local_path"], m["status"]) for m in rows(sink, "media")] == [
        (posts[3]["id"], None, None, "omitted"), (posts[6]["id"], "image", "IMG-20240901-WA0001.jpg", "present"),
    ]  # fmt: skip
    (gone,) = rows(sink, "observations")
    assert (gone["target_id"], gone["state"], gone["reason"]) == (posts[5]["id"], "deleted", "Se eliminó este mensaje.")
    (thread,) = rows(sink, "threads")
    assert (thread["title"], thread["type"], thread["private"]) == ("Vecinos 🏘️", "group", True)
    assert [(a["id"], a["id_kind"]) for a in rows(sink, "accounts")] == [
        ("Ana", "display_name"), ("Beto", "display_name"), ("+525555550100", "phone"),
    ]  # fmt: skip
