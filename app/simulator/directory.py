"""Time Zone, Skill Group, Agent and Do Not Call APIs: what campaigns and callbacks refer to."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

import sqlalchemy as sa
from flask import Blueprint, Response
from sqlalchemy.exc import IntegrityError

from app.simulator import campaign_fields as fields
from app.simulator import tables, zones
from app.simulator.answers import (
    ROOT,
    Refusal,
    body,
    child_text,
    created,
    fill,
    item,
    listed,
    missing,
    not_found,
    out_of_range,
    stale,
    xml,
)
from app.simulator.centre import ContactCentre, centre

blueprint = Blueprint("directory", __name__, url_prefix=ROOT)


def _show_zone(zone: zones.WindowsZone) -> dict[str, Any]:
    return {
        "refURL": f"{ROOT}/timezone/{quote(zone.name)}",
        "name": zone.name,
        "displayName": zone.display_name,
        "stdName": zone.std_name,
        "dstName": zone.dst_name,
        "dstObserved": zone.dst_observed,
        "bias": zone.bias,
    }


@blueprint.get("/timezone")
def timezone_list() -> Response:
    """All zones, west to east, without pages and permissionInfo."""
    found = [_show_zone(zone) for zone in zones.windows_zones(centre().now())]
    root = Element("results")
    fill(SubElement(root, "timeZones"), {"timeZone": found})
    return xml(root)


@blueprint.get("/timezone/<name>")
def timezone_get(name: str) -> Response:
    zone = zones.windows_zone(name, centre().now())
    if zone is None:
        raise not_found("Time zone", name)
    return item("timeZone", _show_zone(zone))


def _skill_group(identity: int) -> dict[str, Any]:
    return {"refURL": f"{ROOT}/skillgroup/{identity}", "changeStamp": 0, "name": fields.skill_group_name(identity)}


@blueprint.get("/skillgroup")
def skill_group_list() -> Response:
    rows = (_skill_group(identity) for identity in sorted(centre().skill_groups))
    return listed("skillGroups", "skillGroup", rows, lambda row: row, ("name",))


@blueprint.get("/skillgroup/<int:identity>")
def skill_group_get(identity: int) -> Response:
    if identity not in centre().skill_groups:
        raise not_found("Skill group", identity)
    return item("skillGroup", _skill_group(identity))


def _agent(here: ContactCentre, identity: int) -> dict[str, Any]:
    login = here.agent_login(identity)
    group = here.agent_skill_group(identity)
    return {
        "refURL": f"{ROOT}/agent/{identity}",
        "changeStamp": 0,
        "agentId": login,
        "person": {"userName": f"agent{login}", "firstName": "Agent", "lastName": login, "loginEnabled": True},
        "skillGroups": {
            "skillGroup": [{"refURL": f"{ROOT}/skillgroup/{group}", "name": fields.skill_group_name(group)}]
        },
    }


@blueprint.get("/agent")
def agent_list() -> Response:
    here = centre()
    rows = (_agent(here, identity) for identity in here.agent_ids())
    return listed("agents", "agent", rows, lambda row: row, ("agentId",))


@blueprint.get("/agent/<int:identity>")
def agent_get(identity: int) -> Response:
    here = centre()
    if identity not in here.agent_ids():
        raise not_found("Agent", identity)
    return item("agent", _agent(here, identity))


def _show_dnc(row: sa.Row) -> dict[str, Any]:
    return {
        "refURL": f"{ROOT}/dnc/{row.DncID}",
        "changeStamp": row.ChangeStamp,
        "name": row.Name,
        "filePath": row.FilePath,
        "overwrite": row.Overwrite == "Y",
        "renameFileAfterImport": row.RenameFile == "Y",
    }


def _dnc_row(connection: sa.Connection, identity: int) -> sa.Row:
    row = connection.execute(sa.select(tables.dnc_rule).where(tables.dnc_rule.c.DncID == identity)).first()
    if row is None:
        raise not_found("Do Not Call import", identity)
    return row


def _read_dnc(stored: sa.Row | None) -> dict[str, Any]:
    root = body("dnc")
    columns = {
        "Name": ("name", fields.Field("text", pattern=fields.NAME.pattern), stored.Name if stored else ""),
        "FilePath": ("filePath", fields.Field("text"), stored.FilePath if stored else ""),
        "Overwrite": ("overwrite", fields.Field("bool"), stored.Overwrite == "Y" if stored else False),
        "RenameFile": ("renameFileAfterImport", fields.Field("bool"), stored.RenameFile == "Y" if stored else True),
    }
    values, errors = dict[str, Any](), []
    for column, (element, field, value) in columns.items():
        raw = child_text(root, element)
        if raw is not None:
            value, error = fields.read(element, field, raw)
            if error:
                errors.append(error)
                continue
        if value == "":
            errors.append(missing(element))
        if isinstance(value, str) and len(value) > 255:
            errors.append(out_of_range(element, 1, 255))
        values[column] = ("Y" if value else "N") if isinstance(value, bool) else value
    if errors:
        raise Refusal(400, *errors)
    return values


@blueprint.get("/dnc")
def dnc_list() -> Response:
    with centre().engine.connect() as connection:
        rows = connection.execute(sa.select(tables.dnc_rule)).all()
    return listed("dncs", "dnc", map(_show_dnc, rows), lambda row: row, ("name",))


@blueprint.post("/dnc")
def dnc_create() -> Response:
    values = _read_dnc(None)
    with centre().engine.begin() as connection:
        made = connection.execute(sa.insert(tables.dnc_rule).values(**values, ChangeStamp=0))
        assert made.inserted_primary_key is not None  # noqa: S101  the key is an identity
        return created(f"{ROOT}/dnc/{made.inserted_primary_key[0]}")


@blueprint.get("/dnc/<int:identity>")
def dnc_get(identity: int) -> Response:
    with centre().engine.connect() as connection:
        return item("dnc", _show_dnc(_dnc_row(connection, identity)))


@blueprint.put("/dnc/<int:identity>")
def dnc_update(identity: int) -> Response:
    table = tables.dnc_rule
    stamp = child_text(body("dnc"), "changeStamp")
    if not stamp:
        raise Refusal(400, missing("changeStamp"))
    with centre().engine.begin() as connection:
        row = _dnc_row(connection, identity)
        if stamp.strip() != str(row.ChangeStamp):
            raise stale(stamp)
        changed = {**_read_dnc(row), "ChangeStamp": table.c.ChangeStamp + 1}
        connection.execute(sa.update(table).where(table.c.DncID == identity).values(changed))
    return Response(status=200)


@blueprint.delete("/dnc/<int:identity>")
def dnc_delete(identity: int) -> Response:
    with centre().engine.begin() as connection:
        _dnc_row(connection, identity)
        connection.execute(sa.delete(tables.dnc_rule).where(tables.dnc_rule.c.DncID == identity))
    return Response(status=200)


def add_do_not_call(connection: sa.Connection, phones: list[str]) -> None:
    """Put numbers on the do-not-call list; those already there stay."""
    for phone in phones:
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(tables.do_not_call).values(Phone=phone))
        except IntegrityError:
            continue


def read_dnc_files(connection: sa.Connection) -> list[sa.Row]:
    """Import the files of the do-not-call rules that have appeared; return their rules, for put_dnc_files_away."""
    rules = connection.execute(sa.select(tables.dnc_rule)).all()
    found = [rule for rule in rules if Path(rule.FilePath).is_file()]
    for rule in found:
        lines = [line.strip() for line in Path(rule.FilePath).read_text(errors="replace").splitlines()]
        if rule.Overwrite == "Y":
            connection.execute(sa.delete(tables.do_not_call))
        add_do_not_call(connection, sorted({line for line in lines if line and len(line) <= 20}))
    return found


def put_dnc_files_away(rules: list[sa.Row]) -> None:
    """Rename or delete the files that were imported, once that is committed."""
    for rule in rules:
        path = Path(rule.FilePath)
        if rule.RenameFile == "Y":
            path.replace(path.with_name(path.name + ".001"))
        else:
            path.unlink()
