"""Pseudonyms of members in the rows of private chats."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import telegram, whatsapp
from tecolote.sources.base import Sink
from tecolote.sources.members import pseudonymise
from tests.sources.reading import read, rows

CHAT = """31/8/24, 20:47 - Ana creó el grupo "Amigos de Beto"
31/8/24, 20:48 - Ana añadió a Beto Ruiz y Carla
31/8/24, 20:49 - Ana: hola @Beto Ruiz y @5215555550100
31/8/24, 20:50 - Beto Ruiz: soy Beto, mi número es +52 55 5555 0100
31/8/24, 20:51 - +52 1 55 5555 0100: llámame al +52 1 55 5555 0100 o al 5555 9999
31/8/24, 20:52 - Carla salió del grupo
"""


def shown(platform: str, name: str) -> str:
    return f"member-{abs(hash((platform, name))) % 10**6}"


def everything(sink: Sink) -> str:
    return json.dumps([[str(v) for v in row] for table in sink.rows.values() for row in table], ensure_ascii=False)


def test_members_leave_every_column_and_the_giver_stays() -> None:
    sink = read(whatsapp.READER, CHAT.encode())
    before = list(sink.digests), list(sink.spans)
    pseudonymise(sink, shown, {"Ana"})
    assert (list(sink.digests), list(sink.spans)) == before
    beto, carla, phone = (shown("whatsapp", n) for n in ("Beto Ruiz", "Carla", "+5215555550100"))
    posts = rows(sink, "posts")
    assert [p["account_id"] for p in posts] == ["Ana", "Ana", "Ana", beto, phone, None]
    assert [p["author_name"] for p in posts] == [p["account_id"] for p in posts]
    assert posts[1]["text"] == f"Ana añadió a {beto} y {carla}"
    assert posts[2]["text"] == f"hola @{beto} y @{phone}"
    assert posts[4]["text"] == f"llámame al {phone} o al 5555 9999"
    assert posts[5]["text"] == f"{carla} salió del grupo"
    assert {e["src"] for e in rows(sink, "edges")} == {"Ana", beto, carla}
    members = [a for a in rows(sink, "accounts") if a["id"] != "Ana"]
    assert {a["id_kind"] for a in members} == {"pseudonym"}
    assert "Carla" not in everything(sink) and "Ruiz" not in everything(sink)


def test_one_account_has_one_pseudonym_by_id_and_by_name() -> None:
    chat = {
        "name": "Beto", "type": "personal_chat", "id": 222,
        "messages": [
            {"id": 1, "type": "message", "date_unixtime": "1700000000", "from": "Beto", "from_id": "user222",
             "text": "a"},
            {"id": 2, "type": "service", "date_unixtime": "1700000001", "actor": "Ana", "actor_id": "user111",
             "action": "invite_members", "members": ["Beto"], "text": ""},
            {"id": 3, "type": "message", "date_unixtime": "1700000002", "from": "Ana", "from_id": "user111",
             "text": "b", "reply_to_message_id": 1},
        ],
    }  # fmt: skip
    sink = read(telegram.READER, json.dumps(chat).encode())
    pseudonymise(sink, shown, {"user111"})
    beto = shown("telegram", "user222")
    posts = rows(sink, "posts")
    assert [p["account_id"] for p in posts] == [beto, "user111", "user111"]
    assert posts[2]["author_name"] == "Ana"
    assert posts[1]["text"] == f"invite_members: {beto}"
    assert posts[0]["id"] == posts[2]["in_reply_to_id"] == f"{beto}/1"
    thread = rows(sink, "threads")[0]
    assert (thread["id"], thread["title"]) == (beto, beto)
    assert "222" not in everything(sink).replace(beto, "")


WORD = st.text(st.characters(categories=["Lu", "Ll"]), min_size=3, max_size=8)


@given(st.lists(WORD, min_size=2, max_size=6, unique=True))
def test_names_go_as_whole_words_and_the_longest_first(names: list[str]) -> None:
    lines = [f"31/8/24, 20:{i:02} - {name}: hola\n" for i, name in enumerate([*names, names[0] + " " + names[1]])]
    lines.append(f"31/8/24, 21:00 - {names[0]} {names[1]} añadió a {names[-1]}\n")
    sink = read(whatsapp.READER, "".join(lines).encode())
    pseudonymise(sink, lambda platform, name: f"<{names.index(name) if name in names else 'both'}>", set())
    last = rows(sink, "posts")[-1]["text"]
    assert last == f"<both> añadió a <{len(names) - 1}>"


def test_the_partner_of_a_chat_is_hidden_even_if_they_never_wrote() -> None:
    said = {"id": 1, "type": "message", "date_unixtime": "1700000000", "from": "Ana", "from_id": "user111", "text": "a"}
    sink = read(
        telegram.READER,
        json.dumps({"name": "Beto", "type": "personal_chat", "id": 222, "messages": [said]}).encode(),
    )
    pseudonymise(sink, shown, {"Ana"})
    beto = shown("telegram", "user222")
    assert (rows(sink, "threads")[0]["id"], rows(sink, "threads")[0]["title"]) == (beto, beto)
    assert rows(sink, "posts")[0]["id"] == f"{beto}/1" and rows(sink, "posts")[0]["author_name"] == "Ana"


def test_without_members_nothing_changes() -> None:
    sink = read(whatsapp.READER, b"31/8/24, 20:47 - Ana: hola\n")
    before = everything(sink)
    pseudonymise(sink, shown, {"Ana"})
    assert everything(sink) == before
