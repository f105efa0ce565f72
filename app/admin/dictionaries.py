"""Phone types (M13, M50), technical results (M93-M105) and the tree of agent results (M69, M76-M92)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from sqlalchemy import select
from wtforms import BooleanField, SelectField

from app import caps
from app.admin.campaign_data import named
from app.admin.dictionary import MOST_ATTEMPTS, MOST_MINUTES, Column, DictionaryScreen, RowForm, own_values
from app.admin.fields import WholeField
from app.database.web import db
from app.dictionaries import rows as dictionaries
from app.dictionaries import uses
from app.frame import inputs
from app.models.dictionary import AgentAction

#: The action that a new agent result begins with (M90).
ACTIVE = 3


class PhoneTypesScreen(DictionaryScreen):
    """Types of phones: what loads name them by, and in which order they are shown."""

    dictionary = dictionaries.PHONE_TYPES
    screen = "phone_types"
    icon = "smartphone"
    help_section = "phone-types"
    told = lazy_gettext("Whether and how a type is dialled, each strategy says for itself.")
    new_title = lazy_gettext("New phone type")
    heading = lazy_gettext("Phone types")
    code_hint = lazy_gettext("Loads and the API name the type by its code. It stays as it is.")

    def hints(self, row: Any, used: uses.Uses) -> dict[str, Any]:
        if row is None:
            return {"": _("A new type is dialled by no strategy until one says so.")}
        return {}


class TechnicalForm(RowForm):
    cisco_code = WholeField(lazy_gettext("Cisco CallResult"), 0, 999, required=False)
    priority = WholeField(lazy_gettext("Priority"), 1, 10)
    delay_minutes = WholeField(lazy_gettext("Delay between attempts (min)"), 0, MOST_MINUTES, required=False)
    counts_as_attempt = BooleanField(lazy_gettext("Counts as an attempt"))
    is_contact = BooleanField(lazy_gettext("A live person answered"))

    def values(self) -> dict[str, Any]:
        return {
            **super().values(), "cisco_code": self.cisco_code.number, "priority": self.priority.number,
            "delay_minutes": self.delay_minutes.number, "counts_as_attempt": bool(self.counts_as_attempt.data),
            "is_contact": bool(self.is_contact.data),
        }  # fmt: skip


class TechnicalResultsScreen(DictionaryScreen):
    """Technical results with the codes of Cisco; the dictionary is open (M105)."""

    dictionary = dictionaries.TECHNICAL_RESULTS
    form_class = TechnicalForm
    screen = "technical_results"
    icon = "phone-outgoing"
    help_section = "technical-results"
    told = lazy_gettext(
        "Priority, delay and counting are what a new strategy begins with; strategies keep values of their own."
    )
    new_title = lazy_gettext("New technical result")
    heading = lazy_gettext("Technical call results")
    code_hint = lazy_gettext("Reports and the API name the result by its code. It stays as it is.")

    def columns(self) -> Sequence[Column]:
        return (
            Column(lazy_gettext("Cisco CallResult"), lambda row: row.cisco_code, "num"),
            Column(lazy_gettext("Priority"), lambda row: row.priority, "num"),
            Column(lazy_gettext("Delay between attempts (min)"), lambda row: row.delay_minutes, "num"),
            Column(lazy_gettext("Counts as an attempt"), lambda row: row.counts_as_attempt, "flag"),
            Column(lazy_gettext("A live person answered"), lambda row: row.is_contact, "flag"),
        )

    def form(self, row: Any, rows: Sequence[Any]) -> RowForm:
        return TechnicalForm(obj=row) if row else TechnicalForm(data={"priority": 5, "counts_as_attempt": True})

    def hints(self, row: Any, used: uses.Uses) -> dict[str, Any]:
        return {
            "": own_values(self.dictionary.id_of(row), used) if row else "",
            "cisco_code": _("Calls that Cisco ends with this code get this result. Empty: Cisco never gives it."),
            "priority": _("1 goes first, 10 last."),
            "delay_minutes": _("Empty: no delay."),
            "is_contact": _("Frequency caps that count answered calls look at it, for past calls too."),
        }

    def changed(self, row_id: int, before: dict[str, Any]) -> str:
        if not before.get("is_contact"):
            return ""
        phones = caps.release_contacts(db.engine)
        if not phones:
            return ""
        return ngettext(
            "Frequency caps let %(num)s phone go.", "Frequency caps let %(num)s phones go.", phones
        )  # fmt: skip


class AgentForm(RowForm):
    parent_id = SelectField(lazy_gettext("Parent"), coerce=int)
    action_id = SelectField(lazy_gettext("Status"), coerce=int)
    priority = WholeField(lazy_gettext("Priority"), 1, 10)
    max_attempts = WholeField(lazy_gettext("Maximum number of dialling attempts"), 1, MOST_ATTEMPTS, required=False)
    delay_minutes = WholeField(lazy_gettext("Delay between attempts (min)"), 0, MOST_MINUTES, required=False)

    def values(self) -> dict[str, Any]:
        return {
            **super().values(), "parent_id": self.parent_id.data or None, "action_id": self.action_id.data,
            "priority": self.priority.number, "max_attempts": self.max_attempts.number,
            "delay_minutes": self.delay_minutes.number,
        }  # fmt: skip


class AgentResultsScreen(DictionaryScreen):
    """Agent results: a tree of two levels, with what each does to the client."""

    dictionary = dictionaries.AGENT_RESULTS
    form_class = AgentForm
    screen = "agent_results"
    icon = "headset"
    help_section = "agent-results"
    told = lazy_gettext(
        "Status, priority, attempts and delay are what a new strategy begins with; strategies keep values of their own."
    )
    new_title = lazy_gettext("New agent result")
    heading = lazy_gettext("Agent call results")
    code_hint = lazy_gettext(
        "Agents, the dialer's wrap-up text and the API give the result by its code. It stays as it is."
    )

    def columns(self) -> Sequence[Column]:
        names = {row.action_id: named(row) for row in _actions()}
        return (
            Column(lazy_gettext("Status"), lambda row: names[row.action_id]),
            Column(lazy_gettext("Priority"), lambda row: row.priority, "num"),
            Column(lazy_gettext("Maximum number of dialling attempts"), lambda row: row.max_attempts, "num"),
            Column(lazy_gettext("Delay between attempts (min)"), lambda row: row.delay_minutes, "num"),
        )

    def form(self, row: Any, rows: Sequence[Any]) -> RowForm:
        form = (
            AgentForm(obj=row) if row else AgentForm(data={"priority": 5, "action_id": 3, "parent_id": _asked_parent()})
        )
        form.action_id.choices = [(one.action_id, named(one)) for one in _actions()]
        form.parent_id.choices = [
            (0, _("— first level —")),
            *(
                (one.agent_result_id, f"{one.code} · {named(one)}")
                for one in rows
                if one.parent_id is None and (row is None or one.agent_result_id != row.agent_result_id)
            ),
        ]
        if row is not None and not form.is_submitted():
            form.parent_id.data = row.parent_id or 0
        return form

    def hints(self, row: Any, used: uses.Uses) -> dict[str, Any]:
        return {
            "": own_values(self.dictionary.id_of(row), used) if row else "",
            "parent_id": _("A result with leaves cannot become a leaf: the tree has two levels."),
            "action_id": _("What the result does to the client."),
            "priority": _("1 goes first, 10 last."),
            "max_attempts": _("Looked at for the status “Active” alone. Empty: no limit."),
            "delay_minutes": _("Empty: no delay."),
        }

    def changed(self, row_id: int, before: dict[str, Any]) -> str:
        if not {"action_id", "max_attempts"} & before.keys():
            return ""
        return _("Statuses of the clients that the limit concerns follow within a minute.")


def _actions() -> Sequence[Any]:
    with db.engine.connect() as connection:
        return connection.execute(select(AgentAction.__table__).order_by(AgentAction.action_id)).all()


def _asked_parent() -> int:
    return inputs.small(request.args.get("parent")) or 0
