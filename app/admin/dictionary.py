"""One pattern for the dictionaries whose rows have a code, names and an order: a table, and a form in a dialog.

A screen names its dictionary, its form and its columns. Rows are ordered by dragging their grip or by arrows, switched
on and off in the table, and deleted where nothing has ever named them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from flask_wtf import FlaskForm
from sqlalchemy import Connection

from app.admin import export
from app.admin.base import Screen
from app.admin.cache import ShortMemory
from app.admin.campaign_data import named
from app.admin.fields import TextField
from app.auth import sessions
from app.database.web import db
from app.dictionaries import rows as dictionaries
from app.dictionaries import uses
from app.dictionaries.rows import Dictionary, DictionaryError

MOST_MINUTES = 5_256_000  # ten years, as a strategy allows
MOST_ATTEMPTS = 32_767

_uses = ShortMemory(30)


@dataclass(frozen=True)
class Column:
    """A column of the table. `value` gives what stands in a row's cell; `kind`: text, code, num or flag."""

    name: Any
    value: Callable[[Any], Any]
    kind: str = "text"


class RowForm(FlaskForm):
    """What every dictionary has. The code is asked once, when the row is made."""

    code = TextField(lazy_gettext("Code"), 64)
    name = TextField(lazy_gettext("Name"), 200)
    name_en = TextField(lazy_gettext("Name in English"), 200, required=False)

    def values(self) -> dict[str, Any]:
        """The columns that the form says."""
        return {"name": self.name.data, "name_en": self.name_en.data or None}


class DictionaryScreen(Screen):
    """The table of a dictionary, and the form of a row."""

    dictionary: ClassVar[Dictionary]
    form_class: ClassVar[type[RowForm]] = RowForm
    group = "dictionaries"
    help_page = "dictionaries"
    actions: ClassVar = {
        "index": "view", "export": "view", "create": "edit", "edit": "view", "switch": "edit", "move": "edit",
        "delete": "edit",
    }  # fmt: skip
    #: What the page says above the table.
    told: ClassVar[Any] = ""
    code_hint: ClassVar[Any] = ""
    new_title: ClassVar[Any]
    #: The heading of the page; the menu has the screen's short name.
    heading: ClassVar[Any]

    # -- what a dictionary has of its own

    def columns(self) -> Sequence[Column]:
        """The columns between the names and the switch."""
        return ()

    def form(self, row: Any, rows: Sequence[Any]) -> RowForm:
        """The form of a row; None: of a new one."""
        return self.form_class(obj=row)

    def hints(self, row: Any, used: uses.Uses) -> dict[str, Any]:
        """By the name of a field what stands under it; "" stands at the head of the form."""
        return {}

    def changed(self, row_id: int, before: dict[str, Any]) -> str:
        """Do what a changed row asks for besides, when it is committed. Returns what to tell, if anything."""
        return ""

    # -- the table

    @expose("/")
    def index(self) -> Any:
        wanted = request.args.get("q", "").strip()
        with db.engine.connect() as connection:
            rows = dictionaries.read(connection, self.dictionary)
            used = self._used(connection)
        shown = self._shown(rows, wanted)
        return self.render(
            "screens/dictionary.html", rows=shown, total=len(rows), wanted=wanted, used=used, columns=self.columns(),
            dictionary=self.dictionary, editable=sessions.may(self.screen, "edit"), named=named, told=self.told,
            leaves=lambda row: dictionaries.leaves(rows, self.dictionary, self.dictionary.id_of(row)),
        )  # fmt: skip

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The rows that are shown, as a file."""
        with db.engine.connect() as connection:
            rows = dictionaries.read(connection, self.dictionary)
        columns = self.columns()
        parents = {self.dictionary.id_of(row): row.code for row in rows}
        headers = [_("Code"), _("Name"), _("Name in English"), *(str(column.name) for column in columns), _("On")]
        if self.dictionary.has_parents:
            headers.insert(1, _("Parent"))
        lines = []
        for row in self._shown(rows, request.args.get("q", "").strip()):
            line = [row.code, row.name, row.name_en, *(_cell(column.value(row)) for column in columns)]
            if self.dictionary.has_parents:
                line.insert(1, parents.get(row.parent_id, ""))
            lines.append([*line, int(row.is_enabled)])
        return export.send(self.dictionary.object_type, kind, headers, lines)

    def _shown(self, rows: Sequence[Any], wanted: str) -> list[Any]:
        text = wanted.casefold()
        found = {
            self.dictionary.id_of(row)
            for row in rows
            if any(text in (value or "").casefold() for value in (row.code, row.name, row.name_en))
        }
        if self.dictionary.has_parents:  # a leaf is shown under its parent
            found |= {row.parent_id for row in rows if self.dictionary.id_of(row) in found}
        return [row for row in rows if self.dictionary.id_of(row) in found]

    def _used(self, connection: Connection) -> uses.Uses:
        found: uses.Uses = _uses.get(
            self.dictionary.object_type, lambda: uses.read(connection, self.dictionary)
        )  # fmt: skip
        return found

    # -- one row

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        with db.engine.connect() as connection:
            rows = dictionaries.read(connection, self.dictionary)
            used = self._used(connection)
        form = self.form(None, rows)
        if form.validate_on_submit() and self._saved(
            form, lambda connection: dictionaries.add(connection, self.dictionary, form.code.data or "", form.values())
        ):
            flash(_("“%(name)s” is added.", name=form.name.data), "success")
            return self._left()
        return self._show(form, None, used)

    @expose("/<int:row_id>", methods=["GET", "POST"])
    def edit(self, row_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.connect() as connection:
            rows = dictionaries.read(connection, self.dictionary)
            used = self._used(connection)
        row = dictionaries.find(rows, self.dictionary, row_id) or abort(404)
        form = self.form(row, rows)
        del form.code
        before: dict[str, Any] = {}

        def save(connection: Connection) -> None:
            before.update(dictionaries.change(connection, self.dictionary, row_id, form.values()))

        if form.validate_on_submit() and self._saved(form, save):
            extra = self.changed(row_id, before)
            flash(" ".join(filter(None, (_("“%(name)s” is saved.", name=form.name.data), extra))), "success")
            return self._left()
        return self._show(form, row, used)

    def _saved(self, form: RowForm, change: Callable[[Connection], Any]) -> bool:
        try:
            with db.engine.begin() as connection:
                change(connection)
        except DictionaryError as error:
            wrong = form[error.field or "name"]
            wrong.errors = [*wrong.errors, error.message]
            return False
        return True

    def _show(self, form: RowForm, row: Any, used: uses.Uses) -> Any:
        return self.render_sheet(
            "screens/dictionary_edit.html", form=form, row=row, hints=self.hints(row, used), named=named,
            dictionary=self.dictionary, editable=sessions.may(self.screen, "edit"),
            title=named(row) if row else self.new_title, code_hint=self.code_hint,
        )  # fmt: skip

    def _left(self) -> Any:
        _uses.forget()
        return self.leave_sheet(url_for(".index"))

    @expose("/<int:row_id>/switch", methods=["POST"])
    def switch(self, row_id: int) -> Any:
        """Switch a row; the body is JSON {"is_enabled": true}."""
        is_enabled = (request.get_json(silent=True) or {}).get("is_enabled")
        if not isinstance(is_enabled, bool):
            return jsonify(error=_("The request cannot be understood")), 400
        return self._told(lambda connection: dictionaries.switch(connection, self.dictionary, row_id, is_enabled))

    @expose("/<int:row_id>/move", methods=["POST"])
    def move(self, row_id: int) -> Any:
        """Move a row one place (step -1 or 1 of a form), or in front of another (JSON {"parent": id, "before": id})."""
        body = request.get_json(silent=True)
        if body is None:
            by = {"-1": -1, "1": 1}.get(request.form.get("step", "")) or abort(400)
            with db.engine.begin() as connection:
                try:
                    dictionaries.step(connection, self.dictionary, row_id, by)
                except DictionaryError:
                    abort(404)
            return redirect(url_for(".index"))
        parent, before = body.get("parent"), body.get("before")
        if any(one is not None and not isinstance(one, int) for one in (parent, before)):
            return jsonify(error=_("The request cannot be understood")), 400
        return self._told(
            lambda connection: dictionaries.place(connection, self.dictionary, row_id, parent, before)
        )  # fmt: skip

    def _told(self, change: Callable[[Connection], Any]) -> Any:
        """The answer to a script: done, or why not."""
        try:
            with db.engine.begin() as connection:
                change(connection)
        except DictionaryError as error:
            return jsonify(error=error.message), 409
        return jsonify(done=True)

    @expose("/<int:row_id>/delete", methods=["POST"])
    def delete(self, row_id: int) -> Any:
        with db.engine.connect() as connection:
            row = dictionaries.find(dictionaries.read(connection, self.dictionary), self.dictionary, row_id) or abort(
                404
            )
        try:
            with db.engine.begin() as connection:
                dictionaries.remove(connection, self.dictionary, row_id)
            flash(_("“%(name)s” is deleted.", name=named(row)), "success")
        except DictionaryError as error:
            flash(error.message, "error")
        _uses.forget()
        return redirect(url_for(".index"))


def _cell(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value if isinstance(value, int | str | None) else str(value)


def own_values(row_id: int, used: uses.Uses) -> str:
    """How many strategies have values of their own for a result, and how many read the dictionary's."""
    own = used.named.get(row_id, 0)
    reads = max(used.strategies - own, 0)
    said = []
    if own:
        said.append(
            ngettext(
                "%(num)s strategy in force has values of its own and keeps them.",
                "%(num)s strategies in force have values of their own and keep them.",
                own,
            )
        )
    if reads:
        said.append(
            ngettext(
                "%(num)s strategy reads what stands here: a change reaches it with the next block.",
                "%(num)s strategies read what stands here: a change reaches them with the next block.",
                reads,
            )
        )
    return " ".join(said)
