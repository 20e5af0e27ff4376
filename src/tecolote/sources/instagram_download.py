"""Instagram's "Download your information" (JSON): posts, reels, stories, profile, followers, own comments.

Nothing says whose download it is but the profile; ``--map account_id==NAME`` names the owner for the other files.
A text may stand on the post or on its picture. Messages are private and read by the reader of messages.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tecolote.sources.base import Sink, Source
from tecolote.sources.json_reader import JsonReader, Record, created
from tecolote.sources.jsonbytes import Unreadable, decode, glimpse, pieces
from tecolote.sources.meta_download import add_media, derived_id, earliest, file_name, fixed, place_of, repaired
from tecolote.sources.shapes import compact, dig, epoch, obj, objs, some

_POSTS = (
    "ig_posts", "ig_reels_media", "ig_stories", "ig_igtv_media", "ig_archived_post_media", "ig_other_media",
    "ig_recently_deleted_media",
)  # fmt: skip
#: Labels are in the language of the download, and broken like its texts.
_USERNAME = ("Username", "Nombre de usuario", "Nome de usuário", "Nom d’utilisateur", "Nutzername", "Nome utente")
_COMMENT = ("Comment", "Comentario", "Comentário", "Commentaire", "Kommentar", "Commento", "Opmerking")
_TIME = ("Time", "Hora", "Horário", "Heure", "Zeit", "Ora", "Tijd")
_MEDIA_OWNER = (
    "Media Owner", "Propietario del contenido multimedia", "Medieninhaber", "Proprietario del contenuto multimediale",
    "Media-eigenaar",
)  # fmt: skip
_PEOPLE = ("relationships_followers", "relationships_following")
_COMMENTS = ("comments_media_comments", "comments_reels_comments", "comments_story_comments")
_FLAGS = {"true": True, "false": False, "verdadero": True, "falso": False}


class InstagramDownload(JsonReader):
    """Reader of the JSON files of an Instagram download."""

    name = "instagram_download"
    version = "2"
    title = "Instagram data download (JSON)"
    obtained = (
        "Instagram: Accounts Centre, Download your information, format JSON; --map account_id==NAME names the owner"
    )
    proven = True
    platform = "instagram"
    into: ClassVar[frozenset[str]] = frozenset({*_POSTS, *_PEOPLE, *_COMMENTS, "profile_user"})

    def sniff(self, head: bytes, name: str) -> float:
        """0.9 for the lists of a download, by their keys."""
        keys = glimpse(head)
        if keys & {*_POSTS, *_PEOPLE, *_COMMENTS, "profile_user", "ig_profile_picture"}:
            return 0.9
        if {"[].media[].uri", "[].media[].creation_timestamp"} <= keys and "[].attachments" not in keys:
            return 0.9
        comments = {f"[].string_map_data.{label}" for label in _COMMENT} & set(map(fixed, keys))
        people = {"[].string_list_data[].href", "[].string_list_data[].timestamp", "[].media_list_data"} <= keys
        return 0.9 if comments or people else 0.0

    def rows(self, record: Record, value: Any) -> None:
        """Rows of a post, a person, a comment or the profile."""
        if not isinstance(value, dict):
            raise Unreadable("not an entry of a download")
        pointer = record.piece.pointer
        if "label_values" in value:
            raise Unreadable("a list by labels, of what the owner liked, saved or was shown: not the owner's posts")
        if "string_list_data" in value:
            _people(record, value, "following" if "relationships_following" in pointer else "followers")
        elif "string_map_data" in value and ("media_map_data" in value or "profile_user" in pointer):
            if "profile_user" in pointer:
                _profile(record, value)
            else:
                _comment(record, value)
        elif "string_map_data" in value:
            _comment(record, value)
        elif "media" in value or "uri" in value:
            _post(record, value, pointer)
        elif value.keys() & self.into or "ig_profile_picture" in value:
            record.sink.note("the owner's pictures of the profile are kept, not read")
        else:
            raise Unreadable("neither a post, a person, a comment nor a profile")


def _post(record: Record, value: dict[str, Any], pointer: str) -> None:
    """A post with its files; a story is a file without a post around it."""
    media = objs(value.get("media")) or ([obj(value["media"])] if isinstance(value.get("media"), dict) else [])
    media = media or ([value] if "uri" in value else [])
    text, raw = repaired(value.get("title")) if "uri" not in value else (None, None)
    if text is None:
        titles = dict.fromkeys(repaired(item.get("title")) for item in media)
        found = [pair for pair in titles if pair[0]]
        text = "\n".join(clean for clean, _ in found if clean) or None
        raw = "\n".join(as_found or clean or "" for clean, as_found in found) if any(r for _, r in found) else None
    when = epoch(value.get("creation_timestamp", earliest(media)))
    first = earliest(media)
    post = derived_id(str(when[1] if first is None else first), text, [file_name(item.get("uri")) for item in media])
    record.add(
        "posts", id=post, id_is_derived=True, kind="story" if "ig_stories" in pointer else "post",
        account_id=record.options.owner, **created(when), text=text, text_raw=raw, text_truncated=False,
        place=compact(place_of(media)),
    )  # fmt: skip
    add_media(record, post, media, when[0])
    record.text_edges(record.options.owner, text, post_id=post, at=when[0])
    if "ig_recently_deleted" in pointer:
        record.observe("post", post, "deleted", "recently deleted by its author")


def _people(record: Record, value: dict[str, Any], kind: str) -> None:
    """Accounts that follow the owner or that the owner follows, by name, with the time since when."""
    owner = record.options.owner
    if owner is None:
        record.sink.note(
            "the file does not say whose followers these are: no follows edges; --map account_id==NAME says"
        )
    for item in objs(value.get("string_list_data")):
        name = fixed(item.get("value")) or fixed(value.get("title"))
        if name is None:
            raise Unreadable("no name")
        record.add("accounts", id=name, id_kind="username")
        record.snapshot("account_snapshots", None, account_id=name, username=name, url=some(item.get("href")))
        if owner is not None:
            src, dst = (owner, name) if kind == "following" else (name, owner)
            record.edge("follows", src, dst, "account", at=epoch(item.get("timestamp"))[0])


def _comment(record: Record, value: dict[str, Any]) -> None:
    """A comment of the owner; the post is known only by whose it was."""
    said = _labelled(value)
    text, raw = repaired(_under(said, _COMMENT).get("value"))
    when = epoch(_under(said, _TIME).get("timestamp"))
    if text is None and when[1] is None:
        raise Unreadable(f"neither text nor time under the labels {', '.join(said)[:200]}")
    whose = fixed(_under(said, _MEDIA_OWNER).get("value"))
    unknown = sorted(said.keys() - {*_COMMENT, *_TIME, *_MEDIA_OWNER})
    if unknown:
        record.sink.note(f"labels of comments that are not known: {', '.join(unknown)[:200]}")
    owner = record.options.owner
    post = derived_id(when[1], f"{whose}\0{text}", [])
    record.add(
        "posts", id=post, id_is_derived=True, kind="comment", account_id=owner, **created(when), text=text,
        text_raw=raw, text_truncated=False,
    )  # fmt: skip
    record.edge("replies", owner, whose, "account_name", post_id=post, at=when[0])
    record.text_edges(owner, text, post_id=post, at=when[0])


def owner(source: Source) -> str | None:
    """The username of the account whose download this is, if ``source`` is the file of it that says so."""
    if b'"profile_user"' not in source.head:
        return None
    for piece in pieces(source, Sink(), frozenset({"profile_user"})):
        try:
            return _said(decode(piece.raw, lambda words: None), *_USERNAME)
        except Unreadable:
            continue
    return None


def _said(value: Any, *labels: str) -> str | None:
    """The value under the first of ``labels`` that a profile has, in the language of the download."""
    return fixed(_under(_labelled(value), labels).get("value"))


def _labelled(value: Any) -> dict[str, dict[str, Any]]:
    """What stands under each label, by the label as its writer meant it."""
    return {fixed(label) or "": obj(held) for label, held in obj(dig(value, "string_map_data")).items()}


def _under(said: dict[str, dict[str, Any]], labels: tuple[str, ...]) -> dict[str, Any]:
    """What stands under the first of ``labels`` that there is; {} where there is none."""
    return next((said[label] for label in labels if label in said), {})


def _profile(record: Record, value: dict[str, Any]) -> None:
    """The owner; e-mail address, telephone number and date of birth are not read."""

    def said(*labels: str) -> str | None:
        return _said(value, *labels)

    name = said(*_USERNAME)
    account = record.options.owner or name
    if account is None:
        raise Unreadable("a profile without a user name")
    record.add("accounts", id=account, id_kind="username" if account == name else "native")
    picture = next(iter(obj(value.get("media_map_data")).values()), None)
    record.snapshot(
        "account_snapshots", None, account_id=account, username=name, display_name=said("Name", "Nombre", "Nome"),
        bio=said("Bio", "Presentación", "Biografía"), url=said("Website", "Sitio web"),
        avatar=some(dig(picture, "uri")),
        protected=_FLAGS.get((said("Private Account", "Cuenta privada") or "").lower()),
    )  # fmt: skip


READER = InstagramDownload()
