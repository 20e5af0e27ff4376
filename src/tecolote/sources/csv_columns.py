"""Which column of a table is what: by the user's mapping, else by the names that tools and people give.

Names are compared in lower case with everything but letters, digits and dots as ``_``. Known are the standard
columns of 4CAT, twarc-csv, twitwi and minet, and common English and Spanish names. Where two columns could be the
same thing the one named first in `NAMES` is taken.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tecolote.errors import UsageError

_MAX_BYTES = 256 << 10

#: Column of ours to the names it has elsewhere, the surest first.
NAMES: dict[str, tuple[str, ...]] = {
    "platform": ("platform", "plataforma", "red_social", "network", "social_network"),
    "id": (
        "id", "id_str", "post_id", "tweet_id", "tweetid", "status_id", "message_id", "comment_id", "video_id", "postid",
        "id_post", "id_tweet", "id_publicacion", "id_mensaje", "id_comentario", "identificador",
    ),
    "text": (
        "text", "full_text", "body", "content", "message", "tweet_text", "post_text", "texto", "mensaje", "contenido",
        "publicacion", "comentario", "comment", "caption", "tweet", "post", "cuerpo", "video_description",
    ),
    "account_id": (
        "account_id", "author_id", "user_id", "userid", "author.id", "channel_id", "id_usuario", "id_autor",
        "usuario_id", "autor_id", "from_id", "user.id", "id_cuenta",
    ),
    "username": (
        "username", "screen_name", "user_screen_name", "author.username", "author_username", "handle", "author",
        "usuario", "autor", "cuenta", "account", "user", "nombre_de_usuario", "nombre_usuario", "user.screen_name",
        "sender", "remitente", "from",
    ),
    "author_name": (
        "author_name", "author_fullname", "author.name", "display_name", "fullname", "user_name", "name", "nombre",
        "nombre_autor", "user.name", "nombre_completo",
    ),
    "created_at": (
        "created_at", "unix_timestamp", "timestamp_utc", "timestamp", "created_utc", "create_time", "datetime",
        "date_time", "date", "fecha_hora", "fecha_y_hora", "fecha", "published_at", "publishedat", "tweet_time",
        "post_created", "created_time", "created", "time", "hora", "fecha_publicacion", "fecha_de_publicacion",
        "fecha_creacion", "fecha_de_creacion", "publicado", "local_time",
    ),
    "observed_at": (
        "__twarc.retrieved_at", "observed_at", "retrieved_at", "collected_at", "collection_time", "fecha_captura",
    ),
    "url": ("url", "link", "permalink", "tweet_url", "post_url", "permanent_url", "enlace", "liga", "url_publicacion"),
    "lang": ("lang", "language", "language_guess", "idioma", "tweet_language"),
    "thread_id": ("thread_id", "conversation_id", "id_conversacion", "chat_id"),
    "in_reply_to_id": (
        "in_reply_to_id", "referenced_tweets.replied_to.id", "to_tweetid", "in_reply_to_status_id",
        "in_reply_to_status_id_str", "in_reply_to_tweetid", "reply_to_id", "respuesta_a", "parent_id",
    ),
    "in_reply_to_account": ("in_reply_to_user_id", "to_userid", "in_reply_to_userid"),
    "reposted_id": ("referenced_tweets.retweeted.id", "retweeted_id", "retweet_original_id", "retweet_tweetid"),
    "reposted_account": ("retweeted_user_id", "retweet_userid"),
    "reposted_username": ("retweeted_username", "retweeted_user"),
    "quoted_id": ("referenced_tweets.quoted.id", "quoted_id", "quote_tweet_id", "quoted_tweet_tweetid"),
    "quoted_account": ("quoted_user_id",),
    "quoted_username": ("quoted_username", "quoted_user", "quote_author"),
    "source_app": ("source_app", "source", "source_name", "tweet_client_name", "fuente"),
    "sensitive": ("sensitive", "possibly_sensitive"),
    "likes": (
        "likes", "like_count", "likes_count", "favorite_count", "favourites", "favorites", "me_gusta", "digg_count",
        "public_metrics.like_count", "num_likes",
    ),
    "reposts": (
        "reposts", "repost_count", "retweets", "retweet_count", "shares", "share_count", "compartidos", "compartidas",
        "veces_compartido", "public_metrics.retweet_count", "retuits",
    ),
    "replies": (
        "replies", "reply_count", "comments", "comment_count", "num_comments", "respuestas", "comentarios",
        "public_metrics.reply_count",
    ),
    "quotes": ("quotes", "quote_count", "citas", "public_metrics.quote_count"),
    "views": (
        "views", "view_count", "impression_count", "play_count", "vistas", "visualizaciones", "reproducciones",
        "public_metrics.impression_count",
    ),
    "bookmarks": ("bookmarks", "bookmark_count", "guardados", "public_metrics.bookmark_count"),
    "hashtags": ("hashtags", "entities.hashtags", "etiquetas"),
    "links": ("links", "urls", "entities.urls", "enlaces"),
    "mentions": ("mentions", "mentioned_names", "user_mentions", "menciones"),
    "images": ("images", "imagenes", "image_urls"),
    "videos": ("videos", "video_urls"),
    "media": ("media_urls", "media"),
    "media_types": ("media_types",),
    "status": ("tweet_current_status", "current_status"),
    "withheld_in": ("withheld_in_countries", "witheld_in_countries"),
    "bio": ("bio", "author.description", "user_description", "description", "biografia", "descripcion"),
    "location": ("author.location", "user_location", "location", "ubicacion"),
    "profile_url": ("author.url", "user_url", "profile_url"),
    "avatar": ("author_avatar_url", "author.profile_image_url", "user_image", "image", "avatar", "profile_image_url"),
    "verified": ("verified", "author.verified", "user_verified", "verificado"),
    "protected": ("protected", "author.protected"),
    "followers": (
        "followers", "followers_count", "author.public_metrics.followers_count", "user_followers", "seguidores",
        "follower_count",
    ),
    "following": (
        "following", "following_count", "friends_count", "friends", "author.public_metrics.following_count",
        "user_friends", "siguiendo", "seguidos",
    ),
    "account_posts": (
        "account_posts", "author.public_metrics.tweet_count", "user_tweets", "tweets", "statuses_count", "tweet_count",
    ),
    "account_likes": ("account_likes", "user_likes", "favourites_count"),
    "account_created_at": (
        "account_created_at", "author.created_at", "user_timestamp_utc", "user_created_at", "account_creation_date",
    ),
}  # fmt: skip
#: Columns that make a table one of accounts, where it has no text.
_PROFILE = {"bio", "followers", "following", "account_posts", "verified", "avatar", "account_created_at"}
#: In a table of accounts these names speak of the account.
_OF_ACCOUNT = {
    "id": "account_id", "url": "profile_url", "created_at": "account_created_at", "likes": "account_likes",
}  # fmt: skip
_4CAT = {"thread_id", "body", "timestamp", "author", "id"}
_PLATFORM_OF_HOST = (
    (r"(?:x|twitter)\.com", "x"), (r"instagram\.com", "instagram"), (r"tiktok\.com", "tiktok"),
    (r"(?:facebook\.com|fb\.com|fb\.watch)", "facebook"), (r"(?:youtube\.com|youtu\.be)", "youtube"),
    (r"(?:t\.me|telegram\.me)", "telegram"), (r"reddit\.com", "reddit"), (r"bsky\.app", "bluesky"),
    (r"threads\.(?:net|com)", "threads"), (r"discord\.com", "discord"), (r"vk\.com", "vk"),
)  # fmt: skip
_HOST = re.compile(r"(?:https?://)?(?:www\.|m\.|mobile\.|old\.|vm\.)?([a-z0-9.-]+\.[a-z]{2,})(?=/|$)", re.IGNORECASE)

#: Our column to the place of theirs.
Columns = dict[str, int]


def known(name: str) -> str:
    """A column name as it is compared: lower case, ``_`` for everything but letters, digits and dots."""
    plain = name.strip().lower().translate(str.maketrans("áéíóúüñ", "aeiouun"))
    kept = re.sub(r"[^\w.]+", "_", plain)
    return kept if kept.startswith("__") else kept.strip("_")


_FACEPAGER = {"object_id", "object_type", "query_status"}


def by_name(header: tuple[str, ...]) -> Columns:
    """Our columns that the header's names make known, with their places."""
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        places.setdefault(known(name), place)
    if places.keys() >= _FACEPAGER:
        places["id"] = places["object_id"]  # its own 'id' and 'parent_id' count the rows of its window
        places.pop("parent_id", None)
    found: Columns = {}
    taken: set[int] = set()
    for ours, names in NAMES.items():
        free = [places[n] for n in names if n in places and places[n] not in taken]
        if free:
            found[ours] = free[0]
            taken.add(free[0])
    if is_accounts(found):
        for post, account in _OF_ACCOUNT.items():
            if post in found and account not in found:
                found[account] = found.pop(post)
    return found


def is_accounts(columns: Columns) -> bool:
    """Whether a table lists accounts: profiles and no text."""
    if "text" in columns or "status" in columns or not columns.keys() & {"username", "account_id"}:
        return False
    return bool(columns.keys() & _PROFILE)


def is_4cat(header: tuple[str, ...]) -> bool:
    """Whether a table has the standard columns of 4CAT, whose ``timestamp`` is UTC without saying so."""
    return {known(name) for name in header} >= _4CAT


def is_usable(columns: Columns) -> bool:
    """Whether rows can be made: of posts (an id or a text), or of accounts."""
    if is_accounts(columns):
        return True
    return "text" in columns or "status" in columns or ("id" in columns and len(columns) > 1)


def platform_of(url: str) -> str | None:
    """Platform id of an address, by its host."""
    found = _HOST.match(url.strip())
    if found:
        host = found[1].lower()
        for pattern, platform in _PLATFORM_OF_HOST:
            if re.fullmatch(rf"(?:[\w-]+\.)*{pattern}", host):
                return platform
    return None


def load_mapping(path_or_pairs: str | Path | Mapping[str, str]) -> dict[str, str]:
    """A column mapping, ours to theirs.

    Args:
        path_or_pairs: ``text=body,id=tweet``; or a file, TOML (``text = "body"``) or JSON. A value that begins with
            ``=`` is not a column but a value for all rows: ``platform==x``.

    Raises:
        UsageError: it cannot be read, or names a column that we do not have.
    """
    if isinstance(path_or_pairs, Mapping):
        found: dict[str, Any] = dict(path_or_pairs)
    elif "=" in str(path_or_pairs) and not Path(path_or_pairs).is_file():
        found = dict(_pair(part) for part in str(path_or_pairs).split(",") if part.strip())
    else:
        found = _from_file(Path(path_or_pairs))
    for ours, theirs in found.items():
        if ours not in NAMES:
            raise UsageError(f"'{ours}' is no column to map to", f"Known are: {', '.join(NAMES)}")
        if not isinstance(theirs, str) or not theirs:
            raise UsageError(f"the mapping of '{ours}' is not a column name", f'Write for example: {ours} = "name"')
    return found


def _pair(part: str) -> tuple[str, str]:
    ours, _, theirs = part.partition("=")
    return ours.strip(), theirs.strip()


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as stream:
            text = stream.read(_MAX_BYTES).decode("utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except OSError as error:
        hint = "Name a mapping file, or OURS=THEIRS,..."
        raise UsageError(f"{path} cannot be opened: {error.strerror}", hint) from None
    except (ValueError, RecursionError) as error:
        what = str(error).split("\n", maxsplit=1)[0][:150]
        raise UsageError(f"{path} is no mapping: {what}", 'Write lines such as: text = "body"') from None
    inner = found.get("map") if isinstance(found, dict) else None
    if isinstance(inner, dict):
        found = inner
    if not isinstance(found, dict):
        raise UsageError(f"{path} is no mapping", 'Write lines such as: text = "body"')
    return found
