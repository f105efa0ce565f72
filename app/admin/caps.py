"""Frequency caps (beyond.md, 4): the rules of how often somebody may be called, and the campaigns that obey them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from flask import abort, flash, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext, pgettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError
from wtforms import BooleanField, SelectField

from app import caps, clock, schedules
from app.admin import export
from app.admin.base import Screen
from app.admin.campaign_data import named
from app.admin.fields import TextField, WholeField
from app.auth import campaign_access, sessions
from app.database.web import db
from app.dictionaries import uses
from app.errors import AcmError
from app.frame import inputs
from app.models.caps import CampaignCap, CapRule, CapRuleResult
from app.models.dictionary import TechnicalResult
from app.models.strategy import ARCHIVED, Campaign, DialClass, Schedule
from app.schedules import ScheduleError

MINUTES = 4  # the window of the last so many minutes
SUBJECTS: dict[int, Any] = {
    1: lazy_gettext("A person, by CRM id"),
    2: lazy_gettext("A client, which is one debt"),
    3: lazy_gettext("A number"),
}
WINDOWS: dict[int, Any] = {
    1: lazy_gettext("Local calendar day"),
    2: lazy_gettext("Local week from Monday"),
    3: lazy_gettext("Local calendar month"),
    MINUTES: lazy_gettext("The last minutes"),
}
COUNTS: dict[int, Any] = {
    1: lazy_gettext("Attempts that count"),
    2: lazy_gettext("Calls that a person answered"),
    3: lazy_gettext("Conversations with an agent"),
    4: lazy_gettext("Calls with some results"),
}
#: counts_id 4 needs a list of results, which the presets alone have.
OWN_COUNTS = (1, 2, 3)


class CapForm(FlaskForm):
    """What of a rule may be changed once it is there."""

    limit_value = WholeField(lazy_gettext("Calls allowed"), 1, 32_767)
    valid_from = TextField(lazy_gettext("First day"), 10, required=False)
    valid_to = TextField(lazy_gettext("Last day"), 10, required=False)
    is_hold = SelectField(
        lazy_gettext("When the limit is reached"),
        choices=[("1", lazy_gettext("Phones are held back")), ("", lazy_gettext("The explanation only warns"))],
    )
    is_enabled = BooleanField(lazy_gettext("The rule is on"))

    def dates(self) -> dict[str, date | None] | None:
        """The first and the last day; None where one is wrong, which then stands beside its field."""
        found: dict[str, date | None] = {}
        for one in (self.valid_from, self.valid_to):
            try:
                found[one.name] = schedules.parse_date(one.data) if one.data else None
            except ScheduleError as error:
                one.errors = [error.message]
                return None
        begin, end = found["valid_from"], found["valid_to"]
        if begin and end and end < begin:
            self.valid_to.errors = [_("The last day is before the first.")]
            return None
        return found


class NewCapForm(CapForm):
    """A rule of one's own: whose calls it counts, which of them, in which window."""

    code = TextField(lazy_gettext("Code"), 64)
    name = TextField(lazy_gettext("Name"), 200)
    name_en = TextField(lazy_gettext("Name in English"), 200)
    subject_id = SelectField(lazy_gettext("Whose calls are counted"), coerce=int, choices=list(SUBJECTS.items()))
    counts_id = SelectField(
        lazy_gettext("Which calls are counted"), coerce=int, choices=[(key, COUNTS[key]) for key in OWN_COUNTS]
    )
    window_id = SelectField(lazy_gettext("Window"), coerce=int, choices=list(WINDOWS.items()))
    window_minutes = WholeField(lazy_gettext("Minutes of the window"), 1, 527_040, required=False)
    source = TextField(lazy_gettext("Source"), 1000, required=False)

    def check(self) -> dict[str, Any] | None:
        """The columns of the rule; None where something is wrong."""
        dates = self.dates() if self.validate() else None
        needs_minutes = self.window_id.data == MINUTES
        if needs_minutes and self.window_minutes.number is None and not self.window_minutes.errors:
            self.window_minutes.errors = [_("Fill this in.")]
            return None
        if dates is None:
            return None
        return {
            "name": self.name.data, "name_en": self.name_en.data, "subject_id": self.subject_id.data,
            "window_id": self.window_id.data, "counts_id": self.counts_id.data, "limit_value": self.limit_value.number,
            "window_minutes": self.window_minutes.number if needs_minutes else None, "source": self.source.data or None,
            "is_hold": bool(self.is_hold.data), "is_enabled": bool(self.is_enabled.data), **dates,
        }  # fmt: skip


class CapsScreen(Screen):
    """The rules, what each counts, who obeys it; the dictionary editor changes rules, campaigns choose them."""

    screen = "caps"
    group = "dictionaries"
    icon = "gauge"
    help_page = "dictionaries"
    help_section = "frequency-caps"
    actions: ClassVar = {"index": "view", "export": "export", "create": "edit", "edit": "view", "obey": "obey"}

    @expose("/")
    def index(self) -> Any:
        with db.engine.connect() as connection:
            rules = _rules(connection)
            obeying = _obeying(connection)
            held = _held(connection)
            words = {rule.cap_rule_id: _words(connection, rule) for rule in rules}
        return self.render(
            "screens/caps.html", rules=rules, obeying=obeying, words=words, named=named, may=sessions.may, held=held,
            held_all=sum(held.values()), subjects=_short_subjects(), state=_state_name,
        )  # fmt: skip

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The rules, as CSV or Excel."""
        with db.engine.connect() as connection:
            rules = _rules(connection)
            obeying = _obeying(connection)
            held = _held(connection)
            words = {rule.cap_rule_id: _words(connection, rule) for rule in rules}
        subjects = _short_subjects()
        headers = [
            _("Code"), _("Rule"), _("Whose calls"), _("What is counted"), _("Window"), _("Calls allowed"),
            _("First day"), _("Last day"), _("State"), _("Campaigns"), _("Held in them"),
        ]  # fmt: skip
        lines = []
        for rule in rules:
            told, campaigns = words[rule.cap_rule_id], obeying.get(rule.cap_rule_id, [])
            lines.append([
                rule.code, named(rule), subjects[rule.subject_id], told["counts"], told["window"], rule.limit_value,
                _day(rule.valid_from), _day(rule.valid_to), _state_name(rule),
                ", ".join(row.code for row in campaigns), sum(held.get(row.campaign_id, 0) for row in campaigns),
            ])  # fmt: skip
        return export.send("frequency-caps", kind, headers, lines)

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        new = {"subject_id": 1, "window_id": 1, "counts_id": 1, "is_hold": "1", "is_enabled": True}
        form = NewCapForm(data=new)
        values = form.check() if request.method == "POST" else None
        if values is not None:
            code = form.code.data or ""
            try:
                with db.engine.begin() as connection:
                    caps.add_cap(connection, code, values, by=current_user.username)
            except (AcmError, IntegrityError):
                form.code.errors = [_("There is a frequency cap %(code)s already.", code=code)]
            else:
                flash(_("“%(name)s” is added. Choose the campaigns that obey it.", name=form.name.data), "success")
                return self.leave_sheet(url_for(".index"))
        return self.render_sheet("screens/cap_edit.html", form=form, rule=None, editable=True, title=_("New rule"))

    @expose("/<int:rule_id>", methods=["GET", "POST"])
    def edit(self, rule_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.connect() as connection:
            rule = _rule_or_404(connection, rule_id)
            words = _words(connection, rule)
        form = CapForm(data={
            "limit_value": rule.limit_value, "valid_from": _day(rule.valid_from), "valid_to": _day(rule.valid_to),
            "is_hold": "1" if rule.is_hold else "", "is_enabled": rule.is_enabled,
        })  # fmt: skip
        if rule.limit_value is None:
            del form.limit_value
        dates = form.dates() if form.validate_on_submit() else None
        if dates is not None:
            self._change(rule, form, dates)
            return self.leave_sheet(url_for(".index"))
        return self.render_sheet(
            "screens/cap_edit.html", form=form, rule=rule, words=words, editable=sessions.may("caps", "edit"),
            title=named(rule),
        )  # fmt: skip

    def _change(self, rule: Any, form: CapForm, dates: Mapping[str, Any]) -> None:
        wanted = {**dates, "is_hold": bool(form.is_hold.data), "is_enabled": bool(form.is_enabled.data)}
        if rule.limit_value is not None:
            wanted["limit_value"] = form.limit_value.number
        changes = {name: value for name, value in wanted.items() if value != getattr(rule, name)}
        if changes:
            _told(caps.change_cap(db.engine, rule.code, changes, by=current_user.username))

    @expose("/<int:rule_id>/campaigns", methods=["GET", "POST"])
    def obey(self, rule_id: int) -> Any:
        """Which campaigns obey a rule."""
        with db.engine.connect() as connection:
            rule = _rule_or_404(connection, rule_id)
            # A campaign that the user does not see keeps what it obeys.
            campaigns = connection.execute(
                select(Campaign.campaign_id, Campaign.code, Campaign.name)
                .where(Campaign.state_id != ARCHIVED, Campaign.campaign_id.in_(campaign_access.visible(connection)))
                .order_by(Campaign.name)
            ).all()
            obeying = {row.campaign_id for row in _obeying(connection).get(rule_id, [])}
        if request.method == "POST":
            chosen = set(map(inputs.small, request.form.getlist("campaign")))
            phones = 0
            for row in campaigns:
                if (row.campaign_id in chosen) != (row.campaign_id in obeying):
                    phones += caps.obey_cap(
                        db.engine, rule.code, row.code, row.campaign_id in chosen, by=current_user.username
                    )
            _told(phones)
            return self.leave_sheet(url_for(".index"))
        return self.render_sheet(
            "screens/cap_obey.html", rule=rule, campaigns=campaigns, obeying=obeying, title=named(rule)
        )


def _told(phones: int) -> None:
    said = _("Saved. The next block obeys it.")
    if phones:
        said += " " + ngettext(
            "%(num)s phone is held otherwise now.", "%(num)s phones are held otherwise now.", phones
        )  # fmt: skip
    flash(said, "success")


def _day(value: date | None) -> str:
    return value.strftime("%d.%m.%Y") if value else ""


def _rule_or_404(connection: Connection, rule_id: int) -> Any:
    row = connection.execute(select(CapRule.__table__).where(CapRule.cap_rule_id == rule_id)).one_or_none()
    return row if row is not None else abort(404)


def _rules(connection: Connection) -> Sequence[Any]:
    return connection.execute(select(CapRule.__table__).order_by(CapRule.code)).all()


def _short_subjects() -> dict[int, str]:
    """Names of subject_id for a column."""
    return {1: pgettext("cap", "Person"), 2: pgettext("cap", "Client"), 3: pgettext("cap", "Number")}


def _state_name(rule: Any) -> str:
    if not rule.is_enabled:
        return pgettext("rule", "Off")
    return pgettext("rule", "Holds") if rule.is_hold else pgettext("rule", "Warns")


def _obeying(connection: Connection) -> dict[int, list[Any]]:
    """The campaigns that obey each rule and that the user sees, by name; those in the archive do not call."""
    found: dict[int, list[Any]] = {}
    for row in connection.execute(
        select(CampaignCap.cap_rule_id, Campaign.campaign_id, Campaign.code, Campaign.name)
        .join(Campaign, Campaign.campaign_id == CampaignCap.campaign_id)
        .where(Campaign.state_id != ARCHIVED, Campaign.campaign_id.in_(campaign_access.visible(connection)))
        .order_by(Campaign.name)
    ):
        found.setdefault(row.cap_rule_id, []).append(row)
    return found


def _held(connection: Connection) -> dict[int, int]:
    """Phones that a cap holds now by campaign that the user sees, from the counts of classes.

    A mark does not say which rule left it.
    """
    return uses.phones_by(
        connection,
        DialClass.campaign_id,
        DialClass.held_until > clock.now(),
        DialClass.campaign_id.in_(campaign_access.visible(connection)),
    )


def _words(connection: Connection, rule: Any) -> dict[str, str]:
    """What a rule says, in words: subject, window, counts."""
    if rule.limit_value is None:
        name = connection.scalar(select(Schedule.name).where(Schedule.schedule_id == rule.schedule_id))
        return {"subject": str(SUBJECTS[rule.subject_id]), "counts": _("Hours of calls"), "window": name or ""}
    counts = str(COUNTS[rule.counts_id])
    if rule.counts_id not in OWN_COUNTS:
        results: Sequence[Any] = connection.execute(
            select(TechnicalResult.name, TechnicalResult.name_en)
            .join(CapRuleResult, CapRuleResult.technical_result_id == TechnicalResult.technical_result_id)
            .where(CapRuleResult.cap_rule_id == rule.cap_rule_id)
        ).all()
        counts = ", ".join(named(row) for row in results) or counts
    window = str(WINDOWS[rule.window_id])
    if rule.window_id == MINUTES:
        days, rest = divmod(rule.window_minutes or 0, 1440)
        window = (
            ngettext("The last %(num)s day", "The last %(num)s days", days)
            if days and not rest
            else ngettext("The last %(num)s minute", "The last %(num)s minutes", rule.window_minutes or 0)
        )
    return {"subject": str(SUBJECTS[rule.subject_id]), "counts": counts, "window": window}
