"""Pages of a list that goes on behind the key of its last row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """Rows of one page; `next_key` is where the next one begins, None on the last."""

    rows: Sequence[Any]
    next_key: str | None = None


def cut(rows: Sequence[Any], size: int, column: str) -> Page:
    """The page of `size` rows that begins `rows`; its key is `column` of its last row.

    Read one row more than `size`: whether it is there says whether another page follows.
    """
    return Page(rows[:size], str(getattr(rows[size - 1], column)) if len(rows) > size else None)
