"""Tables with any columns: dialects, encodings, exact spans, values that are not guessed, mappings."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tecolote.errors import UsageError
from tecolote.sources.base import Options, Sink
from tecolote.sources.csv_any import READER, load_mapping
from tecolote.sources.csv_columns import NAMES, by_name, known, platform_of
from tests.sources.reading import counts, read, rows

MEXICO = Options(timezone="America/Mexico_City")


def table(lines: list[list[str]], separator: str = ",", ends: str = "\r\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=ends, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows(lines)
    return out.getvalue()


def spans(raw: bytes, sink: Sink) -> list[bytes]:
    return [raw[a : a + n] for a, n in zip(sink.spans[::2], sink.spans[1::2], strict=True)]


CELL = st.text(st.sampled_from('abñ€"\n,;\t| 1á😀'), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_what_is_written_is_read_back_with_its_exact_bytes(
    cells: list[tuple[str, str]], separator: str, ends: str, encoding: str, quote_all: bool, last_end: bool
) -> None:
    lines = [["id", "texto", "usuario"], *[[f"p{i}", text, who] for i, (text, who) in enumerate(cells)]]
    text = table(lines, separator, ends, csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL)
    text = text if last_end else text.removesuffix(ends)
    raw = text.encode(encoding)
    raw = b"\xfe\xff" + raw if encoding == "utf-16-be" else raw
    sink = read(READER, raw)
    posts = rows(sink, "posts")
    assert [(p["id"], p["text"]) for p in posts] == [(f"p{i}", text) for i, (text, _) in enumerate(cells)]
    assert not sink.quarantined
    coded = "utf-8" if encoding.startswith("utf-8") else "utf-16-be" if encoding.endswith("be") else "utf-16-le"
    again = [next(csv.reader([s.decode(coded)], delimiter=separator)) for s in spans(raw, sink) if b"\n" not in s]
    assert all(row in lines for row in again)
    joined = ends.encode(coded).join(spans(raw, sink))
    assert raw.removesuffix(ends.encode(coded)).endswith(joined)


def test_windows_1252_is_read_and_said() -> None:
    sink = read(READER, "id;texto\n1;mañana – sí\n2;€\n".encode("cp1252"))
    assert [p["text"] for p in rows(sink, "posts")] == ["mañana – sí", "€"]
    assert any("Windows-1252" in note for note in sink.notes)


def test_the_encoding_is_that_of_the_whole_file() -> None:
    raw = b"id,text\n" + b"".join(b"%d,plain\n" % i for i in range(20_000)) + "20000,mañana\n".encode("cp1252")
    assert rows(read(READER, raw), "posts")[-1]["text"] == "mañana"


def test_a_line_that_names_the_separator_is_followed() -> None:
    sink = read(READER, b"sep=;\r\nid;text\r\n1;a,b\r\n")
    assert rows(sink, "posts")[0]["text"] == "a,b" and not sink.quarantined


@pytest.mark.parametrize("bad", ["1.01421E+18", "1,01421E+18", "1.44827357283373e+18", "1448273572833730561.0"])
def test_an_id_that_a_spreadsheet_has_cut_is_refused_loudly(bad: str) -> None:
    raw = f"id;text\n{bad};a\n1448273572833730561;b\n".encode()
    sink = read(READER, raw)
    assert [p["id"] for p in rows(sink, "posts")] == ["1448273572833730561"]
    assert [where for where, _ in sink.quarantined] == ["row 2"]
    assert "spreadsheet" in sink.quarantined[0][1] and bad in sink.quarantined[0][1]
    assert not any(row[0] == 0 for made in sink.rows.values() for row in made)


def test_ids_rounded_to_zeros_are_said() -> None:
    raw = "id,text\n" + "".join(f"{1448273572833730 + i * 10}000,x\n" for i in range(50))
    assert any("a spreadsheet" in note for note in read(READER, raw.encode()).notes)


def test_rows_of_another_width_and_open_quotes_cost_themselves_only() -> None:
    raw = b'id,text\n1,a\n2,b,c\n3\n4,d,\n\n5,"e\n6,f\n'
    sink = read(READER, raw)
    assert [p["id"] for p in rows(sink, "posts")] == ["1", "4", "6"]
    assert [where for where, _ in sink.quarantined] == ["row 3", "row 4", "row 7"]
    assert "never closed" in sink.quarantined[2][1]


def test_endless_quotes_end() -> None:
    raw = b"id,text\n" + b'1,"x\n' * 200_001
    sink = read(READER, raw)
    assert sink.quarantined and len(sink.quarantined) < 100_000


COUNTS = [
    ("1,234", ["7"], 1234), ("1.234", ["7"], 1234), ("1 234 567", ["7"], 1234567), ("1.234", ["0.5"], None),
    ("1,234", ["0.5"], 1234), ("12.0", ["7"], 12), ("45K", ["7"], None), ("-1", ["7"], None), ("", ["7"], None),
    ("nan", ["7"], None), ("1'234", ["7"], 1234), ("99999999999999999999", ["7"], None),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "others", "expected"), COUNTS)
def test_counts_are_whole_numbers_or_nothing(cell: str, others: list[str], expected: int | None) -> None:
    lines = [["id", "text", "likes", "shares"], ["1", "a", cell, "1"], *[["2", "b", other, "1"] for other in others]]
    snapshot = rows(read(READER, table(lines, ";").encode()), "post_snapshots")[0]
    assert (snapshot["likes"], snapshot["reposts"]) == (expected, 1)


@pytest.mark.parametrize(
    ("cell", "options", "expected", "basis"),
    [
        ("2024-08-31T20:47:00Z", Options(), datetime(2024, 8, 31, 20, 47, tzinfo=UTC), "utc"),
        ("2024-08-31T20:47:00-06:00", Options(), datetime(2024, 9, 1, 2, 47, tzinfo=UTC), "offset"),
        ("2024-08-31 20:47:00", Options(), None, "unknown"),
        ("2024-08-31 20:47:00", MEXICO, datetime(2024, 9, 1, 2, 47, tzinfo=UTC), "user_given"),
        ("1725158820", Options(), datetime(2024, 9, 1, 2, 47, tzinfo=UTC), "utc"),
        ("1725158820000", Options(), datetime(2024, 9, 1, 2, 47, tzinfo=UTC), "utc"),
        ("31/08/2024 8:47 p. m.", MEXICO, datetime(2024, 9, 1, 2, 47, tzinfo=UTC), "user_given"),
        ("08/31/2024 20:47", MEXICO, datetime(2024, 9, 1, 2, 47, tzinfo=UTC), "user_given"),
        ("08/07/2024 20:47", MEXICO, None, "unknown"),
        ("08/07/2024 20:47", Options(timezone="UTC", date_order="dmy"), datetime(2024, 7, 8, 20, 47, tzinfo=UTC),
         "user_given"),
        ("Wed Aug 28 20:47:00 +0000 2024", Options(), datetime(2024, 8, 28, 20, 47, tzinfo=UTC), "utc"),
        ("pronto", MEXICO, None, "unknown"),
    ],
)  # fmt: skip
def test_times_are_converted_only_where_nothing_is_guessed(
    cell: str, options: Options, expected: datetime | None, basis: str
) -> None:
    raw = table([["id", "texto", "fecha"], ["1", "a", cell]]).encode()
    post = rows(read(READER, raw, options=options), "posts")[0]
    assert (post["created_at"], post["created_at_raw"], post["tz_basis"]) == (expected, cell, basis)


def test_one_date_of_the_file_settles_the_others() -> None:
    raw = b"id,text,date\n1,a,08/07/2024 10:00\n2,b,31/07/2024 10:00\n"
    posts = rows(read(READER, raw, options=Options(timezone="UTC")), "posts")
    assert [p["created_at"].month for p in posts] == [7, 7]


def test_4cat_times_are_utc_and_its_lists_are_taken_apart() -> None:
    header = ["id", "thread_id", "timestamp", "body", "author", "author_id", "link", "hashtags", "mentions",
              "like_count",
              "images", "is_retweet", "retweeted_user", "possibly_sensitive"]  # fmt: skip
    row = ["1", "1", "2024-08-31 20:47:00", "hola #x", "ana", "11", "https://x.com/ana/status/1", "Uno,Dos",
           "beto,caro", "3", "https://a/1.jpg,https://a/2.jpg", "no", "", "yes"]  # fmt: skip
    raw = table([header, row])
    sink = read(READER, raw.encode())
    post = rows(sink, "posts")[0]
    assert (post["platform"], post["tz_basis"]) == ("x", "utc")
    assert post["created_at"] == datetime(2024, 8, 31, 20, 47, tzinfo=UTC)
    assert (post["account_id"], post["author_name"], post["sensitive"]) == ("11", "ana", True)
    assert [e["dst"] for e in rows(sink, "edges")] == ["uno", "dos", "beto", "caro"]
    assert counts(sink)["media"] == 2 and rows(sink, "post_snapshots")[0]["likes"] == 3


def test_twarc_columns() -> None:
    cells = {
        "id": "10", "conversation_id": "9", "referenced_tweets.replied_to.id": "9", "in_reply_to_user_id": "77",
        "author_id": "11", "author.username": "ana", "author.name": "Ana", "author.public_metrics.followers_count": "5",
        "created_at": "2024-08-31T20:47:00.000Z", "text": "hola", "lang": "es", "public_metrics.like_count": "3",
        "entities.hashtags": '[{"start": 1, "end": 2, "tag": "Uno"}]',
        "__twarc.retrieved_at": "2024-09-01T00:00:00+00:00",
    }  # fmt: skip
    sink = read(READER, table([list(cells), list(cells.values())]).encode())
    post, snapshot, account = (rows(sink, t)[0] for t in ("posts", "post_snapshots", "account_snapshots"))
    assert (post["platform"], post["in_reply_to_id"], post["thread_id"]) == ("x", "9", "9")
    assert (snapshot["likes"], snapshot["observed_at"]) == (3, datetime(2024, 9, 1, tzinfo=UTC))
    assert (account["username"], account["followers"], account["observed_basis"]) == ("ana", 5, "record")
    edges = {e["type"]: e for e in rows(sink, "edges")}
    assert (edges["replies"]["dst"], edges["replies"]["dst_account_id"], edges["hashtag"]["dst"]) == ("9", "77", "uno")


def test_rows_without_an_id_have_one_that_stays_and_tells_equals_apart() -> None:
    raw = "usuario,mensaje\nana,hola\nana,hola\nbeto,sí\n"
    first = [p["id"] for p in rows(read(READER, raw.encode()), "posts")]
    later = [p["id"] for p in rows(read(READER, (raw + "caro,no\n").replace(",", ";").encode()), "posts")]
    assert first == later[:3] and len(set(later)) == 4
    assert all(p["id_is_derived"] for p in rows(read(READER, raw.encode()), "posts"))


def test_a_table_that_nothing_is_known_of_says_how_to_map_it_and_then_is_read() -> None:
    raw = b"columna a;columna b\n1;hola\n2;adi\xc3\xb3s\n"
    sink = read(READER, raw)
    assert sink.count == 0 and len(sink.quarantined) == 1
    assert "--map text=" in sink.quarantined[0][1] and "'columna b'" in sink.quarantined[0][1]
    mapped = Options(mapping=load_mapping("text=columna b,id=columna a,platform==tiktok"))
    assert [(p["platform"], p["id"], p["text"]) for p in rows(read(READER, raw, options=mapped), "posts")] == [
        ("tiktok", "1", "hola"), ("tiktok", "2", "adiós")
    ]  # fmt: skip
    sink = read(READER, raw, options=Options(mapping={"text": "nada"}))
    assert sink.count == 0 and "'nada'" in sink.quarantined[0][1]


def test_a_mapping_comes_as_pairs_toml_or_json(tmp_path: Path) -> None:
    toml, other = tmp_path / "m.toml", tmp_path / "m.json"
    toml.write_text('[map]\ntext = "cuerpo largo"\nid = "n"\n')
    other.write_text('{"text": "cuerpo largo", "id": "n"}')
    expected = {"text": "cuerpo largo", "id": "n"}
    assert load_mapping("text=cuerpo largo, id=n") == load_mapping(toml) == load_mapping(str(other)) == expected
    for bad in ("texto=body", "text=", str(tmp_path / "none"), str(tmp_path)):
        with pytest.raises(UsageError) as caught:
            load_mapping(bad)
        assert "\n" not in str(caught.value)
    toml.write_text("text = [")
    with pytest.raises(UsageError, match="no mapping"):
        load_mapping(toml)


def test_every_known_name_is_found_under_its_column() -> None:
    for ours, names in NAMES.items():
        for name in names:
            assert known(name) == name, name
            if ours in ("id", "url", "created_at", "likes"):
                continue
            assert ours in by_name(("text", name) if ours != "text" else ("x", name)), (ours, name)


@pytest.mark.parametrize(
    ("url", "platform"),
    [("https://x.com/a/status/1", "x"), ("twitter.com/a", "x"), ("https://www.tiktok.com/@a", "tiktok"),
     ("https://m.facebook.com/a", "facebook"), ("https://notx.com/a", None), ("https://x.com.evil.example/", None),
     ("https://t.me/canal/1", "telegram"), ("", None), ("javascript:alert(1)", None)],
)  # fmt: skip
def test_the_platform_is_that_of_the_host(url: str, platform: str | None) -> None:
    assert platform_of(url) == platform


@pytest.mark.parametrize("raw", [b"", b"hola, mundo", b'{"a": 1}', b"<a, b>\n", b"\x00\x01,\x02\n", b"id\n1\n"])
def test_other_files_are_not_taken_for_tables(raw: bytes) -> None:
    assert READER.sniff(raw, "x") == 0.0


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 60))
def test_noise_never_stops_the_reader(noise: bytes, at: int) -> None:
    good = b'id,text,date,likes\n1,"a\nb",31/08/2024,3\n2,c,,\n'
    raw = good[:at] + noise + good[at:]
    READER.sniff(raw, "")
    read(READER, raw, options=MEXICO)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected", "quarantined"),
    [
        ("csv_custom/minet_tweet_attrition.csv", {"accounts": 7, "account_snapshots": 7, "observations": 19}, 1),
        ("csv_custom/twitwi_user-export.csv", {"accounts": 3, "account_snapshots": 3, "observations": 1}, 0),
        ("csv_custom/minet_likes.csv", {}, 1),
        ("fourcat_csv/twitter-import_chinadaily.csv",
         {"posts": 2, "post_snapshots": 2, "accounts": 2, "account_snapshots": 2, "media": 2, "edges": 5}, 0),
    ],
)  # fmt: skip
def test_samples_of_other_tools(data: Path, name: str, expected: dict[str, int], quarantined: int) -> None:
    raw = (data / "exports" / name).read_bytes()
    sink = read(READER, raw, name=name)
    assert (counts(sink), len(sink.quarantined)) == (expected, quarantined)
    if sink.count:
        independent: list[Any] = list(csv.reader(io.StringIO(raw.decode(), newline="")))[1:]
        assert [next(csv.reader([s.decode()])) for s in spans(raw, sink)] == independent


@pytest.mark.data
@pytest.mark.parametrize("name", ["csv-delim.csv", "csv-unclosed.csv"])
def test_hostile_tables_end_in_one_clear_line(data: Path, name: str) -> None:
    raw = (data / "evidence" / "hostile" / name).read_bytes()
    assert READER.sniff(raw[:65536], name) >= 0.2
    sink = read(READER, raw, name=name)
    assert sink.count == 0 and len(sink.quarantined) == 1 and "--map" in sink.quarantined[0][1]
    mapped = read(READER, raw, options=Options(mapping={"text": "b"}))
    assert mapped.count >= 1


def test_what_programs_write_for_nothing_is_no_id_and_short_fractions_are_refused() -> None:
    lines = [
        ["id", "author_id", "text"],
        *[[str(n), gone, "x"] for n, gone in enumerate(("NaN", "nan", "None", "null"))],
    ]
    sink = read(READER, table(lines).encode())
    assert [post["account_id"] for post in rows(sink, "posts")] == [None] * 4 and "accounts" not in counts(sink)
    assert any("NaN" in note for note in sink.notes)
    short = read(READER, table([["id", "author_id", "text"], ["12345.0", "7", "x"], ["12346", "7", "y"]]).encode())
    assert [post["id"] for post in rows(short, "posts")] == ["12346"] and len(short.quarantined) == 1
