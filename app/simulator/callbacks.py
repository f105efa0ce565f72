"""The Personal Callback API: /unifiedconfig/config/personalcallback."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import sqlalchemy as sa
from flask import Blueprint, Response, g

from app.simulator import tables
from app.simulator.answers import (
    ROOT,
    ApiError,
    Page,
    Refusal,
    body,
    child_text,
    created,
    invalid,
    item,
    missing,
    not_found,
    out_of_range,
    reference_id,
    results,
    stale,
)
from app.simulator.campaigns import load
from app.simulator.centre import PERIPHERAL, ContactCentre, centre
from app.simulator.imports import STATUSES

blueprint = Blueprint("callbacks", __name__, url_prefix=f"{ROOT}/personalcallback")
table = tables.personal_callback_list

TIME_LIMIT = timedelta(minutes=15)  # CallbackTimeLimit of the Campaign Manager's registry
BULK = (
    "AccountNumber", "FirstName", "LastName", "Phone", "AgentSkillTargetId", "CampaignId", "CampaignDn",
    "CallbackDateTime", "MaxAttempts",
)  # fmt: skip
_LETTERS = {name: letter for letter, name in STATUSES.items()}


def _load(connection: sa.Connection, identity: int) -> sa.Row:
    row = connection.execute(sa.select(table).where(table.c.PersonalCallbackListID == identity)).first()
    if row is None:
        raise not_found("Personal callback", identity)
    return row


def _show(row: sa.Row) -> dict[str, Any]:
    agent = row.AgentID - 100_000
    return {
        "refURL": f"{ROOT}/campaign/personalcallback/{row.PersonalCallbackListID}",
        "changeStamp": row.ChangeStamp,
        "campaign": {"refURL": f"{ROOT}/campaign/{row.CampaignID}"},
        "campaignId": row.CampaignID,
        "agent": {"refURL": f"{ROOT}/agent/{agent}"},
        "agentId": row.AgentID,
        "peripheralId": row.PeripheralID,
        "campaignDn": row.CampaignDN,
        "phone": row.Phone,
        "accountNumber": row.AccountNumber,
        "maxAttempts": row.MaxAttempts,
        "callbackDateTime": row.CallbackDateTime.isoformat(timespec="seconds"),
        "callStatus": STATUSES.get(row.CallStatus, "unknown"),
        "callResult": row.CallResult,
        "firstName": row.FirstName,
        "lastName": row.LastName,
    }


def _texts(root: Element) -> tuple[dict[str, Any], list[ApiError]]:
    limits = {
        "campaignDn": ("CampaignDN", 12),
        "phone": ("Phone", 20),
        "accountNumber": ("AccountNumber", 30),
        "firstName": ("FirstName", 50),
        "lastName": ("LastName", 50),
    }
    values, errors = dict[str, Any](), list[ApiError]()
    for element, (column, limit) in limits.items():
        raw = child_text(root, element)
        if raw is None:
            continue
        values[column] = raw.strip()
        size = len(values[column]) if column.endswith("Name") else len(values[column].encode())
        if size > limit:
            errors.append(out_of_range(element, 0, limit))
    if "Phone" in values and not re.fullmatch("[0-9#*]+", values["Phone"]):
        errors.append(invalid("phone", "Value may hold only 0-9 # *"))
    return values, errors


def _references(
    here: ContactCentre, connection: sa.Connection, root: Element, values: dict[str, Any]
) -> list[ApiError]:
    errors = []
    if root.find("campaign") is not None:
        identity = reference_id(root.findtext("campaign/refURL"))
        try:
            values["CampaignID"] = load(connection, int(identity)).CampaignID
        except (ValueError, Refusal):
            errors.append(ApiError("invalidInput.invalidReference", "The campaign does not exist", "campaign"))
    if root.find("agent") is not None:
        identity = reference_id(root.findtext("agent/refURL"))
        if identity.isdigit() and int(identity) in here.agent_ids():
            values.update(AgentID=int(here.agent_login(int(identity))), PeripheralID=PERIPHERAL)
        else:
            errors.append(ApiError("invalidInput.invalidReference", "The agent does not exist", "agent"))
    return errors


def _read(here: ContactCentre, connection: sa.Connection, root: Element) -> tuple[dict[str, Any], list[ApiError]]:
    """The columns that a request sets, and all that is wrong with it."""
    values, errors = _texts(root)
    errors += _references(here, connection, root, values)
    raw = child_text(root, "maxAttempts")
    if raw is not None:
        if re.fullmatch(r"\d{1,4}", raw.strip()) and int(raw) > 0:
            values["MaxAttempts"] = int(raw)
        else:
            errors.append(invalid("maxAttempts", "Value must be a positive number"))
    raw = child_text(root, "callbackDateTime")
    if raw is not None:
        try:
            moment = datetime.strptime(raw.strip(), "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007  local time of the Logger
        except ValueError:
            errors.append(invalid("callbackDateTime", "Value must read yyyy-MM-ddTHH:mm:ss"))
        else:
            values["CallbackDateTime"] = moment
            if moment <= here.local_now() - TIME_LIMIT:
                errors.append(invalid("callbackDateTime", "Value is 15 minutes or more in the past"))
    raw = child_text(root, "callStatus")
    if raw is not None:
        if raw.strip() in _LETTERS:
            values["CallStatus"] = _LETTERS[raw.strip()]
        else:
            errors.append(invalid("callStatus", f"Value must be one of {', '.join(_LETTERS)}"))
    return values, errors


def _insert(here: ContactCentre, connection: sa.Connection, root: Element) -> tuple[int, list[ApiError]]:
    values, errors = _read(here, connection, root)
    required = {
        "CampaignID": "campaign",
        "AgentID": "agent",
        "Phone": "phone",
        "MaxAttempts": "maxAttempts",
        "CallbackDateTime": "callbackDateTime",
    }
    named = {error.data for error in errors}
    errors += [missing(name) for column, name in required.items() if not values.get(column) and name not in named]
    if errors:
        return 0, errors
    values = {"CallStatus": "P", **values, "CallResult": 0, "ChangeStamp": 0}
    made = connection.execute(sa.insert(table).values(**values, InsertedIntoDBDateTime=here.local_now()))
    assert made.inserted_primary_key is not None  # noqa: S101  the key is an identity
    return made.inserted_primary_key[0], []


@blueprint.post("")
def callback_create() -> Response:
    here = centre()
    with here.engine.begin() as connection:
        identity, errors = _insert(here, connection, body("personalCallback"))
        if errors:
            raise Refusal(400, *errors)
    return created(f"{ROOT}/personalcallback/{identity}")


@blueprint.post("/import")
def callback_import() -> Response:
    """Many callbacks at once; overwriteData takes away all there were, those of agents too."""
    here = centre()
    if g.role != "administrator":
        raise Refusal(403, ApiError("permission.denied", "Only administrators may import"))
    root = body("import")
    delimiter = child_text(root, "delimiter") or ","
    lines = [line.strip() for line in (child_text(root, "fileContent") or "").strip().splitlines()]
    if not lines:
        raise Refusal(400, missing("fileContent"))
    columns = lines[0].split(delimiter)
    if set(columns) - set(BULK):
        raise Refusal(400, invalid("fileContent", f"The columns are {','.join(BULK)}"))
    problems: list[ApiError] = []
    with here.engine.begin() as connection:
        if child_text(root, "overwriteData") == "true":
            connection.execute(sa.delete(table))
        for number, line in enumerate(lines[1:], 2):
            cells = dict(zip(columns, line.split(delimiter), strict=False))
            element = Element("personalCallback")
            for column, value in cells.items():
                if column == "AgentSkillTargetId":
                    SubElement(SubElement(element, "agent"), "refURL").text = value
                elif column == "CampaignId":
                    SubElement(SubElement(element, "campaign"), "refURL").text = value
                else:
                    SubElement(element, column[0].lower() + column[1:]).text = value
            _, errors = _insert(here, connection, element)
            problems += [invalid(error.data, f"Line {number}: {error.message}") for error in errors]
        if problems:
            raise Refusal(400, *problems[:100])
    return Response(status=200)


@blueprint.get("/template")
def callback_template() -> Response:
    headers = {"Content-Disposition": "attachment; filename=PersonalCallbackTemplate.csv"}
    return Response(",".join(BULK) + "\n", headers=headers, content_type="text/csv")


@blueprint.get("")
def callback_list() -> Response:
    columns = {
        "agentId": sa.cast(table.c.AgentID, sa.String(20)),
        "accountNumber": table.c.AccountNumber,
        "firstName": table.c.FirstName,
        "lastName": table.c.LastName,
    }
    page = Page.asked(tuple(columns))
    condition: sa.ColumnElement[bool] = sa.true()
    for term in page.search.split():
        name, colon, value = term.partition(":")
        chosen = [columns[name]] if colon and name in columns else list(columns.values())
        term = (value if colon and name in columns else term).lower()
        condition &= sa.or_(*(sa.func.lower(column).contains(term, autoescape=True) for column in chosen))
    with centre().engine.connect() as connection:
        total = connection.scalar(sa.select(sa.func.count()).select_from(table).where(condition)) or 0
        order = columns[page.sort].desc() if page.descending else columns[page.sort].asc()
        query = sa.select(table).where(condition).order_by(order, table.c.PersonalCallbackListID)
        found = connection.execute(query.offset(page.within(total)).limit(page.size)).all()
    return results("personalCallbacks", "personalCallback", page, total, [_show(row) for row in found])


@blueprint.get("/<int(signed=True):identity>")
def callback_get(identity: int) -> Response:
    with centre().engine.connect() as connection:
        return item("personalCallback", _show(_load(connection, identity)))


@blueprint.put("/<int(signed=True):identity>")
def callback_update(identity: int) -> Response:
    here = centre()
    root = body("personalCallback")
    stamp = child_text(root, "changeStamp")
    if not stamp:
        raise Refusal(400, missing("changeStamp"))
    with here.engine.begin() as connection:
        row = _load(connection, identity)
        if row.CallbackDateTime < here.local_now() + TIME_LIMIT:
            message = "The callback is less than 15 minutes ahead and cannot be changed"
            raise Refusal(400, ApiError("invalidInput.tooLate", message, "callbackDateTime"))
        values, errors = _read(here, connection, root)
        if errors:
            raise Refusal(400, *errors)
        if stamp.strip() != str(row.ChangeStamp):
            raise stale(stamp)
        changed = {**values, "ChangeStamp": row.ChangeStamp + 1}
        connection.execute(sa.update(table).where(table.c.PersonalCallbackListID == identity).values(changed))
    return Response(status=200)


@blueprint.delete("/<int(signed=True):identity>")
def callback_delete(identity: int) -> Response:
    with centre().engine.begin() as connection:
        _load(connection, identity)
        connection.execute(sa.delete(table).where(table.c.PersonalCallbackListID == identity))
    return Response(status=200)
