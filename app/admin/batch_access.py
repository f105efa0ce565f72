"""Which loads a user sees: those of campaigns that he sees, and those that he started."""

from __future__ import annotations

from typing import Any

from flask_login import current_user
from sqlalchemy import Connection, and_, or_

from app.auth import campaign_access
from app.models.importing import ImportBatch


def seen(connection: Connection, query: Any) -> Any:
    """The query, which reads contacts.import_batch, for the batches that the user sees.

    A batch without a campaign has one in each line, so that others see it only when no campaign is hidden from them.
    """
    if campaign_access.sees_all(connection):
        return query
    return query.where(
        or_(
            ImportBatch.campaign_id.in_(sorted(campaign_access.visible(connection))),
            and_(ImportBatch.campaign_id.is_(None), ImportBatch.created_by == current_user.username),
        )
    )
