"""What comes from outside, in an address or a form: what no column can hold is no number and no text."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter, Map

#: The largest int and bigint of a table.
LARGEST = 2**31 - 1
LARGEST_BIG = 2**63 - 1


def init_app(app: Flask) -> None:
    """`<int:…>` of an address takes what an int column can hold, `<big:…>` what a bigint can; all else answers 404."""
    app.url_map.converters |= {"int": _Int, "big": _Big}
    app.before_request(_refuse_zero_bytes)


def _refuse_zero_bytes() -> None:
    """No keyboard makes one, and no text of a database holds one."""
    values = chain(request.args.listvalues(), request.form.listvalues(), [[request.path]])
    if any("\0" in one for one in chain.from_iterable(values)):
        abort(400)


class _Int(IntegerConverter):
    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST)


class _Big(IntegerConverter):
    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST_BIG)


def small(value: str | None) -> int | None:
    """A number for an int column; None for all that is not one."""
    return _number(value, LARGEST)


def big(value: str | None) -> int | None:
    """A number for a bigint column; None for all that is not one."""
    return _number(value, LARGEST_BIG)


def kept(*names: str) -> dict[str, Any]:
    """What of the address goes on with the reader to the next page: these of its values, where they say something."""
    return {name: value for name in names if (value := request.args.get(name))}


def _number(value: str | None, largest: int) -> int | None:
    if not value or not re.fullmatch("[0-9]{1,19}", value):  # isdigit() also takes «²»
        return None
    number = int(value)
    return number if number <= largest else None
