"""The records of an import request obey every column rule before anything is sent."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialer.errors import RecordInvalid
from app.dialer.records import ImportRecord, build_content, check_record, safe_name
from app.simulator.imports import parse

GOOD = ImportRecord("01J9ZQ4T7C5M8K2N6P3R0S1V4W", ("79161234567",), -180)


def test_a_record_becomes_a_line_under_the_header() -> None:
    records = [GOOD, ImportRecord("k2", ("79161234568",), 300, True, "Анна", "Ёлкина")]
    assert build_content(records) == (
        "AccountNumber,FirstName,LastName,Phone01,TimeZoneBias,DstObserved\n"
        "01J9ZQ4T7C5M8K2N6P3R0S1V4W,,,79161234567,-180,false\n"
        "k2,Анна,Ёлкина,79161234568,300,true"
    )


def test_an_unknown_zone_is_left_to_the_dialer() -> None:
    assert build_content([ImportRecord("k", ("1",), None)]).splitlines()[1] == "k,,,1,,"


def test_columns_stay_the_same_whatever_the_records_hold() -> None:
    one, two = ImportRecord("k", ("1",), 0), ImportRecord("l", ("1", "2"), 0)
    headers = {build_content(records, phone_columns=3).splitlines()[0] for records in ([one], [two], [one, two])}
    assert headers == {"AccountNumber,FirstName,LastName,Phone01,Phone02,Phone03,TimeZoneBias,DstObserved"}
    assert build_content([two], phone_columns=3).splitlines()[1] == "l,,,1,2,,0,false"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_number": ""}, "AccountNumber"),
        ({"account_number": " k"}, "AccountNumber"),
        ({"account_number": "a,b"}, "AccountNumber"),
        ({"account_number": "a|b"}, "AccountNumber"),
        ({"account_number": 'a"b'}, "AccountNumber"),
        ({"account_number": "a\nb"}, "AccountNumber"),
        ({"account_number": "a\x00b"}, "AccountNumber"),
        ({"account_number": "a\u2028b"}, "AccountNumber"),
        ({"account_number": "x" * 31}, "AccountNumber"),
        ({"account_number": "ключ" * 4}, "AccountNumber"),  # 16 letters, 32 bytes
        ({"phones": ()}, "Phone01"),
        ({"phones": ("+79161234567",)}, "Phone01"),
        ({"phones": ("7 916",)}, "Phone01"),
        ({"phones": ("",)}, "Phone01"),
        ({"phones": ("1" * 21,)}, "Phone01"),
        ({"phones": ("٣٤٥",)}, "Phone01"),  # digits, but not ASCII
        ({"phones": ("1", "2")}, "Phone01"),  # more than the columns of the campaign
        ({"first_name": "x" * 51}, "FirstName"),
        ({"last_name": "O,Neil"}, "LastName"),
        ({"time_zone_bias": -781}, "TimeZoneBias"),
        ({"time_zone_bias": 721}, "TimeZoneBias"),
        ({"time_zone_bias": None, "dst_observed": True}, "DstObserved"),
    ],
)
def test_a_record_that_breaks_a_rule_is_refused_by_name(changes: dict, field: str) -> None:
    values = {name: getattr(GOOD, name) for name in ImportRecord.__slots__}
    with pytest.raises(RecordInvalid) as caught:
        build_content([GOOD, ImportRecord(**{**values, **changes})])
    assert (caught.value.index, caught.value.field) == (1, field)
    assert str(caught.value).startswith(f"Record 2, {field}: ")


@pytest.mark.parametrize(
    "record",
    [
        ImportRecord("x" * 30, ("#*0123456789",), -780),
        ImportRecord("ключключключклю", ("1" * 20,), 720, True, "x" * 50, "ё" * 50),
        ImportRecord("k", tuple("1234567890"), 0),
    ],
)
def test_a_record_at_the_edge_of_the_rules_passes(record: ImportRecord) -> None:
    check_record(record)


@pytest.mark.parametrize("count", [0, 10_001])
def test_an_import_has_1_to_10000_records(count: int) -> None:
    with pytest.raises(RecordInvalid, match=f"not {count}"):
        build_content([GOOD] * count)
    assert build_content([GOOD] * 10_000).count("\n") == 10_000


def test_a_name_is_made_safe_for_the_import() -> None:
    assert safe_name(' O\'Neil, "Ann"\n|x' + "y" * 60) == "O'Neil Ann x" + "y" * 38
    check_record(ImportRecord("k", ("1",), 0, first_name=safe_name("a,b\x00c\ud800")))


texts = st.text(st.characters(codec="utf-8"), max_size=60)
records = st.builds(
    ImportRecord,
    account_number=texts,
    phones=st.lists(st.text(string.digits + "#*+ ", max_size=22), max_size=3).map(tuple),
    time_zone_bias=st.none() | st.integers(-800, 800),
    dst_observed=st.booleans(),
    first_name=texts,
    last_name=texts,
)


@given(st.lists(records, min_size=1, max_size=4))
def test_whatever_passes_the_check_is_read_back_unchanged(batch: list[ImportRecord]) -> None:
    try:
        content = build_content(batch, phone_columns=3)
    except RecordInvalid:
        return
    read = parse(content, ",")
    assert read.errors == []
    assert [
        (row["AccountNumber"], tuple(p for p in row["Phones"].split("|") if p), row["bias"]) for row in read.records
    ] == [(record.account_number, record.phones, record.time_zone_bias) for record in batch]


@given(texts)
def test_a_safe_name_always_passes_the_check(name: str) -> None:
    check_record(ImportRecord("k", ("1",), 0, first_name=safe_name(name)))
