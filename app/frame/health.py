"""Two addresses for whoever watches the process: it lives, and it can work."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database.web import db
from app.errors import AcmError

blueprint = Blueprint("health", __name__, url_prefix="/health")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


@blueprint.get("/live")
def live() -> Response:
    """200 as long as the process answers."""
    return jsonify(status="ok")


@blueprint.get("/ready")
def ready() -> tuple[Response, int]:
    """200 when the database answers, else 503. Says nothing about why: that is in the log."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except (AcmError, DBAPIError):
        return jsonify(status="no database"), 503
    return jsonify(status="ok"), 200
