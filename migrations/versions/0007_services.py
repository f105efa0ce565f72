"""The journal of services pages by any of its filters; who cancelled a run.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RUNS = "service_run"


def upgrade() -> None:
    op.add_column(RUNS, sa.Column("cancelled_by", sa.Unicode(200), nullable=True), schema="ops")
    # The run last: the newest of a state are read from the end of the index, however many there are.
    op.drop_index("ix_service_run_state_id", table_name=RUNS, schema="ops")
    op.create_index("ix_service_run_state_id", RUNS, ["state_id", "service_id", "run_id"], schema="ops")
    op.create_index("ix_service_run_campaign_id", RUNS, ["campaign_id", "run_id"], schema="ops")


def downgrade() -> None:
    op.drop_index("ix_service_run_campaign_id", table_name=RUNS, schema="ops")
    op.drop_index("ix_service_run_state_id", table_name=RUNS, schema="ops")
    op.create_index("ix_service_run_state_id", RUNS, ["state_id", "service_id"], schema="ops")
    op.drop_column(RUNS, "cancelled_by", schema="ops")
