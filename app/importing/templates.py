"""The template of a file: the deck's line of placeholders (M169-M172), read and checked, never evaluated.

    ${contact.client.code};${contact.client.campaign.code};${contact.phone.number};${contact.phone.type.code}

Any text may stand between two placeholders, the same everywhere: it is the separator (`\\t` is a tab). Number and type
of a phone may be repeated: the n-th number goes with the n-th type. One separator may follow the last placeholder.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app import clock
from app.errors import AcmError
from app.i18n import gettext as _
from app.importing.encodings import canonical_encoding
from app.models.importing import ImportTemplate

CLIENT_CODE = "contact.client.code"
CAMPAIGN_CODE = "contact.client.campaign.code"
SEGMENT_CODE = "contact.client.segment.code"
CRM_ID = "contact.client.crmId"
LAST_NAME = "contact.client.lastName"
FIRST_NAME = "contact.client.firstName"
MIDDLE_NAME = "contact.client.middleName"
PRIORITY = "contact.client.priority"
ZONE_CODE = "contact.client.timeZone.code"
DO_NOT_CALL_AFTER = "contact.client.doNotCallAfter"
PHONE_NUMBER = "contact.phone.number"
PHONE_TYPE = "contact.phone.type.code"
CALLBACK_TIME = "contact.callback.time"
CALLBACK_AGENT = "contact.callback.agent"
ATTRIBUTE = "contact.client.extendedAttributes"
#: A column that is not loaded.
IGNORED = "contact.ignored"

NAMES = (
    CLIENT_CODE, CAMPAIGN_CODE, SEGMENT_CODE, CRM_ID, LAST_NAME, FIRST_NAME, MIDDLE_NAME, PRIORITY, ZONE_CODE,
    DO_NOT_CALL_AFTER, PHONE_NUMBER, PHONE_TYPE, CALLBACK_TIME, CALLBACK_AGENT,
    IGNORED,
)  # fmt: skip
FORMATS = ("txt", "csv")
MAX_LINE = 4000
MAX_ATTRIBUTE = 64

_CANONICAL = {name.lower(): name for name in NAMES}
_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_ATTRIBUTE = re.compile(rf"{re.escape(ATTRIBUTE)}\s*\((?P<name>.*)\)\Z", re.IGNORECASE | re.DOTALL)


class TemplateError(AcmError):
    """A template that cannot be used. `position` is the character of the line where the fault is, from 1, or None."""

    def __init__(self, message: str, hint: str = "", position: int | None = None) -> None:
        if position is not None:
            message = _("Template, character %(position)s: %(fault)s", position=position, fault=message)
        super().__init__(*(re.sub(r"[\r\n]+", " ", text) for text in (message, hint)))
        self.position = position


@dataclass(frozen=True)
class LineTemplate:
    """A template as it is read: the names of its columns in order, and the text between them.

    `ends_with_separator`: each line of the file has one more separator at its end.
    """

    columns: tuple[str, ...]
    separator: str
    ends_with_separator: bool = False

    @property
    def fields(self) -> int:
        """How many fields a line has once it is split."""
        return len(self.columns) + self.ends_with_separator


@dataclass(frozen=True)
class Template:
    """A row of contacts.import_template. An empty `encoding` is to be detected."""

    template_id: int
    name: str
    format: str
    line: str
    encoding: str | None
    has_header: bool


def attribute_name(column: str) -> str | None:
    """NAME of `contact.client.extendedAttributes(NAME)`, None for other columns."""
    prefix = ATTRIBUTE + "("
    return column[len(prefix) : -1] if column.startswith(prefix) else None


def parse(line: str, format: str = "txt") -> LineTemplate:
    """Read the line of a template. Raises TemplateError that names the place and the right form."""
    if not line.strip():
        raise TemplateError(_("The template is empty."), _example())
    if len(line) > MAX_LINE:
        raise TemplateError(_("The template is longer than %(limit)s characters.", limit=MAX_LINE))
    columns: list[str] = []
    separator, end = "", 0
    for found in _PLACEHOLDER.finditer(line):
        between = _literal(line, end, found.start(), format)
        if not columns and between.strip():
            raise TemplateError(
                _("There is text before the first placeholder: %(text)s.", text=between),
                _("The template begins with a placeholder."),
                end + 1,
            )
        if columns and not between:
            raise TemplateError(
                _("Two placeholders stand side by side."), _("Put the separator of the file between them."), end + 1
            )
        if len(columns) == 1:
            separator = _checked_separator(between, end + 1, format)
        elif columns and between != separator:
            raise TemplateError(
                _(
                    "The separator is %(found)s here and %(first)s before.",
                    found=_shown(between),
                    first=_shown(separator),
                ),
                _("The separator is the same between all placeholders."),
                end + 1,
            )
        columns.append(_name(found[1], found.start() + 1))
        end = found.end()
    rest = _literal(line, end, len(line), format)
    if not columns:
        raise TemplateError(_("The template has no placeholder."), _example())
    if rest.strip("\r\n") and rest != separator and rest.strip():
        raise TemplateError(
            _("There is text after the last placeholder: %(text)s.", text=rest),
            _("Only one more separator may stand there."),
            end + 1,
        )
    _check_columns(columns)
    return LineTemplate(tuple(columns), separator, bool(separator) and rest == separator)


def _example() -> str:
    return _("For example: %(line)s", line="${contact.client.code};${contact.phone.number};${contact.phone.type.code}")


def _shown(text: str) -> str:
    return f"«{text}»".replace("\t", "\\t")


def _literal(line: str, start: int, end: int, format: str) -> str:
    """The text between two placeholders. Raises TemplateError for what was meant as a placeholder and is none."""
    text = line[start:end]
    brace = re.search(r"\$?[{}]", text)
    if brace:
        position = start + brace.start() + 1
        inside = re.match(r"[^;,|\t{}]*", text[brace.end() :])
        meant = inside[0].strip() if inside else ""
        right = _CANONICAL.get(meant.lower()) or _closest(meant) or CLIENT_CODE
        hint = _("Write %(right)s.", right=f"${{{right}}}")
        if brace[0] == "}":
            raise TemplateError(_("A brace is closed that was not opened."), "", position)
        if brace[0] == "{":
            raise TemplateError(
                _("The placeholder has no $ before its brace: %(text)s.", text="{" + meant), hint, position
            )
        raise TemplateError(_("The placeholder is not closed: %(text)s.", text="${" + meant), hint, position)
    text = text.replace("\\t", "\t")
    return text.replace('"', "") if format == "csv" else text


def _checked_separator(text: str, position: int, format: str) -> str:
    if re.search(r"[\r\n]", text):
        raise TemplateError(_("The template is one line."), "", position)
    if format == "csv" and len(text) != 1:
        raise TemplateError(
            _("The separator of a CSV file is one character, not %(text)s.", text=_shown(text)),
            _("For a longer separator choose the format TXT."),
            position,
        )
    if any(letter.isalnum() for letter in text):
        raise TemplateError(
            _("The separator has letters or digits: %(text)s.", text=_shown(text)),
            _("Columns are separated by signs such as ; , | or a tab (\\t)."),
            position,
        )
    return text


def _name(text: str, position: int) -> str:
    """The canonical name of a placeholder, from what stands between its braces."""
    name = text.strip()
    attribute = _ATTRIBUTE.match(name)
    if attribute:
        given = attribute["name"].strip()
        if not given or len(given) > MAX_ATTRIBUTE or not given.isprintable() or "(" in given or ")" in given:
            raise TemplateError(
                _("The name of the extended attribute is empty, too long or has brackets: %(text)s.", text=given),
                _("Write %(right)s.", right=f"${{{ATTRIBUTE}(IDClientCRM)}}"),
                position,
            )
        return f"{ATTRIBUTE}({given})"
    if name.lower() in _CANONICAL:
        return _CANONICAL[name.lower()]
    right = _closest(name)
    hint = _("Perhaps %(right)s is meant.", right=f"${{{right}}}") + " " if right else ""
    raise TemplateError(
        _("There is no placeholder %(name)s.", name=f"${{{name}}}"),
        hint + _("All placeholders: %(names)s.", names=", ".join([*NAMES, f"{ATTRIBUTE}(…)"])),
        position,
    )


def _closest(name: str) -> str | None:
    lower = name.lower()
    if ATTRIBUTE.lower() in lower:
        return f"{ATTRIBUTE}(IDClientCRM)"
    begun = [full for full in NAMES if lower.startswith("contact.") and full.lower().startswith(lower)]
    if begun:
        return min(begun, key=len)
    near = difflib.get_close_matches(lower, _CANONICAL, n=1, cutoff=0.6)
    return _CANONICAL[near[0]] if near else None


def _check_columns(columns: list[str]) -> None:
    for name in dict.fromkeys(columns):
        if name not in (PHONE_NUMBER, PHONE_TYPE, IGNORED) and columns.count(name) > 1:
            raise TemplateError(
                _("%(name)s stands in the template twice.", name=f"${{{name}}}"),
                _("Only the number and the type of a phone may be repeated."),
            )
    for name in (CLIENT_CODE, PHONE_NUMBER):
        if name not in columns:
            raise TemplateError(
                _("The template has no %(name)s.", name=f"${{{name}}}"), _("Every file has this column.")
            )
    numbers, types = columns.count(PHONE_NUMBER), columns.count(PHONE_TYPE)
    if types > numbers:
        raise TemplateError(
            _("The template has %(types)s types of phones and %(numbers)s numbers.", types=types, numbers=numbers),
            _("The n-th number goes with the n-th type; numbers without a type get the first type of the dictionary."),
        )
    if CALLBACK_AGENT in columns and CALLBACK_TIME not in columns:
        raise TemplateError(
            _("The template has the agent of a callback but not its time."),
            _("Add %(name)s.", name=f"${{{CALLBACK_TIME}}}"),
        )


def validate(name: str, format: str, line: str, encoding: str | None) -> LineTemplate:
    """Check all that a template says. Raises TemplateError for the line and AcmError for the rest."""
    if not name.strip() or len(name.strip()) > 200:
        raise AcmError(_("The name of the template is empty or longer than 200 characters."))
    if format not in FORMATS:
        raise AcmError(
            _("The format %(format)s is not known.", format=format), _("Formats: %(all)s.", all=", ".join(FORMATS))
        )
    if encoding:
        canonical_encoding(encoding)
    return parse(line, format)


def create(
    connection: Connection,
    *,
    name: str,
    line: str,
    created_by: str,
    format: str = "txt",
    encoding: str | None = None,
    has_header: bool = True,
) -> int:
    """Add a template; returns its id. Raises AcmError when it is wrong or the name is taken."""
    values = _values(connection, None, name, format, line, encoding, has_header)
    statement = insert(ImportTemplate).values(**values, created_at=clock.now(), created_by=created_by)
    return int(connection.execute(statement.returning(ImportTemplate.template_id)).scalar_one())


def change(
    connection: Connection,
    template_id: int,
    *,
    name: str,
    line: str,
    format: str = "txt",
    encoding: str | None = None,
    has_header: bool = True,
) -> None:
    """Change a template. Loads that began keep the form that they began with. Raises AcmError as `create` does."""
    values = _values(connection, template_id, name, format, line, encoding, has_header)
    statement = update(ImportTemplate).where(ImportTemplate.template_id == template_id).values(**values)
    if not connection.execute(statement).rowcount:
        raise AcmError(_("There is no such template any more."))


def _values(
    connection: Connection,
    own_id: int | None,
    name: str,
    format: str,
    line: str,
    encoding: str | None,
    has_header: bool,
) -> dict[str, Any]:
    validate(name, format, line, encoding)
    taken = connection.execute(
        select(ImportTemplate.template_id).where(ImportTemplate.name == name.strip())
    ).scalar_one_or_none()
    if taken is not None and taken != own_id:
        raise AcmError(_("There is a template with the name %(name)s already.", name=name.strip()))
    return {
        "name": name.strip(),
        "format": format,
        "line": line.strip("\r\n"),
        "encoding": canonical_encoding(encoding) if encoding else None,
        "has_header": has_header,
    }


def get(connection: Connection, name: str) -> Template:
    """The template of this name. Raises AcmError that lists those that are there."""
    columns = (
        ImportTemplate.template_id, ImportTemplate.name, ImportTemplate.format, ImportTemplate.line,
        ImportTemplate.encoding, ImportTemplate.has_header,
    )  # fmt: skip
    row = connection.execute(select(*columns).where(ImportTemplate.name == name.strip())).one_or_none()
    if row is None:
        names = connection.execute(select(ImportTemplate.name).order_by(ImportTemplate.name).limit(20)).scalars().all()
        hint = _("Templates: %(names)s.", names=", ".join(names)) if names else _("There is no template yet: add one.")
        raise AcmError(_("There is no template with the name %(name)s.", name=name), hint)
    return Template(*row)
