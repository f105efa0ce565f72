"""Lists as files: CSV that Excel opens, and XLSX with typed cells. Both are written row by row, memory stays flat."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from flask import Response, send_file, stream_with_context
from werkzeug.routing import AnyConverter, Map
from werkzeug.utils import secure_filename

from app import clock
from app.frame.formats import local

KINDS = ("csv", "xlsx")
#: A spreadsheet has room for 1,048,576 rows; and how many a list reads at once for its file.
MOST_ROWS = 1_000_000
PAGE = 2000

#: A text that begins so is a formula to a spreadsheet; an apostrophe in front makes it text again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Kind(AnyConverter):
    """`<export:kind>` of an address: a kind of file that there is; all else answers 404."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, *KINDS)


def safe_text(value: str) -> str:
    """The text as a spreadsheet may open it: never a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def paged(read: Callable[[str], Any]) -> Iterator[Any]:
    """The rows of a list that is read page by page, at most MOST_ROWS. `read` gives the page behind a key."""

    def rows() -> Iterator[Any]:
        key: str | None = ""
        while key is not None:
            page = read(key)
            yield from page.rows
            key = page.next_key

    return islice(rows(), MOST_ROWS)


def send(name: str, kind: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The rows as a file to download. Moments are naive UTC and come out in the user's zone."""
    stamp = local(clock.now()).strftime("%Y%m%d-%H%M%S")
    file_name = f"{secure_filename(name) or 'export'}-{stamp}.{kind}"
    return _xlsx(file_name, headers, rows) if kind == "xlsx" else _csv(file_name, headers, rows)


def _csv(file_name: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    def lines() -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
        yield "\N{ZERO WIDTH NO-BREAK SPACE}"  # Excel reads UTF-8 by this mark
        writer.writerow(headers)
        for row in rows:
            writer.writerow([_csv_cell(value) for value in row])
            if buffer.tell() > 64_000:
                yield _taken(buffer)
        yield _taken(buffer)

    response = Response(stream_with_context(lines()), mimetype="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=file_name)
    return response


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return local(value).strftime("%d.%m.%Y %H:%M:%S")
    return safe_text(value) if isinstance(value, str) else value


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _xlsx(file_name: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    import xlsxwriter

    target = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 - send_file closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    moment = book.add_format({"num_format": "dd.mm.yyyy hh:mm:ss"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(headers) - 1, 19)
    for column, header in enumerate(headers):
        sheet.write_string(0, column, header, bold)
    writers: dict[type, Callable[[int, int, Any], Any]] = {
        datetime: lambda line, column, value: sheet.write_datetime(
            line, column, local(value).replace(tzinfo=None), moment
        ),
        str: sheet.write_string,
        int: sheet.write_number,
        float: sheet.write_number,
    }
    last = 0
    for last, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if value is not None and value != "":
                writers[type(value)](last, column, value)
    sheet.autofilter(0, 0, max(last, 1), len(headers) - 1)
    book.close()
    target.seek(0)
    return send_file(
        target, as_attachment=True, download_name=file_name,
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )  # fmt: skip
