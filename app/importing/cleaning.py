"""From the fields of a record to the values of staging rows: trimming, digits, dates. What a line gives is moved as it
is; what it means for a client is decided in contacts.import_apply."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from app.importing import reasons
from app.importing import templates as t
from app.importing.formats import Part, Record
from app.importing.formats.lines import CONTROL
from app.numbering.number import zone_of_number

ROW_COLUMNS = (
    "batch_id", "line_no", "campaign_code", "client_code", "segment_code", "crm_id", "last_name", "first_name",
    "middle_name", "attributes", "load_priority", "zone_code", "do_not_call_after", "do_not_call_after_is_utc",
    "callback_at", "callback_at_is_utc", "callback_agent", "raw_line",
)  # fmt: skip
PHONE_COLUMNS = ("batch_id", "line_no", "position", "number", "number_raw", "type_code", "number_zone_code")
REJECT_COLUMNS = (
    "batch_id", "line_no", "reason_code", "column_name", "value", "client_code", "is_warning", "raw_line",
)  # fmt: skip

MAX_CODE, MAX_NAME, MAX_VALUE, MAX_RAW_NUMBER = 64, 100, 4000, 64
_SHOWN = 200  # characters of a value that a reject keeps

# Where each text goes in a staging row, and how long it may be.
_TEXTS = {
    t.CAMPAIGN_CODE: ("campaign_code", MAX_CODE),
    t.SEGMENT_CODE: ("segment_code", MAX_CODE),
    t.CRM_ID: ("crm_id", MAX_CODE),
    t.LAST_NAME: ("last_name", MAX_NAME),
    t.FIRST_NAME: ("first_name", MAX_NAME),
    t.MIDDLE_NAME: ("middle_name", MAX_NAME),
    t.CALLBACK_AGENT: ("callback_agent", MAX_CODE),
}

# Signs that people write between the digits of a number: + ( ) space hyphens and dashes of all kinds.
_SEPARATORS = dict.fromkeys(map(ord, "+() \t\u00a0\u2007\u202f-\u2010\u2011\u2012\u2013\u2014\u2212"))
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T\s]\s*(\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?\s*(Z|[+-]\d{2}:?(?:\d{2})?)?)?",
    re.ASCII | re.IGNORECASE,
)
_LAST = datetime(9999, 12, 30, 23, 59, 59)  # noqa: DTZ001 - «31.12.9999» is for ever; zones must not carry it over


class Rejected(Exception):
    """The record cannot be loaded: reason, column and what stands in it."""

    def __init__(self, reason: str, column: str | None = None, value: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.column, self.value = reason, column, value


@dataclass
class Staged:
    """Rows for contacts.import_row, import_phone and import_reject, in the order of the *_COLUMNS."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    phones: list[tuple[Any, ...]] = field(default_factory=list)
    rejects: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class LocalMoment:
    """A moment of a file: in the client's zone, or in UTC. `has_time` is off where only the day is given."""

    at: datetime
    is_utc: bool
    has_time: bool


def clean_number(text: str) -> str | None:
    """Digits only (M203), 3 to 20 of them; None for anything else."""
    digits = text.translate(_SEPARATORS)
    return digits if digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 20 else None


@lru_cache(maxsize=4096)
def read_moment(text: str) -> LocalMoment | None:
    """dd.mm.yyyy or ISO, with or without the time; None for what is no date. With an offset it becomes a UTC moment."""
    found = _DAY_FIRST.fullmatch(text)
    zone = None
    if found:
        day, month, year, hour, minute, second = found.groups()
    else:
        found = _ISO.fullmatch(text)
        if not found:
            return None
        year, month, day, hour, minute, second, zone = found.groups()
    try:
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001
        if zone and zone not in "Zz":
            sign = -1 if zone[0] == "-" else 1
            digits = zone[1:].replace(":", "").ljust(4, "0")
            if int(digits[:2]) > 14 or int(digits[2:]) > 59:
                return None
            at -= sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    except (ValueError, OverflowError):
        return None
    if at.year < 1901:  # before that the database has no offsets
        return None
    return LocalMoment(min(at, _LAST), zone is not None, hour is not None)


def fits(text: str, limit: int) -> bool:
    """Whether the text, as it is and in capitals, fits into nvarchar(limit), which counts units of UTF-16."""
    if len(text) > limit or text.isascii():
        return len(text) <= limit
    return 3 * len(text) <= limit or max(len(form.encode("utf-16-le")) for form in (text, text.upper())) <= 2 * limit


def storable(text: str) -> str:
    """The text as a database can keep it: without NUL."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


class Cleaner:
    """Makes staging rows of records by one template."""

    def __init__(self, template: t.LineTemplate) -> None:
        columns = template.columns
        self.template = template
        self.code_at = columns.index(t.CLIENT_CODE)
        self.texts = [
            (at, ROW_COLUMNS.index(_TEXTS[name][0]), _TEXTS[name][1], name)
            for at, name in enumerate(columns)
            if name in _TEXTS
        ]
        self.attributes = [
            (at, f"{encode_basestring(str(t.attribute_name(name)))}: ", name)
            for at, name in enumerate(columns)
            if t.attribute_name(name) is not None
        ]
        numbers = [at for at, name in enumerate(columns) if name == t.PHONE_NUMBER]
        types: list[int | None] = [at for at, name in enumerate(columns) if name == t.PHONE_TYPE]
        types += [None] * (len(numbers) - len(types))
        self.numbers = list(zip(numbers, types, strict=True))
        self.zone_at = _find(columns, t.ZONE_CODE)
        self.priority_at = _find(columns, t.PRIORITY)
        self.stop_at = _find(columns, t.DO_NOT_CALL_AFTER)
        self.callback_at = _find(columns, t.CALLBACK_TIME)

    def clean(self, part: Part, batch_id: int = 0) -> Staged:
        """Staging rows of a part. Every record gives either a row with phones, or a reject."""
        staged = Staged()
        add_row, record_row = staged.rows.append, self._row
        for record in part.records:
            try:
                if not part.is_clean and CONTROL.search(record.text):
                    raise Rejected(reasons.CONTROL_CHARACTER)
                add_row(record_row(record, batch_id, staged))
            except Rejected as rejected:
                self._reject(record, batch_id, rejected, staged)
        return staged

    def values(self, record: Record) -> list[str]:
        """The trimmed fields of a record, one a column. Raises Rejected when it has others."""
        if record.fields is None:
            raise Rejected(record.reason)
        values = [value.strip() for value in record.fields]
        if len(values) != self.template.fields or (self.template.ends_with_separator and values.pop()):
            raise Rejected(reasons.COLUMNS_WRONG, None, f"{len(record.fields)} ≠ {self.template.fields}")
        return values

    def _row(self, record: Record, batch_id: int, staged: Staged) -> tuple[Any, ...]:
        values = self.values(record)
        line_no = record.line_no
        code = values[self.code_at]
        if not code:
            raise Rejected(reasons.CLIENT_CODE_MISSING, t.CLIENT_CODE)
        if not fits(code, MAX_CODE):
            raise Rejected(reasons.VALUE_TOO_LONG, t.CLIENT_CODE, code)
        if "\n" in record.text:
            self._refuse_line_breaks(values)
        # In the order of ROW_COLUMNS.
        row: list[Any] = [batch_id, line_no, None, code, *[None] * 9, 0, None, 0, None, record.text]
        for at, slot, limit, name in self.texts:
            value = values[at]
            if value:
                if not fits(value, limit):
                    raise Rejected(reasons.VALUE_TOO_LONG, name, value)
                row[slot] = value
        if self.attributes:
            row[9] = self._attributes(values)
        if self.priority_at is not None and values[self.priority_at]:
            row[10] = _priority(values[self.priority_at])
        if self.zone_at is not None and values[self.zone_at]:
            # An unknown zone never drops a client, so neither does one that is too long to be known.
            zone = values[self.zone_at]
            row[11] = zone if fits(zone, MAX_CODE) else zone[: MAX_CODE // 3] + "…"
        if self.stop_at is not None and values[self.stop_at]:
            row[12], row[13] = _stop_moment(values[self.stop_at])
        if self.callback_at is not None and values[self.callback_at]:
            row[14], row[15] = _callback_moment(values[self.callback_at])
        phones = [
            (batch_id, line_no, position, *self._phone(values[at], values[type_at] if type_at is not None else ""))
            for position, (at, type_at) in enumerate(self.numbers, 1)
            if values[at]
        ]
        if not phones:
            raise Rejected(reasons.PHONE_MISSING, t.PHONE_NUMBER)
        if row[16] is not None and row[14] is None:
            warning = (t.CALLBACK_AGENT, row[16], code, 1, None)
            staged.rejects.append((batch_id, line_no, reasons.CALLBACK_TIME_MISSING, *warning))
        staged.phones += phones
        return tuple(row)

    def _phone(self, raw: str, type_code: str) -> tuple[str, str, str | None, str | None]:
        number = raw if raw.isascii() and raw.isdigit() and 3 <= len(raw) <= 20 else clean_number(raw)
        if number is None or len(raw) > MAX_RAW_NUMBER:
            raise Rejected(reasons.NUMBER_WRONG, t.PHONE_NUMBER, raw)
        if type_code and not fits(type_code, MAX_CODE):
            raise Rejected(reasons.PHONE_TYPE_UNKNOWN, t.PHONE_TYPE, type_code)
        return number, raw, type_code or None, zone_of_number(number, raw[0] == "+")

    def _attributes(self, values: list[str]) -> str | None:
        """The attributes that have a value, as a JSON object; None when there is none."""
        parts = []
        for at, key, name in self.attributes:
            value = values[at]
            if value:
                if len(value) > MAX_VALUE:
                    raise Rejected(reasons.VALUE_TOO_LONG, name, value)
                parts.append(key + encode_basestring(value))
        return "{" + ", ".join(parts) + "}" if parts else None

    def _refuse_line_breaks(self, values: list[str]) -> None:
        for name, value in zip(self.template.columns, values, strict=True):
            if "\n" in value and t.attribute_name(name) is None:
                raise Rejected(reasons.LINE_BREAK, name, value)

    def _reject(self, record: Record, batch_id: int, rejected: Rejected, staged: Staged) -> None:
        fields = record.fields or []
        code = fields[self.code_at].strip() if len(fields) == self.template.fields else ""
        staged.rejects.append(
            (
                batch_id,
                record.line_no,
                rejected.reason,
                rejected.column[:MAX_CODE] if rejected.column else None,
                storable(rejected.value[: _SHOWN // 2]) if rejected.value is not None else None,
                storable(code) if code and fits(code, MAX_CODE) else None,
                0,
                storable(record.text),
            )
        )


def _find(columns: Iterable[str], name: str) -> int | None:
    return next((at for at, column in enumerate(columns) if column == name), None)


def _priority(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 10):
        raise Rejected(reasons.PRIORITY_WRONG, t.PRIORITY, text)
    return int(text)


def _stop_moment(text: str) -> tuple[datetime, int]:
    """«Не звонить после 31.12.2026» leaves that day itself: it means the end of it."""
    moment = read_moment(text)
    if moment is None:
        raise Rejected(reasons.DATE_WRONG, t.DO_NOT_CALL_AFTER, text)
    return (moment.at if moment.has_time else moment.at.replace(hour=23, minute=59, second=59)), int(moment.is_utc)


def _callback_moment(text: str) -> tuple[datetime, int]:
    moment = read_moment(text)
    if moment is None:
        raise Rejected(reasons.DATE_WRONG, t.CALLBACK_TIME, text)
    if not moment.has_time:
        raise Rejected(reasons.TIME_MISSING, t.CALLBACK_TIME, text)
    return moment.at, int(moment.is_utc)


def is_record(cleaner: Cleaner, record: Record) -> bool:
    """Whether a record reads as a client with a phone number."""
    return bool(cleaner.clean(Part([record], 0, 0, False)).rows)
