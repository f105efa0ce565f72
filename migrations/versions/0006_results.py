"""What a result changes of a phone until its class is known; first calls without an index; a cap is one call at least.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.models.base import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WORK = ("work_set", "work_client", "work_phone", "work_outcome", "work_phone_fact")


def upgrade() -> None:
    op.create_table(
        "work_phone_fact",
        sa.Column("phone_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_technical_result_id", sa.Integer(), nullable=True),
        sa.Column("last_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("hold_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("waits_from", UtcDateTime(), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("phone_id", name=op.f("pk_work_phone_fact")),
        schema="core",
    )
    # The first call of a client changes no index of core.client: the status service finds it among the attempts.
    op.create_table(
        "status_run",
        sa.Column("campaign_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_calls_seen_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_status_run")),
        schema="core",
    )
    op.drop_index("ix_client_first_attempt_at", table_name="client", schema="core")
    # Clients of one load lie side by side and are called in turn: a page has room for the next version of each.
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE core.client SET (fillfactor = 50)")
        # Empty between transactions, so a crash has nothing to bring back.
        for name in WORK:
            op.execute(f"ALTER TABLE core.{name} SET UNLOGGED")
    op.create_check_constraint(op.f("ck_cap_rule_limit_value"), "cap_rule", "limit_value >= 1", schema="strategy")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_cap_rule_limit_value"), "cap_rule", schema="strategy", type_="check")
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE core.client SET (fillfactor = 85)")
        for name in WORK[:-1]:
            op.execute(f"ALTER TABLE core.{name} SET LOGGED")
    op.create_index(
        "ix_client_first_attempt_at", "client", ["campaign_id", "status_id", "first_attempt_at"], schema="core"
    )
    op.drop_table("status_run", schema="core")
    op.drop_table("work_phone_fact", schema="core")
