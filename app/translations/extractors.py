"""Texts outside of Python and templates that go into the catalogue: what the procedures of sql/ refuse with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

_THROW = re.compile(r"\bTHROW\s+50\d{3},\s*N'((?:[^']|'')*)'", re.IGNORECASE)


def extract_throw(
    source: BinaryIO, keywords: Sequence[str], comment_tags: Sequence[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extraction interface: (line, function, message, comments) for the text of each THROW."""
    text = source.read().decode("utf-8")
    for found in _THROW.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, "gettext", found[1].replace("''", "'"), []
