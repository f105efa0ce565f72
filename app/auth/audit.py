"""The audit: one row for every change that a person makes, sign-in and sign-out included."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import has_request_context, request
from flask_login import current_user
from sqlalchemy import Connection, insert

from app import clock
from app.models.access import Audit


def record(
    connection: Connection,
    action: str,
    object_type: str,
    object_id: object = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    username: str | None = None,
) -> None:
    """Write who did what from where, in the transaction of the change itself.

    `username` is needed where nobody is signed in. Never give secrets in `before` and `after`.
    """
    address = None
    if has_request_context():
        address = request.remote_addr
        username = username or getattr(current_user, "username", None)
    connection.execute(
        insert(Audit).values(
            at=clock.now(), username=(username or "?")[:200], address=address, action=action,
            object_type=object_type, object_id=None if object_id is None else str(object_id)[:64],
            before=_json(before), after=_json(after),
        )
    )  # fmt: skip


def _json(values: Mapping[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(dict(values), ensure_ascii=False, default=str)
