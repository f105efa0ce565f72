"""A whole file read as a load would read it, without a client being written: what would be rejected, and why.

What a line says is judged by the same cleaner as in a load. Of what contacts.import_apply finds, the codes are looked
up (campaigns, phone types, time zones); which segments it makes, and whether there is room for them, only it knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select

from app.importing import reasons, templates
from app.importing.cleaning import PHONE_COLUMNS, ROW_COLUMNS, Cleaner, Staged
from app.importing.files import inspect
from app.importing.formats import format_module
from app.importing.loader import ARCHIVED, check_form, make_form
from app.models.dictionary import PhoneType, TimeZone
from app.models.strategy import Campaign
from app.settings import get_settings

#: Rejected lines and warnings that are shown.
SHOWN = 100

_LINE, _CAMPAIGN, _ZONE = (ROW_COLUMNS.index(name) for name in ("line_no", "campaign_code", "zone_code"))
_PHONE_LINE, _TYPE = PHONE_COLUMNS.index("line_no"), PHONE_COLUMNS.index("type_code")


@dataclass
class Findings:
    """What a dry run has found so far."""

    lines_read: int = 0
    lines_right: int = 0
    lines_rejected: int = 0
    warnings: int = 0
    by_reason: dict[str, int] = field(default_factory=dict)
    #: (line, reason code, column, value, is it a warning), the first ones.
    first: list[tuple[int, str, str | None, str | None, bool]] = field(default_factory=list)

    def add(self, line_no: int, reason: str, column: str | None, value: str | None) -> None:
        is_warning = reason in reasons.WARNINGS
        self.by_reason[reason] = self.by_reason.get(reason, 0) + 1
        self.warnings += is_warning
        self.lines_rejected += not is_warning
        if len(self.first) < SHOWN:
            self.first.append((line_no, reason, column, value, is_warning))


def check_file(
    engine: Engine,
    path: str | Path,
    template: templates.Template,
    *,
    campaign_code: str | None = None,
    encoding: str | None = None,
    on_progress: Callable[[int, int, Findings], None] | None = None,
) -> Findings:
    """Read the whole file. `on_progress` gets the bytes done, all of them, and what was found so far. Raises AcmError
    for a file that would be refused as a whole."""
    facts = inspect(Path(path))
    form = make_form(facts, template, encoding)
    check_form(facts, form)
    with engine.connect() as connection:
        codes = _Codes.read(connection, campaign_code)
    cleaner, found = Cleaner(form.template), Findings()
    with facts.path.open("rb") as stream:
        for part in format_module(form.format).parts(stream, form, 0, 0, get_settings().import_chunk):
            staged = cleaner.clean(part)
            for line_no, reason, column, value in sorted(_judged(staged, codes, found), key=lambda one: one[0]):
                found.add(line_no, reason, column, value)
            found.lines_read = part.lines_done
            if on_progress is not None:
                on_progress(part.bytes_done, facts.size, found)
    return found


@dataclass(frozen=True)
class _Codes:
    """The codes that lines may name, in capitals. Campaigns with their state."""

    default_campaign: str | None
    campaigns: dict[str, int]
    phone_types: frozenset[str]
    zones: frozenset[str]

    @classmethod
    def read(cls, connection: Connection, campaign_code: str | None) -> _Codes:
        campaigns = connection.execute(select(Campaign.code_key, Campaign.state_id)).all()
        types = connection.scalars(select(PhoneType.code_key).where(PhoneType.is_enabled == True))  # noqa: E712 - SQL
        zones = connection.scalars(select(TimeZone.code_key).where(TimeZone.is_enabled == True))  # noqa: E712 - SQL
        return cls(
            campaign_code or None, {row.code_key: row.state_id for row in campaigns}, frozenset(types), frozenset(zones)
        )


def _judged(staged: Staged, codes: _Codes, found: Findings) -> list[tuple[int, str, str | None, str | None]]:
    wrong = [(row[1], row[2], row[3], row[4]) for row in staged.rejects]
    types: dict[int, list[str]] = {}
    for phone in staged.phones:
        if phone[_TYPE]:
            types.setdefault(phone[_PHONE_LINE], []).append(phone[_TYPE])
    for row in staged.rows:
        judged = _judge(row, types.get(row[_LINE], []), codes)
        if judged is not None:
            wrong.append((row[_LINE], *judged))
            continue
        found.lines_right += 1
        if row[_ZONE] and _key(row[_ZONE]) not in codes.zones:
            wrong.append((row[_LINE], reasons.ZONE_UNKNOWN, templates.ZONE_CODE, row[_ZONE]))
    return wrong


def _judge(row: tuple[Any, ...], types: list[str], codes: _Codes) -> tuple[str, str, str | None] | None:
    """Why a line would be rejected by its codes, in the order in which a load asks; None: it would not."""
    campaign = row[_CAMPAIGN] or codes.default_campaign
    if campaign is None:
        return reasons.CAMPAIGN_MISSING, templates.CAMPAIGN_CODE, None
    state = codes.campaigns.get(_key(campaign))
    if state is None:
        return reasons.CAMPAIGN_UNKNOWN, templates.CAMPAIGN_CODE, campaign
    if state == ARCHIVED:
        return reasons.CAMPAIGN_ARCHIVED, templates.CAMPAIGN_CODE, campaign
    unknown = sorted(code for code in types if _key(code) not in codes.phone_types)
    return (reasons.PHONE_TYPE_UNKNOWN, templates.PHONE_TYPE, unknown[0]) if unknown else None


def _key(code: str) -> str:
    return code.strip(" ").upper()
