"""An archive's owner is found in the file that states it, for the files of that archive only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tecolote import verbs
from tecolote.case import Case
from tecolote.corpus.importer import project_all
from tecolote.corpus.store import Corpus

from .exports import zipped


def js(section: str, *items: object) -> bytes:
    return f"window.YTD.{section}.part0 = ".encode() + json.dumps(items).encode()


def archive(owner: str, post: str) -> dict[str, bytes]:
    tweet = {"id_str": post, "full_text": "hola", "created_at": "Wed Oct 10 20:19:24 +0000 2018"}
    return {
        "data/tweets.js": js("tweets", {"tweet": tweet}),
        "data/follower.js": js("follower", {"follower": {"accountId": "3", "userLink": "x"}}),
        "data/account.js": js("account", {"account": {"accountId": owner, "username": "u" + owner}}),
    }


def download(name: str) -> dict[str, bytes]:
    person = {"profile_user": [{"string_map_data": {"Nombre de usuario": {"value": name}}}]}
    posts = [{"media": [{"uri": f"media/{name}.jpg", "creation_timestamp": 1_700_000_000, "title": "hola"}]}]
    return {
        "activity/content/posts_1.json": json.dumps(posts).encode(),
        "personal_information/personal_information/personal_information.json": json.dumps(person).encode(),
    }


def put(root: Path, files: dict[str, bytes]) -> None:
    for name, raw in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(raw)


def authors(case: Path) -> dict[str, str | None]:
    rows = Corpus(Case.open(case)).rows("SELECT source_file, account_id FROM posts ORDER BY 1")
    return {row["source_file"]: row["account_id"] for row in rows}


def test_a_folder_of_several_archives(tmp_path: Path) -> None:
    for owner in ("11", "22"):
        put(tmp_path / "in" / f"twitter-{owner}", archive(owner, f"9{owner}"))
        put(tmp_path / "in" / f"instagram-u{owner}", download(f"u{owner}"))
    put(tmp_path / "in" / "loose", {"tweets.js": archive("33", "933")["data/tweets.js"]})
    case = tmp_path / "case"
    verbs.import_exports(case, [tmp_path / "in"])
    found = authors(case)
    assert {name.split("/")[1]: who for name, who in found.items()} == {
        "twitter-11": "11", "twitter-22": "22", "instagram-u11": "u11", "instagram-u22": "u22", "loose": None,
    }  # fmt: skip
    follows = Corpus(Case.open(case)).rows("SELECT src, dst FROM edges WHERE type = 'follows' ORDER BY dst")
    assert [(e["src"], e["dst"]) for e in follows] == [("3", "11"), ("3", "22")]
    again = verbs.import_exports(case, [tmp_path / "in"])
    assert {f.status for f in again.files} == {"duplicate"}
    project_all(Case.open(case))
    assert authors(case) == found, "the log knows the owner"


@pytest.mark.parametrize(
    ("files", "member"), [(archive("11", "5"), "data/tweets.js"), (download("11"), "posts_1.json")]
)
def test_a_zip(tmp_path: Path, files: dict[str, bytes], member: str) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(files))
    verbs.import_exports(tmp_path / "case", [tmp_path / "a.zip"])
    ((name, who),) = authors(tmp_path / "case").items()
    assert name.endswith(member) and who == "11"


def test_a_word_of_the_user_stands_and_two_statements_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(archive("11", "5")))
    verbs.import_exports(tmp_path / "said", [tmp_path / "a.zip"], mapping="account_id==77")
    assert list(authors(tmp_path / "said").values()) == ["77"]
    other = b"window.__THAR_CONFIG = " + json.dumps({"userInfo": {"accountId": "12"}}).encode()
    (tmp_path / "b.zip").write_bytes(zipped(archive("11", "5") | {"data/manifest.js": other}))
    verbs.import_exports(tmp_path / "two", [tmp_path / "b.zip"])
    assert list(authors(tmp_path / "two").values()) == [None]
