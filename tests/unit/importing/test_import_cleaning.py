"""From fields to staging values: numbers, dates, lengths, and each reason for which a line is rejected."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.importing import cleaning, reasons
from app.importing import templates as t
from app.importing.cleaning import Cleaner, LocalMoment, clean_number, fits, read_moment
from app.importing.formats import Part, Record

ALL = ";".join(
    f"${{{name}}}"
    for name in (
        *t.NAMES[:10], f"{t.ATTRIBUTE}(A)", f"{t.ATTRIBUTE}(Имя \"Б\")", t.PHONE_NUMBER, t.PHONE_TYPE, t.PHONE_NUMBER,
        t.PHONE_TYPE, t.CALLBACK_TIME, t.CALLBACK_AGENT,
    )
)  # fmt: skip
COLUMNS = t.parse(ALL).columns
GOOD = {
    t.CLIENT_CODE: " 2100422146_280156af1 ", t.CAMPAIGN_CODE: "LOANS", t.SEGMENT_CODE: "ANT", t.CRM_ID: "CRM7",
    t.LAST_NAME: "Иванов", t.FIRST_NAME: "Иван", t.MIDDLE_NAME: "Иванович", t.PRIORITY: "3", t.ZONE_CODE: "Asia/Omsk",
    t.DO_NOT_CALL_AFTER: "31.12.2026 18:00", "contact.client.extendedAttributes(A)": "1", t.CALLBACK_TIME:
    "2026-12-01 10:30", t.CALLBACK_AGENT: "petrov",
}  # fmt: skip


def fields(
    numbers: tuple[str, str] = ("+7 (916) 123-45-67", "84951234567"), types: tuple[str, str] = ("m", ""), **values: str
) -> list[str]:
    """The fields of a good line, with some of its values changed (dots of the names written as __)."""
    changed = GOOD | {name.replace("__", "."): value for name, value in values.items()}
    left = {t.PHONE_NUMBER: list(numbers), t.PHONE_TYPE: list(types)}
    return [left[name].pop(0) if name in left else changed.get(name, "") for name in COLUMNS]


def clean(given: list[str], line: str = ALL) -> cleaning.Staged:
    record = Record(7, ";".join(given), given)
    return Cleaner(t.parse(line)).clean(Part([record], 7, 0, False), batch_id=5)


def row(staged: cleaning.Staged) -> dict[str, Any]:
    (only,) = staged.rows
    return dict(zip(cleaning.ROW_COLUMNS, only, strict=True))


def reject(staged: cleaning.Staged) -> tuple[str, str | None, str | None]:
    """(reason, column, value) of the only reject."""
    assert staged.rows == staged.phones == []
    (only,) = staged.rejects
    found = dict(zip(cleaning.REJECT_COLUMNS, only, strict=True))
    assert (found["batch_id"], found["line_no"], found["is_warning"]) == (5, 7, 0)
    return found["reason_code"], found["column_name"], found["value"]


def test_a_good_line() -> None:
    staged = clean(fields())
    assert row(staged) == {
        "batch_id": 5, "line_no": 7, "campaign_code": "LOANS", "client_code": "2100422146_280156af1",
        "segment_code": "ANT", "crm_id": "CRM7", "last_name": "Иванов", "first_name": "Иван", "middle_name": "Иванович",
        "attributes": '{"A": "1"}', "load_priority": 3, "zone_code": "Asia/Omsk",
        "do_not_call_after": datetime(2026, 12, 31, 18), "do_not_call_after_is_utc": 0,
        "callback_at": datetime(2026, 12, 1, 10, 30), "callback_at_is_utc": 0, "callback_agent": "petrov",
        "raw_line": ";".join(fields()),
    }  # fmt: skip
    assert staged.phones == [
        (5, 7, 1, "79161234567", "+7 (916) 123-45-67", "m", None),
        (5, 7, 2, "84951234567", "84951234567", None, "Europe/Moscow"),
    ]
    assert staged.rejects == []


def test_what_a_line_does_not_give_is_empty() -> None:
    staged = clean(
        ["a", "", "79161234567"], "${contact.client.code};${contact.client.lastName};${contact.phone.number}"
    )
    found = row(staged)
    assert {name for name, value in found.items() if value is not None} == {
        "batch_id", "line_no", "client_code", "do_not_call_after_is_utc", "callback_at_is_utc", "raw_line",
    }  # fmt: skip


def test_an_empty_number_is_left_out_and_keeps_the_others_with_their_types() -> None:
    staged = clean(fields(numbers=("", "84951234567"), types=("m", "h")))
    assert staged.phones == [(5, 7, 2, "84951234567", "84951234567", "h", "Europe/Moscow")]


def test_attributes_are_a_json_object() -> None:
    given = fields(**{'contact__client__extendedAttributes(Имя "Б")': '«я» "\\ \t'})
    assert json.loads(row(clean(given))["attributes"]) == {"A": "1", 'Имя "Б"': '«я» "\\'}
    assert row(clean(fields(**{"contact__client__extendedAttributes(A)": " "})))["attributes"] is None


@pytest.mark.mission("M203")
@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("92989670489176", "92989670489176"), ("925759", "925759"), ("123", "123"), ("9" * 20, "9" * 20),
        ("+7 (916) 123-45-67", "79161234567"), ("8–916—123‑45−67", "89161234567"),
        ("7\u00a0916\t1234567", "79161234567"),
        ("12", None), ("9" * 21, None), ("", None), ("+", None), ("7,92E+10", None), ("7916.123", None), ("abc", None),
        ("79161234567 доб. 5", None), ("७९१६", None), ("²³¹", None),
    ],
)  # fmt: skip
def test_numbers(text: str, digits: str | None) -> None:
    assert clean_number(text) == digits


@given(st.text(st.sampled_from("0123456789+() -\u00a0.aё"), max_size=25))
def test_a_number_is_3_to_20_digits_or_nothing(text: str) -> None:
    digits = "".join(letter for letter in text if letter.isdigit())
    expected = digits if 3 <= len(digits) <= 20 and not set(text) & set(".aё") else None
    assert clean_number(text) == expected


@pytest.mark.parametrize(
    ("text", "at", "is_utc", "has_time"),
    [
        ("31.12.2026", datetime(2026, 12, 31), False, False),
        ("1.2.2026", datetime(2026, 2, 1), False, False),
        ("31.12.2026 18:30", datetime(2026, 12, 31, 18, 30), False, True),
        ("31.12.2026  8:05:09", datetime(2026, 12, 31, 8, 5, 9), False, True),
        ("2026-12-31", datetime(2026, 12, 31), False, False),
        ("2026-12-31 18:30", datetime(2026, 12, 31, 18, 30), False, True),
        ("2026-12-31T18:30:59.123", datetime(2026, 12, 31, 18, 30, 59), False, True),
        ("2026-12-31T18:30:00Z", datetime(2026, 12, 31, 18, 30), True, True),
        ("2026-12-31T18:30+03:00", datetime(2026, 12, 31, 15, 30), True, True),
        ("2026-12-31T18:30:00-0930", datetime(2027, 1, 1, 4), True, True),
        ("2026-12-31 18:30 +03", datetime(2026, 12, 31, 15, 30), True, True),
        ("29.02.2028", datetime(2028, 2, 29), False, False),
        ("31.12.9999", datetime(9999, 12, 30, 23, 59, 59), False, False),
    ],
)
def test_dates(text: str, at: datetime, is_utc: bool, has_time: bool) -> None:
    assert read_moment(text) == LocalMoment(at, is_utc, has_time)


@pytest.mark.parametrize(
    "text",
    [
        "29.02.2026", "32.01.2026", "00.01.2026", "1.13.2026", "31.12.26", "12/31/2026", "31.12.2026 24:00",
        "31.12.2026 10:60", "2026-13-01", "2026-1-1", "2026-12-31T18:30+25:00", "2026-12-31T18:30+03:99", "31.12.1900",
        "31.12.2026 10", "завтра", "46387", "٣١.١٢.٢٠٢٦", "0001-01-01T00:00+14:00", "31.12.2026 18:30 +03",
    ],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert read_moment(text) is None


@given(st.datetimes(datetime(1901, 1, 1), datetime(9999, 12, 30)).map(lambda at: at.replace(microsecond=0)))
def test_dates_read_back(at: datetime) -> None:
    assert read_moment(at.strftime(f"%d.%m.{at.year:04} %H:%M:%S")) == LocalMoment(at, False, True)
    assert read_moment(at.isoformat()) == read_moment(at.isoformat(" ")) == LocalMoment(at, False, True)
    assert read_moment(at.isoformat() + "Z") == LocalMoment(at, True, True)


@given(st.text(st.sampled_from("0123456789.-: TZ+ё"), max_size=26))
def test_any_text_is_a_date_or_not(text: str) -> None:
    moment = read_moment(text)
    assert moment is None or 1901 <= moment.at.year <= 9999


def test_a_stop_day_lasts_to_its_end() -> None:
    found = row(clean(fields(contact__client__doNotCallAfter="31.12.2026")))
    assert found["do_not_call_after"] == datetime(2026, 12, 31, 23, 59, 59)


def test_moments_with_an_offset_are_utc() -> None:
    found = row(
        clean(
            fields(
                contact__client__doNotCallAfter="2026-12-31T18:00Z", contact__callback__time="2026-12-01T10:00+03:00"
            )
        )
    )
    assert (found["do_not_call_after"], found["do_not_call_after_is_utc"]) == (datetime(2026, 12, 31, 18), 1)
    assert (found["callback_at"], found["callback_at_is_utc"]) == (datetime(2026, 12, 1, 7), 1)


@pytest.mark.mission("M150")
@pytest.mark.parametrize(
    ("given", "reason", "column", "value"),
    [
        (fields(contact__client__code="  "), reasons.CLIENT_CODE_MISSING, t.CLIENT_CODE, None),
        (fields(contact__client__code="x" * 65), reasons.VALUE_TOO_LONG, t.CLIENT_CODE, "x" * 65),
        (fields(contact__client__campaign__code="x" * 65), reasons.VALUE_TOO_LONG, t.CAMPAIGN_CODE, "x" * 65),
        (fields(contact__client__segment__code="x" * 65), reasons.VALUE_TOO_LONG, t.SEGMENT_CODE, "x" * 65),
        (fields(contact__client__crmId="x" * 65), reasons.VALUE_TOO_LONG, t.CRM_ID, "x" * 65),
        (fields(contact__client__lastName="x" * 101), reasons.VALUE_TOO_LONG, t.LAST_NAME, "x" * 100),
        (fields(contact__client__firstName="x" * 101), reasons.VALUE_TOO_LONG, t.FIRST_NAME, "x" * 100),
        (fields(contact__client__middleName="x" * 101), reasons.VALUE_TOO_LONG, t.MIDDLE_NAME, "x" * 100),
        (fields(contact__callback__agent="x" * 65), reasons.VALUE_TOO_LONG, t.CALLBACK_AGENT, "x" * 65),
        (fields(contact__client__priority="11"), reasons.PRIORITY_WRONG, t.PRIORITY, "11"),
        (fields(contact__client__priority="0"), reasons.PRIORITY_WRONG, t.PRIORITY, "0"),
        (fields(contact__client__priority="high"), reasons.PRIORITY_WRONG, t.PRIORITY, "high"),
        (fields(contact__client__priority="1.5"), reasons.PRIORITY_WRONG, t.PRIORITY, "1.5"),
        (fields(contact__client__doNotCallAfter="soon"), reasons.DATE_WRONG, t.DO_NOT_CALL_AFTER, "soon"),
        (fields(contact__callback__time="soon"), reasons.DATE_WRONG, t.CALLBACK_TIME, "soon"),
        (fields(contact__callback__time="31.12.2026"), reasons.TIME_MISSING, t.CALLBACK_TIME, "31.12.2026"),
        (fields(numbers=("", " ")), reasons.PHONE_MISSING, t.PHONE_NUMBER, None),
        (fields(numbers=("12", "")), reasons.NUMBER_WRONG, t.PHONE_NUMBER, "12"),
        (fields(numbers=("79161234567", "нет")), reasons.NUMBER_WRONG, t.PHONE_NUMBER, "нет"),
        (fields(numbers=("7" + " " * 70 + "916", "")), reasons.NUMBER_WRONG, t.PHONE_NUMBER, "7" + " " * 70 + "916"),
        (fields(types=("x" * 65, "")), reasons.PHONE_TYPE_UNKNOWN, t.PHONE_TYPE, "x" * 65),
        (fields(**{"contact__client__extendedAttributes(A)": "x" * 4001}), reasons.VALUE_TOO_LONG,
         "contact.client.extendedAttributes(A)", "x" * 100),
        (fields()[:-1], reasons.COLUMNS_WRONG, None, "17 ≠ 18"),
        ([*fields(), ""], reasons.COLUMNS_WRONG, None, "19 ≠ 18"),
        (["a"], reasons.COLUMNS_WRONG, None, "1 ≠ 18"),
        (fields(contact__client__lastName="Ива\x00нов"), reasons.CONTROL_CHARACTER, None, None),
        (fields(contact__client__lastName="Ива\x1bнов"), reasons.CONTROL_CHARACTER, None, None),
        (fields(contact__client__lastName="Ива\nнов"), reasons.LINE_BREAK, t.LAST_NAME, "Ива\nнов"),
    ],
)  # fmt: skip
def test_each_reason(given: list[str], reason: str, column: str | None, value: str | None) -> None:
    assert reject(clean(given)) == (reason, column, value)


def test_a_line_that_could_not_be_read_keeps_its_reason() -> None:
    record = Record(7, "x", None, reasons.ENCODING_WRONG)
    staged = Cleaner(t.parse(ALL)).clean(Part([record], 7, 0, True), batch_id=5)
    assert reject(staged) == (reasons.ENCODING_WRONG, None, None)


def test_a_reject_keeps_its_line_and_its_client() -> None:
    (found,) = clean(fields(numbers=("12\x00", ""))).rejects
    assert found[-1] == ";".join(fields(numbers=("12\ufffd", "")))
    assert found[5] == "2100422146_280156af1"


def test_a_line_break_may_stand_in_an_attribute() -> None:
    found = row(clean(fields(**{"contact__client__extendedAttributes(A)": "one\ntwo"})))
    assert json.loads(found["attributes"]) == {"A": "one\ntwo"}


def test_one_bad_number_rejects_the_line_but_no_other() -> None:
    cleaner = Cleaner(t.parse("${contact.client.code};${contact.phone.number}"))
    lines = [["a", "123"], ["b", "x"], ["c", "456"]]
    staged = cleaner.clean(Part([Record(n, ";".join(given), given) for n, given in enumerate(lines, 1)], 3, 0, True))
    assert [found[1] for found in staged.rows] == [found[1] for found in staged.phones] == [1, 3]
    assert [(found[1], found[2]) for found in staged.rejects] == [(2, reasons.NUMBER_WRONG)]


def test_an_agent_without_a_time_is_a_warning() -> None:
    staged = clean(fields(contact__callback__time=""))
    assert len(staged.rows) == 1
    (found,) = staged.rejects
    assert (found[2], found[3], found[6], found[7]) == (reasons.CALLBACK_TIME_MISSING, t.CALLBACK_AGENT, 1, None)


def test_a_last_separator_is_left_out() -> None:
    line = "${contact.client.code};${contact.phone.number};"
    assert len(clean(["a", "123", ""], line).rows) == 1
    assert reject(clean(["a", "123", "x"], line))[0] == reasons.COLUMNS_WRONG
    assert reject(clean(["a", "123"], line))[0] == reasons.COLUMNS_WRONG


def test_a_zone_that_is_too_long_never_drops_a_client() -> None:
    assert len(row(clean(fields(contact__client__timeZone__code="z" * 500)))["zone_code"]) <= 64


@pytest.mark.parametrize(
    ("text", "limit", "does"),
    [("x" * 64, 64, True), ("x" * 65, 64, False), ("ё" * 64, 64, True), ("😀" * 32, 64, True), ("😀" * 33, 64, False),
     ("ß" * 33, 64, False), ("ß" * 21, 64, True), ("", 0, True)],
)  # fmt: skip
def test_lengths_are_those_of_sql_server(text: str, limit: int, does: bool) -> None:
    assert fits(text, limit) is does


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(st.lists(anything, min_size=18, max_size=18))
@example(fields())
def test_any_line_is_loaded_or_rejected(given: list[str]) -> None:
    staged = clean(given)
    warnings = [found for found in staged.rejects if found[6]]
    assert len(staged.rows) + len(staged.rejects) - len(warnings) == 1
    for found in [*staged.rows, *staged.phones, *staged.rejects]:
        assert not any("\0" in value for value in found if isinstance(value, str))
    for found in staged.rows:
        named = dict(zip(cleaning.ROW_COLUMNS, found, strict=True))
        assert len(named["client_code"].upper()) <= 64 and named["client_code"].strip()
        if named["attributes"]:
            assert isinstance(json.loads(named["attributes"]), dict)
    for _, _, _, number, raw, _, _ in staged.phones:
        assert number.isascii() and number.isdigit() and 3 <= len(number) <= 20 and len(raw) <= 64


def test_every_reason_has_words() -> None:
    codes = {value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}
    texts = {code: reasons.describe(code, "VALUE") for code in codes}
    assert all(text != code and text.endswith(".") for code, text in texts.items())
    assert len(set(texts.values())) == len(codes) >= 20
    assert reasons.describe("of a later version") == "of a later version"
