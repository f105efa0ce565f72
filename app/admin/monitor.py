"""One campaign live (M188-M197): its state, its numbers, its segments; start, stop, and clearing of the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from flask import flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from app import clock
from app.admin import campaign_data, commands, reasons
from app.admin.base import Screen, attempt
from app.admin.cache import ShortMemory
from app.auth import sessions
from app.database.web import db
from app.errors import ProcedureError
from app.frame.formats import local, moment
from app.frame.languages import local_address

#: Minutes of the pace chart, and of the results that the chart beside it counts.
PACE_MINUTES = 60
SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}

_numbers = ShortMemory(1.5)
_day_results = ShortMemory(15)
#: The sum of the reasons looks at phones that wait for their delay; it need not be asked for as often.
_reasons = ShortMemory(10)


class MonitorScreen(Screen):
    """The live monitor of one campaign. It asks for monitor.json every two seconds and changes only what differs."""

    screen = "monitor"
    under = "campaigns"
    help_page = "strategy"
    actions: ClassVar = {
        "first": "view", "index": "view", "live": "view", "start": "start", "stop": "stop",
        "clear_queue": "clear_queue", "switch_segment": "switch_segment",
    }  # fmt: skip

    @expose("/")
    def first(self) -> Any:
        return redirect(url_for("home.index"))

    @expose("/<int:campaign_id>/")
    def index(self, campaign_id: int) -> Any:
        now = clock.now()
        with db.engine.connect() as connection:
            row = campaign_data.monitor(connection, campaign_id, now)
            segments = campaign_data.segments(connection, campaign_id)
            statuses = campaign_data.clients_by_status(connection, campaign_id)
        return self.render(
            "screens/monitor.html", campaign=row, segments=segments, statuses=statuses, named=campaign_data.named,
            may=sessions.may, pace_minutes=PACE_MINUTES, reasons=self._reasons(campaign_id),
        )  # fmt: skip

    @expose("/<int:campaign_id>/monitor.json")
    def live(self, campaign_id: int) -> Any:
        """Everything on the monitor that changes. ?span=hour|day chooses the results that are counted."""
        span = request.args.get("span", "hour")
        if span not in SPANS:
            span = "hour"
        answer = dict(_numbers.get(campaign_id, lambda: self._read(campaign_id)))
        if span == "day":
            answer["results"] = _day_results.get(campaign_id, lambda: self._read_results(campaign_id, SPANS["day"]))
        end = answer.pop("end")
        answer["reasons"] = self._reasons(campaign_id)
        answer["results"] = [
            {
                "code": row.code,
                "name": campaign_data.named(row),
                "is_contact": bool(row.is_contact),
                "count": row.attempts,
            }
            for row in answer["results"]
        ]
        answer["pace_from"] = local(end - timedelta(minutes=PACE_MINUTES)).strftime("%H:%M")
        answer["pace_labels"] = [
            local(end - timedelta(minutes=PACE_MINUTES - index)).strftime("%H:%M") for index in range(PACE_MINUTES)
        ]
        answer["dialer_state_at"] = moment(answer["dialer_state_at"])
        answer["started_at"] = moment(answer["started_at"])
        answer["stopped_at"] = moment(answer["stopped_at"])
        return jsonify(answer)

    def _read(self, campaign_id: int) -> dict[str, Any]:
        now = clock.now()
        end = now.replace(second=0, microsecond=0)
        with db.engine.connect() as connection:
            row = campaign_data.monitor(connection, campaign_id, now)
            segments = campaign_data.segments(connection, campaign_id)
            statuses = campaign_data.clients_by_status(connection, campaign_id)
            results = campaign_data.results(connection, campaign_id, now - SPANS["hour"], now)
            pace = campaign_data.pace(connection, campaign_id, PACE_MINUTES, end)
        values = {name: value for name, value in row._mapping.items() if name not in ("code", "name")}
        return {
            **values,
            "statuses": {str(status.status_id): int(status.clients) for status in statuses},
            "segments": {
                str(segment.segment_id): {
                    "is_enabled": bool(segment.is_enabled), "is_blocked": bool(segment.is_blocked),
                    "clients": segment.clients, "clients_active": segment.clients_active,
                } for segment in segments
            },
            "results": results,
            "pace": pace,
            "end": end,
        }  # fmt: skip

    def _reasons(self, campaign_id: int) -> list[dict[str, Any]]:
        """Phones of the campaign by what stands in their way, in words."""

        def read() -> list[tuple[str, int]]:
            # Ended by a commit: the temporary tables of the procedure and its plans then stay with the session.
            with db.engine.begin() as connection:
                return reasons.explain_campaign(connection, campaign_id, clock.now())

        return [
            {"code": code, "name": reasons.reason_words(code), "phones": phones}
            for code, phones in _reasons.get(campaign_id, read)
        ]

    def _read_results(self, campaign_id: int, span: timedelta) -> Any:
        now = clock.now()
        with db.engine.connect() as connection:
            return campaign_data.results(connection, campaign_id, now - span, now)

    @expose("/<int:campaign_id>/start", methods=["POST"])
    def start(self, campaign_id: int) -> Any:
        attempt(
            lambda connection: commands.start(connection, campaign_id),
            _("The campaign is started. The next block obeys it."),
        )
        return self._back(campaign_id)

    @expose("/<int:campaign_id>/stop", methods=["POST"])
    def stop(self, campaign_id: int) -> Any:
        attempt(
            lambda connection: commands.stop(connection, campaign_id),
            _("The campaign is stopped. What the dialer holds already stays there until the queue is cleared."),
        )
        return self._back(campaign_id)

    @expose("/<int:campaign_id>/clear-queue", methods=["POST"])
    def clear_queue(self, campaign_id: int) -> Any:
        with db.engine.begin() as connection:
            count = commands.clear_queue(connection, campaign_id)
        flash(
            ngettext(
                "The queue is being cleared: %(num)s contact comes back from the dialer.",
                "The queue is being cleared: %(num)s contacts come back from the dialer.",
                count,
            ),
            "success",
        )
        return self._back(campaign_id)

    @expose("/<int:campaign_id>/segments/<int:segment_id>", methods=["POST"])
    def switch_segment(self, campaign_id: int, segment_id: int) -> Any:
        """Switch a segment; the body is JSON {"is_enabled": true}."""
        body = request.get_json(silent=True) or {}
        is_enabled = body.get("is_enabled")
        if not isinstance(is_enabled, bool):
            return jsonify(error=_("The request cannot be understood")), 400
        with db.engine.begin() as connection:
            try:
                commands.switch_segment(connection, campaign_id, segment_id, is_enabled)
            except ProcedureError:
                return jsonify(error=_("There is no such page")), 404
        _forget()
        return jsonify(is_enabled=is_enabled)

    def _back(self, campaign_id: int) -> Any:
        _forget()
        return redirect(local_address(request.form.get("next"), url_for(".index", campaign_id=campaign_id)))


def _forget() -> None:
    """What was done is seen at once."""
    _numbers.forget()
    _reasons.forget()
