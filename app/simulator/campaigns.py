"""The Campaign and Campaign Status APIs: /unifiedconfig/config/campaign."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response

from app.simulator import campaign_fields as fields
from app.simulator import tables, zones
from app.simulator.answers import (
    ROOT,
    ApiError,
    Refusal,
    body,
    child_text,
    created,
    item,
    listed,
    missing,
    not_found,
    stale,
)
from app.simulator.centre import QUERY_RULE, ContactCentre, centre

blueprint = Blueprint("campaigns", __name__, url_prefix=f"{ROOT}/campaign")
campaign = tables.campaign


def load(connection: sa.Connection, identity: int) -> sa.Row:
    """The row of an API-made campaign. Raises Refusal for any other id, one of the campaign tool's included."""
    row = connection.execute(sa.select(campaign).where(campaign.c.CampaignID == identity)).first()
    if row is None or row.APIGenerated != "Y" or row.Deleted != "N":
        raise not_found("Campaign", identity)
    return row


def _columns(contact_centre: ContactCentre, document: dict[str, Any]) -> dict[str, Any]:
    zone = zones.windows_zone(document["timeZone"], contact_centre.now())
    return {
        "CampaignName": document["name"],
        "Enabled": "Y" if document["enabled"] else "N",
        "CampaignPurposeType": fields.PURPOSES[document["campaignPurposeType"]],
        "MaxAttempts": document["maxAttempts"],
        "TZDisplayName": zone.display_name if zone else None,
        "Simulator_Settings": json.dumps(document),
    }


def _write_skill_groups(connection: sa.Connection, identity: int, document: dict[str, Any]) -> None:
    table = tables.campaign_skill_group
    connection.execute(sa.delete(table).where(table.c.CampaignID == identity))
    for info in document["skillGroupInfos"]:
        connection.execute(
            sa.insert(table).values(
                CampaignID=identity,
                SkillTargetID=info["skillGroup"],
                DialedNumber=info["dialedNumber"],
                DialingMode=fields.DIALING_MODES[document["dialingMode"]],
                RecordsToCache=info["recordsToCache"],
                ReservationPercentage=document["reservationPercentage"],
                OverflowAgents=info["overflowAgents"],
                IVRPorts=info["ivrPorts"],
                IVRRoutePoint=info["ivrRoutePoint"],
                AbandonedRoutePoint=info["abandonedRoutePoint"],
            )
        )


def _refuse_taken_name(connection: sa.Connection, name: str, identity: int | None) -> None:
    query = sa.select(campaign.c.CampaignID).where(
        sa.func.lower(campaign.c.CampaignName) == name.lower(), campaign.c.Deleted == "N"
    )
    taken = [found for found in connection.scalars(query) if found != identity]
    if taken:
        raise Refusal(400, ApiError("invalidInput.duplicateName", "A campaign with this name exists already", "name"))


@blueprint.get("")
def campaign_list() -> Response:
    here = centre()
    with here.engine.connect() as connection:
        query = sa.select(campaign).where(campaign.c.APIGenerated == "Y", campaign.c.Deleted == "N")
        rows = connection.execute(query).all()
    found = [{**json.loads(row.Simulator_Settings), "id": row.CampaignID, "stamp": row.ChangeStamp} for row in rows]
    return listed("campaigns", "campaign", found, lambda each: fields.show(each["id"], each["stamp"], each, here.now()))


@blueprint.post("")
def campaign_create() -> Response:
    here = centre()
    root = body("campaign")
    document, errors = fields.change(fields.defaults(), root, here.now(), here.skill_groups)
    if root.find("timeZone") is None:
        errors.append(missing("timeZone"))
    if errors:
        raise Refusal(400, *errors)
    with here.campaign_lock, here.engine.begin() as connection:
        _refuse_taken_name(connection, document["name"], None)
        values = {**_columns(here, document), "APIGenerated": "Y", "Deleted": "N", "ChangeStamp": 0}
        made = connection.execute(sa.insert(campaign).values(values))
        assert made.inserted_primary_key is not None  # noqa: S101  the key is an identity
        identity = made.inserted_primary_key[0]
        _write_skill_groups(connection, identity, document)
        connection.execute(
            sa.insert(tables.campaign_real_time).values(
                CampaignID=identity, QueryRuleID=QUERY_RULE, DateTime=here.local_now()
            )
        )
    here.changed_campaigns.add(identity)
    return created(f"{ROOT}/campaign/{identity}")


@blueprint.get("/<int:identity>")
def campaign_get(identity: int) -> Response:
    here = centre()
    with here.engine.connect() as connection:
        row = load(connection, identity)
    document = json.loads(row.Simulator_Settings)
    return item("campaign", fields.show(identity, row.ChangeStamp, document, here.now()))


@blueprint.put("/<int:identity>")
def campaign_update(identity: int) -> Response:
    here = centre()
    root = body("campaign")
    stamp = child_text(root, "changeStamp")
    if not stamp:
        raise Refusal(400, missing("changeStamp"))
    with here.campaign_lock, here.engine.begin() as connection:
        row = load(connection, identity)
        document, errors = fields.change(json.loads(row.Simulator_Settings), root, here.now(), here.skill_groups)
        if errors:
            raise Refusal(400, *errors)
        _refuse_taken_name(connection, document["name"], identity)
        changed = connection.execute(
            sa.update(campaign)
            .where(campaign.c.CampaignID == identity, sa.cast(campaign.c.ChangeStamp, sa.String(20)) == stamp.strip())
            .values({**_columns(here, document), "ChangeStamp": campaign.c.ChangeStamp + 1})
        )
        if changed.rowcount == 0:
            raise stale(stamp)
        _write_skill_groups(connection, identity, document)
    here.changed_campaigns.add(identity)
    return Response(status=200)


@blueprint.put("/disable")
def campaign_disable_all() -> Response:
    """The emergency stop: every API-made campaign that is enabled is disabled."""
    here = centre()
    with here.campaign_lock, here.engine.begin() as connection:
        query = sa.select(campaign).where(
            campaign.c.APIGenerated == "Y", campaign.c.Deleted == "N", campaign.c.Enabled == "Y"
        )
        for row in connection.execute(query).all():
            document = {**json.loads(row.Simulator_Settings), "enabled": False}
            connection.execute(
                sa.update(campaign)
                .where(campaign.c.CampaignID == row.CampaignID)
                .values({**_columns(here, document), "ChangeStamp": campaign.c.ChangeStamp + 1})
            )
            here.changed_campaigns.add(row.CampaignID)
    return Response(status=200)


@blueprint.delete("/<int:identity>")
def campaign_delete(identity: int) -> Response:
    here = centre()
    rows = tables.dialing_list
    with here.campaign_lock, here.list_lock, here.engine.begin() as connection:
        row = load(connection, identity)
        document = {**json.loads(row.Simulator_Settings), "enabled": False}
        connection.execute(
            sa.update(campaign)
            .where(campaign.c.CampaignID == identity)
            .values(Deleted="Y", Enabled="N", Simulator_Settings=json.dumps(document))
        )
        connection.execute(sa.delete(rows).where(rows.c.CampaignID == identity))
    here.cleared_campaigns.add(identity)
    here.changed_campaigns.add(identity)
    return Response(status=200)


@blueprint.get("/<int:identity>/runtimestats")
def campaign_runtime_stats(identity: int) -> Response:
    here = centre()
    table = tables.campaign_real_time
    with here.engine.connect() as connection:
        load(connection, identity)
        row = connection.execute(sa.select(table).where(table.c.CampaignID == identity)).mappings().one()
    values: dict[str, Any] = {element: row[column] for column, element in tables.STATISTICS.items()}
    values["dateTime"] = row["DateTime"].isoformat(timespec="seconds")
    return item("runtimeStatus", dict(sorted(values.items())))
