"""That a client was promised a call is a fact of the dial classes of its phones.

Classes get the fact, and phones of clients with a promised call move to classes of their own. Classes are named as
strategy.phone_fact 3.0.0 does: the names of before, and whether a call is promised.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.models.base import Bit

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FACTS = (
    "campaign_id, segment_id, phone_type_id, zone_id, client_zone_id, load_priority, client_attempts, phone_attempts,"
    " client_technical_result_id, client_agent_result_id, limit_agent_result_id, limit_agent_attempts,"
    " phone_technical_result_id, phone_agent_result_id, hold_agent_result_id, bar_id, time_status_id, held_until,"
    " attempt_day, day_attempts, created_at"
)
# A call is promised while its callback waits (1) or is being made (2).
OF_PROMISED = "client_id IN (SELECT b.client_id FROM dialing.callback AS b WHERE b.state_id IN (1, 2))"
NEW_CLASSES = f"""
    INSERT INTO core.dial_class (facts_key, is_promised, {FACTS})
    SELECT CONCAT(d.facts_key, '.1'), 1, {FACTS}
    FROM core.dial_class AS d
    WHERE d.dial_class_id IN (SELECT p.dial_class_id FROM core.phone AS p WHERE p.{OF_PROMISED})
"""  # noqa: S608 - names of our own
# Before a move with -1, behind it with 1.
COUNT = f"""
    INSERT INTO core.dial_class_change (dial_class_id, phones)
    SELECT p.dial_class_id, {{sign}} * COUNT(*)
    FROM core.phone AS p
    WHERE p.dial_class_id > 0 AND p.{OF_PROMISED}
    GROUP BY p.dial_class_id
"""  # noqa: S608 - names of our own
# {name}: how the class is called that the phones of class d go to.
MOVE = f"""
    UPDATE core.phone
    SET dial_class_id = (
        SELECT n.dial_class_id
        FROM core.dial_class AS d
        JOIN core.dial_class AS n ON n.facts_key = {{name}}
        WHERE d.dial_class_id = core.phone.dial_class_id
    )
    WHERE {OF_PROMISED}
        AND dial_class_id IN (
            SELECT d.dial_class_id FROM core.dial_class AS d JOIN core.dial_class AS n ON n.facts_key = {{name}}
        )
"""  # noqa: S608 - names of our own
LEAVE_CLASS = """
    UPDATE core.dial_class
    SET facts_key = {name}
    WHERE is_promised = 1
        AND NOT EXISTS (SELECT 1 FROM core.dial_class AS n WHERE n.facts_key = {name})
"""


def upgrade() -> None:
    op.add_column("dial_class", sa.Column("is_promised", Bit(), server_default="0", nullable=False), schema="core")
    op.execute(NEW_CLASSES)
    _move("CONCAT(d.facts_key, '.1')")
    op.execute("UPDATE core.dial_class SET facts_key = CONCAT(facts_key, '.0') WHERE is_promised = 0")


def downgrade() -> None:
    """Phones go back to the classes of the same facts; a class that was the only one stays, under their name."""
    length = "LEN" if op.get_bind().dialect.name == "mssql" else "LENGTH"
    shorter = "SUBSTRING({key}, 1, " + length + "({key}) - 2)"
    op.execute(f"UPDATE core.dial_class SET facts_key = {shorter.format(key='facts_key')} WHERE is_promised = 0")  # noqa: S608
    op.execute(LEAVE_CLASS.format(name=shorter.format(key="core.dial_class.facts_key")))
    _move(shorter.format(key="d.facts_key") + " AND d.is_promised = 1")
    op.drop_column("dial_class", "is_promised", schema="core", mssql_drop_default=True)


def _move(name: str) -> None:
    op.execute(COUNT.format(sign=-1))
    op.execute(MOVE.format(name=name))
    op.execute(COUNT.format(sign=1))
