"""Reading the registry's files: their layout, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numbering_files import SAMPLE

from app.errors import AcmError
from app.numbering.registry import RegistryError, read_files

HEADER = "АВС/ DEF;От;До;Емкость;Оператор;Регион;Территория ГАР;ИНН"
LINE = '900;0000000;0061999;62000;ООО "Т2";Краснодарский край;Краснодарский край;7743895280'


def written(tmp_path: Path, *lines: str, name: str = "plan.csv", encoding: str = "utf-8-sig", end: str = "\n") -> Path:
    path = tmp_path / name
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def refusal(*paths: Path) -> str:
    with pytest.raises(RegistryError) as caught:
        read_files(paths)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_the_sample_is_read() -> None:
    ranges = read_files([SAMPLE])
    assert len(ranges) == 16
    first = ranges[0]
    assert (first.first, first.last, first.code) == (9000000000, 9000061999, 900)
    assert (first.operator, first.region, first.area) == ('ООО "СВЯЗЬ"', "Краснодарский край", "Краснодарский край")
    assert (first.file, first.line_no) == ("numbering-sample.csv", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_bom_and_line_ends_do_not_matter(tmp_path: Path, encoding: str, end: str) -> None:
    (found,) = read_files([written(tmp_path, HEADER, LINE, "", encoding=encoding, end=end)])
    assert (found.first, found.last, found.operator) == (9000000000, 9000061999, 'ООО "Т2"')


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    path = written(tmp_path, "Регион;До;От;АВС/DEF;Оператор", "Омская обл.;0000009;0000000;913;ПАО")
    (found,) = read_files([path])
    assert (found.first, found.last, found.region, found.area) == (9130000000, 9130000009, "Омская обл.", "")


def test_ranges_of_several_files_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    second = written(tmp_path, HEADER, LINE.replace("900;", "495;"), name="abc.csv")
    steps: list[tuple[int, int]] = []
    ranges = read_files([SAMPLE, second], lambda done, total: steps.append((done, total)))
    assert [item.code for item in ranges][:2] == [495, 900]
    size = SAMPLE.stat().st_size + second.stat().st_size
    assert steps[-1] == (size, size)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("900;0000000;0061999;62000;ООО;Край;Край", "7 columns instead of 8"),
        ("900;0000000;0061999;62000;ООО;Край;Край;1;2", "9 columns instead of 8"),
        ("9x0;0000000;0061999;62000;ООО;Край;Край;1", "«9x0» is not a number of 3 digits"),
        ("9000;0000000;0061999;62000;ООО;Край;Край;1", "«9000» is not a number of 3 digits"),
        ("090;0000000;0061999;62000;ООО;Край;Край;1", "is not a number of 3 digits"),
        ("900;;0061999;62000;ООО;Край;Край;1", "«» is not a number of 7 digits"),
        ("900;0000000;00619990;62000;ООО;Край;Край;1", "«00619990» is not a number of 7 digits"),
        ("900;0061999;0000000;62000;ООО;Край;Край;1", "the range ends before it begins"),
        ("900;0000000;0061999;61999;ООО;Край;Край;1", "the range has 62000 numbers, «Емкость» says 61999"),
        ("900;0050000;0069999;20000;ООО;Край;Край;1", "numbers of this range are in plan.csv, line 2, too"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    message = refusal(written(tmp_path, HEADER, LINE, line))
    assert "plan.csv, line 3" in message and words in message


def test_a_range_in_two_files_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, LINE)
    assert "numbers of this range are in" in refusal(SAMPLE, path)


def test_what_is_no_file_of_the_registry_is_told(tmp_path: Path) -> None:
    assert "lacks «До», «Регион»" in refusal(written(tmp_path, "АВС/ DEF;От;Оператор", "900;0000000;ООО"))
    assert "lacks" in refusal(written(tmp_path))
    assert "lacks" in refusal(written(tmp_path, "PK\x03\x04\x00"))
    assert "has no line beside its header" in refusal(written(tmp_path, HEADER, " "))
    assert "line 1: this is not UTF-8" in refusal(written(tmp_path, HEADER, LINE, encoding="cp1251"))
    assert "line 2: this is not UTF-8" in refusal(_bytes(tmp_path, HEADER.encode() + b"\n900;\xff\xfe"))
    assert "cannot be read" in refusal(tmp_path / "missing.csv")
    assert "cannot be read" in refusal(tmp_path)


def _bytes(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "plan.csv"
    path.write_bytes(content)
    return path


@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: f"{HEADER}\n{text}".encode())))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = _bytes(tmp_path_factory.mktemp("any"), content)
    try:
        assert read_files([path])
    except AcmError as error:
        assert error.message
