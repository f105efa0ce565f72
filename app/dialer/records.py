"""Records of an import request: the rules of each column, and the CSV text that carries them.

Source of the rules: Outbound API, Import (Cisco developer reference 11.6 to 15.0).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.dialer.errors import RecordInvalid
from app.i18n import gettext as _

MAX_RECORDS = 10_000
MAX_PHONES = 10
_PHONE = re.compile(r"[0-9#*]{1,20}", re.ASCII)
# A delimiter, a quote, or anything that ends a line or that XML cannot hold would break the text apart.
_UNSAFE = re.compile('[,|"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]')


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One record for the dialer.

    `account_number`: our key of the attempt, at most 30 bytes. `phones`: 1 to 10 numbers of digits, # and *.
    `time_zone_bias`: minutes to ADD to local time to get UTC (Moscow -180), -780 to 720; None leaves the zone to the
    dialer. `dst_observed`: whether the dialer adds daylight saving on top.
    """

    account_number: str
    phones: tuple[str, ...]
    time_zone_bias: int | None
    dst_observed: bool = False
    first_name: str = ""
    last_name: str = ""


def check_record(record: ImportRecord, index: int = 0, phone_columns: int = MAX_PHONES) -> None:
    """Raise RecordInvalid, which names record and column, for the first rule that `record` breaks."""

    def refuse(field: str, message: str) -> RecordInvalid:
        text = _("Record %(number)s, %(field)s: %(reason)s.", number=index + 1, field=field, reason=message)
        return RecordInvalid(text, index, field)

    account = record.account_number
    if not account or account != account.strip():
        raise refuse("AccountNumber", _("it is empty or has blanks around it"))
    if _UNSAFE.search(account):
        raise refuse("AccountNumber", _("it holds a separator, a quote or a control character"))
    if len(account.encode()) > 30:
        raise refuse("AccountNumber", _("it is longer than 30 bytes"))
    if not 1 <= len(record.phones) <= min(phone_columns, MAX_PHONES):
        raise refuse("Phone01", _("the record has %(count)s phones", count=len(record.phones)))
    for number, phone in enumerate(record.phones, 1):
        if not _PHONE.fullmatch(phone):
            raise refuse(f"Phone{number:02}", _("a phone has 1 to 20 digits, # or *"))
    for field, name in (("FirstName", record.first_name), ("LastName", record.last_name)):
        if len(name) > 50:
            raise refuse(field, _("it is longer than 50 characters"))
        if _UNSAFE.search(name):
            raise refuse(field, _("it holds a separator, a quote or a control character"))
    if record.time_zone_bias is None:
        if record.dst_observed:
            raise refuse("DstObserved", _("it needs TimeZoneBias"))
    elif not -780 <= record.time_zone_bias <= 720:
        raise refuse("TimeZoneBias", _("it is not from -780 to 720 minutes"))


def build_content(records: Sequence[ImportRecord], phone_columns: int = 1) -> str:
    """The text of fileContent for `records`: a header and a line a record, separated by commas, no line end after the
    last (the dialer would count a blank line as a bad record).

    The columns are AccountNumber, FirstName, LastName, Phone01 to `phone_columns`, TimeZoneBias, DstObserved. An
    appended import must repeat the columns of the first, so a campaign keeps to one `phone_columns`. Raises
    RecordInvalid.
    """
    if not 1 <= len(records) <= MAX_RECORDS:
        message = _("An import has 1 to %(limit)s records, not %(count)s.", limit=MAX_RECORDS, count=len(records))
        raise RecordInvalid(message, 0, "")
    for index, record in enumerate(records):
        check_record(record, index, phone_columns)
    phones = [f"Phone{number:02}" for number in range(1, phone_columns + 1)]
    header = ",".join(["AccountNumber", "FirstName", "LastName", *phones, "TimeZoneBias", "DstObserved"])
    return "\n".join([header, *(_line(record, phone_columns) for record in records)])


def _line(record: ImportRecord, phone_columns: int) -> str:
    if record.time_zone_bias is None:
        zone = ["", ""]
    else:
        zone = [str(record.time_zone_bias), "true" if record.dst_observed else "false"]
    padding = [""] * (phone_columns - len(record.phones))
    return ",".join([record.account_number, record.first_name, record.last_name, *record.phones, *padding, *zone])


def safe_name(name: str) -> str:
    """A person's name as an import may carry it: unsafe characters become blanks, at most 50 characters stay."""
    return " ".join(_UNSAFE.sub(" ", name).split())[:50].strip()
