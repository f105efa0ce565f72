"""For the DBA, to be read only: objects under sql/ with their state and cost, one object in full, tables, revisions."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, request
from flask_admin import expose

from app.admin.base import Screen
from app.database import statistics
from app.database.deploy import look, migrations, runner
from app.database.web import db

_STATE_CLASSES = {
    runner.CURRENT: "on", runner.CHANGED: "warn", runner.BY_HAND: "warn", runner.CONFLICT: "bad", runner.MISSING: "bad",
    runner.OBSOLETE: "warn", runner.NOT_OURS: "off",
}  # fmt: skip
STATES = tuple(_STATE_CLASSES)


class DbaScreen(Screen):
    """Objects, tables and revisions of the database. Nothing here changes anything."""

    screen = "dba"
    group = "dba"
    icon = "database"
    help_page = "dba"
    help_section = "in-the-browser"
    actions: ClassVar = {"index": "view", "item": "view", "tables": "view", "migrations": "view"}

    @expose("/")
    def index(self) -> Any:
        filters = {name: request.args.get(name, "").strip() for name in ("q", "kind", "state")}
        sort = request.args.get("sort", "")
        found = runner.status(db.engine)
        with db.engine.connect() as connection:
            costs = statistics.costs(connection)
            since = statistics.measured_since(connection)
            server = statistics.server_words(connection)
        shown = [
            item
            for item in found.objects
            if filters["q"].casefold() in item.name.casefold()
            and filters["kind"] in ("", item.kind)
            and filters["state"] in ("", item.state)
        ]
        known = costs or {}
        keys = {
            "calls": lambda item: (-known[item.name].calls if item.name in known else 1, item.name),
            "total": lambda item: (-known[item.name].total_ms if item.name in known else 1, item.name),
            "mean": lambda item: (-known[item.name].mean_ms if item.name in known else 1, item.name),
        }
        shown.sort(key=keys.get(sort, lambda item: item.name))
        counts = {state: sum(item.state == state for item in found.objects) for state in STATES}
        return self.render(
            "screens/dba.html", tab="index", objects=shown, total=len(found.objects), counts=counts, status=found,
            state_classes=_STATE_CLASSES, kinds=runner.KINDS, filters=filters, costs=costs, since=since, server=server,
            sort=sort if sort in keys else "",
        )  # fmt: skip

    @expose("/objects/<object_name>")
    def item(self, object_name: str) -> Any:
        with db.engine.connect() as connection:
            text = look.object_text(connection, object_name) or abort(404)
            costs = statistics.costs(connection)
            since = statistics.measured_since(connection)
        state = next(one for one in runner.status(db.engine).objects if one.name == text.name)
        return self.render(
            "screens/dba_object.html", item=text, state=state, state_classes=_STATE_CLASSES, costs=costs,
            cost=(costs or {}).get(text.name), since=since, engine=db.engine.dialect.name,
        )  # fmt: skip

    @expose("/tables")
    def tables(self) -> Any:
        with db.engine.connect() as connection:
            sizes = statistics.table_sizes(connection)
            server = statistics.server_words(connection)
        return self.render("screens/dba_tables.html", tab="tables", sizes=sizes, server=server)

    @expose("/migrations")
    def migrations(self) -> Any:
        with db.engine.connect() as connection:
            revisions = look.revisions(connection)
            current = migrations.current(connection)
        return self.render(
            "screens/dba_migrations.html", tab="migrations", revisions=revisions, current=current,
            head=migrations.head(),
        )  # fmt: skip
