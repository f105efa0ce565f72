"""Campaigns that are limited to groups, keys of the external API, and indexes of the audit and of the list of sessions.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.models.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# name, its columns before at and audit_id
AUDIT = {
    "ix_audit_at": (),
    "ix_audit_username": ("username",),
    "ix_audit_action": ("action",),
    "ix_audit_object_type": ("object_type",),
    "ix_audit_object": ("object_type", "object_id"),
}
_setting = sa.table("setting", sa.column("name"), sa.column("value"), schema="ops")


def upgrade() -> None:
    op.create_table(
        "campaign_group",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["core.campaign.campaign_id"], name=op.f("fk_campaign_group_campaign_id")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["access.group.group_id"], name=op.f("fk_campaign_group_group_id")),
        sa.PrimaryKeyConstraint("campaign_id", "group_id", name=op.f("pk_campaign_group")),
        schema="access",
    )
    op.create_index(op.f("ix_campaign_group_group_id"), "campaign_group", ["group_id"], schema="access")
    op.create_table(
        "api_key",
        sa.Column("api_key_id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Unicode(length=200), nullable=False),
        sa.Column("key_hash", sa.Unicode(length=64), nullable=False),
        sa.Column("prefix", sa.Unicode(length=64), nullable=False),
        sa.Column("scopes", sa.Unicode(length=1000), nullable=False),
        sa.Column("addresses", sa.Unicode(length=1000), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.Unicode(length=200), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("last_address", sa.Unicode(length=64), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by", sa.Unicode(length=200), nullable=True),
        sa.PrimaryKeyConstraint("api_key_id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
        schema="access",
    )
    op.drop_index("ix_audit_at", table_name="audit", schema="access")
    op.drop_index("ix_audit_object", table_name="audit", schema="access")
    for name, columns in AUDIT.items():
        op.create_index(name, "audit", [*columns, "at", "audit_id"], schema="access")
    op.create_index(op.f("ix_session_started_at"), "session", ["started_at"], schema="access")
    # The row that is locked by who takes rights away (access.way_in_lock).
    op.bulk_insert(_setting, [{"name": "way_in_lock", "value": None}])


def downgrade() -> None:
    op.execute(_setting.delete().where(_setting.c.name == "way_in_lock"))
    op.drop_index(op.f("ix_session_started_at"), table_name="session", schema="access")
    for name in AUDIT:
        op.drop_index(name, table_name="audit", schema="access")
    op.create_index("ix_audit_object", "audit", ["object_type", "object_id"], schema="access")
    op.create_index("ix_audit_at", "audit", ["at"], schema="access")
    op.drop_table("api_key", schema="access")
    op.drop_table("campaign_group", schema="access")
