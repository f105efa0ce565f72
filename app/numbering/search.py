"""Walking along an index of numbers: those that begin with some digits, a page at a time."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

#: A number has at most so many digits (M203).
LONGEST = 20


def begins(number: Any, digits: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The numbers that begin with the digits. They are digits only, so a range is a prefix under any collation."""
    return number >= digits, number <= digits + "9" * (LONGEST - len(digits))


def beyond(number: Any, row_id: Any, last_number: str, last_id: str) -> tuple[ColumnElement[bool], ...]:
    """What comes after the row that a page ended with, ordered by number and id; all where the key is not one."""
    if not re.fullmatch(f"[0-9]{{1,{LONGEST}}}", last_number) or not re.fullmatch("[0-9]{1,18}", last_id):
        return ()
    return (or_(number > last_number, and_(number == last_number, row_id > int(last_id))),)
