"""Blocks with their lifting, moving of phones, archives of closed clients.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.models.base import Bit, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: Who changes the do-not-call list or blocks a number queues at this row of ops.setting, so that none is listed twice.
LOCK = "block_list_lock"


def upgrade() -> None:
    op.create_table(
        "work_phone",
        sa.Column("work_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("phone_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("work_id", "phone_id", name=op.f("pk_work_phone")),
        schema="core",
    )
    op.create_table(
        "client_archive",
        sa.Column("client_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("client_code", sa.Unicode(length=64), nullable=False),
        sa.Column("client_code_key", sa.Unicode(length=64), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("last_name", sa.Unicode(length=100), nullable=True),
        sa.Column("first_name", sa.Unicode(length=100), nullable=True),
        sa.Column("middle_name", sa.Unicode(length=100), nullable=True),
        sa.Column("attributes", sa.UnicodeText(), nullable=True),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("load_priority", sa.SmallInteger(), nullable=True),
        sa.Column("round_no", sa.SmallInteger(), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("do_not_call_after", UtcDateTime(), nullable=True),
        sa.Column("status_id", sa.SmallInteger(), nullable=False),
        sa.Column("status_at", UtcDateTime(), nullable=False),
        sa.Column("is_blocked", Bit(), nullable=False),
        sa.Column("blocked_at", UtcDateTime(), nullable=True),
        sa.Column("blocked_by", sa.Unicode(length=200), nullable=True),
        sa.Column("block_reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("attempt_day", sa.Date(), nullable=True),
        sa.Column("day_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("first_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_technical_result_id", sa.Integer(), nullable=True),
        sa.Column("last_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("agent_result_id", sa.Integer(), nullable=True),
        sa.Column("agent_result_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("agent_result_at", UtcDateTime(), nullable=True),
        sa.Column("archived_at", UtcDateTime(), nullable=False),
        sa.Column("reason_id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client_archive")),
        schema="core",
    )
    op.create_index(
        op.f("ix_client_archive_archived_at"), "client_archive", ["archived_at"], unique=False, schema="core"
    )
    op.create_index(
        "ix_client_archive_client_code_key",
        "client_archive",
        ["campaign_id", "client_code_key"],
        unique=False,
        schema="core",
    )
    op.create_index(op.f("ix_client_archive_person_id"), "client_archive", ["person_id"], unique=False, schema="core")
    op.create_table(
        "phone_archive",
        sa.Column("phone_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("phone_type_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Unicode(length=20), nullable=False),
        sa.Column("number_raw", sa.Unicode(length=64), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("is_blocked", Bit(), nullable=False),
        sa.Column("blocked_at", UtcDateTime(), nullable=True),
        sa.Column("blocked_by", sa.Unicode(length=200), nullable=True),
        sa.Column("block_reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("block_journal_id", sa.BigInteger(), nullable=True),
        sa.Column("number_block_id", sa.BigInteger(), nullable=True),
        sa.Column("is_do_not_call", Bit(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_technical_result_id", sa.Integer(), nullable=True),
        sa.Column("last_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("hold_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("waits_from", UtcDateTime(), nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=False),
        sa.Column("reason_id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("phone_id", name=op.f("pk_phone_archive")),
        schema="core",
    )
    op.create_index(op.f("ix_phone_archive_archived_at"), "phone_archive", ["archived_at"], unique=False, schema="core")
    op.create_index(op.f("ix_phone_archive_client_id"), "phone_archive", ["client_id"], unique=False, schema="core")
    op.create_index("ix_phone_archive_number", "phone_archive", ["number"], unique=False, schema="core")
    op.create_table(
        "number_block",
        sa.Column("number_block_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Unicode(length=20), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("added_by", sa.Unicode(length=200), nullable=False),
        sa.Column("reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.Unicode(length=200), nullable=True),
        sa.Column("lift_reason", sa.Unicode(length=1000), nullable=True),
        sa.PrimaryKeyConstraint("number_block_id", name=op.f("pk_number_block")),
        schema="core",
    )
    op.create_index(op.f("ix_number_block_added_at"), "number_block", ["added_at"], unique=False, schema="core")
    op.create_index("ix_number_block_number", "number_block", ["number", "lifted_at"], unique=False, schema="core")
    op.create_table(
        "block_journal",
        sa.Column("journal_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.Column("kind_id", sa.SmallInteger(), nullable=False),
        sa.Column("is_blocked", Bit(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("segment_id", sa.Integer(), nullable=True),
        sa.Column("client_id", sa.BigInteger(), nullable=True),
        sa.Column("phone_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Unicode(length=20), nullable=True),
        sa.Column("number_block_id", sa.BigInteger(), nullable=True),
        sa.Column("do_not_call_id", sa.BigInteger(), nullable=True),
        sa.Column("loaded_from", UtcDateTime(), nullable=True),
        sa.Column("loaded_to", UtcDateTime(), nullable=True),
        sa.Column("done_by", sa.Unicode(length=200), nullable=False),
        sa.Column("reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("phones", sa.Integer(), server_default="0", nullable=False),
        sa.Column("records_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("runs_requested", sa.Integer(), server_default="0", nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.Unicode(length=200), nullable=True),
        sa.PrimaryKeyConstraint("journal_id", name=op.f("pk_block_journal")),
        schema="contacts",
    )
    op.create_index(
        "ix_block_journal_campaign_id", "block_journal", ["campaign_id", "journal_id"], unique=False, schema="contacts"
    )
    op.create_index("ix_block_journal_client_id", "block_journal", ["client_id"], unique=False, schema="contacts")
    op.create_index(op.f("ix_block_journal_done_at"), "block_journal", ["done_at"], unique=False, schema="contacts")
    op.create_index("ix_block_journal_number", "block_journal", ["number"], unique=False, schema="contacts")
    op.create_index("ix_block_journal_segment_id", "block_journal", ["segment_id"], unique=False, schema="contacts")
    op.create_table(
        "move_journal",
        sa.Column("move_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("phone_id", sa.BigInteger(), nullable=False),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Unicode(length=20), nullable=False),
        sa.Column("from_campaign_id", sa.Integer(), nullable=False),
        sa.Column("from_client_id", sa.BigInteger(), nullable=False),
        sa.Column("to_campaign_id", sa.Integer(), nullable=False),
        sa.Column("to_client_id", sa.BigInteger(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.Column("done_by", sa.Unicode(length=200), nullable=False),
        sa.PrimaryKeyConstraint("move_id", name=op.f("pk_move_journal")),
        schema="contacts",
    )
    op.create_index(op.f("ix_move_journal_done_at"), "move_journal", ["done_at"], unique=False, schema="contacts")
    op.create_index(
        op.f("ix_move_journal_from_client_id"), "move_journal", ["from_client_id"], unique=False, schema="contacts"
    )
    op.create_index(op.f("ix_move_journal_phone_id"), "move_journal", ["phone_id"], unique=False, schema="contacts")
    op.create_index(
        op.f("ix_move_journal_to_client_id"), "move_journal", ["to_client_id"], unique=False, schema="contacts"
    )
    op.add_column("phone", sa.Column("block_journal_id", sa.BigInteger(), nullable=True), schema="core")
    op.add_column("phone", sa.Column("number_block_id", sa.BigInteger(), nullable=True), schema="core")
    op.add_column("import_batch", sa.Column("restarts_clients", Bit(), nullable=True), schema="contacts")
    setting = sa.table("setting", sa.column("name"), sa.column("value"), schema="ops")
    op.bulk_insert(setting, [{"name": LOCK, "value": ""}])


def downgrade() -> None:
    setting = sa.table("setting", sa.column("name"), sa.column("value"), schema="ops")
    op.execute(sa.delete(setting).where(setting.c.name == LOCK))
    op.drop_column("import_batch", "restarts_clients", schema="contacts")
    op.drop_column("phone", "number_block_id", schema="core")
    op.drop_column("phone", "block_journal_id", schema="core")
    op.drop_table("move_journal", schema="contacts")
    op.drop_table("block_journal", schema="contacts")
    op.drop_table("number_block", schema="core")
    op.drop_table("phone_archive", schema="core")
    op.drop_table("client_archive", schema="core")
    op.drop_table("work_phone", schema="core")
