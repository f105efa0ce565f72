"""CSV: a value in quotation marks may have the separator, doubled quotation marks and line ends in it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from app.importing import reasons
from app.importing.formats import Form, Part, Record, lines

#: Lines that one record may go on over. A quotation mark that is never closed must not swallow the file.
MAX_RECORD_LINES = 100


def header(stream: BinaryIO, form: Form) -> str:
    """The first record, where the form has a header. The stream stands at the beginning of the file."""
    if not form.has_header:
        return ""
    read = lines.read(stream, form, MAX_RECORD_LINES, at_start=True)
    return _record(read.texts, 0, 1, form)[0].text if read.texts else ""


def parts(stream: BinaryIO, form: Form, lines_done: int, bytes_done: int, size: int) -> Iterator[Part]:
    """Parts of about `size` lines from the given place on (see app/importing/formats): a part ends with a record."""
    stream.seek(bytes_done)
    separator = form.template.separator
    while True:
        read = lines.read(stream, form, size, at_start=bytes_done == 0)
        texts, bad, sizes, is_clean = list(read.texts), dict(read.bad), list(read.sizes), read.is_clean
        if not texts:
            return
        records: list[Record] = []
        index, skips_header = 0, lines_done == 0 and form.has_header
        while index < len(read.texts):
            text = texts[index]
            line_no = lines_done + index + 1
            if bad and index in bad:
                records.append(Record(line_no, text, None, bad[index]))
                index += 1
            elif '"' not in text:
                if text and not text.isspace():
                    records.append(Record(line_no, text, text.split(separator)))
                index += 1
            else:
                if not _is_closed(texts, index) and len(texts) - index < MAX_RECORD_LINES:
                    more = lines.read(stream, form, MAX_RECORD_LINES)
                    bad |= {len(texts) + at: reason for at, reason in more.bad.items()}
                    texts += more.texts
                    sizes += more.sizes
                    is_clean &= more.is_clean
                record, taken = _record(texts, index, line_no, form, bad)
                records.append(record)
                index += taken
            if skips_header:
                records.clear()
                skips_header = False
        lines_done += index
        bytes_done += sum(sizes[:index])
        if index < len(texts):
            stream.seek(bytes_done)
        yield Part(records, lines_done, bytes_done, is_clean)


def _is_closed(texts: list[str], index: int) -> bool:
    """Whether the record that begins there has its end among the lines that are read already."""
    quotes = 0
    for text in texts[index : index + MAX_RECORD_LINES]:
        quotes += text.count('"')
        if quotes % 2 == 0:
            return True
    return False


def _record(
    texts: list[str], index: int, line_no: int, form: Form, bad: dict[int, str] | None = None
) -> tuple[Record, int]:
    """The record that begins at a line, and how many lines it takes. A wrong one takes one line."""
    quotes = length = 0
    for taken, text in enumerate(texts[index : index + MAX_RECORD_LINES], 1):
        if bad and index + taken - 1 in bad:
            break
        quotes += text.count('"')
        length += len(text) + 1
        if length > lines.MAX_LINE:
            break
        if quotes % 2 == 0:
            whole = "\n".join(texts[index : index + taken])
            reader = csv.reader([whole], delimiter=form.template.separator, strict=True)
            try:
                return Record(line_no, whole, next(reader)), taken
            except (csv.Error, StopIteration):
                break
    return Record(line_no, texts[index], None, reasons.QUOTES_WRONG), 1
