"""Plain text: every line is a record, split at the separator; quotation marks are letters like any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from app.importing.formats import Form, Part, Record, lines


def header(stream: BinaryIO, form: Form) -> str:
    """The first line, where the form has a header. The stream stands at the beginning of the file."""
    read = lines.read(stream, form, 1, at_start=True) if form.has_header else None
    return read.texts[0] if read and read.texts else ""


def parts(stream: BinaryIO, form: Form, lines_done: int, bytes_done: int, size: int) -> Iterator[Part]:
    """Parts of at most `size` lines from the given place on (see app/importing/formats)."""
    stream.seek(bytes_done)
    separator = form.template.separator
    most = form.template.fields + 1  # one more than wanted shows that there are too many
    while True:
        read = lines.read(stream, form, size, at_start=bytes_done == 0)
        if not read.texts:
            return
        bad, records, skipped = read.bad, [], int(lines_done == 0 and form.has_header)
        for line_no, text in enumerate(read.texts[skipped:], lines_done + skipped + 1):
            if bad and line_no - lines_done - 1 in bad:
                records.append(Record(line_no, text, None, bad[line_no - lines_done - 1]))
            elif text and not text.isspace():
                records.append(Record(line_no, text, text.split(separator, most)))
        lines_done += len(read.texts)
        bytes_done += sum(read.sizes)
        yield Part(records, lines_done, bytes_done, read.is_clean)
