"""What was lifted from the do-not-call list, and of the numbers blocked everywhere, is found by its moment.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_do_not_call_lifted_at", "do_not_call", ["lifted_at", "do_not_call_id"], schema="core")
    op.create_index("ix_number_block_lifted_at", "number_block", ["lifted_at", "number_block_id"], schema="core")


def downgrade() -> None:
    op.drop_index("ix_number_block_lifted_at", table_name="number_block", schema="core")
    op.drop_index("ix_do_not_call_lifted_at", table_name="do_not_call", schema="core")
