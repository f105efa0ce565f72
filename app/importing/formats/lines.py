"""Lines of a text file: read in parts, decoded at once, never more of them in memory than a part, never a long one."""

from __future__ import annotations

import re
from typing import BinaryIO, NamedTuple

from app.importing import reasons
from app.importing.files import BOM
from app.importing.formats import Form

#: Bytes of the longest line that is read; what is longer is rejected and skipped.
MAX_LINE = 128 * 1024
#: Characters of a rejected line that are kept when it is too long.
KEPT = 1000
#: Bytes of a part, however few lines that is.
MAX_PART = 32 << 20

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Lines(NamedTuple):
    """Lines without their ends, and their sizes in bytes with them; `bad` has the reason why a line cannot be read."""

    texts: list[str]
    bad: dict[int, str]
    sizes: list[int]
    is_clean: bool


def read(stream: BinaryIO, form: Form, count: int, at_start: bool = False) -> Lines:
    """The next lines of the stream, at most `count`, none at its end. Raises OSError as the stream does.

    `at_start`: the stream stands at the beginning of the file, where a byte order mark is left out.
    """
    lines: list[bytes] = []
    bad: dict[int, str] = {}
    sizes: list[int] = []
    total = 0
    readline = stream.readline
    while len(lines) < count and total < MAX_PART:
        line = readline(MAX_LINE)
        if not line:
            break
        size = len(line)
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            rest = readline(MAX_LINE)
            if rest:
                bad[len(lines)] = reasons.LINE_TOO_LONG
                line = line[: 4 * KEPT]
                while rest:
                    size += len(rest)
                    rest = b"" if rest.endswith(b"\n") else readline(MAX_LINE)
        total += size
        sizes.append(size)
        if at_start and not lines:
            line = line.removeprefix(BOM)
        lines.append(line if line.endswith(b"\n") else line + b"\n")
    texts = _decode(lines, bad, form.encoding)
    is_clean = CONTROL.search("\n".join(texts)) is None
    return Lines(texts, bad, sizes, is_clean)


def _decode(lines: list[bytes], bad: dict[int, str], encoding: str) -> list[str]:
    """All lines as texts, at once where that works; bad ones with U+FFFD for what is no character."""
    if not bad:
        try:
            return b"".join(lines).decode(encoding).replace("\r\n", "\n").split("\n")[:-1]
        except UnicodeDecodeError:
            pass
    texts = []
    for index, line in enumerate(lines):
        line = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        if index in bad:
            texts.append(line.decode(encoding, "replace")[:KEPT])
            continue
        try:
            texts.append(line.decode(encoding))
        except UnicodeDecodeError:
            texts.append(line.decode(encoding, "replace"))
            bad[index] = reasons.ENCODING_WRONG
    return texts
