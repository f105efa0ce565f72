"""Zones by number: the numbering plan and the zones of its regions; calendars of working days; schedule templates.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from alembic import op

from app.models.base import Bit, UtcDateTime
from app.zones import REGIONAL_ZONES, offset_rows

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBERS = range(401)
WORKING_DAYS, EVERY_DAY = range(1, 6), range(1, 8)
HOUR = 60
# name, weekdays, start and end of the period, date rows (date, start, end; None: excluded). «Новый год» is the deck's
# (M36), in the deck's order of rows; on all other days it is open as «Ежедневно» is.
TEMPLATES = [
    ("Рабочие дни 9-18", WORKING_DAYS, 9 * HOUR, 18 * HOUR, []),
    ("Ежедневно 9-21", EVERY_DAY, 9 * HOUR, 21 * HOUR, []),
    (
        "Новый год",
        EVERY_DAY,
        9 * HOUR,
        21 * HOUR,
        [
            (date(2019, 1, 1), 9 * HOUR, 21 * HOUR),
            (date(2020, 3, 8), None, None),
            (date(2020, 2, 6), 9 * HOUR, 18 * HOUR),
        ],
    ),
]
LOCK = "numbering_lock"


def _table(schema: str, name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns), schema=schema)


def upgrade() -> None:
    op.create_table(
        "number_row",
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_number_row")),
        schema="core",
    )
    op.create_table(
        "region",
        sa.Column("region_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("reason_code", sa.Unicode(length=64), nullable=True),
        sa.ForeignKeyConstraint(["zone_id"], ["core.time_zone.zone_id"], name=op.f("fk_region_zone_id")),
        sa.PrimaryKeyConstraint("region_id", name=op.f("pk_region")),
        sa.UniqueConstraint("name", name=op.f("uq_region_name")),
        schema="core",
    )
    op.create_table(
        "region_spelling",
        sa.Column("spelling_key", sa.Unicode(length=200), nullable=False),
        sa.Column("spelling", sa.Unicode(length=200), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["core.region.region_id"], name=op.f("fk_region_spelling_region_id")),
        sa.PrimaryKeyConstraint("spelling_key", name=op.f("pk_region_spelling")),
        schema="core",
    )
    op.create_index(op.f("ix_region_spelling_region_id"), "region_spelling", ["region_id"], schema="core")
    op.create_table(
        "numbering_range",
        sa.Column("country_prefix", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number_to", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.Unicode(length=200), nullable=True),
        sa.Column("region_text", sa.Unicode(length=400), nullable=True),
        sa.Column("area_text", sa.Unicode(length=1000), nullable=True),
        sa.Column("region_id", sa.Integer(), nullable=True),
        sa.Column("reason_code", sa.Unicode(length=64), nullable=True),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["core.region.region_id"], name=op.f("fk_numbering_range_region_id")),
        sa.PrimaryKeyConstraint("country_prefix", "number_from", name=op.f("pk_numbering_range")),
        schema="core",
    )
    op.create_index(op.f("ix_numbering_range_region_id"), "numbering_range", ["region_id"], schema="core")
    op.create_table(
        "phone_zone_change",
        sa.Column("phone_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("old_zone_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("phone_id", "changed_at", name=op.f("pk_phone_zone_change")),
        schema="core",
    )
    op.create_table(
        "calendar",
        sa.Column("calendar_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("code_key", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.PrimaryKeyConstraint("calendar_id", name=op.f("pk_calendar")),
        sa.UniqueConstraint("code", name=op.f("uq_calendar_code")),
        sa.UniqueConstraint("code_key", name=op.f("uq_calendar_code_key")),
        schema="strategy",
    )
    op.create_table(
        "calendar_day",
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("as_weekday", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=True),
        sa.Column("is_corrected", Bit(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["strategy.calendar.calendar_id"], name=op.f("fk_calendar_day_calendar_id")
        ),
        sa.PrimaryKeyConstraint("calendar_id", "on_date", name=op.f("pk_calendar_day")),
        schema="strategy",
    )
    op.add_column("schedule", sa.Column("calendar_id", sa.Integer(), nullable=True), schema="strategy")
    op.create_foreign_key(
        op.f("fk_schedule_calendar_id"),
        "schedule",
        "calendar",
        ["calendar_id"],
        ["calendar_id"],
        source_schema="strategy",
        referent_schema="strategy",
    )
    op.add_column(
        "import_phone", sa.Column("number_zone_code", sa.Unicode(length=64), nullable=True), schema="contacts"
    )

    op.bulk_insert(_table("core", "number_row", "n"), [{"n": n} for n in NUMBERS])
    op.bulk_insert(_table("ops", "setting", "name", "value"), [{"name": LOCK, "value": ""}])
    _add_zones()
    _add_templates()


def _add_zones() -> None:
    """The zones of regions, but for those that somebody has added by hand."""
    connection = op.get_bind()
    zones = _table("core", "time_zone", "zone_id", "code", "code_key", "name")
    there = set(connection.scalars(sa.select(zones.c.code_key)))
    new = [code for code in REGIONAL_ZONES if code.upper() not in there]
    if not new:
        return
    op.bulk_insert(zones, [{"code": code, "code_key": code.upper(), "name": REGIONAL_ZONES[code]} for code in new])
    columns = ("zone_id", "valid_from", "valid_to", "offset_minutes")
    rows: list[tuple[int, datetime, datetime, int]] = [
        (zone_id, *row)
        for zone_id, code in connection.execute(
            sa.select(zones.c.zone_id, zones.c.code).where(zones.c.code.in_(new))
        ).all()
        for row in offset_rows(code)
    ]
    op.bulk_insert(_table("core", "time_zone_offset", *columns), [dict(zip(columns, row, strict=True)) for row in rows])


def _add_templates() -> None:
    connection = op.get_bind()
    schedules = _table("strategy", "schedule", "schedule_id", "name", "created_at", "created_by")
    periods = _table("strategy", "schedule_period", "schedule_id", "weekday", "start_minute", "end_minute")
    dates = _table("strategy", "schedule_date", "schedule_id", "on_date", "start_minute", "end_minute", "is_excluded")
    op.bulk_insert(
        schedules,
        [
            {"name": name, "created_at": datetime(2026, 11, 25), "created_by": "ACM"}  # noqa: DTZ001 - naive UTC
            for name, *_ in TEMPLATES
        ],
    )
    ids = {
        name: id_
        for id_, name in connection.execute(
            sa.select(schedules.c.schedule_id, schedules.c.name)
            .where(schedules.c.created_by == "ACM")
            .order_by(schedules.c.schedule_id)
        ).all()
    }
    for name, weekdays, start, end, days in TEMPLATES:
        op.bulk_insert(
            periods,
            [
                {"schedule_id": ids[name], "weekday": weekday, "start_minute": start, "end_minute": end}
                for weekday in weekdays
            ],
        )
        if days:
            op.bulk_insert(
                dates,
                [
                    {
                        "schedule_id": ids[name],
                        "on_date": on_date,
                        "start_minute": first or 0,
                        "end_minute": last or 0,
                        "is_excluded": int(first is None),
                    }
                    for on_date, first, last in days
                ],
            )


def downgrade() -> None:
    """Zones stay: clients and campaigns may name them."""
    schedules = _table("strategy", "schedule", "schedule_id", "campaign_id")
    templates = sa.select(schedules.c.schedule_id).where(schedules.c.campaign_id.is_(None))
    for name in ("schedule_period", "schedule_date"):
        rows = _table("strategy", name, "schedule_id")
        op.execute(sa.delete(rows).where(rows.c.schedule_id.in_(templates)))
    op.execute(sa.delete(schedules).where(schedules.c.campaign_id.is_(None)))
    settings = _table("ops", "setting", "name")
    op.execute(sa.delete(settings).where(settings.c.name == LOCK))
    op.drop_column("import_phone", "number_zone_code", schema="contacts")
    op.drop_constraint(op.f("fk_schedule_calendar_id"), "schedule", schema="strategy", type_="foreignkey")
    op.drop_column("schedule", "calendar_id", schema="strategy")
    op.drop_table("calendar_day", schema="strategy")
    op.drop_table("calendar", schema="strategy")
    op.drop_table("phone_zone_change", schema="core")
    op.drop_index(op.f("ix_numbering_range_region_id"), table_name="numbering_range", schema="core")
    op.drop_table("numbering_range", schema="core")
    op.drop_index(op.f("ix_region_spelling_region_id"), table_name="region_spelling", schema="core")
    op.drop_table("region_spelling", schema="core")
    op.drop_table("region", schema="core")
    op.drop_table("number_row", schema="core")
