"""Formats of files: how bytes become the fields of records. Each is a module with `header` and `parts`, named here.

`header(stream, form)` gives the text of the header record, or "" where the form has none.
`parts(stream, form, lines_done, bytes_done, size)` gives Parts of about `size` lines from there to the end of the file,
in memory that does not grow with the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from types import ModuleType
from typing import BinaryIO, NamedTuple, Protocol, cast

from app.importing.templates import LineTemplate, parse


@dataclass(frozen=True)
class Form:
    """How one file is read, from its first line to its last: kept with the load, whatever becomes of the template."""

    line: str
    format: str
    encoding: str
    has_header: bool
    newline: str = "\n"
    has_bom: bool = False
    header: str = ""

    @cached_property
    def template(self) -> LineTemplate:
        return parse(self.line, self.format)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Form:
        return cls(**json.loads(text))


class Record(NamedTuple):
    """A record of a file: the number of its first line from 1, its text, its fields or the reason why it has none."""

    line_no: int
    text: str
    fields: list[str] | None
    reason: str = ""


class Part(NamedTuple):
    """Records that follow each other, without empty lines, and the place in the file behind them.

    `is_clean`: no record has a control character.
    """

    records: list[Record]
    lines_done: int
    bytes_done: int
    is_clean: bool


class Format(Protocol):
    """What the module of a format has."""

    def header(self, stream: BinaryIO, form: Form) -> str: ...

    def parts(self, stream: BinaryIO, form: Form, lines_done: int, bytes_done: int, size: int) -> Iterator[Part]: ...


def format_module(name: str) -> Format:
    """The module of a format by its name in the template."""
    from app.importing.formats import csv, txt

    modules: dict[str, ModuleType] = {"txt": txt, "csv": csv}
    return cast(Format, modules[name])
