"""Schemas and tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSchema, DropSchema

from app.models.base import Bit, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The schema ops is there already: Alembic keeps its own table in it.
SCHEMAS = ("core", "strategy", "dialing", "contacts", "access", "report")


def upgrade() -> None:
    for schema in SCHEMAS:
        op.execute(CreateSchema(schema))
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("username", sa.Unicode(length=200), nullable=False),
        sa.Column("address", sa.Unicode(length=64), nullable=True),
        sa.Column("action", sa.Unicode(length=64), nullable=False),
        sa.Column("object_type", sa.Unicode(length=64), nullable=False),
        sa.Column("object_id", sa.Unicode(length=64), nullable=True),
        sa.Column("before", sa.UnicodeText(), nullable=True),
        sa.Column("after", sa.UnicodeText(), nullable=True),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit")),
        schema="access",
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False, schema="access")
    op.create_index("ix_audit_object", "audit", ["object_type", "object_id"], unique=False, schema="access")
    op.create_table(
        "group",
        sa.Column("group_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("name_en", sa.Unicode(length=200), nullable=True),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_group")),
        sa.UniqueConstraint("name", name=op.f("uq_group_name")),
        schema="access",
    )
    op.create_table(
        "user",
        sa.Column("user_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Unicode(length=64), nullable=False),
        sa.Column("username_key", sa.Unicode(length=64), nullable=False),
        sa.Column("last_name", sa.Unicode(length=200), nullable=True),
        sa.Column("first_name", sa.Unicode(length=200), nullable=True),
        sa.Column("email", sa.Unicode(length=200), nullable=True),
        sa.Column("password_hash", sa.Unicode(length=1000), nullable=True),
        sa.Column("must_change_password", Bit(), server_default="0", nullable=False),
        sa.Column("is_active", Bit(), server_default="1", nullable=False),
        sa.Column("is_from_ad", Bit(), server_default="0", nullable=False),
        sa.Column("is_active_in_ad", Bit(), server_default="0", nullable=False),
        sa.Column("failed_logins", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("last_login_at", UtcDateTime(), nullable=True),
        sa.Column("language", sa.Unicode(length=64), nullable=True),
        sa.Column("time_zone", sa.Unicode(length=64), nullable=True),
        sa.Column("session_epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Unicode(length=200), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user")),
        sa.UniqueConstraint("username_key", name=op.f("uq_user_username_key")),
        schema="access",
    )
    op.create_table(
        "import_batch",
        sa.Column("batch_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind_id", sa.SmallInteger(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("template_id", sa.Integer(), nullable=True),
        sa.Column("file_name", sa.Unicode(length=200), nullable=True),
        sa.Column("file_path", sa.Unicode(length=1000), nullable=True),
        sa.Column("file_hash", sa.Unicode(length=64), nullable=True),
        sa.Column("file_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state_id", sa.SmallInteger(), nullable=False),
        sa.Column("form", sa.UnicodeText(), nullable=True),
        sa.Column("owner", sa.Unicode(length=200), nullable=True),
        sa.Column("heartbeat_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("lines_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("clients_loaded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("clients_updated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("clients_blocked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("clients_rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("phones_loaded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lines_rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("warnings", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_by", sa.Unicode(length=200), nullable=False),
        sa.Column("message", sa.Unicode(length=1000), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_import_batch")),
        schema="contacts",
    )
    op.create_index(
        op.f("ix_import_batch_campaign_id"), "import_batch", ["campaign_id"], unique=False, schema="contacts"
    )
    op.create_index(op.f("ix_import_batch_file_hash"), "import_batch", ["file_hash"], unique=False, schema="contacts")
    op.create_table(
        "import_log",
        sa.Column("log_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("logged_at", UtcDateTime(), nullable=False),
        sa.Column("level", sa.Unicode(length=10), nullable=False),
        sa.Column("message", sa.Unicode(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_import_log")),
        schema="contacts",
    )
    op.create_index(op.f("ix_import_log_batch_id"), "import_log", ["batch_id"], unique=False, schema="contacts")
    op.create_table(
        "import_phone",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Unicode(length=20), nullable=False),
        sa.Column("number_raw", sa.Unicode(length=64), nullable=False),
        sa.Column("type_code", sa.Unicode(length=64), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "line_no", "position", name=op.f("pk_import_phone")),
        schema="contacts",
    )
    op.create_table(
        "import_reject",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason_code", sa.Unicode(length=40), nullable=False),
        sa.Column("column_name", sa.Unicode(length=64), nullable=True),
        sa.Column("value", sa.Unicode(length=200), nullable=True),
        sa.Column("client_code", sa.Unicode(length=64), nullable=True),
        sa.Column("is_warning", Bit(), server_default="0", nullable=False),
        sa.Column("raw_line", sa.UnicodeText(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "line_no", "reason_code", name=op.f("pk_import_reject")),
        schema="contacts",
    )
    op.create_table(
        "import_row",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign_code", sa.Unicode(length=64), nullable=True),
        sa.Column("client_code", sa.Unicode(length=64), nullable=False),
        sa.Column("segment_code", sa.Unicode(length=64), nullable=True),
        sa.Column("crm_id", sa.Unicode(length=64), nullable=True),
        sa.Column("last_name", sa.Unicode(length=100), nullable=True),
        sa.Column("first_name", sa.Unicode(length=100), nullable=True),
        sa.Column("middle_name", sa.Unicode(length=100), nullable=True),
        sa.Column("attributes", sa.UnicodeText(), nullable=True),
        sa.Column("load_priority", sa.SmallInteger(), nullable=True),
        sa.Column("zone_code", sa.Unicode(length=64), nullable=True),
        sa.Column("do_not_call_after", UtcDateTime(), nullable=True),
        sa.Column("do_not_call_after_is_utc", Bit(), server_default="0", nullable=False),
        sa.Column("callback_at", UtcDateTime(), nullable=True),
        sa.Column("callback_at_is_utc", Bit(), server_default="0", nullable=False),
        sa.Column("callback_agent", sa.Unicode(length=64), nullable=True),
        sa.Column("raw_line", sa.UnicodeText(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "line_no", name=op.f("pk_import_row")),
        schema="contacts",
    )
    op.create_table(
        "import_template",
        sa.Column("template_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("format", sa.Unicode(length=10), nullable=False),
        sa.Column("line", sa.Unicode(length=4000), nullable=False),
        sa.Column("encoding", sa.Unicode(length=64), nullable=True),
        sa.Column("has_header", Bit(), server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Unicode(length=200), nullable=False),
        sa.PrimaryKeyConstraint("template_id", name=op.f("pk_import_template")),
        sa.UniqueConstraint("name", name=op.f("uq_import_template_name")),
        schema="contacts",
    )
    op.create_table(
        "agent_result",
        sa.Column("agent_result_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("code_key", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("name_en", sa.Unicode(length=200), nullable=True),
        sa.Column("action_id", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), nullable=True),
        sa.Column("delay_minutes", sa.Integer(), nullable=True),
        sa.Column("sort_order", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["core.agent_result.agent_result_id"], name=op.f("fk_agent_result_parent_id")
        ),
        sa.PrimaryKeyConstraint("agent_result_id", name=op.f("pk_agent_result")),
        sa.UniqueConstraint("code", name=op.f("uq_agent_result_code")),
        sa.UniqueConstraint("code_key", name=op.f("uq_agent_result_code_key")),
        schema="core",
    )
    op.create_table(
        "attempt",
        sa.Column("attempt_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record_key", sa.Unicode(length=30), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("phone_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Unicode(length=20), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.Column("strategy_version_id", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.SmallInteger(), nullable=False),
        sa.Column("round_no", sa.SmallInteger(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("technical_result_id", sa.Integer(), nullable=False),
        sa.Column("is_counted", Bit(), server_default="1", nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("agent", sa.Unicode(length=64), nullable=True),
        sa.Column("wrapup", sa.Unicode(length=64), nullable=True),
        sa.Column("dialer_id", sa.Integer(), nullable=True),
        sa.Column("recovery_key", sa.Float(precision=53), nullable=True),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("record_key", name=op.f("uq_attempt_record_key")),
        schema="core",
    )
    op.create_index("ix_attempt_campaign_id", "attempt", ["campaign_id", "ended_at"], unique=False, schema="core")
    op.create_index("ix_attempt_client_id", "attempt", ["client_id", "attempt_id"], unique=False, schema="core")
    op.create_index("ix_attempt_person_id", "attempt", ["person_id", "ended_at"], unique=False, schema="core")
    op.create_table(
        "attempt_outcome",
        sa.Column("outcome_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record_key", sa.Unicode(length=30), nullable=True),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("phone_id", sa.BigInteger(), nullable=True),
        sa.Column("round_no", sa.SmallInteger(), nullable=False),
        sa.Column("agent_result_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("agent", sa.Unicode(length=64), nullable=True),
        sa.Column("comment", sa.Unicode(length=1000), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("outcome_id", name=op.f("pk_attempt_outcome")),
        schema="core",
    )
    op.create_index(
        "ix_attempt_outcome_client_id", "attempt_outcome", ["client_id", "agent_result_id"], unique=False, schema="core"
    )
    op.create_index("ix_attempt_outcome_record_key", "attempt_outcome", ["record_key"], unique=False, schema="core")
    op.create_table(
        "client_count_change",
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("status_id", sa.SmallInteger(), nullable=False),
        sa.Column("clients", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_client_count_change")),
        schema="core",
    )
    op.create_index(
        "ix_client_count_change_campaign_id",
        "client_count_change",
        ["campaign_id", "segment_id", "status_id"],
        unique=False,
        schema="core",
    )
    op.create_table(
        "client_status",
        sa.Column("status_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("name_en", sa.Unicode(length=200), nullable=False),
        sa.Column("is_final", Bit(), nullable=False),
        sa.Column("is_limit", Bit(), nullable=False),
        sa.PrimaryKeyConstraint("status_id", name=op.f("pk_client_status")),
        sa.UniqueConstraint("code", name=op.f("uq_client_status_code")),
        schema="core",
    )
    op.create_table(
        "dial_class",
        sa.Column("dial_class_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("facts_key", sa.Unicode(length=200), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("phone_type_id", sa.Integer(), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("client_zone_id", sa.Integer(), nullable=False),
        sa.Column("load_priority", sa.SmallInteger(), nullable=False),
        sa.Column("client_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("phone_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("client_technical_result_id", sa.Integer(), nullable=False),
        sa.Column("client_agent_result_id", sa.Integer(), nullable=False),
        sa.Column("limit_agent_result_id", sa.Integer(), nullable=False),
        sa.Column("limit_agent_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("phone_technical_result_id", sa.Integer(), nullable=False),
        sa.Column("phone_agent_result_id", sa.Integer(), nullable=False),
        sa.Column("hold_agent_result_id", sa.Integer(), nullable=False),
        sa.Column("bar_id", sa.SmallInteger(), nullable=False),
        sa.Column("time_status_id", sa.SmallInteger(), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=False),
        sa.Column("attempt_day", sa.Date(), nullable=False),
        sa.Column("day_attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("dial_class_id", name=op.f("pk_dial_class")),
        sa.UniqueConstraint("facts_key", name=op.f("uq_dial_class_facts_key")),
        schema="core",
    )
    op.create_index(op.f("ix_dial_class_campaign_id"), "dial_class", ["campaign_id"], unique=False, schema="core")
    op.create_table(
        "dial_class_change",
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dial_class_id", sa.Integer(), nullable=False),
        sa.Column("phones", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_dial_class_change")),
        schema="core",
    )
    op.create_index(
        "ix_dial_class_change_dial_class_id", "dial_class_change", ["dial_class_id"], unique=False, schema="core"
    )
    op.create_table(
        "do_not_call",
        sa.Column("do_not_call_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Unicode(length=20), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("added_by", sa.Unicode(length=200), nullable=False),
        sa.Column("reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.Unicode(length=200), nullable=True),
        sa.Column("lift_reason", sa.Unicode(length=1000), nullable=True),
        sa.PrimaryKeyConstraint("do_not_call_id", name=op.f("pk_do_not_call")),
        schema="core",
    )
    op.create_index(op.f("ix_do_not_call_added_at"), "do_not_call", ["added_at"], unique=False, schema="core")
    op.create_index("ix_do_not_call_number", "do_not_call", ["number", "lifted_at"], unique=False, schema="core")
    op.create_index("ix_do_not_call_person_id", "do_not_call", ["person_id", "lifted_at"], unique=False, schema="core")
    op.create_table(
        "person",
        sa.Column("person_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("crm_id", sa.Unicode(length=64), nullable=False),
        sa.Column("crm_id_key", sa.Unicode(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("crm_id_key", name=op.f("uq_person_crm_id_key")),
        schema="core",
    )
    op.create_table(
        "phone_type",
        sa.Column("phone_type_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("code_key", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("name_en", sa.Unicode(length=200), nullable=True),
        sa.Column("sort_order", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("phone_type_id", name=op.f("pk_phone_type")),
        sa.UniqueConstraint("code", name=op.f("uq_phone_type_code")),
        sa.UniqueConstraint("code_key", name=op.f("uq_phone_type_code_key")),
        schema="core",
    )
    op.create_table(
        "technical_result",
        sa.Column("technical_result_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("code_key", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("name_en", sa.Unicode(length=200), nullable=True),
        sa.Column("cisco_code", sa.SmallInteger(), nullable=True),
        sa.Column("counts_as_attempt", Bit(), server_default="1", nullable=False),
        sa.Column("is_contact", Bit(), server_default="0", nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("delay_minutes", sa.Integer(), nullable=True),
        sa.Column("sort_order", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("technical_result_id", name=op.f("pk_technical_result")),
        sa.UniqueConstraint("code", name=op.f("uq_technical_result_code")),
        sa.UniqueConstraint("code_key", name=op.f("uq_technical_result_code_key")),
        schema="core",
    )
    op.create_index(
        op.f("ix_technical_result_cisco_code"), "technical_result", ["cisco_code"], unique=False, schema="core"
    )
    op.create_table(
        "time_zone",
        sa.Column("zone_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("code_key", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("zone_id", name=op.f("pk_time_zone")),
        sa.UniqueConstraint("code", name=op.f("uq_time_zone_code")),
        sa.UniqueConstraint("code_key", name=op.f("uq_time_zone_code_key")),
        schema="core",
    )
    op.create_table(
        "work_client",
        sa.Column("work_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("work_id", "client_id", name=op.f("pk_work_client")),
        schema="core",
    )
    op.create_table(
        "work_outcome",
        sa.Column("work_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_new", Bit(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("work_id", "outcome_id", name=op.f("pk_work_outcome")),
        schema="core",
    )
    op.create_table(
        "work_set",
        sa.Column("work_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_work_set")),
        schema="core",
    )
    op.create_table(
        "block",
        sa.Column("block_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("strategy_version_id", sa.Integer(), nullable=False),
        sa.Column("state_id", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("recalled", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.Unicode(length=1000), nullable=True),
        sa.PrimaryKeyConstraint("block_id", name=op.f("pk_block")),
        schema="dialing",
    )
    op.create_index("ix_block_campaign_id", "block", ["campaign_id", "state_id"], unique=False, schema="dialing")
    op.create_table(
        "callback",
        sa.Column("callback_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("phone_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("agent", sa.Unicode(length=64), nullable=True),
        sa.Column("state_id", sa.SmallInteger(), nullable=False),
        sa.Column("source_id", sa.SmallInteger(), nullable=False),
        sa.Column("record_key", sa.Unicode(length=30), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("callback_id", name=op.f("pk_callback")),
        schema="dialing",
    )
    op.create_index("ix_callback_client_id", "callback", ["client_id", "state_id"], unique=False, schema="dialing")
    op.create_index(
        "ix_callback_due_at", "callback", ["campaign_id", "state_id", "due_at"], unique=False, schema="dialing"
    )
    op.create_table(
        "dialer",
        sa.Column("dialer_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("base_url", sa.Unicode(length=200), nullable=False),
        sa.Column("username", sa.Unicode(length=200), nullable=False),
        sa.Column("password_encrypted", sa.UnicodeText(), nullable=False),
        sa.Column("verify_certificate", Bit(), server_default="1", nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), server_default="15", nullable=False),
        sa.Column("hds_url_encrypted", sa.UnicodeText(), nullable=False),
        sa.Column("overlap_minutes", sa.Integer(), server_default="5", nullable=False),
        sa.Column("read_to", UtcDateTime(), nullable=True),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("dialer_id", name=op.f("pk_dialer")),
        sa.UniqueConstraint("name", name=op.f("uq_dialer_name")),
        schema="dialing",
    )
    op.create_table(
        "record",
        sa.Column("block_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("record_key", sa.Unicode(length=30), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("phone_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Unicode(length=20), nullable=False),
        sa.Column("dial_class_id", sa.Integer(), nullable=False),
        sa.Column("strategy_version_id", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.SmallInteger(), nullable=False),
        sa.Column("callback_id", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("block_id", "position", name=op.f("pk_record")),
        sa.UniqueConstraint("client_id", name=op.f("uq_record_client_id")),
        sa.UniqueConstraint("record_key", name=op.f("uq_record_record_key")),
        schema="dialing",
    )
    op.create_index("ix_record_campaign_id", "record", ["campaign_id", "taken_at"], unique=False, schema="dialing")
    op.create_index("ix_record_person_id", "record", ["person_id"], unique=False, schema="dialing")
    op.create_table(
        "record_returned",
        sa.Column("record_key", sa.Unicode(length=30), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("phone_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Unicode(length=20), nullable=False),
        sa.Column("strategy_version_id", sa.Integer(), nullable=False),
        sa.Column("processing_id", sa.SmallInteger(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("returned_at", UtcDateTime(), nullable=False),
        sa.Column("reason_id", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record_key", name=op.f("pk_record_returned")),
        schema="dialing",
    )
    op.create_index(
        op.f("ix_record_returned_block_id"), "record_returned", ["block_id"], unique=False, schema="dialing"
    )
    op.create_table(
        "result_stage",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recovery_key", sa.Float(precision=53), nullable=False),
        sa.Column("db_datetime", UtcDateTime(), nullable=False),
        sa.Column("generated_at", UtcDateTime(), nullable=True),
        sa.Column("time_zone_minutes", sa.Integer(), nullable=False),
        sa.Column("account_number", sa.Unicode(length=128), nullable=True),
        sa.Column("phone", sa.Unicode(length=20), nullable=True),
        sa.Column("call_result", sa.Integer(), nullable=False),
        sa.Column("call_status", sa.Unicode(length=1), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("agent", sa.Unicode(length=64), nullable=True),
        sa.Column("wrapup", sa.Unicode(length=64), nullable=True),
        sa.Column("callback_phone", sa.Unicode(length=20), nullable=True),
        sa.Column("callback_at", UtcDateTime(), nullable=True),
        sa.Column("customer_zone_minutes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "row_no", name=op.f("pk_result_stage")),
        schema="dialing",
    )
    op.create_table(
        "hold",
        sa.Column("name", sa.Unicode(length=64), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hold")),
        schema="ops",
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Unicode(length=64), nullable=False),
        sa.Column("owner", sa.Unicode(length=200), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
        schema="ops",
    )
    op.create_table(
        "service_schedule",
        sa.Column("schedule_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("cron", sa.Unicode(length=200), nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_service_schedule")),
        sa.UniqueConstraint("name", name=op.f("uq_service_schedule_name")),
        schema="ops",
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Unicode(length=100), nullable=False),
        sa.Column("value", sa.UnicodeText(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_setting")),
        schema="ops",
    )
    op.create_table(
        "sql_object",
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("kind", sa.Unicode(length=64), nullable=False),
        sa.Column("version", sa.Unicode(length=64), nullable=False),
        sa.Column("file_hash", sa.Unicode(length=64), nullable=False),
        sa.Column("definition_hash", sa.Unicode(length=64), nullable=False),
        sa.Column("git_commit", sa.Unicode(length=64), nullable=True),
        sa.Column("deployed_at", UtcDateTime(), nullable=False),
        sa.Column("deployed_by", sa.Unicode(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sql_object")),
        schema="ops",
    )
    op.create_table(
        "agent_action",
        sa.Column("action_id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("name_en", sa.Unicode(length=200), nullable=False),
        sa.Column("final_status_id", sa.SmallInteger(), nullable=True),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_agent_action")),
        sa.UniqueConstraint("code", name=op.f("uq_agent_action_code")),
        schema="strategy",
    )
    op.create_table(
        "group_role",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("role_code", sa.Unicode(length=64), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["access.group.group_id"], name=op.f("fk_group_role_group_id")),
        sa.PrimaryKeyConstraint("group_id", "role_code", name=op.f("pk_group_role")),
        schema="access",
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.Unicode(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("address", sa.Unicode(length=64), nullable=True),
        sa.Column("browser", sa.Unicode(length=200), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["access.user.user_id"], name=op.f("fk_session_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
        schema="access",
    )
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False, schema="access")
    op.create_table(
        "user_group",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["access.group.group_id"], name=op.f("fk_user_group_group_id")),
        sa.ForeignKeyConstraint(["user_id"], ["access.user.user_id"], name=op.f("fk_user_group_user_id")),
        sa.PrimaryKeyConstraint("user_id", "group_id", name=op.f("pk_user_group")),
        schema="access",
    )
    op.create_table(
        "campaign",
        sa.Column("campaign_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("code_key", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("state_id", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("default_zone_id", sa.Integer(), nullable=False),
        sa.Column("strategy_version_id", sa.Integer(), nullable=True),
        sa.Column("one_call_per_person", Bit(), server_default="0", nullable=False),
        sa.Column("closing_margin_minutes", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("restarts_on_reload", Bit(), server_default="0", nullable=False),
        sa.Column("dialer_id", sa.Integer(), nullable=True),
        sa.Column("dialer_campaign_id", sa.Integer(), nullable=True),
        sa.Column("dialer_campaign_name", sa.Unicode(length=200), nullable=True),
        sa.Column("dialer_skill_groups", sa.Unicode(length=200), nullable=True),
        sa.Column("dialer_number", sa.Unicode(length=64), nullable=True),
        sa.Column("dialer_state", sa.Unicode(length=200), nullable=True),
        sa.Column("dialer_state_at", UtcDateTime(), nullable=True),
        sa.Column("agents_working", sa.Integer(), nullable=True),
        sa.Column("status_version_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Unicode(length=200), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["default_zone_id"], ["core.time_zone.zone_id"], name=op.f("fk_campaign_default_zone_id")
        ),
        sa.ForeignKeyConstraint(["dialer_id"], ["dialing.dialer.dialer_id"], name=op.f("fk_campaign_dialer_id")),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("code", name=op.f("uq_campaign_code")),
        sa.UniqueConstraint("code_key", name=op.f("uq_campaign_code_key")),
        schema="core",
    )
    op.create_table(
        "time_zone_offset",
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("offset_minutes", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["zone_id"], ["core.time_zone.zone_id"], name=op.f("fk_time_zone_offset_zone_id")),
        sa.PrimaryKeyConstraint("zone_id", "valid_from", name=op.f("pk_time_zone_offset")),
        schema="core",
    )
    op.create_table(
        "result_batch",
        sa.Column("batch_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dialer_id", sa.Integer(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("rows_read", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_applied", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_repeated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_unknown", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_interim", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["dialer_id"], ["dialing.dialer.dialer_id"], name=op.f("fk_result_batch_dialer_id")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_result_batch")),
        schema="dialing",
    )
    op.create_table(
        "service",
        sa.Column("service_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("name_en", sa.Unicode(length=200), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=True),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("next_run_at", UtcDateTime(), nullable=True),
        sa.Column("running_run_id", sa.BigInteger(), nullable=True),
        sa.Column("last_run_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["ops.service_schedule.schedule_id"], name=op.f("fk_service_schedule_id")
        ),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_service")),
        sa.UniqueConstraint("code", name=op.f("uq_service_code")),
        schema="ops",
    )
    op.create_table(
        "client",
        sa.Column("client_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
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
        sa.Column("round_no", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("do_not_call_after", UtcDateTime(), nullable=True),
        sa.Column("status_id", sa.SmallInteger(), nullable=False),
        sa.Column("status_at", UtcDateTime(), nullable=False),
        sa.Column("counted_status_id", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("counted_segment_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_blocked", Bit(), server_default="0", nullable=False),
        sa.Column("blocked_at", UtcDateTime(), nullable=True),
        sa.Column("blocked_by", sa.Unicode(length=200), nullable=True),
        sa.Column("block_reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("attempt_day", sa.Date(), nullable=True),
        sa.Column("day_attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("first_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_technical_result_id", sa.Integer(), nullable=True),
        sa.Column("last_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("agent_result_id", sa.Integer(), nullable=True),
        sa.Column("agent_result_attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("agent_result_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["core.campaign.campaign_id"], name=op.f("fk_client_campaign_id")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client")),
        sa.UniqueConstraint("campaign_id", "client_code_key", name=op.f("uq_client_campaign_id_client_code_key")),
        schema="core",
        postgresql_with={"fillfactor": 85},
    )
    op.create_index(
        "ix_client_do_not_call_after",
        "client",
        ["campaign_id", "status_id", "do_not_call_after"],
        unique=False,
        schema="core",
    )
    op.create_index(
        "ix_client_first_attempt_at",
        "client",
        ["campaign_id", "status_id", "first_attempt_at"],
        unique=False,
        schema="core",
    )
    op.create_index(
        "ix_client_list", "client", ["campaign_id", "segment_id", "status_id", "client_id"], unique=False, schema="core"
    )
    op.create_index(
        "ix_client_loaded_at", "client", ["campaign_id", "status_id", "loaded_at"], unique=False, schema="core"
    )
    op.create_index(op.f("ix_client_person_id"), "client", ["person_id"], unique=False, schema="core")
    op.create_table(
        "segment",
        sa.Column("segment_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Unicode(length=64), nullable=False),
        sa.Column("code_key", sa.Unicode(length=64), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=True),
        sa.Column("is_enabled", Bit(), server_default="1", nullable=False),
        sa.Column("is_blocked", Bit(), server_default="0", nullable=False),
        sa.Column("blocked_at", UtcDateTime(), nullable=True),
        sa.Column("blocked_by", sa.Unicode(length=200), nullable=True),
        sa.Column("block_reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["core.campaign.campaign_id"], name=op.f("fk_segment_campaign_id")),
        sa.PrimaryKeyConstraint("segment_id", name=op.f("pk_segment")),
        sa.UniqueConstraint("campaign_id", "code_key", name=op.f("uq_segment_campaign_id_code_key")),
        schema="core",
    )
    op.create_table(
        "service_run",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("state_id", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("heartbeat_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=True),
        sa.Column("counts", sa.UnicodeText(), nullable=True),
        sa.Column("log", sa.UnicodeText(), nullable=True),
        sa.Column("error", sa.Unicode(length=1000), nullable=True),
        sa.Column("worker", sa.Unicode(length=64), nullable=True),
        sa.Column("requested_by", sa.Unicode(length=200), nullable=True),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("attempt_no", sa.SmallInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["ops.service.service_id"], name=op.f("fk_service_run_service_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_service_run")),
        schema="ops",
    )
    op.create_index("ix_service_run_service_id", "service_run", ["service_id", "run_id"], unique=False, schema="ops")
    op.create_index("ix_service_run_state_id", "service_run", ["state_id", "service_id"], unique=False, schema="ops")
    op.create_table(
        "schedule",
        sa.Column("schedule_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Unicode(length=200), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["core.campaign.campaign_id"], name=op.f("fk_schedule_campaign_id")),
        sa.PrimaryKeyConstraint("schedule_id", name=op.f("pk_schedule")),
        schema="strategy",
    )
    op.create_index(op.f("ix_schedule_campaign_id"), "schedule", ["campaign_id"], unique=False, schema="strategy")
    op.create_table(
        "phone",
        sa.Column("phone_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("phone_type_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Unicode(length=20), nullable=False),
        sa.Column("number_raw", sa.Unicode(length=64), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("is_blocked", Bit(), server_default="0", nullable=False),
        sa.Column("blocked_at", UtcDateTime(), nullable=True),
        sa.Column("blocked_by", sa.Unicode(length=200), nullable=True),
        sa.Column("block_reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("is_do_not_call", Bit(), server_default="0", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_technical_result_id", sa.Integer(), nullable=True),
        sa.Column("last_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("hold_agent_result_id", sa.Integer(), nullable=True),
        sa.Column("waits_from", UtcDateTime(), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("dial_class_id", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["core.client.client_id"], name=op.f("fk_phone_client_id")),
        sa.PrimaryKeyConstraint("phone_id", name=op.f("pk_phone")),
        sa.UniqueConstraint("client_id", "number", name=op.f("uq_phone_client_id_number")),
        schema="core",
    )
    op.create_index(op.f("ix_phone_import_batch_id"), "phone", ["import_batch_id"], unique=False, schema="core")
    op.create_index(
        "ix_phone_list", "phone", ["campaign_id", "last_technical_result_id", "phone_id"], unique=False, schema="core"
    )
    op.create_index("ix_phone_number", "phone", ["number"], unique=False, schema="core")
    op.create_index("ix_phone_queue", "phone", ["dial_class_id", "waits_from", "phone_id"], unique=False, schema="core")
    op.create_table(
        "schedule_date",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("start_minute", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("end_minute", sa.SmallInteger(), nullable=False),
        sa.Column("is_excluded", Bit(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["strategy.schedule.schedule_id"], name=op.f("fk_schedule_date_schedule_id")
        ),
        sa.PrimaryKeyConstraint("schedule_id", "on_date", "start_minute", name=op.f("pk_schedule_date")),
        schema="strategy",
    )
    op.create_table(
        "schedule_period",
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("start_minute", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("end_minute", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["strategy.schedule.schedule_id"], name=op.f("fk_schedule_period_schedule_id")
        ),
        sa.PrimaryKeyConstraint("schedule_id", "weekday", "start_minute", name=op.f("pk_schedule_period")),
        schema="strategy",
    )
    op.create_table(
        "version",
        sa.Column("strategy_version_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("version_no", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Unicode(length=200), nullable=False),
        sa.Column("reason", sa.Unicode(length=1000), nullable=True),
        sa.Column("block_size", sa.Integer(), nullable=False),
        sa.Column("queue_depth", sa.Integer(), nullable=False),
        sa.Column("max_client_attempts", sa.SmallInteger(), nullable=True),
        sa.Column("max_day_attempts", sa.SmallInteger(), nullable=True),
        sa.Column("first_call_minutes", sa.Integer(), nullable=True),
        sa.Column("created_minutes", sa.Integer(), nullable=True),
        sa.Column("created_names_status", Bit(), server_default="0", nullable=False),
        sa.Column("client_most_first", Bit(), server_default="0", nullable=False),
        sa.Column("no_result_priority", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("attempts_position", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("result_position", sa.SmallInteger(), server_default="2", nullable=False),
        sa.Column("type_position", sa.SmallInteger(), server_default="3", nullable=False),
        sa.Column("phone_most_first", Bit(), server_default="0", nullable=False),
        sa.Column("leaf_mandatory", Bit(), server_default="0", nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["core.campaign.campaign_id"], name=op.f("fk_version_campaign_id")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["strategy.schedule.schedule_id"], name=op.f("fk_version_schedule_id")
        ),
        sa.PrimaryKeyConstraint("strategy_version_id", name=op.f("pk_version")),
        sa.UniqueConstraint("campaign_id", "version_no", name=op.f("uq_version_campaign_id_version_no")),
        schema="strategy",
    )
    op.create_table(
        "version_agent_result",
        sa.Column("strategy_version_id", sa.Integer(), nullable=False),
        sa.Column("agent_result_id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), nullable=True),
        sa.Column("delay_minutes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agent_result_id"],
            ["core.agent_result.agent_result_id"],
            name=op.f("fk_version_agent_result_agent_result_id"),
        ),
        sa.ForeignKeyConstraint(
            ["strategy_version_id"],
            ["strategy.version.strategy_version_id"],
            name=op.f("fk_version_agent_result_strategy_version_id"),
        ),
        sa.PrimaryKeyConstraint("strategy_version_id", "agent_result_id", name=op.f("pk_version_agent_result")),
        schema="strategy",
    )
    op.create_table(
        "version_phone_type",
        sa.Column("strategy_version_id", sa.Integer(), nullable=False),
        sa.Column("phone_type_id", sa.Integer(), nullable=False),
        sa.Column("is_dialled", Bit(), server_default="1", nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), nullable=True),
        sa.Column("weight", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["phone_type_id"], ["core.phone_type.phone_type_id"], name=op.f("fk_version_phone_type_phone_type_id")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["strategy.schedule.schedule_id"], name=op.f("fk_version_phone_type_schedule_id")
        ),
        sa.ForeignKeyConstraint(
            ["strategy_version_id"],
            ["strategy.version.strategy_version_id"],
            name=op.f("fk_version_phone_type_strategy_version_id"),
        ),
        sa.PrimaryKeyConstraint("strategy_version_id", "phone_type_id", name=op.f("pk_version_phone_type")),
        schema="strategy",
    )
    op.create_table(
        "version_technical_result",
        sa.Column("strategy_version_id", sa.Integer(), nullable=False),
        sa.Column("technical_result_id", sa.Integer(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("delay_minutes", sa.Integer(), nullable=True),
        sa.Column("counts_as_attempt", Bit(), nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_version_id"],
            ["strategy.version.strategy_version_id"],
            name=op.f("fk_version_technical_result_strategy_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["technical_result_id"],
            ["core.technical_result.technical_result_id"],
            name=op.f("fk_version_technical_result_technical_result_id"),
        ),
        sa.PrimaryKeyConstraint("strategy_version_id", "technical_result_id", name=op.f("pk_version_technical_result")),
        schema="strategy",
    )

    # SQL Server turns thousands of row locks into one of the table: everybody would wait for a load or a large batch.
    if op.get_bind().dialect.name == "mssql":
        for table in ("core.client", "core.phone", "dialing.record"):
            op.execute(f"ALTER TABLE {table} SET (LOCK_ESCALATION = DISABLE)")


def downgrade() -> None:
    op.drop_table("version_technical_result", schema="strategy")
    op.drop_table("version_phone_type", schema="strategy")
    op.drop_table("version_agent_result", schema="strategy")
    op.drop_table("version", schema="strategy")
    op.drop_table("schedule_period", schema="strategy")
    op.drop_table("schedule_date", schema="strategy")
    op.drop_table("phone", schema="core")
    op.drop_table("schedule", schema="strategy")
    op.drop_table("service_run", schema="ops")
    op.drop_table("segment", schema="core")
    op.drop_table("client", schema="core")
    op.drop_table("service", schema="ops")
    op.drop_table("result_batch", schema="dialing")
    op.drop_table("time_zone_offset", schema="core")
    op.drop_table("campaign", schema="core")
    op.drop_table("user_group", schema="access")
    op.drop_table("session", schema="access")
    op.drop_table("group_role", schema="access")
    op.drop_table("agent_action", schema="strategy")
    op.drop_table("sql_object", schema="ops")
    op.drop_table("setting", schema="ops")
    op.drop_table("service_schedule", schema="ops")
    op.drop_table("lease", schema="ops")
    op.drop_table("hold", schema="ops")
    op.drop_table("result_stage", schema="dialing")
    op.drop_table("record_returned", schema="dialing")
    op.drop_table("record", schema="dialing")
    op.drop_table("dialer", schema="dialing")
    op.drop_table("callback", schema="dialing")
    op.drop_table("block", schema="dialing")
    op.drop_table("work_set", schema="core")
    op.drop_table("work_outcome", schema="core")
    op.drop_table("work_client", schema="core")
    op.drop_table("time_zone", schema="core")
    op.drop_table("technical_result", schema="core")
    op.drop_table("phone_type", schema="core")
    op.drop_table("person", schema="core")
    op.drop_table("do_not_call", schema="core")
    op.drop_table("dial_class_change", schema="core")
    op.drop_table("dial_class", schema="core")
    op.drop_table("client_status", schema="core")
    op.drop_table("client_count_change", schema="core")
    op.drop_table("attempt_outcome", schema="core")
    op.drop_table("attempt", schema="core")
    op.drop_table("agent_result", schema="core")
    op.drop_table("import_template", schema="contacts")
    op.drop_table("import_row", schema="contacts")
    op.drop_table("import_reject", schema="contacts")
    op.drop_table("import_phone", schema="contacts")
    op.drop_table("import_log", schema="contacts")
    op.drop_table("import_batch", schema="contacts")
    op.drop_table("user", schema="access")
    op.drop_table("group", schema="access")
    op.drop_table("audit", schema="access")
    for schema in SCHEMAS:
        op.execute(DropSchema(schema))
