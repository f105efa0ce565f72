"""Reading the registry's own CSV files: code, ranges of seven digits, operator, region. Every mistake has its line.

The fields are not quoted: quotation marks belong to the names of operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from app.errors import AcmError
from app.i18n import gettext as _

CODE_DIGITS, LINE_DIGITS = 3, 7
LINES_OF_A_CODE = 10**LINE_DIGITS
MAX_OPERATOR, MAX_REGION, MAX_AREA = 200, 400, 1000

# The columns by their names in the registry, without blanks, in capitals. АВС is Cyrillic there; Latin is taken too.
_CODE, _FROM, _TO, _CAPACITY, _OPERATOR, _REGION, _AREA = range(7)
_COLUMNS = {
    "АВС/DEF": _CODE,
    "ABC/DEF": _CODE,
    "ОТ": _FROM,
    "ДО": _TO,
    "ЕМКОСТЬ": _CAPACITY,
    "ОПЕРАТОР": _OPERATOR,
    "РЕГИОН": _REGION,
    "ТЕРРИТОРИЯГАР": _AREA,
}
_REQUIRED = {_CODE: "АВС/ DEF", _FROM: "От", _TO: "До", _OPERATOR: "Оператор", _REGION: "Регион"}
_PROGRESS_LINES = 1000


class RegistryError(AcmError):
    """A file that is not the registry's, or has a mistake: nothing of it is loaded."""


@dataclass(frozen=True)
class RegistryRange:
    """A line of a file: national numbers from `first` to `last`."""

    first: int
    last: int
    operator: str
    region: str
    area: str
    file: str
    line_no: int

    @property
    def code(self) -> int:
        return self.first // LINES_OF_A_CODE


def read_files(
    paths: Sequence[Path], on_progress: Callable[[int, int], None] = lambda done, total: None
) -> list[RegistryRange]:
    """All ranges of the files, in the order of their numbers. `on_progress` gets the bytes read and their total.

    Raises RegistryError, with file and line, for the first mistake, and where two ranges have a number in common.
    """
    try:
        sizes = [path.stat().st_size for path in paths]
    except OSError as error:
        raise _unreadable(error) from error
    ranges: list[RegistryRange] = []
    done, total = 0, sum(sizes)
    for path, size in zip(paths, sizes, strict=True):
        ranges += _read_file(path, lambda read, before=done: on_progress(before + read, total))  # type: ignore[misc]
        done += size
        on_progress(done, total)
    ranges.sort(key=lambda item: item.first)
    for item, following in pairwise(ranges):
        if following.first <= item.last:
            raise RegistryError(
                _("%(file)s, line %(line)s: numbers of this range are in %(other)s, line %(other_line)s, too.",
                  file=following.file, line=following.line_no, other=item.file, other_line=item.line_no),
                _("Load each file of the registry once."),
            )  # fmt: skip
    return ranges


def _read_file(path: Path, on_bytes: Callable[[int], None]) -> Iterator[RegistryRange]:
    name = path.name
    try:
        with path.open("rb") as stream:
            columns = _header(name, _decode(name, 1, stream.readline()))
            read, found = 0, 0
            for line_no, line in enumerate(stream, 2):
                read += len(line)
                text = _decode(name, line_no, line).strip("\r\n")
                if line_no % _PROGRESS_LINES == 0:
                    on_bytes(read)
                if text.strip():
                    found += 1
                    yield _range(name, line_no, text, columns)
    except OSError as error:
        raise _unreadable(error) from error
    if not found:
        raise RegistryError(_("%(file)s has no line beside its header.", file=name), _advice())


def _unreadable(error: OSError) -> RegistryError:
    path, reason = error.filename, error.strerror
    return RegistryError(_("%(path)s cannot be read: %(reason)s.", path=path, reason=reason))


def _advice() -> str:
    return _("Take the file as the ministry publishes it (opendata.digital.gov.ru).")


def _decode(name: str, line_no: int, line: bytes) -> str:
    try:
        return line.decode("utf-8-sig" if line_no == 1 else "utf-8")
    except UnicodeDecodeError:
        raise RegistryError(
            _("%(file)s, line %(line)s: this is not UTF-8.", file=name, line=line_no), _advice()
        ) from None


def _header(name: str, text: str) -> dict[int, int]:
    """Where each column stands; _COLUMNS has to be there but for those that may be absent. -1: number of columns."""
    titles = ["".join(title.split()).upper().replace("Ё", "Е") for title in text.split(";")]
    places = {_COLUMNS[title]: place for place, title in enumerate(titles) if title in _COLUMNS}
    missing = [title for column, title in _REQUIRED.items() if column not in places]
    if missing:
        raise RegistryError(
            _("%(file)s is not a file of the numbering registry: its first line lacks %(columns)s.",
              file=name, columns=", ".join(f"«{title}»" for title in missing)),
            _advice(),
        )  # fmt: skip
    return places | {-1: len(titles)}


def _range(name: str, line_no: int, text: str, columns: dict[int, int]) -> RegistryRange:
    def refused(reason: str) -> RegistryError:
        return RegistryError(
            _("%(file)s, line %(line)s: %(reason)s", file=name, line=line_no, reason=reason), _advice()
        )

    fields = [field.strip() for field in text.split(";")]
    if len(fields) != columns[-1]:
        raise refused(_("%(found)s columns instead of %(wanted)s.", found=len(fields), wanted=columns[-1]))
    for column, digits in ((_CODE, CODE_DIGITS), (_FROM, LINE_DIGITS), (_TO, LINE_DIGITS)):
        value = fields[columns[column]]
        if not (value.isascii() and value.isdigit() and len(value) <= digits):
            raise refused(_("«%(value)s» is not a number of %(digits)s digits.", value=value[:40], digits=digits))
    code = int(fields[columns[_CODE]])
    first, last = (code * LINES_OF_A_CODE + int(fields[columns[column]]) for column in (_FROM, _TO))
    if code < 100:
        raise refused(_("«%(value)s» is not a number of %(digits)s digits.", value=code, digits=CODE_DIGITS))
    if last < first:
        raise refused(_("the range ends before it begins."))
    capacity = fields[columns[_CAPACITY]] if _CAPACITY in columns else ""
    if capacity and capacity != str(last - first + 1):
        raise refused(
            _("the range has %(found)s numbers, «Емкость» says %(wanted)s.",
              found=last - first + 1, wanted=capacity[:40])
        )  # fmt: skip
    area = fields[columns[_AREA]] if _AREA in columns else ""
    operator, region = fields[columns[_OPERATOR]], fields[columns[_REGION]]
    return RegistryRange(first, last, operator[:MAX_OPERATOR], region[:MAX_REGION], area[:MAX_AREA], name, line_no)
