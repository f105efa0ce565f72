"""«Кампании / <campaign> / Стратегия» (M47-M105): the form with five tabs, what a change would do, versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import Connection, select

from app import clock, schedules
from app.admin import campaign_data, strategy_form, strategy_words
from app.admin.base import Screen
from app.admin.strategy_form import Dictionaries, Parsed
from app.auth import audit, sessions
from app.campaigns import (
    PhoneTypeForm,
    ScheduleForm,
    StrategyForm,
    compare_versions,
    lock_versions,
    read_schedule,
    read_strategy,
    write_strategy,
)
from app.database.web import db
from app.errors import ProcedureError
from app.models.strategy import ARCHIVED, Campaign, Schedule, StrategyVersion
from app.procedures.strategy import version_publish, version_return

#: How many versions the first tab lists; the page of versions has all of them.
LISTED_VERSIONS = 10
FIRST_STRATEGY = StrategyForm(schedule=ScheduleForm.daily("09:00–21:00", 9 * 60, 21 * 60))
_NOT_FIELDS = {"csrf_token", "do", "tab", "base"}


@dataclass
class Preview:
    """What a change would do: its settings in words, and the phones that it would open and close."""

    differences: list[strategy_words.Difference]
    phones: Any


class Conflict(Exception):
    """Somebody else has put another version in force since the form was opened."""


class StrategyScreen(Screen):
    """The strategy of one campaign. Each save is a new version; the one in force is never changed."""

    screen = "strategy"
    under = "campaigns"
    actions: ClassVar = {
        "first": "view", "index": "view", "versions": "view", "version": "view", "compare": "view", "restore": "edit",
    }  # fmt: skip

    @expose("/")
    def first(self) -> Any:
        return redirect(url_for("campaigns.index"))

    @expose("/<int:campaign_id>/", methods=["GET", "POST"])
    def index(self, campaign_id: int) -> Any:
        """The form of the version in force. POST with do=save, do=preview or do=template:OWNER."""
        with db.engine.connect() as connection:
            page = _Page(connection, campaign_id)
            if request.method == "GET":
                return self._show(page)
            sessions.require(self.screen, "edit")
            if not page.is_editable:
                abort(409)
            page.values = {name: value for name, value in request.form.items() if name not in _NOT_FIELDS}
            do = request.form.get("do", "preview")
            if do.startswith("template:"):
                page.fill(connection, do.removeprefix("template:"))
                return self._show(page)
        parsed = page.parse(needs_reason=do == "save")
        if parsed.strategy is None or parsed.errors:
            page.tab = page.tab_of_first_error(parsed.errors) or page.tab
            return self._show(page, errors=parsed.errors)
        if do != "save":
            return self._show(page, preview=self._preview(page, parsed.strategy))
        try:
            version_no = self._save(page, parsed.strategy)
        except ProcedureError as error:
            flash(_(error.message), "error")
            return self._show(page)
        except Conflict:
            return self._show(page, conflict=page.reopen())
        if version_no is None:
            flash(_("Nothing is changed: the version in force stays."), "info")
        else:
            flash(_("Version %(number)s is in force. The next block obeys it.", number=version_no), "success")
        return redirect(url_for(".index", campaign_id=campaign_id, tab=page.tab))

    @expose("/<int:campaign_id>/versions/")
    def versions(self, campaign_id: int) -> Any:
        """All versions, the latest first."""
        with db.engine.connect() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            versions = _versions(connection, campaign_id)
            in_force = _in_force(connection, campaign_id)
        return self.render(
            "screens/strategy_versions.html", campaign=campaign, versions=versions, in_force=in_force, may=sessions.may
        )

    @expose("/<int:campaign_id>/versions/<int:version_id>/")
    def version(self, campaign_id: int, version_id: int) -> Any:
        """One version, to look at."""
        with db.engine.connect() as connection:
            page = _Page(connection, campaign_id, version_id)
        return self._show(page)

    @expose("/<int:campaign_id>/compare/")
    def compare(self, campaign_id: int) -> Any:
        """Two versions of the campaign, ?a= and ?b=, setting by setting in words."""
        with db.engine.connect() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            pair = [
                _version_or_404(connection, campaign_id, request.args.get(name, type=int) or 0) for name in ("a", "b")
            ]
            pair.sort(key=lambda version: version.version_no)
            dictionaries = strategy_form.read_dictionaries(
                connection,
                campaign_data.named,
                [read_strategy(connection, version.strategy_version_id) for version in pair],
            )
            rows = compare_versions(connection, *[version.strategy_version_id for version in pair])
            in_force = _in_force(connection, campaign_id)
        return self.render(
            "screens/strategy_compare.html", campaign=campaign, pair=pair, in_force=in_force,
            differences=strategy_words.differences(rows, dictionaries), is_editable=_is_editable(campaign),
            max_reason=strategy_form.MAX_REASON,
        )  # fmt: skip

    @expose("/<int:campaign_id>/versions/<int:version_id>/return", methods=["POST"])
    def restore(self, campaign_id: int, version_id: int) -> Any:
        """Put an earlier version in force again, as a new version with a reason."""
        reason = request.form.get("reason", "").strip()
        back = redirect(url_for(".version", campaign_id=campaign_id, version_id=version_id))
        with db.engine.connect() as connection:
            if not _is_editable(campaign_data.campaign_or_404(connection, campaign_id)):
                abort(409)
        if not 0 < len(reason) <= strategy_form.MAX_REASON:
            flash(_("Say why the earlier version is returned to."), "error")
            return back
        try:
            with db.engine.begin() as connection:
                before = _in_force(connection, campaign_id)
                row = version_return(
                    connection, campaign_id, version_id, current_user.username, reason, clock.now()
                )  # fmt: skip
                _record(connection, "strategy_return", campaign_id, before, row.strategy_version_id, reason)
        except ProcedureError as error:
            flash(_(error.message), "error")
            return back
        flash(_("Version %(number)s is in force. The next block obeys it.", number=row.version_no), "success")
        return redirect(url_for(".index", campaign_id=campaign_id))

    def _save(self, page: _Page, strategy: StrategyForm) -> int | None:
        """Write the version and put it in force. Returns its number, or None where nothing would change."""
        with db.engine.connect() as connection, connection.begin() as transaction:
            before = lock_versions(connection, page.campaign.campaign_id)
            if before != page.base:
                raise Conflict
            after = self._write(connection, page, strategy)
            if before is not None and not compare_versions(connection, before, after):
                transaction.rollback()
                return None
            version_publish(connection, after)
            _record(
                connection, "strategy_save", page.campaign.campaign_id, before, after, page.values["reason"].strip()
            )
            return int(
                connection.scalars(
                    select(StrategyVersion.version_no).where(StrategyVersion.strategy_version_id == after)
                ).one()
            )

    def _preview(self, page: _Page, strategy: StrategyForm) -> Preview:
        """What the change would do. The version is written, ranked against the live classes and rolled back."""
        with db.engine.connect() as connection, connection.begin() as transaction:
            before = _in_force(connection, page.campaign.campaign_id)
            after = self._write(connection, page, strategy)
            rows = compare_versions(connection, before, after) if before is not None else []
            phones = campaign_data.strategy_preview(connection, page.campaign.campaign_id, after, clock.now())
            transaction.rollback()
        return Preview(strategy_words.differences(rows, page.dictionaries), phones)

    def _write(self, connection: Connection, page: _Page, strategy: StrategyForm) -> int:
        return write_strategy(
            connection, page.campaign.campaign_id, strategy, created_by=current_user.username,
            reason=page.values.get("reason", "").strip() or None, now=clock.now(),
        )  # fmt: skip

    def _show(
        self,
        page: _Page,
        *,
        errors: Mapping[str, str] | None = None,
        preview: Preview | None = None,
        conflict: Any = None,
    ) -> Any:
        if errors:
            flash(ngettext("%(num)s field is to be mended.", "%(num)s fields are to be mended.", len(errors)), "error")
        errors = errors or {}
        return self.render(
            "screens/strategy.html", campaign=page.campaign, page=page, values=page.values, errors=errors,
            wrong_tabs={page.tab_of(name) for name in errors}, preview=preview, conflict=conflict,
            tabs=strategy_words.TABS, words=strategy_words, form=strategy_form, dictionaries=page.dictionaries,
        )  # fmt: skip


class _Page:
    """What a page of the form shows: the campaign, a version, the texts of its fields, the list of versions."""

    def __init__(self, connection: Connection, campaign_id: int, version_id: int | None = None) -> None:
        self.campaign = campaign_data.campaign_or_404(connection, campaign_id)
        self.in_force = _in_force(connection, campaign_id)
        self.version = None
        if version_id is not None or self.in_force is not None:
            self.version = _version_or_404(connection, campaign_id, version_id or self.in_force)
        strategy = (
            FIRST_STRATEGY if self.version is None else read_strategy(connection, self.version.strategy_version_id)
        )
        self.dictionaries = strategy_form.read_dictionaries(connection, campaign_data.named, [strategy])
        if self.version is None:
            strategy = _first_strategy(self.dictionaries)
        self.values = strategy_form.texts(strategy, self.dictionaries)
        self.versions = _versions(connection, campaign_id)
        self.templates = connection.execute(
            select(Schedule.schedule_id, Schedule.name).where(Schedule.campaign_id.is_(None)).order_by(Schedule.name)
        ).all()
        self.calendars = schedules.calendars(connection)
        self.is_in_force = version_id is None or version_id == self.in_force
        self.is_editable = version_id is None and _is_editable(self.campaign)
        self.may_return = not self.is_in_force and _is_editable(self.campaign)
        tab = request.values.get("tab", "")
        self.tab = tab if tab in strategy_words.TABS else next(iter(strategy_words.TABS))
        #: The version that was in force when the form was opened.
        self.base = request.form.get("base", type=int) if request.method == "POST" else self.in_force

    @property
    def has_levels(self) -> bool:
        """Whether the dictionary has agent results of the second level."""
        return any(item.parent_id for item in self.dictionaries.agent_results)

    def parse(self, *, needs_reason: bool) -> Parsed:
        parsed = strategy_form.parse(self.values, self.dictionaries)
        reason = self.values.get("reason", "").strip()
        if needs_reason and not reason:
            parsed.errors["reason"] = _("Say why the strategy is changed.")
        elif len(reason) > strategy_form.MAX_REASON:
            parsed.errors["reason"] = _("At most %(most)s characters.", most=strategy_form.MAX_REASON)
        return parsed

    def fill(self, connection: Connection, owner: str) -> None:
        """Put a template's periods and dates into the schedule of `owner`; everything else stays as typed."""
        prefix = f"schedule.{owner}."
        chosen = self.values.get(f"{prefix}template", "")
        template = next((row for row in self.templates if str(row.schedule_id) == chosen), None)
        if template is None:
            flash(_("Choose a template of a schedule."), "error")
            return
        self.values = {name: value for name, value in self.values.items() if not name.startswith(prefix)}
        self.values |= strategy_form.schedule_texts(owner, read_schedule(connection, template.schedule_id))
        flash(_("The schedule is filled from the template %(name)s. It is not saved yet.", name=template.name), "info")

    def reopen(self) -> Any:
        """Base the form on the version that is in force by now. Returns that version and the one before."""
        with db.engine.connect() as connection:
            base, self.base = self.base, _in_force(connection, self.campaign.campaign_id)
            self.versions = _versions(connection, self.campaign.campaign_id)
            self.in_force = self.base
        self.version = next(row for row in self.versions if row.strategy_version_id == self.base)
        return {"base": base, "version": self.version}

    def tab_of(self, name: str) -> str:
        """The tab on which a field stands."""
        if name in ("block_size", "queue_depth"):
            return "general"
        if name.startswith("agent.") or name == "leaf_mandatory":
            return "agent"
        if name.startswith("technical."):
            return "technical"
        if name in ("client_order", "no_result_priority", "phone_keys", "phone_order") or name.endswith(".weight"):
            return "priorities"
        return "" if name == "reason" else "times"

    def tab_of_first_error(self, errors: Mapping[str, str]) -> str:
        wrong = {self.tab_of(name) for name in errors}
        if self.tab in wrong or not wrong:
            return self.tab
        return next((tab for tab in strategy_words.TABS if tab in wrong), "")


def _first_strategy(dictionaries: Dictionaries) -> StrategyForm:
    """What the form begins with in a campaign that has no strategy in force: every type, from nine to nine."""
    return replace(FIRST_STRATEGY, phone_types={item.code: PhoneTypeForm() for item in dictionaries.phone_types})


def _is_editable(campaign: Any) -> bool:
    return sessions.may("strategy", "edit") and campaign.state_id != ARCHIVED


def _in_force(connection: Connection, campaign_id: int) -> int | None:
    return connection.scalar(select(Campaign.strategy_version_id).where(Campaign.campaign_id == campaign_id))


def _versions(connection: Connection, campaign_id: int) -> Sequence[Any]:
    columns = StrategyVersion.__table__.c
    return connection.execute(
        select(columns.strategy_version_id, columns.version_no, columns.created_at, columns.created_by, columns.reason)
        .where(columns.campaign_id == campaign_id)
        .order_by(columns.version_no.desc())
    ).all()


def _version_or_404(connection: Connection, campaign_id: int, version_id: int | None) -> Any:
    row = connection.execute(
        select(StrategyVersion.__table__).where(
            StrategyVersion.strategy_version_id == version_id, StrategyVersion.campaign_id == campaign_id
        )
    ).one_or_none()
    return row if row is not None else abort(404)


def _record(connection: Connection, action: str, campaign_id: int, before: int | None, after: int, reason: str) -> None:
    """The audit of a change: the settings that differ, before and after, with the numbers of both versions."""
    rows = compare_versions(connection, before or 0, after)
    numbers = {
        row.strategy_version_id: row.version_no
        for row in _versions(connection, campaign_id)
        if row.strategy_version_id in (before, after)
    }
    names = [
        " ".join(filter(None, (row.setting_code, row.part, f"({row.position})" * (row.position > 1)))) for row in rows
    ]
    audit.record(
        connection, action, "campaign", campaign_id,
        before=None if before is None else {
            "version_no": numbers[before], **{name: row.value_a for name, row in zip(names, rows, strict=True)},
        },
        after={
            "version_no": numbers[after], "reason": reason,
            **{name: row.value_b for name, row in zip(names, rows, strict=True)},
        },
    )  # fmt: skip
