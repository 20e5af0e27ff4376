"""Files of events as people have them, good and bad."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tecolote.errors import TecoloteError
from tecolote.networks.coaction import coaction
from tecolote.networks.eventtable import EventsRefused, number, read_events

GOOD = "object_id,account_id,content_id,timestamp_share\no1,a,c1,1700000000\no1,b,c2,1700000005\n"


def file(folder: Path, text: str, name: str = "events.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_csv_and_parquet_are_told_apart_by_their_bytes(tmp_path: Path) -> None:
    events = read_events(file(tmp_path, GOOD, "wrong.parquet"))
    assert events.column_names == ["object_id", "account_id", "content_id", "timestamp_share"]
    pq.write_table(events, tmp_path / "wrong.csv")
    assert read_events(tmp_path / "wrong.csv").to_pylist() == events.to_pylist()
    assert coaction(events, min_repetition=1).edges.num_rows == 1


@pytest.mark.parametrize(
    "header", ["object_id,id_user,content_id,ts", "object_id,id_account,content_id,timestamp_share"]
)
def test_older_names_are_understood(header: str, tmp_path: Path) -> None:
    assert read_events(file(tmp_path, GOOD.replace(GOOD.splitlines()[0], header))).equals(
        read_events(file(tmp_path, GOOD, "b.csv"))
    )


@pytest.mark.parametrize("written", ["2023-11-14T22:13:20Z", "2023-11-14 22:13:20", "2023-11-14T23:13:20+01:00"])
def test_dates_become_seconds(written: str, tmp_path: Path) -> None:
    events = read_events(file(tmp_path, GOOD.replace("1700000000", written).replace("1700000005", written)))
    assert events["timestamp_share"].to_pylist() == [1700000000] * 2


def test_long_ids_keep_every_digit(tmp_path: Path) -> None:
    events = read_events(file(tmp_path, GOOD.replace("c1", "01234567890123456789")))
    assert events["content_id"].to_pylist()[0] == "01234567890123456789"


def test_the_eight_columns_of_the_qut_toolkit(tmp_path: Path) -> None:
    head = "message_id,user_id,username,repost_id,reply_id,message,timestamp,urls\n"
    rows = (
        "1,u,U,,,@x Hello  World,100,https://a.example https://b.example\n"
        "2,v,V,,,hello world @y,110,https://a.example\n"
        "3,u,U,9,,RT hello world,120,https://a.example\n"
        "4,v,V,9,,RT hello world,125,\n"
        "5,u,U,,7,,130,\n"
    )
    events = read_events(file(tmp_path, head + rows))
    found = [(r["modality"], r["object_id"], r["content_id"]) for r in events.to_pylist()]
    assert found == [
        ("link", "https://a.example", "1"), ("link", "https://b.example", "1"), ("text", "hello world", "1"),
        ("link", "https://a.example", "2"), ("text", "hello world", "2"),
        ("repost", "9", "3"), ("repost", "9", "4"), ("reply", "7", "5"),
    ]  # fmt: skip
    (edge, _) = coaction(events, "qut", 10, min_repetition=2).edges.to_pylist()
    assert edge == {"source": "u", "target": "v", "weight": 2}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("object_id,account_id,ts\no,a,1\n", "no column content_id"),
        (GOOD + "o2,a,c3,\n", "1 of 3 events have no time"),
        (GOOD + "o2,a,c3,nan\n", "1 of 3 events have no time"),
        (GOOD + "o2,a,c3,1700000000123\n", "milliseconds"),
        (GOOD + "o2,a,c3,yesterday\n", "no time"),
        (GOOD + "o2,a\n", "cannot be read"),
        ("\x00\x01\x02", "Needed"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(EventsRefused) as error:
        read_events(file(tmp_path, text))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_a_folder_are_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(TecoloteError) as error:
            read_events(path)
        assert "\n" not in str(error.value)


def test_a_header_alone_is_an_empty_network(tmp_path: Path) -> None:
    events = read_events(file(tmp_path, GOOD.splitlines()[0] + "\n"))
    assert coaction(events).edges.num_rows == 0


def test_ids_that_are_decimal_numbers_are_refused() -> None:
    columns = {"object_id": ["o"], "account_id": [1e18], "content_id": ["c"], "ts": [1]}
    with pytest.raises(EventsRefused, match="last digits"):
        number(pa.table(columns))


def test_rows_without_ids_are_counted_and_one_name_in_two_modalities_is_two_objects() -> None:
    columns = {
        "object_id": ["o", "o", None],
        "account_id": ["a", "b", "c"],
        "content_id": [1, 2, 3],
        "timestamp_share": [0.5, 1.9, 2.0],
        "modality": ["link", "hashtag", "link"],
    }
    events = number(pa.table(columns))
    assert (events.dropped, len(events), len(events.objects), events.modalities) == (1, 2, 2, ("hashtag", "link"))
    assert events.t.tolist() == [0, 1]
    assert coaction(pa.table(columns), min_repetition=1).edges.num_rows == 0
