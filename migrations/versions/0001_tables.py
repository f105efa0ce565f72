"""Schemas and tables.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op
from sqlalchemy.schema import CreateSchema, DropSchema

from app.models import SCHEMAS, Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for schema in SCHEMAS:
        if schema != "ops":  # made before, for Alembic's own table
            op.execute(CreateSchema(schema))
    Base.metadata.create_all(op.get_bind())


def downgrade() -> None:
    Base.metadata.drop_all(op.get_bind())
    for schema in SCHEMAS:
        if schema != "ops":
            op.execute(DropSchema(schema))
