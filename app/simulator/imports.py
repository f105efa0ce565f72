"""The Import API: /unifiedconfig/config/campaign/<id>/import."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Blueprint, Response, g

from app.simulator import tables, zones
from app.simulator.answers import (
    ROOT,
    ApiError,
    Page,
    Refusal,
    body,
    child_text,
    invalid,
    item,
    missing,
    not_found,
    results,
)
from app.simulator.campaigns import load
from app.simulator.centre import QUERY_RULE, ContactCentre, centre

blueprint = Blueprint("imports", __name__, url_prefix=f"{ROOT}/campaign")
rows = tables.dialing_list

PHONES = tuple(f"Phone{n:02}" for n in range(1, 11))
COLUMNS = ("AccountNumber", "FirstName", "LastName", *PHONES, "TimeZoneBias", "DstObserved")
STATUSES = {
    "A": "active",
    "B": "callbackRequested",
    "C": "closed",
    "D": "dialed",
    "J": "agentRejected",
    "M": "maxAttemptsReached",
    "P": "pending",
    "R": "retry",
    "S": "personalCallbackRequested",
    "U": "unknown",
    "X": "agentNotAvailable",
}
AT_CAPACITY = ApiError("boundary.queueFull", "Request processing queue is at capacity.")
_INSERT_SLICE = 1000


@dataclass
class ParsedImport:
    """The records of one import request: rows ready for the dialing list, and what is wrong by line."""

    columns: list[str]
    records: list[dict[str, Any]] = field(default_factory=list)
    errors: list[ApiError] = field(default_factory=list)


def parse(content: str, delimiter: str) -> ParsedImport:
    """Read the CSV text of fileContent. Raises Refusal for a header that cannot be."""
    lines = [line.strip(" \t") for line in content.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise Refusal(400, missing("fileContent"))
    columns = [name.strip() for name in lines[0].split(delimiter)]
    wrong = [name for name in columns if name not in COLUMNS]
    if wrong:
        raise Refusal(400, invalid("fileContent", f"Unknown column {wrong[0]}"))
    if len(set(columns)) != len(columns):
        raise Refusal(400, invalid("fileContent", "A column is repeated"))
    if not set(columns) & set(PHONES):
        raise Refusal(400, missing("Phone01"))
    if "DstObserved" in columns and "TimeZoneBias" not in columns:
        raise Refusal(400, invalid("DstObserved", "DstObserved needs TimeZoneBias"))
    parsed = ParsedImport(columns)
    for number, line in enumerate(lines[1:], 2):
        record, problem = _parse_record(columns, line.split(delimiter))
        if problem:
            parsed.errors.append(invalid(problem[0], f"Line {number}: {problem[1]}"))
        else:
            parsed.records.append(record)
    return parsed


def _parse_record(columns: list[str], values: list[str]) -> tuple[dict[str, Any], tuple[str, str] | None]:
    if len(values) != len(columns):
        return {}, ("fileContent", f"{len(values)} values for {len(columns)} columns")
    cells = dict(zip(columns, values, strict=True))
    if len(cells.get("AccountNumber", "").encode()) > 30:
        return {}, ("AccountNumber", "longer than 30 bytes")
    for name in ("FirstName", "LastName"):
        if len(cells.get(name, "")) > 50:
            return {}, (name, "longer than 50 characters")
    phones = [cells.get(name, "") for name in PHONES]
    for name, phone in zip(PHONES, phones, strict=True):
        if not re.fullmatch(r"[0-9#*]{0,20}", phone):
            return {}, (name, "holds more than 20 characters or others than 0-9 # *")
    if not any(phones):
        return {}, ("Phone01", "at least one phone is required")
    bias: int | None = None
    if cells.get("TimeZoneBias"):
        try:
            bias = int(cells["TimeZoneBias"])
        except ValueError:
            return {}, ("TimeZoneBias", "not a whole number")
        if not -780 <= bias <= 720:
            return {}, ("TimeZoneBias", "not from -780 to 720")
    summer = cells.get("DstObserved", "").lower()
    if summer not in ("", "true", "false"):
        return {}, ("DstObserved", "neither true nor false")
    if summer and bias is None:
        return {}, ("DstObserved", "given without TimeZoneBias")
    return {
        "AccountNumber": cells.get("AccountNumber", ""),
        "FirstName": cells.get("FirstName", ""),
        "LastName": cells.get("LastName", ""),
        "Phones": "|".join(phones),
        "bias": bias,
        "DstObserved": "Y" if summer == "true" else "N",
    }, None


def _store(here: ContactCentre, identity: int, parsed: ParsedImport, overwrite: bool) -> int:
    """Put the records on the campaign's list in one transaction; returns how many."""
    header = ",".join(parsed.columns)
    lost = here.faults.strike("lose_import", f"campaign/{identity}/import")
    with here.list_lock, here.engine.begin() as connection:
        row = load(connection, identity)
        if lost:
            outcome, records = "lost", []
        else:
            outcome, records = "stored", parsed.records
        if not overwrite and row.Simulator_ImportColumns not in (None, header):
            raise Refusal(400, invalid("fileContent", "The columns differ from those of the first import"))
        if overwrite and not lost:
            connection.execute(sa.delete(rows).where(rows.c.CampaignID == identity))
            here.cleared_campaigns.add(identity)
        document = json.loads(row.Simulator_Settings)
        zone_name = zones.windows_names().get(document["timeZone"], "Etc/UTC")
        complete = _complete(here, identity, records, ZoneInfo(zone_name))
        for start in range(0, len(complete), _INSERT_SLICE):
            connection.execute(sa.insert(rows), complete[start : start + _INSERT_SLICE])
        connection.execute(
            sa.update(tables.campaign)
            .where(tables.campaign.c.CampaignID == identity)
            .values(Simulator_ImportColumns=header)
        )
        statistics = tables.campaign_real_time
        connection.execute(
            sa.update(statistics)
            .where(statistics.c.CampaignID == identity, statistics.c.QueryRuleID == QUERY_RULE)
            .values(
                {"TotalCount": len(complete), "TotalVoiceCount": 0, "ClosedCount": 0}
                if overwrite and not lost
                else {"TotalCount": statistics.c.TotalCount + len(complete)}
            )
        )
        connection.execute(
            sa.insert(tables.import_log).values(
                CampaignID=identity,
                ReceivedAt=here.now(),
                Records=len(parsed.records),
                Stored=len(complete),
                Outcome=outcome,
            )
        )
    here.changed_campaigns.add(identity)
    return len(complete)


def _complete(
    here: ContactCentre, identity: int, records: list[dict[str, Any]], zone: ZoneInfo
) -> list[dict[str, Any]]:
    moment = here.now()
    bias = zones.standard_bias(zone, moment)
    summer = "Y" if zones.observes_summer_time(zone, moment) else "N"
    common: dict[str, Any] = {
        "CampaignID": identity,
        "Results": "|".join("0" * 10),
        "PhoneIndex": 0,
        "CallStatusZone1": "P",
        "CallResult": 0,
        "CallsMadeToZone1": 0,
        "ImportRuleDate": here.local_now(),
    }
    complete = []
    for record in records:
        given = record["bias"] is not None
        complete.append(
            {
                **common,
                **{name: value for name, value in record.items() if name != "bias"},
                "TimeZoneBias": record["bias"] if given else bias,
                "DstObserved": record["DstObserved"] if given else summer,
                "PhoneIndex": next(n for n, phone in enumerate(record["Phones"].split("|")) if phone),
            }
        )
    return complete


def _administrators_only() -> None:
    if g.role != "administrator":
        raise Refusal(403, ApiError("permission.denied", "Only administrators may use the Import API"))


@blueprint.post("/<int:identity>/import")
def import_create(identity: int) -> Response:
    here = centre()
    _administrators_only()
    root = body("import")
    if not here.import_slots.acquire(blocking=False):
        raise Refusal(503, AT_CAPACITY)
    try:
        with here.import_turn:
            if here.settings.import_real_seconds:
                here.stopping.wait(here.settings.import_real_seconds)
            with here.engine.connect() as connection:
                load(connection, identity)
            content, delimiter = child_text(root, "fileContent"), child_text(root, "delimiter") or ","
            overwrite = child_text(root, "overwriteData") or "false"
            if not content:
                raise Refusal(400, missing("fileContent"))
            if delimiter not in (",", "|"):
                raise Refusal(400, invalid("delimiter", "Value must be , or |"))
            if overwrite not in ("true", "false"):
                raise Refusal(400, invalid("overwriteData", "Value must be true or false"))
            parsed = parse(content, delimiter)
            if len(parsed.records) + len(parsed.errors) > here.settings.import_limit:
                message = f"An import holds at most {here.settings.import_limit} records"
                raise Refusal(400, ApiError("invalidInput.tooManyRecords", message, "fileContent"))
            if parsed.errors and here.settings.bad_rows == "reject":
                raise Refusal(400, *parsed.errors[:100])
            _store(here, identity, parsed, overwrite == "true")
    finally:
        here.import_slots.release()
    return Response(status=200)


@blueprint.delete("/<int:identity>/import")
def import_delete(identity: int) -> Response:
    """Removes all imported contacts of the campaign."""
    here = centre()
    _administrators_only()
    with here.list_lock, here.engine.begin() as connection:
        load(connection, identity)
        connection.execute(sa.delete(rows).where(rows.c.CampaignID == identity))
    here.cleared_campaigns.add(identity)
    here.changed_campaigns.add(identity)
    return Response(status=200)


def show(row: sa.Row) -> dict[str, Any]:
    """An imported contact as the API prints it."""
    bias = row.TimeZoneBias
    printed: dict[str, Any] = {
        "refURL": f"{ROOT}/campaign/{row.CampaignID}/import/{row.DialingListID}",
        "accountNumber": row.AccountNumber,
        "firstName": row.FirstName,
        "lastName": row.LastName,
        "callsMade": row.CallsMadeToZone1,
        "callStatus": STATUSES.get(row.CallStatusZone1, "unknown"),
        "callResultOverall": row.CallResult,
        "importDate": row.ImportRuleDate.isoformat(timespec="seconds"),
    }
    phones, outcomes = row.Phones.split("|"), row.Results.split("|")
    for number, (phone, outcome) in enumerate(zip(phones, outcomes, strict=True), 1):
        if phone:
            printed[f"phone{number:02}"] = {
                "number": phone,
                "callResult": outcome,
                "dstObserved": row.DstObserved == "Y",
                "gmtOffset": 1440 - bias if bias > 0 else -bias,
            }
    return printed


@blueprint.get("/<int:identity>/import")
def import_list(identity: int) -> Response:
    here = centre()
    page = Page.asked(("accountNumber", "firstName", "lastName"))
    columns = {"accountNumber": rows.c.AccountNumber, "firstName": rows.c.FirstName, "lastName": rows.c.LastName}
    condition = rows.c.CampaignID == identity
    if page.search:
        term = page.search.lower()
        condition &= sa.or_(*(sa.func.lower(column).contains(term, autoescape=True) for column in columns.values()))
    with here.engine.connect() as connection:
        load(connection, identity)
        total = connection.scalar(sa.select(sa.func.count()).select_from(rows).where(condition)) or 0
        order = columns[page.sort].desc() if page.descending else columns[page.sort].asc()
        query = (
            sa.select(rows)
            .where(condition)
            .order_by(order, rows.c.DialingListID)
            .offset(page.within(total))
            .limit(page.size)
        )
        found = connection.execute(query).all()
    return results("importContacts", "importContact", page, total, [show(row) for row in found])


@blueprint.get("/<int:identity>/import/<path:number>")
def import_get(identity: int, number: str) -> Response:
    here = centre()
    if not re.fullmatch(r"-?\d{1,10}", number):
        raise not_found("Imported contact", number)
    with here.engine.connect() as connection:
        load(connection, identity)
        query = sa.select(rows).where(rows.c.CampaignID == identity, rows.c.DialingListID == int(number))
        row = connection.execute(query).first()
    if row is None:
        raise not_found("Imported contact", number)
    return item("importContact", show(row))


@blueprint.get("/import/template")
def import_template() -> Response:
    headers = {"Content-Disposition": "attachment; filename=ImportTemplate.csv"}
    return Response(",".join(COLUMNS) + "\n", headers=headers, content_type="text/csv")
