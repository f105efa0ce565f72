"""Frequency caps, and the presets of laws that are known.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from alembic import op

from app.models.base import Bit

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOW = datetime(2026, 11, 25)  # noqa: DTZ001 - moments in the database are naive UTC
WEEKDAYS, WEEKEND = (1, 2, 3, 4, 5), (6, 7)
# name, minutes on working days, minutes on other days
HOURS = {
    "RU_230_HOURS": ("230-ФЗ: 8-22, выходные 9-20", (8 * 60, 22 * 60), (9 * 60, 20 * 60)),
    "US_TCPA_HOURS": ("TCPA: 8-21", (8 * 60, 21 * 60), (8 * 60, 21 * 60)),
    "US_FL_OK_HOURS": ("Florida, Oklahoma: 8-20", (8 * 60, 20 * 60), (8 * 60, 20 * 60)),
}
RU = "Федеральный закон от 03.07.2016 № 230-ФЗ, статья 7, часть 3 (с 01.02.2024 и для автоинформаторов и роботов)"
# code, name, English name, subject, window, its minutes, what counts, limit, valid from, source
RULES = [
    ("RU_230_DAY", "230-ФЗ: раз в сутки", "230-FZ: once a day", 1, 1, None, 2, 1, date(2017, 1, 1), RU),
    ("RU_230_WEEK", "230-ФЗ: два раза в неделю", "230-FZ: twice a week", 1, 2, None, 2, 2, date(2017, 1, 1), RU),
    ("RU_230_MONTH", "230-ФЗ: восемь раз в месяц", "230-FZ: eight a month", 1, 3, None, 2, 8, date(2017, 1, 1), RU),
    ("RU_230_HOURS", "230-ФЗ: часы", "230-FZ: hours", 1, 1, None, 1, None, date(2017, 1, 1), RU),
    ("US_TCPA_HOURS", "TCPA: часы", "TCPA: hours", 1, 1, None, 1, None, date(1991, 12, 20), "47 CFR 64.1200(c)(1)"),
    ("US_REG_F_ATTEMPTS", "Reg F: 7 попыток за 7 дней", "Reg F: 7 attempts in 7 days", 2, 4, 10_080, 1, 7,
     date(2021, 11, 30), "12 CFR 1006.14(b)(2)(i)(A)"),
    ("US_REG_F_TALK", "Reg F: 7 дней после разговора", "Reg F: 7 days after a conversation", 2, 4, 10_080, 3, 1,
     date(2021, 11, 30), "12 CFR 1006.14(b)(2)(i)(B)"),
    ("US_FL_OK_CALLS", "Флорида, Оклахома: 3 за 24 часа", "Florida, Oklahoma: 3 in 24 hours", 1, 4, 1440, 1, 3,
     date(2021, 7, 1), "Fla. Stat. 501.616(6); Okla. Stat. tit. 15, 775C.4"),
    ("US_FL_OK_HOURS", "Флорида, Оклахома: часы", "Florida, Oklahoma: hours", 1, 1, None, 1, None, date(2021, 7, 1),
     "Fla. Stat. 501.616(6); Okla. Stat. tit. 15, 775C.4"),
    ("UK_OFCOM_ABANDONED", "Ofcom: 72 часа после сброса", "Ofcom: 72 hours after an abandoned call", 3, 4, 4320, 4, 1,
     date(2017, 3, 1), "Ofcom, persistent misuse: statement of policy"),
    ("UK_OFCOM_MACHINE", "Ofcom: 24 часа после автоответчика", "Ofcom: 24 hours after an answering machine", 3, 4,
     1440, 4, 1, date(2017, 3, 1), "Ofcom, persistent misuse: statement of policy"),
]  # fmt: skip
RESULTS = {
    "UK_OFCOM_ABANDONED": ("ABANDONED", "NO_AGENTS", "ABANDONED_TO_IVR"),
    "UK_OFCOM_MACHINE": ("ANSWERING_MACHINE", "NETWORK_MACHINE"),
}


def _table(schema: str, name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns), schema=schema)


def upgrade() -> None:
    op.create_table(
        "cap_rule",
        sa.Column("cap_rule_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("name_en", sa.Unicode(length=200), nullable=False),
        sa.Column("subject_id", sa.SmallInteger(), nullable=False),
        sa.Column("window_id", sa.SmallInteger(), nullable=False),
        sa.Column("window_minutes", sa.Integer(), nullable=True),
        sa.Column("counts_id", sa.SmallInteger(), nullable=False),
        sa.Column("limit_value", sa.SmallInteger(), nullable=True),
        sa.Column("schedule_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Unicode(length=1000), nullable=True),
        sa.Column("is_hold", Bit(), server_default="1", nullable=False),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["strategy.schedule.schedule_id"], name=op.f("fk_cap_rule_schedule_id")
        ),
        sa.PrimaryKeyConstraint("cap_rule_id", name=op.f("pk_cap_rule")),
        sa.UniqueConstraint("code", name=op.f("uq_cap_rule_code")),
        schema="strategy",
    )
    op.create_table(
        "cap_rule_result",
        sa.Column("cap_rule_id", sa.Integer(), nullable=False),
        sa.Column("technical_result_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cap_rule_id"], ["strategy.cap_rule.cap_rule_id"], name=op.f("fk_cap_rule_result_cap_rule_id")
        ),
        sa.ForeignKeyConstraint(
            ["technical_result_id"],
            ["core.technical_result.technical_result_id"],
            name=op.f("fk_cap_rule_result_technical_result_id"),
        ),
        sa.PrimaryKeyConstraint("cap_rule_id", "technical_result_id", name=op.f("pk_cap_rule_result")),
        schema="strategy",
    )
    op.create_table(
        "campaign_cap",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("cap_rule_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["core.campaign.campaign_id"], name=op.f("fk_campaign_cap_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["cap_rule_id"], ["strategy.cap_rule.cap_rule_id"], name=op.f("fk_campaign_cap_cap_rule_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "cap_rule_id", name=op.f("pk_campaign_cap")),
        schema="strategy",
    )
    _presets()


def _presets() -> None:
    connection = op.get_bind()
    schedule = _table("strategy", "schedule", "schedule_id", "name", "campaign_id", "created_at", "created_by")
    period = _table("strategy", "schedule_period", "schedule_id", "weekday", "start_minute", "end_minute")
    rule = _table(
        "strategy", "cap_rule", "cap_rule_id", "code", "name", "name_en", "subject_id", "window_id", "window_minutes",
        "counts_id", "limit_value", "valid_from", "source", "schedule_id",
    )  # fmt: skip
    schedules = {}
    for code, (name, working, other) in HOURS.items():
        connection.execute(sa.insert(schedule).values(name=name, campaign_id=None, created_at=NOW, created_by="acm"))
        schedules[code] = connection.scalar(sa.select(sa.func.max(schedule.c.schedule_id)))
        op.bulk_insert(
            period,
            [
                {"schedule_id": schedules[code], "weekday": weekday, "start_minute": start, "end_minute": end}
                for weekdays, (start, end) in ((WEEKDAYS, working), (WEEKEND, other))
                for weekday in weekdays
            ],
        )
    names = (
        "code", "name", "name_en", "subject_id", "window_id", "window_minutes", "counts_id", "limit_value",
        "valid_from", "source",
    )  # fmt: skip
    op.bulk_insert(rule, [dict(zip(names, row, strict=True)) | {"schedule_id": schedules.get(row[0])} for row in RULES])
    result = _table("core", "technical_result", "technical_result_id", "code")
    for code, results in RESULTS.items():
        connection.execute(
            sa.insert(_table("strategy", "cap_rule_result", "cap_rule_id", "technical_result_id")).from_select(
                ["cap_rule_id", "technical_result_id"],
                sa.select(
                    sa.select(rule.c.cap_rule_id).where(rule.c.code == code).scalar_subquery(),
                    result.c.technical_result_id,
                ).where(result.c.code.in_(results)),
            )
        )


def downgrade() -> None:
    op.drop_table("campaign_cap", schema="strategy")
    op.drop_table("cap_rule_result", schema="strategy")
    op.drop_table("cap_rule", schema="strategy")
    schedule = _table("strategy", "schedule", "schedule_id", "name", "campaign_id", "created_by")
    period = _table("strategy", "schedule_period", "schedule_id")
    mine = sa.select(schedule.c.schedule_id).where(
        schedule.c.campaign_id.is_(None),
        schedule.c.created_by == "acm",
        schedule.c.name.in_([name for name, _, _ in HOURS.values()]),
    )
    op.execute(sa.delete(period).where(period.c.schedule_id.in_(mine)))
    op.execute(
        sa.delete(schedule).where(
            schedule.c.campaign_id.is_(None),
            schedule.c.created_by == "acm",
            schedule.c.name.in_([name for name, _, _ in HOURS.values()]),
        )
    )
