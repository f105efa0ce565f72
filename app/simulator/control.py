"""The control resource: /simulator/control, JSON. Not a path of Cisco's; the application never uses it.

GET  /simulator/control                     clock, engine, agents, faults, imports
GET  /simulator/control/faults              the faults there can be, and those that are on
PUT  /simulator/control/faults/NAME         {"rate": 1, "count": null, "seconds": 60, "path": "", "method": ""}
DELETE /simulator/control/faults[/NAME]     take one off, or all
PUT  /simulator/control/agents              {"count": 150}
PUT  /simulator/control/engine              {"paused": true}
PUT  /simulator/control/behaviour           {"answer_share": 1, "talk_seconds": 60, "wrapup_seconds": 9, "outcomes": {}}
POST /simulator/control/do-not-call         {"phones": ["79161234567"]}
GET  /simulator/control/ledger              records by campaign and status, imports by outcome, rows written and waiting
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify, request

from app.simulator import directory, tables
from app.simulator.centre import centre
from app.simulator.engine import Engine
from app.simulator.faults import FAULTS

blueprint = Blueprint("control", __name__, url_prefix="/simulator/control")


class Mistake(ValueError):
    """A control request that makes no sense; answered 400 with the sentence."""


def _engine() -> Engine:
    engine: Engine = current_app.extensions["simulated_engine"]
    return engine


def _values(**allowed: type | tuple[type, ...]) -> dict[str, Any]:
    """The JSON object of the request, with these names only and values of these types."""
    given = request.get_json(silent=True, force=True) if request.get_data() else {}
    if not isinstance(given, dict):
        raise Mistake("the body is a JSON object")
    for name, value in given.items():
        if name not in allowed:
            raise Mistake(f"no {name!r} here; there are {', '.join(allowed)}")
        if not isinstance(value, allowed[name]):
            raise Mistake(f"{name} has the wrong type")
    return given


@blueprint.errorhandler(ValueError)
def mistake(error: ValueError) -> tuple[Response, int]:
    return jsonify(error=str(error)), 400


@blueprint.get("")
def overview() -> Response:
    here = centre()
    return jsonify(
        now=here.now().isoformat(timespec="milliseconds"),
        local_now=here.local_now().isoformat(timespec="milliseconds"),
        time_zone=here.settings.time_zone,
        engine={**_engine().dialer.report(), "paused": _engine().paused.is_set()},
        agents=here.agents,
        skill_groups=sorted(here.skill_groups),
        faults=here.faults.active(),
    )


@blueprint.get("/faults")
def faults_list() -> Response:
    return jsonify(known=FAULTS, active=centre().faults.active())


@blueprint.put("/faults/<name>")
def fault_put(name: str) -> Response:
    here = centre()
    number = (int, float)
    values = _values(rate=number, count=(int, type(None)), seconds=number, path=str, method=str)
    if name == "refuse":
        here.refuse_for = float(values.get("seconds", 5))
        return jsonify(name=name, seconds=here.refuse_for)
    fault = here.faults.put(name, values, here.now())
    return jsonify(fault)


@blueprint.delete("/faults", defaults={"name": None})
@blueprint.delete("/faults/<name>")
def fault_delete(name: str | None) -> Response:
    here = centre()
    here.faults.remove(name)
    here.release.set()  # whoever hangs or waits goes on
    return jsonify(here.faults.active())


@blueprint.put("/agents")
def agents_put() -> Response:
    here = centre()
    count = _values(count=int).get("count")
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= 5000:
        raise Mistake("count is a whole number from 0 to 5000")
    here.agents = count
    return jsonify(count=count)


@blueprint.put("/engine")
def engine_put() -> Response:
    paused = _values(paused=bool).get("paused", False)
    (_engine().paused.set if paused else _engine().paused.clear)()
    return jsonify(paused=paused)


@blueprint.put("/behaviour")
def behaviour_put() -> Response:
    number = (int, float)
    values = _values(answer_share=number, talk_seconds=number, wrapup_seconds=number, outcomes=dict)
    calls = _engine().dialer.calls
    outcomes = values.get("outcomes")
    if outcomes is not None:
        weights = list(outcomes.values())
        if not weights or not all(isinstance(w, number) and w >= 0 for w in weights) or sum(weights) <= 0:
            raise Mistake("outcomes are texts with weights that are not negative, one at least above 0")
    if (
        any(values.get(name, 1) < 0 for name in ("answer_share", "wrapup_seconds"))
        or values.get("talk_seconds", 1) <= 0
    ):
        raise Mistake("shares and seconds are not negative")
    if outcomes is not None:
        calls.set_outcomes(outcomes)
    calls.people.answer_share = values.get("answer_share", calls.people.answer_share)
    calls.talk_seconds = values.get("talk_seconds", calls.talk_seconds)
    calls.wrapup_seconds = values.get("wrapup_seconds", calls.wrapup_seconds)
    return jsonify(values)


@blueprint.post("/do-not-call")
def do_not_call() -> Response:
    phones = _values(phones=list).get("phones", [])
    if not all(isinstance(phone, str) and 0 < len(phone) <= 20 for phone in phones):
        raise Mistake("phones are texts of 1 to 20 characters")
    with centre().engine.begin() as connection:
        directory.add_do_not_call(connection, phones)
    return jsonify(added=len(phones))


@blueprint.get("/ledger")
def ledger() -> Response:
    """For tests that balance the books."""
    rows, imports = tables.dialing_list, tables.import_log
    with centre().engine.connect() as connection:
        records = connection.execute(
            sa.select(rows.c.CampaignID, rows.c.CallStatusZone1, sa.func.count())
            .group_by(rows.c.CampaignID, rows.c.CallStatusZone1)
            .order_by(rows.c.CampaignID, rows.c.CallStatusZone1)
        ).all()
        loads = connection.execute(
            sa.select(imports.c.CampaignID, imports.c.Outcome, sa.func.count(), sa.func.sum(imports.c.Records))
            .group_by(imports.c.CampaignID, imports.c.Outcome)
            .order_by(imports.c.CampaignID, imports.c.Outcome)
        ).all()
        written, waiting = (
            connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (tables.dialer_detail, tables.delayed_row)
        )
    return jsonify(
        records=[{"campaign": row[0], "status": row[1], "count": row[2]} for row in records],
        imports=[{"campaign": row[0], "outcome": row[1], "requests": row[2], "records": row[3]} for row in loads],
        rows_written=written,
        rows_waiting=waiting,
    )
