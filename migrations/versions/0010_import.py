"""Loads can be undone; sources of files; which load a load corrects; the hand-over journal by campaign and state.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.models.base import Bit, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BATCH = ("source_id", "corrects_batch_id", "undone_by", "undo_phone_id")
UNDO_COUNTS = ("clients_undone", "phones_undone", "clients_restored", "clients_kept")


def upgrade() -> None:
    columns = [
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("corrects_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Unicode(length=200), nullable=True),
        sa.Column("undo_phone_id", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in UNDO_COUNTS),
    ]
    for column in columns:
        op.add_column("import_batch", column, schema="contacts")
    op.create_index("ix_import_batch_corrects_batch_id", "import_batch", ["corrects_batch_id"], schema="contacts")
    # The phones of a load are walked in the order of their ids, a part at a time.
    op.drop_index("ix_phone_import_batch_id", table_name="phone", schema="core")
    op.create_index("ix_phone_import_batch_id", "phone", ["import_batch_id", "phone_id"], schema="core")
    op.create_index("ix_block_journal", "block", ["campaign_id", "block_id"], schema="dialing")
    op.create_index("ix_block_state_id", "block", ["state_id", "block_id"], schema="dialing")
    _undo_tables()
    _sources()


def _undo_tables() -> None:
    op.create_table(
        "import_undo_client",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_restarted", Bit(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("last_name", sa.Unicode(length=100), nullable=True),
        sa.Column("first_name", sa.Unicode(length=100), nullable=True),
        sa.Column("middle_name", sa.Unicode(length=100), nullable=True),
        sa.Column("attributes", sa.UnicodeText(), nullable=True),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("load_priority", sa.SmallInteger(), nullable=True),
        sa.Column("do_not_call_after", UtcDateTime(), nullable=True),
        sa.Column("updated_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("round_no", sa.SmallInteger(), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("status_id", sa.SmallInteger(), nullable=False),
        sa.Column("status_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("first_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_technical_result_id", sa.Integer(), nullable=True),
        sa.Column("last_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("agent_result_id", sa.Integer(), nullable=True),
        sa.Column("agent_result_attempts", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "client_id", "line_no", name=op.f("pk_import_undo_client")),
        schema="contacts",
    )
    op.create_table(
        "import_undo_phone",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("phone_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("is_restarted", Bit(), nullable=False),
        sa.Column("phone_type_id", sa.Integer(), nullable=False),
        sa.Column("number_raw", sa.Unicode(length=64), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("waits_from", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_technical_result_id", sa.Integer(), nullable=True),
        sa.Column("last_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("hold_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "phone_id", "line_no", name=op.f("pk_import_undo_phone")),
        schema="contacts",
    )
    op.create_index("ix_import_undo_phone_client_id", "import_undo_phone", ["batch_id", "client_id"], schema="contacts")
    op.create_table(
        "import_undo_callback",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("callback_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("is_made", Bit(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "callback_id", name=op.f("pk_import_undo_callback")),
        schema="contacts",
    )
    op.create_index(
        "ix_import_undo_callback_client_id", "import_undo_callback", ["batch_id", "client_id"], schema="contacts"
    )
    op.create_table(
        "import_undo_kept",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason_id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "client_id", name=op.f("pk_import_undo_kept")),
        schema="contacts",
    )


def _sources() -> None:
    op.create_table(
        "import_source",
        sa.Column("source_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("description", sa.Unicode(length=1000), nullable=True),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("encoding", sa.Unicode(length=64), nullable=True),
        sa.Column("root_url", sa.Unicode(length=500), nullable=False),
        sa.Column("file_mask", sa.Unicode(length=200), nullable=False),
        sa.Column("username", sa.Unicode(length=200), nullable=True),
        sa.Column("password_encrypted", sa.UnicodeText(), nullable=True),
        sa.Column("checks_certificate", Bit(), server_default="1", nullable=False),
        sa.Column("host_key", sa.Unicode(length=1000), nullable=True),
        sa.Column("schedule_id", sa.Integer(), nullable=True),
        sa.Column("success_action_id", sa.SmallInteger(), nullable=False),
        sa.Column("success_target", sa.Unicode(length=200), nullable=True),
        sa.Column("failure_action_id", sa.SmallInteger(), nullable=False),
        sa.Column("failure_target", sa.Unicode(length=200), nullable=True),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Unicode(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["contacts.import_template.template_id"], name=op.f("fk_import_source_template_id")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["ops.service_schedule.schedule_id"], name=op.f("fk_import_source_schedule_id")
        ),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_import_source")),
        sa.UniqueConstraint("name", name=op.f("uq_import_source_name")),
        schema="contacts",
    )


def downgrade() -> None:
    op.drop_index("ix_block_state_id", table_name="block", schema="dialing")
    op.drop_index("ix_block_journal", table_name="block", schema="dialing")
    op.drop_table("import_source", schema="contacts")
    for name in ("kept", "callback", "phone", "client"):
        op.drop_table(f"import_undo_{name}", schema="contacts")
    op.drop_index("ix_phone_import_batch_id", table_name="phone", schema="core")
    op.create_index("ix_phone_import_batch_id", "phone", ["import_batch_id"], schema="core")
    op.drop_index("ix_import_batch_corrects_batch_id", table_name="import_batch", schema="contacts")
    for name in (*BATCH, *UNDO_COUNTS):
        # SQL Server keeps the default of a column as a constraint of its own.
        op.drop_column("import_batch", name, schema="contacts", mssql_drop_default=True)
