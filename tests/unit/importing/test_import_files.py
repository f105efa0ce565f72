"""What a file is, and the files that are refused before anything is read from them."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from pathlib import Path

import pytest

from app.importing.files import FileError, inspect


def test_the_facts_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    content = "\ufeffкод;номер\r\n1;79161234567\r\n".encode()
    path.write_bytes(content)
    facts = inspect(path)
    assert (facts.size, facts.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (facts.has_bom, facts.is_utf8, facts.is_ascii, facts.newline) == (True, True, False, "\r\n")


def test_utf8_is_judged_over_the_borders_of_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"1" * ((1 << 20) - 1) + "ё".encode() + b"2" * (1 << 20))
    assert inspect(path).is_utf8
    path.write_bytes(b"1" * ((1 << 20) - 1) + "ё".encode()[:1] + b"2" * (1 << 20))
    assert not inspect(path).is_utf8
    path.write_bytes(b"1" * 100 + "ё".encode()[:1])
    assert not inspect(path).is_utf8


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \r\n\n\t\n", "is empty"),
        ("код;номер\n".encode("utf-16"), "UTF-16"),
        ("код;номер;1;2;3;4;5;6;7;8;9\n".encode("utf-16-le"), "zero bytes.*UTF-16"),
        (b"PK\x03\x04" + b"x" * 100, "workbook or an archive"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "workbook or an archive"),
        (b"\x1f\x8b\x08" + b"x" * 100, "not a text"),
        (b"%PDF-1.7", "not a text"),
        (b"1;79161234567\r2;79161234568\r", "Macintosh"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(FileError, match=words):
        inspect(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="There is no file"):
        inspect(tmp_path / "none.txt")
    with pytest.raises(FileError, match="There is no file"):
        inspect(tmp_path / "a\0b.txt")


def test_a_folder_and_a_pipe(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"is a folder.*Name the file"):
        inspect(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="not an ordinary file"):
        inspect(tmp_path / "pipe")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"1;2")

    def refuse(*_: object, **__: object) -> None:  # root, who may run the tests, may read everything
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(FileError, match="may not be read"):
        inspect(path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as stream:
        for _ in range(64):
            stream.write("Иванов;79161234567\n".encode() * 30_000)
    assert path.stat().st_size > 40_000_000
    tracemalloc.start()
    inspect(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000
