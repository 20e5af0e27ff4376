"""What formats hold by their documentation or their tool's source, though no sample at hand does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tecolote.sources import private_shapes, registry
from tecolote.sources.base import Options

from .reading import read, rows

USER = {"id_str": "9", "screen_name": "ana", "name": "Ana", "followers_count": 1}
NODE = {
    "pk": "33", "id": "33_5", "code": "Cx", "taken_at": 1725156000, "media_type": 1, "caption": {"text": "hola"},
    "user": {"pk": "5", "username": "ana"}, "like_count": 1,
}  # fmt: skip
VIDEO = {
    "id": "17", "display_id": "18", "title": "Ana - plaza", "description": "plaza en paz", "uploader": "Ana",
    "uploader_id": "ana", "extractor": "twitter", "extractor_key": "Twitter", "timestamp": 1725156000,
    "webpage_url": "https://twitter.com/ana/status/18", "fulltitle": "Ana - plaza", "_type": "video",
    "epoch": 1725256000,
}  # fmt: skip


def reading(value: Any, name: str, options: Options | None = None) -> Any:
    raw = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    reader = registry.pick(raw, "file")
    assert reader is not None and reader.name == name
    return read(reader, raw, options=options)


def test_search_answers_of_x_until_2023_as_zeeschuimer_kept_them() -> None:
    post = {
        "created_at": "Wed Oct 10 20:19:24 +0000 2018", "id_str": "12345678901234567", "user_id_str": "9",
        "full_text": "RT @b: hola #plaza…", "ext_views": {"count": "55"}, "retweeted_status_id_str": "11",
    }  # fmt: skip
    line = {
        "nav_index": "1:0:0", "item_id": 12345678901234568, "timestamp_collected": 1675156000000,
        "source_platform": "twitter.com", "source_platform_url": "https://twitter.com/search", "source_url": "x",
        "data": {"id": 12345678901234568, "type": "adaptive", "legacy": post, "user": USER},
    }  # fmt: skip
    sink = reading(line, "x_graphql")
    (found,) = rows(sink, "posts")
    assert (found["id"], found["account_id"], found["author_name"]) == ("12345678901234567", "9", "ana")
    assert found["text_truncated"] is True
    assert rows(sink, "post_snapshots")[0]["views"] == 55
    assert [(e["src"], e["dst"]) for e in rows(sink, "edges", type="reposts")] == [("9", "11")]


@pytest.mark.parametrize(
    "value",
    [
        {"data": {"xdt_api__v1__feed__user_timeline_graphql_connection": {"edges": [{"node": NODE}]}}},
        {"data": {"xdt_api__v1__feed__timeline__connection": {"edges": [{"node": {"media": NODE}}]}}},
        {"data": {"xdt_api__v1__media__shortcode__web_info": {"items": [NODE]}}},
    ],
)
def test_posts_of_instagrams_web_page_of_today(value: Any) -> None:
    (post,) = rows(reading(value, "instagram_web"), "posts")
    assert (post["id"], post["account_id"], post["text"]) == ("33", "5", "hola")


def test_profiles_and_lists_of_people_of_instagrams_web_page() -> None:
    user = {"id": "5", "username": "ana", "full_name": "Ana", "biography": "b", "edge_followed_by": {"count": 7}}
    (profile,) = rows(reading({"data": {"user": user}, "status": "ok"}, "instagram_web"), "account_snapshots")
    assert (profile["account_id"], profile["followers"]) == ("5", 7)
    people = [{"pk": str(n), "username": f"u{n}", "full_name": ""} for n in range(3)]
    assert len(rows(reading({"users": people, "status": "ok"}, "instagram_web"), "accounts")) == 3


def test_a_video_on_x_belongs_to_its_post_and_its_made_up_title_is_no_text() -> None:
    sink = reading(VIDEO, "ytdlp_info_json")
    (post,) = rows(sink, "posts")
    assert (post["platform"], post["id"], post["text"]) == ("x", "18", "plaza en paz")
    assert [(m["id"], m["post_id"]) for m in rows(sink, "media")] == [("17", "18")]


def test_a_message_of_a_removed_account_is_a_message() -> None:
    chat = {"participants": [{"name": "Ana"}], "title": "x", "thread_path": "inbox/x_1", "messages": [
        {"sender_name": "Ana", "timestamp_ms": 1725156000000, "content": "hola"},
        {"timestamp_ms": 1725156001000, "share": {"link": "https://i", "original_content_owner": "c"}},
    ]}  # fmt: skip
    sink = reading(chat, "facebook_messages")
    assert sink.quarantined == [] and [p["account_id"] for p in rows(sink, "posts")] == ["Ana", None]
    assert {p["platform"] for p in rows(sink, "posts")} == {"instagram"}  # only its shares name a content's owner


@pytest.mark.parametrize(
    ("words", "kind", "name"),
    [
        ("\u200eYou received a view once message. For added privacy, you can only open it on your phone.", None, None),
        ("\u200eRecibiste una foto de visualización única. Para mayor privacidad, ábrela ahí.", "image", None),
        ("Beto.vcf \u200eContact card omitted", "document", "Beto.vcf"),
        ("<Medien ausgeschlossen>", None, None),
        ("<Se omitió archivo multimedia>", None, None),
    ],
)  # fmt: skip
def test_what_stands_for_a_file_in_a_whatsapp_chat(words: str, kind: str | None, name: str | None) -> None:
    sink = reading(f"[31/8/24, 8:47:01\u202fPM] Ana: hola\n[31/8/24, 8:48:01\u202fPM] Ana: {words}\n", "whatsapp")
    _, post = rows(sink, "posts")
    assert (post["kind"], post["account_id"], post["text"], post["text_raw"]) == ("message", "Ana", None, words)
    (media,) = rows(sink, "media")
    assert (media["type"], media["local_path"], media["status"]) == (kind, name, "omitted")


@pytest.mark.parametrize(
    ("words", "observed"),
    [
        ("Se eliminó este mensaje por un administrador", ["deleted"]),
        ("Waiting for this message. This may take a while.", []),
        ("Esperando el mensaje. Esto puede tomar tiempo.", []),
    ],
)
def test_words_of_whatsapp_itself_are_no_text(words: str, observed: list[str]) -> None:
    sink = reading(f"31/08/24, 20:47 - Ana: hola\n31/08/24, 20:48 - Ana: {words}\n", "whatsapp")
    assert [(p["kind"], p["text"], p["text_raw"]) for p in rows(sink, "posts")][1:] == [("message", None, words)]
    assert [o["state"] for o in rows(sink, "observations")] == observed and not rows(sink, "media")


def test_a_reply_by_number_is_a_message_in_discord() -> None:
    message = {"id": "1", "type": "19", "timestamp": "2024-08-31T20:02:00+00:00", "content": "x",
               "author": {"id": "9", "name": "ana"}}  # fmt: skip
    chat = {"guild": {"id": "2", "name": "G"}, "channel": {"id": "3", "type": "GuildTextChat", "name": "g"},
            "messages": [message], "messageCount": 1}  # fmt: skip
    assert [p["kind"] for p in rows(reading(chat, "discord_dce"), "posts")] == ["message"]


def test_a_place_sent_on_telegram_as_telethon_writes_it() -> None:
    message = {
        "_": "Message", "id": 5, "peer_id": {"_": "PeerChannel", "channel_id": 12}, "date": "2024-08-31T20:00:00+00:00",
        "message": "", "media": {"_": "MessageMediaVenue", "title": "Plaza",
                                 "geo": {"_": "GeoPoint", "long": -99.1, "lat": 19.4, "access_hash": 1}},
    }  # fmt: skip
    (post,) = rows(reading(message, "telegram_telethon"), "posts")
    assert json.loads(post["place"]) == {"latitude": 19.4, "longitude": -99.1, "name": "Plaza"}


def test_a_row_number_of_facepager_is_no_id() -> None:
    table = (
        "id;parent_id;level;object_id;object_type;query_status;created_time;message\n"
        "1;;0;99;data;fetched (200);2024-08-31T20:00:00+0000;hola\n2;1;1;100;data;fetched (200);;adiós\n"
    )
    found = rows(reading(table, "csv"), "posts")
    assert [(post["id"], post["text"], post["in_reply_to_id"]) for post in found] == [
        ("99", "hola", None), ("100", "adiós", None),
    ]  # fmt: skip


def test_a_post_of_instagram_has_one_id_in_crowdtangle_and_elsewhere() -> None:
    post = {
        "platformId": "33_5", "platform": "Instagram", "date": "2024-08-31 20:00:00", "description": "hola",
        "postUrl": "https://www.instagram.com/p/Cx/", "subscriberCount": 5,
        "statistics": {"actual": {"favoriteCount": 1}}, "account": {"id": 3, "handle": "p", "platformId": "5"},
    }  # fmt: skip
    (found,) = rows(reading({"status": 200, "result": {"posts": [post]}}, "crowdtangle"), "posts")
    (other,) = rows(reading(NODE, "instagram_web"), "posts")
    assert (found["platform"], found["id"], found["account_id"]) == (
        other["platform"], other["id"], other["account_id"],
    )  # fmt: skip


def test_keys_nested_by_spite_cost_their_file_alone() -> None:
    raw = b'{"result":' * 480 + b"1" + b"}" * 480
    for reader in registry.READERS:
        read(reader, raw)


PRIVATE: dict[str, Any] = {
    "bluesky": {"messages": [{"$type": "chat.bsky.convo.defs#messageView", "text": "hola", "sentAt": "2024-05-25"}]},
    "snapchat": {"eva": [{"From": "ana", "Media Type": "TEXT", "Created": "2024-01-01 00:00:00 UTC", "Content": "x"}]},
    "signal": {"envelope": {"sourceNumber": "+521", "dataMessage": {"timestamp": 1, "message": "x"}}},
    "backup": {"5215512345678@s.whatsapp.net": {"name": "Ana", "messages": {"1": {"from_me": True, "data": "x"}}}},
    "google": {"messages": [{"creator": {"name": "A"}, "created_date": "1", "text": "x", "topic_id": "t"}]},
    "hangouts": {"conversations": [{"events": [{"sender_id": {"gaia_id": "1"}, "chat_message": {}}]}]},
}


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("indent", [None, 2])
def test_messages_that_no_reader_reads_are_known_to_be_private(name: str, indent: int | None) -> None:
    raw = json.dumps(PRIVATE[name], indent=indent).encode()
    assert registry.pick(raw, "posts.json") is None and private_shapes.recognise(raw, "posts.json")


def test_polls_buttons_and_venues_of_telegram_as_the_desktop_program_writes_them() -> None:
    base = {"type": "message", "date_unixtime": "1700000000", "from": "Canal", "from_id": "channel5", "text": ""}
    said = [
        base | {"id": 1, "poll": {"question": "¿Marcha?", "closed": False, "total_voters": 3, "answers": [
            {"text": "sí", "voters": 2, "chosen": False}, {"text": "no", "voters": 1, "chosen": False}]}},
        base | {"id": 2, "text": "mira", "inline_bot_buttons": [[
            {"type": "url", "text": "Entra", "data": "https://example.org/a"},
            {"type": "callback", "text": "x", "dataBase64": "eA", "data": ""}]]},
        base | {"id": 3, "place_name": "Zócalo", "address": "Centro", "location_information": {"latitude": 19.4,
                                                                                              "longitude": -99.1}},
        base | {"id": 4, "location_information": None, "contact_information": {"phone_number": "+52 1"}},
    ]  # fmt: skip
    chat = {"name": "Canal", "type": "public_channel", "id": 5, "messages": said}
    sink = reading(chat, "telegram_desktop")
    poll, buttons, venue, nowhere = rows(sink, "posts")
    assert poll["text"] == "¿Marcha?\nsí\nno" and buttons["text"] == "mira"
    assert [(e["type"], e["dst"]) for e in rows(sink, "edges")] == [("links_to", "https://example.org/a")]
    assert json.loads(venue["place"]) == {
        "name": "Zócalo", "address": "Centro", "latitude": 19.4, "longitude": -99.1
    }  # fmt: skip
    assert nowhere["place"] is None and nowhere["text"] is None


def test_one_section_of_a_tiktok_download_and_its_chats_with_a_small_letter() -> None:
    chats = {"Chat History with eva:": [{"Date": "2024-01-04 00:00:00 UTC", "From": "ana", "Content": "ven"}]}
    sink = reading({"Direct Message": {"Direct Messages": {"ChatHistory": chats}}}, "tiktok_download")
    (message,) = rows(sink, "posts")
    assert (message["thread_id"], message["text"], message["visibility"]) == ("eva", "ven", "private")
    alone = {"Comment": {"Comments": {"CommentsList": [{"date": "2024-01-03 00:00:00", "comment": "hola"}]}}}
    assert rows(reading(alone, "tiktok_download"), "posts")[0]["kind"] == "comment"


@pytest.mark.parametrize("named", [True, False])
def test_the_preview_of_a_post_for_subscribers_on_x_is_a_post_and_no_account(named: bool) -> None:
    author = {"__typename": "User", "rest_id": "9", "core": {"screen_name": "ana", "name": "Ana"}, "legacy": {}}
    shown = {
        "rest_id": "123", "text": "solo el principio", "created_at": "Wed Oct 10 20:19:24 +0000 2018",
        "core": {"user_results": {"result": author}}, "favorite_count": 3, "view_count": {"count": "7"},
    }  # fmt: skip
    result = {"__typename": "TweetPreviewDisplay", "tweet": shown}
    if not named:
        result = {"rest_id": "123", "core": shown["core"], "legacy": {"created_at": shown["created_at"]}}
    sink = reading({"data": {"tweetResult": {"result": result}}}, "x_graphql")
    (post,) = rows(sink, "posts")
    assert (post["id"], post["account_id"]) == ("123", "9") and [a["id"] for a in rows(sink, "accounts")] == ["9"]
    if named:
        assert (post["text"], post["text_truncated"]) == ("solo el principio", True)
        assert rows(sink, "post_snapshots")[0]["views"] == 7
        assert rows(sink, "observations")[0]["state"] == "restricted"


def test_a_live_chat_of_youtube_and_what_was_deleted_from_it() -> None:
    said = {
        "liveChatId": "C1",
        "authorChannelId": "UC1",
        "publishedAt": "2024-01-01T00:00:00Z",
        "hasDisplayContent": True,
    }
    text = {
        "type": "textMessageEvent",
        "displayMessage": "mira #hoy",
        "textMessageDetails": {"messageText": "mira #hoy"},
    }
    gone = {"type": "messageDeletedEvent", "messageDeletedDetails": {"deletedMessageId": "L9"}, "publishedAt": "x"}
    items = [
        {"id": "L1", "snippet": said | text, "authorDetails": {"channelId": "UC1", "displayName": "Ana"}},
        {"id": "L2", "snippet": gone}, {"id": "L3", "snippet": {"type": "tombstone", "liveChatId": "C1"}},
    ]  # fmt: skip
    page = {
        "kind": "youtube#liveChatMessageListResponse",
        "items": [i | {"kind": "youtube#liveChatMessage"} for i in items],
    }
    sink = reading(page, "youtube_data_api")
    (post,) = rows(sink, "posts")
    assert (post["id"], post["account_id"], post["author_name"], post["thread_id"]) == ("L1", "UC1", "Ana", "C1")
    assert post["text"] == "mira #hoy" and [e["dst"] for e in rows(sink, "edges")] == ["hoy"]
    assert [(o["target_id"], o["state"]) for o in rows(sink, "observations")] == [("L9", "deleted"), ("L3", "deleted")]


@pytest.mark.parametrize("data", [{"data": {}}, {}])
def test_an_error_of_tiktok_is_said_and_gives_no_rows(data: dict[str, Any]) -> None:
    error = {"code": "rate_limit_exceeded", "message": "daily quota", "log_id": "2024"}
    sink = reading(data | {"error": error}, "tiktok_research_api")
    assert not any(sink.rows.values()) and "rate_limit_exceeded" in sink.quarantined[0][1]


@pytest.mark.parametrize(
    ("body", "state"),
    [("[removed]", "restricted"), ("[deleted]", "deleted"), ("[deleted by user]", "deleted"),
     ("[ Removed by Reddit ]", "restricted"), ("[REMOVED]", None), ("[Deleted]", None),
     ("[ Removed by reddit in response to a copyright notice. ]", "restricted")],
)  # fmt: skip
def test_the_marks_of_reddit_are_known_to_the_letter(body: str, state: str | None) -> None:
    said = {"id": "a", "link_id": "t3_z", "parent_id": "t3_z", "author": "ana", "created_utc": 1, "subreddit": "mx"}
    sink = reading(json.dumps(said | {"body": body}), "reddit")
    assert [o["state"] for o in rows(sink, "observations", target_kind="post")] == ([state] if state else [])
    assert rows(sink, "posts")[0]["text"] == (None if state else body)


def test_nobody_is_named_se_in_a_whatsapp_group() -> None:
    lines = ["Se añadió a Dora", "Se agregó a Eva y Caro", "Beto añadió a Fer", "Ana: hola"]
    sink = reading("".join(f"31/8/24, 8:47\u202fp.\u00a0m. - {line}\n" for line in lines), "whatsapp")
    assert {account["id"] for account in rows(sink, "accounts")} == {"Dora", "Eva", "Caro", "Beto", "Fer", "Ana"}
    assert {e["src"] for e in rows(sink, "edges", type="member_of")} == {"Dora", "Eva", "Caro", "Fer"}
    assert [post["account_id"] for post in rows(sink, "posts")] == [None, None, "Beto", "Ana"]


@pytest.mark.parametrize(
    "words",
    ["Este mensaje fue eliminado por el admin. Beto.", "Se eliminó este mensaje por un admin.",
     "This message was deleted by admin Beto.", "El admin. Beto eliminó este mensaje."],
)  # fmt: skip
def test_a_message_that_an_admin_deleted_is_gone(words: str) -> None:
    sink = reading(f"[31/8/24, 20:47:01] Ana: hola\n\u200e[31/8/24, 20:47:02] Ana: \u200e{words}\n", "whatsapp")
    assert [post["text"] for post in rows(sink, "posts")] == ["hola", None]
    assert [o["state"] for o in rows(sink, "observations")] == ["deleted"]


@pytest.mark.parametrize("wrapped", [True, False])
def test_telethon_reads_polls_buttons_and_venues_as_the_desktop_program_does(wrapped: bool) -> None:
    def text(words: str) -> Any:
        return {"_": "TextWithEntities", "text": words, "entities": []} if wrapped else words

    base = {"_": "Message", "peer_id": {"_": "PeerChannel", "channel_id": 5}, "date": "2023-11-14T22:13:20+00:00"}
    answers = [{"_": "PollAnswer", "text": text(words), "option": "b'0'"} for words in ("sí", "no")]
    poll = {"_": "MessageMediaPoll", "poll": {"_": "Poll", "question": text("¿Marcha?"), "answers": answers}}
    buttons = [
        {"_": "KeyboardButtonUrl", "text": "Entra", "url": "https://example.org/a"},
        {"_": "KeyboardButtonCallback", "text": "x", "data": "b'x'"},
    ]
    venue = {"_": "MessageMediaVenue", "geo": {"_": "GeoPoint", "long": -99.1, "lat": 19.4}, "title": "Zócalo"}
    said = [
        base | {"id": 1, "message": "", "media": poll},
        base | {"id": 2, "message": "mira", "reply_markup": {"_": "ReplyInlineMarkup", "rows": [{"buttons": buttons}]}},
        base | {"id": 3, "message": "", "media": venue | {"address": "Centro"}},
    ]
    sink = reading("\n".join(map(json.dumps, said)), "telegram_telethon")
    first, second, third = rows(sink, "posts")
    assert first["text"] == "¿Marcha?\nsí\nno" and second["text"] == "mira"
    assert [(e["type"], e["dst"]) for e in rows(sink, "edges")] == [("links_to", "https://example.org/a")]
    assert json.loads(third["place"]) == {"name": "Zócalo", "address": "Centro", "latitude": 19.4, "longitude": -99.1}
