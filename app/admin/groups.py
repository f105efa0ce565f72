"""«Доступ / Группы»: groups of users with sets of roles of their own (M216, M223-M228)."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy import Connection
from wtforms import SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from app.admin.base import Screen
from app.admin.campaign_data import named
from app.auth import audit, groups, sessions
from app.auth.roles import ROLE_WORDS, ROLES
from app.database.web import db
from app.errors import AcmError, ProcedureError


class GroupForm(FlaskForm):
    name = StringField(lazy_gettext("Name"), [InputRequired(lazy_gettext("Give the group a name.")), Length(max=200)])
    name_en = StringField(lazy_gettext("English name"), [Length(max=200)])
    roles = SelectMultipleField(lazy_gettext("Roles"), choices=[(code, name) for code, name in ROLES.items()])

    def values(self) -> dict[str, Any]:
        """Name, English name or None, and the roles in the order of the matrix."""
        chosen = self.roles.data or []
        return {
            "name": str(self.name.data).strip(),
            "name_en": str(self.name_en.data or "").strip() or None,
            "roles": [role for role in ROLES if role in chosen],
        }


class GroupsScreen(Screen):
    """The list of groups, and the page of one."""

    screen = "groups"
    group = "access"
    icon = "shield-user"
    help_section = "groups"
    actions: ClassVar = {"index": "view", "create": "edit", "edit": "view", "delete": "edit"}

    @expose("/")
    def index(self) -> Any:
        with db.engine.connect() as connection:
            return self.render(
                "screens/groups.html", groups=groups.all_groups(connection), roles=groups.roles(connection),
                members=groups.members(connection), campaigns=groups.campaigns(connection), named=named,
                may=sessions.may,
            )  # fmt: skip

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        form = GroupForm()
        if form.validate_on_submit() and self._saved(form, None):
            return redirect(url_for(".index"))
        return self._show(form, None)

    @expose("/<int:group_id>", methods=["GET", "POST"])
    def edit(self, group_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.connect() as connection:
            group = _group_or_404(connection, group_id)
            held = groups.roles(connection).get(group_id, [])
        form = GroupForm(data={"name": group.name, "name_en": group.name_en, "roles": held})
        before = {"name": group.name, "name_en": group.name_en, "roles": held}
        if form.validate_on_submit() and self._saved(form, group_id, before):
            return redirect(url_for(".index"))
        return self._show(form, group)

    def _saved(self, form: GroupForm, group_id: int | None, before: dict[str, Any] | None = None) -> bool:
        values = form.values()
        if not values["name"]:
            form.name.errors = [_("Give the group a name.")]
            return False
        try:
            with db.engine.begin() as connection:
                if group_id is None:
                    new_id = groups.add(connection, values["name"], values["name_en"], values["roles"])
                    audit.record(connection, "group_add", "group", new_id, after=values)
                else:
                    groups.change(connection, group_id, values["name"], values["name_en"], values["roles"])
                    audit.record(connection, "group_change", "group", group_id, before=before, after=values)
        except groups.NameTaken as error:
            form.name.errors = [error.message]
            return False
        except ProcedureError as error:
            form.roles.errors = [_(error.message)]
            return False
        flash(_("The group %(name)s is saved.", name=values["name"]), "success")
        return True

    def _show(self, form: GroupForm, group: Any) -> Any:
        return self.render(
            "screens/group.html", form=form, edited=group, title=named(group) if group is not None else "",
            role_words=ROLE_WORDS, may=sessions.may,
        )  # fmt: skip

    @expose("/<int:group_id>/delete", methods=["POST"])
    def delete(self, group_id: int) -> Any:
        """Remove a group that has neither members nor campaigns."""
        try:
            with db.engine.begin() as connection:
                group = _group_or_404(connection, group_id)
                held = groups.roles(connection).get(group_id, [])
                groups.remove(connection, group_id)
                audit.record(
                    connection, "group_delete", "group", group_id,
                    before={"name": group.name, "name_en": group.name_en, "roles": held},
                )  # fmt: skip
        except AcmError as error:
            flash(str(error), "error")
        else:
            flash(_("The group %(name)s is deleted.", name=group.name), "success")
        return redirect(url_for(".index"))


def _group_or_404(connection: Connection, group_id: int) -> Any:
    row = groups.read(connection, group_id)
    return row if row is not None else abort(404)
