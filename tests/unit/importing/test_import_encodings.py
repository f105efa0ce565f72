"""Encodings: told or found out, and a told one that the bytes speak against."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import AcmError
from app.importing.encodings import CP1251, KOI8R, UTF8, canonical_encoding, guess_single_byte, utf8_share
from app.importing.files import FileError, inspect, resolve_encoding

TEXT = "2100;Иванов;Иван;+79161234567\n2101;Петрова;Мария;+79161234568\n2102;Ёлкина;Юлия;84951234567\n"
NAMES = ["Иванов", "Петрова", "Сидоров", "Кузнецова", "Щербаков", "Юрьева", "Цой", "Ёлкин", "Жукова", "Хабибуллин"]


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("UTF-8", UTF8), ("utf8", UTF8), ("UTF-8-SIG", UTF8), ("Windows-1251", CP1251), ("CP1251", CP1251),
        ("win1251", CP1251), ("KOI8-R", KOI8R), ("koi8r", KOI8R),
    ],
)  # fmt: skip
def test_usual_names(name: str, canonical: str) -> None:
    assert canonical_encoding(name) == canonical


def test_other_encodings_are_refused() -> None:
    with pytest.raises(AcmError, match=r"EBCDIC.*UTF-8, CP1251, KOI8-R"):
        canonical_encoding("EBCDIC")


@pytest.mark.parametrize("encoding", [CP1251, KOI8R])
@pytest.mark.parametrize("text", [TEXT, TEXT.upper(), TEXT.lower(), "Щука", "ИВАНОВ ИВАН", "Менеджер по продажам"])
def test_russian_tells_its_encoding(text: str, encoding: str) -> None:
    assert guess_single_byte(text.encode(encoding))[0] == encoding


@given(
    st.lists(st.sampled_from(NAMES), min_size=5, unique=True),
    st.sampled_from([CP1251, KOI8R]),
    st.sampled_from([str, str.upper]),
)
def test_a_few_names_are_enough(names: list[str], encoding: str, case: object) -> None:
    text = ";".join(case(name) for name in names)  # type: ignore[operator]
    assert guess_single_byte(text.encode(encoding))[0] == encoding


@pytest.mark.parametrize("text", [TEXT.encode("cp866"), "Größe Äpfel Straße".encode("latin-1"), bytes(range(128, 256))])
def test_what_is_not_russian_is_not_guessed(text: bytes) -> None:
    assert guess_single_byte(text)[0] is None


@given(st.binary(max_size=300))
@example(b"")
@example(b"\x98")
def test_any_bytes_are_judged(sample: bytes) -> None:
    assert guess_single_byte(sample)[0] in (None, CP1251, KOI8R)
    assert 0 <= utf8_share(sample) <= 1


@pytest.fixture
def write(tmp_path: Path) -> object:
    def write(content: bytes) -> Path:
        path = tmp_path / "file.txt"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "told", "expected"),
    [
        (TEXT.encode(), None, UTF8),
        (TEXT.encode("utf-8-sig"), None, UTF8),
        (TEXT.encode("utf-8-sig"), "UTF-8", UTF8),
        (TEXT.encode(CP1251), None, CP1251),
        (TEXT.encode(KOI8R), None, KOI8R),
        (TEXT.encode(CP1251), "windows-1251", CP1251),
        (TEXT.encode(KOI8R), "koi8-r", KOI8R),
        (b"1;79161234567\n", None, UTF8),
        (b"1;79161234567\n", "cp1251", CP1251),
        # one bad line does not make a file of another encoding
        (TEXT.encode() * 10 + "Иван\n".encode(CP1251) + TEXT.encode() * 10, None, UTF8),
        (b"1;79161234567\n" * 200_000 + TEXT.encode(CP1251), None, CP1251),  # letters far behind the beginning
        ("Größe;1\n".encode("latin-1"), "cp1251", CP1251),  # nothing speaks against what is told
        (b"1;\xff;2\n" * 7, "utf-8", UTF8),  # too few to be sure of another encoding
    ],
)
def test_the_encoding_of_a_file(write: object, content: bytes, told: str | None, expected: str) -> None:
    assert resolve_encoding(inspect(write(content)), told) == expected  # type: ignore[operator]


@pytest.mark.parametrize(
    ("content", "told", "words"),
    [
        (TEXT.encode(CP1251), "utf-8", "not in UTF-8.*It is in CP1251"),
        (TEXT.encode(KOI8R), "utf-8", "not in UTF-8.*It is in KOI8-R"),
        (TEXT.encode(), "cp1251", "not in CP1251.*It is in UTF-8"),
        (TEXT.encode("utf-8-sig"), "koi8-r", "not in KOI8-R.*It is in UTF-8"),
        (TEXT.encode(KOI8R), "cp1251", "not in CP1251.*It is in KOI8-R"),
        (TEXT.upper().encode(CP1251) * 3, "koi8-r", "not in KOI8-R.*It is in CP1251"),
        (TEXT.encode("cp866"), None, "could not be found out.*Tell the encoding"),
        (TEXT.encode("cp866"), "utf-8", "not in UTF-8"),
    ],
)
def test_a_wrong_encoding_is_said_and_the_right_one_named(write: object, content: bytes, told: str, words: str) -> None:
    facts = inspect(write(content))  # type: ignore[operator]
    with pytest.raises(FileError, match=words):
        resolve_encoding(facts, told)


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "cp1251", "koi8-r"]))
def test_any_file_has_an_encoding_or_a_refusal(content: bytes, told: str | None) -> None:
    from app.importing.files import FileFacts

    def is_utf8() -> bool:
        try:
            content.decode()
        except UnicodeDecodeError:
            return False
        return True

    facts = FileFacts(Path("x"), len(content), "", content, content, content.isascii(), is_utf8())
    try:
        assert resolve_encoding(facts, told) in (UTF8, CP1251, KOI8R)
    except FileError as error:
        assert error.hint
