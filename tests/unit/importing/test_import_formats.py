"""From bytes to fields: TXT and CSV, streamed, with what is broken set aside."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.importing import reasons
from app.importing.formats import Form, Part, Record, format_module
from app.importing.formats.lines import MAX_LINE

LINE = "${contact.client.code};${contact.phone.number};${contact.phone.type.code}"
TXT = Form(LINE, "txt", "utf-8", False)
CSV = Form(LINE, "csv", "utf-8", False)


def parts(content: bytes, form: Form = TXT, size: int = 100, lines_done: int = 0, bytes_done: int = 0) -> list[Part]:
    return list(format_module(form.format).parts(io.BytesIO(content), form, lines_done, bytes_done, size))


def records(content: bytes, form: Form = TXT, size: int = 100) -> list[Record]:
    return [record for part in parts(content, form, size) for record in part.records]


def fields(content: bytes, form: Form = TXT) -> list[list[str] | None]:
    return [record.fields for record in records(content, form)]


@pytest.mark.parametrize("form", [TXT, CSV])
def test_lines_become_records(form: Form) -> None:
    found = records(b"1;2;3\r\n\n4;5;6\n   \n7;8;9", form)
    assert [(record.line_no, record.fields) for record in found] == [
        (1, ["1", "2", "3"]),
        (3, ["4", "5", "6"]),
        (5, ["7", "8", "9"]),
    ]
    assert [record.text for record in found] == ["1;2;3", "4;5;6", "7;8;9"]


@pytest.mark.parametrize("form", [TXT, CSV])
@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n"])
def test_nothing_gives_no_records(form: Form, content: bytes) -> None:
    assert records(content, form) == []
    assert sum(part.lines_done for part in parts(content, form)[-1:]) == content.count(b"\n")


@pytest.mark.parametrize("form", [TXT, CSV])
def test_the_header_is_kept_apart(form: Form) -> None:
    content = "\ufeffкод;номер;тип\r\n1;2;3\r\n".encode()
    form = replace(form, has_header=True)
    assert format_module(form.format).header(io.BytesIO(content), form) == "код;номер;тип"
    (part,) = parts(content, form)
    assert [(record.line_no, record.fields) for record in part.records] == [(2, ["1", "2", "3"])]
    assert (part.lines_done, part.bytes_done) == (2, len(content))


@pytest.mark.parametrize("form", [TXT, CSV])
def test_without_a_header_nothing_is_left_out(form: Form) -> None:
    assert format_module(form.format).header(io.BytesIO(b"1;2;3\n"), form) == ""
    assert fields(b"\xef\xbb\xbf1;2;3\n", form) == [["1", "2", "3"]]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "koi8-r"])
@pytest.mark.parametrize("form", [TXT, CSV])
def test_encodings(form: Form, encoding: str) -> None:
    content = "Ёжик;№7;«Щ»\n".replace("№", "N").replace("«", "").replace("»", "").encode(encoding)
    assert fields(content, replace(form, encoding=encoding)) == [["Ёжик", "N7", "Щ"]]


@pytest.mark.parametrize("form", [TXT, CSV])
def test_a_line_of_another_encoding_is_set_aside_alone(form: Form) -> None:
    content = "1;Иван;M\n".encode() + "2;Иван;M\n".encode("cp1251") + "3;Иван;M\r\n".encode()
    first, bad, last = records(content, form)
    assert (first.fields, last.fields) == (["1", "Иван", "M"], ["3", "Иван", "M"])
    assert (bad.fields, bad.reason, bad.line_no) == (None, reasons.ENCODING_WRONG, 2)
    assert bad.text.startswith("2;\ufffd") and bad.text.endswith(";M")


@pytest.mark.parametrize("form", [TXT, CSV])
def test_control_characters_are_noticed(form: Form) -> None:
    assert [part.is_clean for part in parts(b"1;2;3\n4;\x005;6\n7;8;9\n", form, size=1)] == [True, False, True]
    assert parts(b"1;\t2;3\n", form)[0].is_clean


@pytest.mark.parametrize("form", [TXT, CSV])
def test_a_line_that_is_too_long_is_skipped(form: Form) -> None:
    content = b"1;2;3\n" + b"x" * MAX_LINE + b"y\n4;5;6\n"
    first, bad, last = records(content, form)
    assert (first.fields, last.fields, last.line_no) == (["1", "2", "3"], ["4", "5", "6"], 3)
    assert (bad.reason, bad.line_no, bad.text) == (reasons.LINE_TOO_LONG, 2, "x" * 1000)
    (part,) = parts(content, form)
    assert part.bytes_done == len(content)


@pytest.mark.parametrize("form", [TXT, CSV])
def test_a_line_just_short_enough_is_read(form: Form) -> None:
    long = b"1;" + b"9" * (MAX_LINE - 6) + b";3"
    assert fields(long + b"\n", form)[0] is not None
    assert fields(long, form)[0] is not None


class Endless(io.RawIOBase):
    """A file of so many megabytes without a line end, or with nothing but separators."""

    def __init__(self, megabytes: int, byte: bytes) -> None:
        super().__init__()
        self.left, self.byte = megabytes << 20, byte

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = self.byte * count
        self.left -= count
        return count


@pytest.mark.parametrize("form", [TXT, CSV])
@pytest.mark.parametrize("byte", [b"x", b";", b'"', b"\0"])
def test_an_endless_line_takes_no_memory(form: Form, byte: bytes) -> None:
    stream: Any = io.BufferedReader(Endless(200, byte))
    tracemalloc.start()
    (part,) = format_module(form.format).parts(stream, form, 0, 0, 5000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [record.reason for record in part.records] == [reasons.LINE_TOO_LONG]
    assert part.bytes_done == 200 << 20
    assert peak < 3_000_000


@pytest.mark.parametrize("form", [TXT, CSV])
def test_ten_million_columns_are_one_bad_line(form: Form) -> None:
    found = records(b";" * 10_000_000 + b"\n1;2;3\n", form)
    assert [(record.reason, record.fields) for record in found] == [
        (reasons.LINE_TOO_LONG, None),
        ("", ["1", "2", "3"]),
    ]


@pytest.mark.parametrize("form", [TXT, CSV])
def test_a_part_of_long_lines_ends_early(form: Form) -> None:
    line = b"1;" + b"x" * 100_000 + b";3\n"
    found = parts(line * 1000, form, size=5000)
    assert len(found) > 1
    assert sum(len(part.records) for part in found) == 1000
    assert max(len(part.records) for part in found) < 400


# -- CSV -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'"1";"2";"3"\n', ["1", "2", "3"]),
        (b'1;"a;b";3\n', ["1", "a;b", "3"]),
        (b'1;"a""b";3\n', ["1", 'a"b', "3"]),
        (b'1;"a\nb\r\nc";3\n', ["1", "a\nb\nc", "3"]),
        (b'1;"";3\n', ["1", "", "3"]),
        (b'1;5" pipe 6";3\n', ["1", '5" pipe 6"', "3"]),
    ],
)
def test_values_in_quotation_marks(content: bytes, expected: list[str]) -> None:
    assert fields(content, CSV) == [expected]


def test_quotation_marks_are_letters_in_txt() -> None:
    assert fields(b'"1";"a;3"\n') == [['"1"', '"a', '3"']]


def test_a_record_over_lines_has_the_number_of_its_first_line() -> None:
    found = records(b'1;"a\nb";3\n4;5;6\n', CSV)
    assert [(record.line_no, record.text) for record in found] == [(1, '1;"a\nb";3'), (3, "4;5;6")]


@pytest.mark.parametrize(
    "bad", [b'2;"open;3', b'2;"a"b;3', b'2;"a" ;3', b'2;"']
)  # fmt: skip
def test_wrong_quotation_marks_cost_one_line(bad: bytes) -> None:
    found = records(b"1;2;3\n" + bad + b"\n" + b"7;8;9\n" * 300, CSV)
    assert [(record.line_no, record.reason) for record in found if record.reason] == [(2, reasons.QUOTES_WRONG)]
    assert len(found) == 302
    assert found[1].text == bad.decode()


def test_many_open_quotation_marks_take_neither_time_nor_memory() -> None:
    content = b'1;"x;2\n2;3;4\n' * 50_000
    tracemalloc.start()
    count = bad = 0
    for part in format_module("csv").parts(io.BytesIO(content), CSV, 0, 0, 1000):
        count += len(part.records)
        bad += sum(1 for record in part.records if record.reason or len(record.fields or []) != 3)
        assert len(part.records) <= 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert bad > 0 and count >= 50_000
    assert peak < 5_000_000


def test_a_part_ends_with_a_record() -> None:
    content = b"1;2;3\n" + b'4;"a\nb\nc";6\n' + b"7;8;9\n"
    found = parts(content, CSV, size=2)
    assert [(part.lines_done, [record.line_no for record in part.records]) for part in found] == [(4, [1, 2]), (5, [5])]
    assert found[-1].bytes_done == len(content)


@pytest.mark.parametrize("separator", [",", "\t", "|"])
def test_any_separator(separator: str) -> None:
    form = replace(CSV, line=LINE.replace(";", separator))
    assert fields(f'1{separator}"a{separator}b"{separator}3\n'.encode(), form) == [["1", f"a{separator}b", "3"]]


values = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=20)


@given(st.lists(st.lists(values, min_size=3, max_size=3), max_size=20), st.integers(1, 7))
@example([["\n", "", ""], ["", "", ""]], 1)
def test_what_a_csv_writer_wrote_is_read_back(table: list[list[str]], size: int) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerows(table)
    assert [record.fields for record in records(buffer.getvalue().encode(), CSV, size)] == table


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=";"), max_size=20),
                      min_size=3, max_size=3).filter(lambda row: not row[0].isspace()), max_size=20),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 7),
)  # fmt: skip
def test_what_was_joined_is_split(table: list[list[str]], end: str, size: int) -> None:
    content = "".join(";".join(row) + end for row in table).encode()
    assert [record.fields for record in records(content, TXT, size)] == table


raw_bytes = st.lists(
    st.sampled_from([b";", b"\n", b"\r", b'"', b"1", b"\xd0\x81", b"\xff", b"\x00", b"79161234567", b" ", b"a"]),
    max_size=60,
).map(b"".join)


@given(
    raw_bytes,
    st.sampled_from([TXT, CSV, replace(TXT, has_header=True), replace(CSV, has_header=True)]),
    st.integers(1, 5),
)
def test_any_bytes_are_read_whole_and_every_line_once(content: bytes, form: Form, size: int) -> None:
    found = parts(content, form, size)
    assert (found[-1].bytes_done if found else 0) == len(content)
    lines = content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    assert (found[-1].lines_done if found else 0) == lines
    numbers = [record.line_no for part in found for record in part.records]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= lines for number in numbers)


@given(
    raw_bytes,
    st.sampled_from([TXT, CSV, replace(TXT, has_header=True), replace(CSV, has_header=True)]),
    st.integers(1, 5),
)
def test_a_load_may_go_on_behind_any_part(content: bytes, form: Form, size: int) -> None:
    def rest() -> Iterator[Record]:
        done = parts(content, form, size)[0]
        yield from done.records
        for part in parts(content, form, size + 2, done.lines_done, done.bytes_done):
            yield from part.records

    if parts(content, form, size):
        assert list(rest()) == records(content, form, 1000)


def test_the_form_is_kept_as_json() -> None:
    form = replace(CSV, header='a;"б"', newline="\r\n", has_bom=True)
    assert Form.from_json(form.to_json()) == form
