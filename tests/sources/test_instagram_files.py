"""Instagram's web answers and downloads, Facebook's downloads: samples by hand, shapes, repaired texts, damage."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tecolote.sources import facebook_posts, instagram_download, instagram_web, registry
from tecolote.sources.base import Options, Source
from tecolote.sources.meta_download import repaired
from tests.sources.reading import content, counts, read, rows

OWNER = Options(mapping={"account_id": "=ana"})


def web(pk: Any = 123, **more: Any) -> dict[str, Any]:
    user = {"pk": 456, "username": "jc", "full_name": "J", "is_private": True}
    return {
        "taken_at": 1450063593, "pk": pk, "id": f"{pk}_456", "media_type": 1, "code": "ABC", "user": user,
        "caption": {"text": "hola"}, "like_count": 5, "comment_count": 2,
    } | more  # fmt: skip


def mojibake(text: str) -> str:
    return text.encode().decode("latin-1")


@pytest.mark.data
def test_web_sample_by_hand(data: Path) -> None:
    raw = (data / "exports" / "instagram_web_v1" / "photo_v2_full.json").read_bytes()
    assert registry.pick(raw, "renamed.bin") is instagram_web.READER
    sink = read(instagram_web.READER, raw)
    assert list(sink.spans) == [0, len(raw.rstrip())] and not sink.quarantined
    (post,) = rows(sink, "posts")
    assert (post["id"], post["account_id"], post["author_name"]) == ("123", "456", "jc")
    assert post["text"] == "Elvis hits out of RCA Studio B" and post["visibility"] == "public"
    # taken_at of the post, not created_at of its caption
    assert post["created_at"] == datetime(2015, 12, 14, 3, 26, 33, tzinfo=UTC)
    assert json.loads(post["place"])["name"] == "RCA Studio B"
    (seen,) = rows(sink, "post_snapshots")
    assert (seen["likes"], seen["replies"], seen["views"], seen["observed_at"]) == (5, 0, None, None)
    (who,) = rows(sink, "account_snapshots")
    assert (who["username"], who["display_name"], who["verified"], who["protected"]) == ("jc", "Jerry C", False, False)
    (picture,) = rows(sink, "media")
    assert (picture["type"], picture["width"], picture["height"]) == ("image", 1080, 1293)
    assert [(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges")] == [("attaches", "123", picture["id"])]


@pytest.mark.data
def test_download_samples_by_hand(data: Path) -> None:
    folder = data / "exports" / "instagram_download"
    for name, posts, files in (
        ("test_images__posts.json", 1, 5), ("test_video__posts.json", 1, 1), ("test_video__reels.json", 1, 1),
        ("test_images__reels.json", 0, 0),
    ):  # fmt: skip
        raw = (folder / name).read_bytes()
        assert registry.pick(raw, "renamed.bin") is instagram_download.READER
        sink = read(instagram_download.READER, raw)
        assert (len(rows(sink, "posts")), len(rows(sink, "media")), sink.quarantined) == (posts, files, [])
    sink = read(instagram_download.READER, (folder / "test_images__posts.json").read_bytes())
    (post,) = rows(sink, "posts")
    assert post["id_is_derived"] is True and post["account_id"] is None
    assert post["created_at"] == datetime(2022, 7, 26, 21, 45, 55, tzinfo=UTC)
    assert post["text"].startswith("A lil flower garden update:\n\nDalia is in full bloom")
    assert {(e["src"], e["dst"]) for e in rows(sink, "edges", type="hashtag")} == {
        (None, "daliaflower"), (None, "hibiscusplant"),
    }  # fmt: skip
    first = rows(sink, "media")[0]
    assert (first["id"], first["type"]) == ("17908919372611575", "image")
    assert first["local_path"].startswith("media/posts/202207/296182505_") and first["url"].startswith(
        "https://interncache"
    )
    # The same video stands in posts and in reels: one post. Its text and time are those of its file.
    video, reel = (
        read(instagram_download.READER, (folder / f"test_video__{n}.json").read_bytes()) for n in ("posts", "reels")
    )
    assert content(video) == content(reel)
    (post,) = rows(video, "posts")
    assert (post["text"], post["created_at"]) == ("Pokemon test video", datetime(2016, 3, 23, 11, 32, 16, tzinfo=UTC))
    assert json.loads(post["place"]) == {"latitude": 53.141186112, "longitude": 11.038734576}
    assert rows(video, "media")[0]["type"] == "video"


def test_web_carousels_hidden_counts_tags_and_comments() -> None:
    tagged = {"in": [{"user": {"pk": "7", "username": "beto"}}]}
    comment = {
        "pk": 9,
        "text": "qué @xy",
        "user": {"pk": 8, "username": "c"},
        "created_at_utc": 1,
        "comment_like_count": 3,
    }
    parts = [
        {
            "pk": 1,
            "media_type": 1,
            "image_versions2": {"candidates": [{"width": 1, "url": "s"}, {"width": 9, "url": "b"}]},
        },
        {"pk": 2, "media_type": 2, "video_versions": [{"url": "v"}], "video_duration": 1.5, "usertags": tagged},
    ]
    body = web(carousel_media=parts, like_and_view_counts_disabled=True, preview_comments=[comment], media_type=8)
    sink = read(instagram_web.READER, json.dumps({"items": [body, web("5", like_count=-1)]}).encode())
    assert [(m["id"], m["type"], m["url"], m["duration_ms"]) for m in rows(sink, "media", post_id="123")] == [
        ("1", "image", "b", None), ("2", "video", "v", 1500),
    ]  # fmt: skip
    assert [s["likes"] for s in rows(sink, "post_snapshots")] == [None, 3, None]
    assert {(e["type"], e["src"], e["dst"]) for e in rows(sink, "edges") if e["type"] != "attaches"} == {
        ("mentions", "456", "7"), ("replies", "8", "123"), ("mentions", "8", "xy"),
    }  # fmt: skip
    assert rows(sink, "posts", id="9")[0]["kind"] == "comment" and rows(sink, "posts")[0]["visibility"] == "followers"


def test_web_envelopes_say_when() -> None:
    line = {"item_id": "x", "source_platform": "instagram.com", "timestamp_collected": 1700000000123, "data": web()}
    graph = {
        "shortcode": "A",
        "id": "5",
        "taken_at_timestamp": 1,
        "edge_media_preview_like": {"count": 3},
        "owner": {"id": "6"},
    }
    for raw in (line, line | {"data": graph}, web() | {"__import_meta": {"timestamp_collected": 1700000000123}}):
        body = json.dumps(raw).encode()
        assert registry.pick(body, "x") is instagram_web.READER
        (seen,) = rows(read(instagram_web.READER, body), "post_snapshots")
        assert seen["observed_at"] == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)
    assert instagram_web.READER.sniff(json.dumps(line | {"source_platform": "tiktok.com"}).encode(), "") == 0


def test_web_direct_messages_are_private() -> None:
    inbox = {"inbox": {"threads": [{"thread_id": "1", "items": [{"item_id": "2", "item_type": "text", "text": "x"}]}]}}
    raw = json.dumps(inbox).encode()
    assert registry.pick(raw, "x") is instagram_web.READER
    assert instagram_web.READER.chats(Source("x", io.BytesIO(raw), len(raw)))[0].private
    assert not counts(read(instagram_web.READER, raw))


def test_download_people_comments_and_profile() -> None:
    person = {
        "title": "",
        "media_list_data": [],
        "string_list_data": [{"href": "h", "value": "beto", "timestamp": 1700000000}],
    }
    followers = json.dumps([person]).encode()
    assert registry.pick(followers, "x") is instagram_download.READER
    edge = rows(read(instagram_download.READER, followers, options=OWNER), "edges")[0]
    assert (edge["src"], edge["dst"], edge["type"]) == ("beto", "ana", "follows") and edge["at"].year == 2023
    following = json.dumps(
        {"relationships_following": [person | {"title": "beto", "string_list_data": [{"href": "h", "timestamp": 1}]}]}
    )
    edge = rows(read(instagram_download.READER, following.encode(), options=OWNER), "edges")[0]
    assert (edge["src"], edge["dst"]) == ("ana", "beto")
    assert "edges" not in counts(read(instagram_download.READER, followers))
    said = {
        "Comment": {"value": mojibake("¡qué miedo! #Ya")},
        "Media Owner": {"value": "beto"},
        "Time": {"timestamp": 1},
    }
    comment = json.dumps({"comments_media_comments": [{"string_map_data": said, "media_list_data": []}]}).encode()
    sink = read(instagram_download.READER, comment, options=OWNER)
    (post,) = rows(sink, "posts")
    assert (post["kind"], post["text"], post["account_id"]) == ("comment", "¡qué miedo! #Ya", "ana")
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges")} == {("replies", "beto"), ("hashtag", "ya")}
    labels = {"Username": "ana", "Name": mojibake("Añá"), "Email": "ana@example.org", "Private Account": "True"}
    profile = {
        "profile_user": [{"media_map_data": {}, "string_map_data": {k: {"value": v} for k, v in labels.items()}}]
    }
    sink = read(instagram_download.READER, json.dumps(profile).encode())
    (who,) = rows(sink, "account_snapshots")
    assert (who["username"], who["display_name"], who["protected"]) == ("ana", "Añá", True)
    assert "example.org" not in repr(sink.rows)


def test_stories_titles_of_pictures_and_deleted_posts() -> None:
    picture = {"uri": "media/a.jpg", "creation_timestamp": 5, "title": mojibake("señal")}
    story = read(instagram_download.READER, json.dumps({"ig_stories": [picture]}).encode())
    (post,) = rows(story, "posts")
    assert (post["kind"], post["text"], post["text_raw"]) == ("story", "señal", mojibake("señal"))
    both = [{"media": [picture, picture | {"uri": "media/b.jpg", "title": "dos"}]}]
    (post,) = rows(read(instagram_download.READER, json.dumps(both).encode()), "posts")
    assert post["text"] == "señal\ndos" and post["created_at"] == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    gone = read(instagram_download.READER, json.dumps({"ig_recently_deleted_media": both}).encode())
    assert rows(gone, "observations")[0]["state"] == "deleted"
    undated = read(instagram_download.READER, b'[{"media": [{"uri": "a.jpg"}], "title": "x"}]')
    assert rows(undated, "posts")[0]["created_at"] is None


def test_facebook_posts_and_comments() -> None:
    place = {"place": {"name": mojibake("Culiacán"), "coordinate": {"latitude": 1.5, "longitude": 2.5}}}
    post = {
        "timestamp": 1700000000, "title": "Ana compartió un enlace.", "tags": [{"name": "Beto"}],
        "data": [{"post": mojibake("¡hola! #Ya")}, {"update_timestamp": 1700000100}],
        "attachments": [{"data": [{"media": {"uri": "posts/media/v.mp4", "creation_timestamp": 5}}, place]},
                        {"data": [{"external_context": {"url": "https://example.org/a"}}]}],
    }  # fmt: skip
    raw = json.dumps([post]).encode()
    assert registry.pick(raw, "x") is facebook_posts.READER and not facebook_posts.READER.proven
    sink = read(facebook_posts.READER, raw, options=OWNER)
    (found,) = rows(sink, "posts")
    assert (found["text"], found["account_id"], found["id_is_derived"]) == ("¡hola! #Ya", "ana", True)
    assert found["edited_at"] == datetime(2023, 11, 14, 22, 15, tzinfo=UTC) and "Culiacán" in found["place"]
    assert [(m["type"], m["local_path"]) for m in rows(sink, "media")] == [("video", "posts/media/v.mp4")]
    assert {(e["type"], e["dst"]) for e in rows(sink, "edges") if e["type"] != "attaches"} == {
        ("links_to", "https://example.org/a"), ("mentions", "Beto"), ("hashtag", "ya"),
    }  # fmt: skip
    said = {"timestamp": 1, "comment": "no", "author": mojibake("Añá"), "group": "Vecinos"}
    raw = json.dumps({"comments_v2": [{"timestamp": 1, "data": [{"comment": said}], "title": "x"}]}).encode()
    assert registry.pick(raw, "x") is facebook_posts.READER
    (found,) = rows(read(facebook_posts.READER, raw), "posts")
    assert (found["kind"], found["author_name"], found["thread_id"]) == ("comment", "Añá", "Vecinos")
    newest = [{"timestamp": 5, "media": [], "label_values": [{"label": "Text", "value": "x"}], "fbid": "77"}]
    (found,) = rows(read(facebook_posts.READER, json.dumps(newest).encode()), "posts")
    assert (found["id"], found["id_is_derived"], found["text"]) == ("77", False, "x")


@given(st.text(max_size=60))
def test_texts_are_repaired_only_where_they_can_be(text: str) -> None:
    try:
        broken = mojibake(text)
    except UnicodeError:  # a lone surrogate is no text of a download
        return
    clean, raw = repaired(broken)
    if text and "\x00" not in text:
        assert clean == text and raw == (None if text.isascii() else broken)
    kept, as_found = repaired("€" + text)
    assert as_found is None or ("\x00" in text and kept)


def test_damage_costs_single_records() -> None:
    for reader, good, bad in (
        (instagram_web.READER, web(), web(1.5e18)),
        (instagram_web.READER, web(), {"pk": None, "taken_at": 1, "media_type": 1}),
        (instagram_download.READER, {"media": [{"uri": "a", "creation_timestamp": 1}]}, "x"),
        (facebook_posts.READER, {"timestamp": 1, "data": [{"post": "x"}]}, {"y": 1}),
    ):
        raw = json.dumps([good, bad, good]).encode()
        sink = read(reader, raw)
        assert len(rows(sink, "posts")) == 2 and len(sink.quarantined) == 1
        cut = read(reader, raw[:-5])
        assert len(rows(cut, "posts")) == 1 and cut.quarantined


def test_comments_and_profiles_in_spanish_with_broken_labels() -> None:
    said = {
        "Comentario": {"value": mojibake("¡qué miedo!")},
        "Propietario del contenido multimedia": {"value": "beto"},
        "Hora": {"timestamp": 1700000000},
    }
    for document in (
        [{"media_list_data": [], "string_map_data": said}],
        {"comments_reels_comments": [{"string_map_data": said}]},
    ):
        raw = json.dumps(document).encode()
        assert registry.pick(raw, "x") is instagram_download.READER
        sink = read(instagram_download.READER, raw, options=OWNER)
        (post,) = rows(sink, "posts")
        assert (post["kind"], post["text"], post["account_id"]) == ("comment", "¡qué miedo!", "ana")
        assert post["created_at"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
        assert [(e["type"], e["dst"]) for e in rows(sink, "edges")] == [("replies", "beto")] and not sink.notes
    labels = {"Nombre de usuario": "ana", "Nombre": "Ana", mojibake("Presentación"): "b", "Cuenta privada": "Falso"}
    profile = {"profile_user": [{"string_map_data": {k: {"value": v} for k, v in labels.items()}}]}
    (who,) = rows(read(instagram_download.READER, json.dumps(profile).encode()), "account_snapshots")
    assert (who["username"], who["display_name"], who["bio"], who["protected"]) == ("ana", "Ana", "b", False)


def test_labels_of_no_known_language_are_said_and_likes_are_no_posts() -> None:
    said = {"Komento": {"value": "x"}, "Tempo": {"timestamp": 1}}
    raw = json.dumps({"comments_media_comments": [{"string_map_data": said}]}).encode()
    sink = read(instagram_download.READER, raw, options=OWNER)
    assert not counts(sink) and "Komento" in sink.quarantined[0][1]
    half = {"Comment": {"value": "x"}, "Time": {"timestamp": 1}, "Posedanto": {"value": "beto"}}
    sink = read(
        instagram_download.READER, json.dumps({"comments_media_comments": [{"string_map_data": half}]}).encode()
    )
    assert counts(sink) == {"posts": 1} and "Posedanto" in sink.notes[0]
    picture = {"uri": "media/a.jpg", "creation_timestamp": 5}
    liked = [{"timestamp": 5, "media": [picture], "label_values": [{"label": "URL", "value": "h"}], "fbid": "1"}]
    sink = read(instagram_download.READER, json.dumps(liked).encode(), options=OWNER)
    assert not counts(sink) and len(sink.quarantined) == 1
