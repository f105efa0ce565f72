"""A file without a template: what separates its columns, what each of them means by its heading, and the template that
follows from what somebody chose for them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.importing import templates as t
from app.importing.cleaning import clean_number
from app.importing.files import FileFacts, resolve_encoding
from app.importing.formats import Form
from app.importing.loader import first_records

#: The choice of a column that becomes an extended attribute under its own heading.
AS_ATTRIBUTE = "attribute"
SEPARATORS = (";", "\t", ",", "|")
#: More than these are not told apart: their template would be too long to be one.
MOST_COLUMNS = 200
_SAMPLE = 20
_HEADINGS = {
    t.CLIENT_CODE: ("номер анкеты", "анкета", "код клиента", "клиент", "client code", "client", "client id", "code"),
    t.CAMPAIGN_CODE: ("код кампании", "кампания", "campaign", "campaign code"),
    t.SEGMENT_CODE: ("сегмент", "код сегмента", "segment", "segment code"),
    t.CRM_ID: ("id в crm", "ид в crm", "crm", "crm id", "crmid", "idclientcrm"),
    t.LAST_NAME: ("фамилия", "last name", "lastname", "surname"),
    t.FIRST_NAME: ("имя", "first name", "firstname", "name"),
    t.MIDDLE_NAME: ("отчество", "middle name", "middlename", "patronymic"),
    t.PRIORITY: ("приоритет", "priority"),
    t.ZONE_CODE: ("часовой пояс", "зона", "пояс", "time zone", "timezone", "zone", "tz"),
    t.DO_NOT_CALL_AFTER: ("не звонить после", "дата прекращения обзвона", "do not call after", "stop date"),
    t.PHONE_NUMBER: ("телефон", "номер телефона", "номер", "тел", "мобильный", "мобильный телефон", "phone",
                     "phone number", "number", "mobile"),
    t.PHONE_TYPE: ("тип телефона", "тип", "phone type", "type"),
    t.CALLBACK_TIME: ("время перезвона", "перезвонить", "callback", "callback time"),
    t.CALLBACK_AGENT: ("агент перезвона", "агент", "callback agent", "agent"),
}  # fmt: skip
_MEANINGS = {heading: name for name, headings in _HEADINGS.items() for heading in headings}


@dataclass(frozen=True)
class Layout:
    """How the columns of a file seem to lie. `rows` are its first records, the header among them."""

    format: str
    separator: str
    has_header: bool
    rows: list[list[str]]

    @property
    def headings(self) -> list[str]:
        """The heading of each column; without a header none has one."""
        first = self.rows[0] if self.rows else []
        return [value.strip() for value in first] if self.has_header else [""] * len(first)


def layout(facts: FileFacts, encoding: str | None = None, has_header: bool | None = None) -> Layout:
    """Look at the first lines of a file. `has_header`: somebody said it; None: found out. Raises AcmError for a file
    that cannot be read as a text."""
    encoding = resolve_encoding(facts, encoding)
    text = facts.head.decode(encoding, "replace").removeprefix("\ufeff")
    lines = [line for line in text.splitlines() if line.strip()][:_SAMPLE]
    separator = max(SEPARATORS, key=lambda sign: _regularity(lines, sign))
    format = "csv" if '"' in text or facts.path.suffix.lower() == ".csv" else "txt"
    width = 1 + max((line.count(separator) for line in lines), default=1)
    form = Form(_dummy(separator, min(width, MOST_COLUMNS)), format, encoding, False, facts.newline, facts.has_bom)
    rows = [
        [value.strip() for value in record.fields or [record.text]] for record in first_records(facts, form, _SAMPLE)
    ]
    if has_header is None:
        has_header = bool(rows) and not any(_is_phone(value) for value in rows[0])
    return Layout(format, separator, has_header, rows)


def guess(found: Layout) -> list[str]:
    """What each column most likely means: by its heading, or where it has none by what stands in it."""
    width = len(found.rows[0]) if found.rows else 0
    body = found.rows[found.has_header :]
    names = [_MEANINGS.get(_plain(heading), "") for heading in found.headings]
    for at in range(width):
        values = [row[at] for row in body if at < len(row) and row[at]]
        if not names[at] and values and all(_is_phone(value) for value in values):
            names[at] = t.PHONE_NUMBER
        if not names[at]:
            names[at] = AS_ATTRIBUTE if found.headings[at] else t.IGNORED
    if t.CLIENT_CODE not in names and width and names[0] in (AS_ATTRIBUTE, t.IGNORED):
        names[0] = t.CLIENT_CODE
    seen: set[str] = set()
    for at, name in enumerate(names):
        if name in seen and name not in (t.PHONE_NUMBER, t.PHONE_TYPE, t.IGNORED, AS_ATTRIBUTE):
            names[at] = AS_ATTRIBUTE if found.headings[at] else t.IGNORED
        seen.add(name)
    return names


def template(found: Layout, chosen: Sequence[str], encoding: str | None = None) -> t.Template:
    """The template of the chosen meanings. Raises TemplateError when they cannot be right, as without a phone."""
    separator = "\\t" if found.separator == "\t" else found.separator
    taken: Counter[str] = Counter()
    columns = []
    for at, name in enumerate(chosen):
        if name == AS_ATTRIBUTE:
            heading = found.headings[at] if at < len(found.headings) else ""
            name = f"{t.ATTRIBUTE}({_attribute(heading, at, taken)})"
        elif name not in t.NAMES:
            name = t.IGNORED
        columns.append(f"${{{name}}}")
    line = separator.join(columns)
    t.parse(line, found.format)
    return t.Template(0, "", found.format, line, encoding, found.has_header)


def _attribute(heading: str, at: int, taken: Counter[str]) -> str:
    """A name for an attribute that a template may have, each of its own."""
    plain = "".join(sign for sign in re.sub(r"[(){}]", " ", heading) if sign.isprintable()).strip()[
        : t.MAX_ATTRIBUTE - 4
    ]
    plain = plain or str(at + 1)
    taken[plain] += 1
    return plain if taken[plain] == 1 else f"{plain} {taken[plain]}"


def _regularity(lines: list[str], separator: str) -> tuple[int, int]:
    """How many lines have as many separators as most do, and how many that is."""
    counts = Counter(line.count(separator) for line in lines)
    counts.pop(0, None)
    if not counts:
        return 0, 0
    count, often = max(counts.items(), key=lambda one: (one[1], one[0]))
    return often, count


def _dummy(separator: str, width: int) -> str:
    """A template that only says what separates so many columns."""
    return separator.join(f"${{{name}}}" for name in (t.CLIENT_CODE, t.PHONE_NUMBER, *[t.IGNORED] * (width - 2)))


def _plain(heading: str) -> str:
    return re.sub(r"[\s_.\-№#:]+", " ", heading.replace("ё", "е").lower()).strip().rstrip(" 0123456789")


def _is_phone(value: str) -> bool:
    digits = clean_number(value)
    return digits is not None and len(digits) >= 10
