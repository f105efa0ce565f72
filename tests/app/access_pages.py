"""What the tests of the screens of access share."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from sqlalchemy import Engine, select

from app.models.access import Audit, Group


def group_id(engine: Engine, name: str) -> int:
    """The id of a group by its Russian name."""
    with engine.connect() as connection:
        return int(connection.execute(select(Group.group_id).where(Group.name == name)).scalar_one())


def last_audit(engine: Engine, action: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The latest row of an action, with before and after as they were recorded."""
    with engine.connect() as connection:
        row = connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()
    return row, json.loads(row.before or "{}"), json.loads(row.after or "{}")


def secret(page: str) -> str:
    """What a page shows once."""
    found = re.search(r'id="secret" value="([^"]+)"', page)
    assert found, page
    return html.unescape(found[1])
