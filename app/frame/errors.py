"""Pages for what goes wrong: in the user's language, with what to do next, never with a traceback."""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from app.auth.sessions import wants_json
from app.database.engine import DatabaseUnavailable
from app.errors import AcmError
from app.log import get_logger

log = get_logger(__name__)

_TITLES: dict[int, Any] = {
    400: lazy_gettext("The request cannot be understood"),
    403: lazy_gettext("You have no right to this"),
    404: lazy_gettext("There is no such page"),
    405: lazy_gettext("This cannot be done here"),
    409: lazy_gettext("This cannot be done now"),
    413: lazy_gettext("The file is too large"),
    429: lazy_gettext("Too many requests"),
    500: lazy_gettext("Something went wrong"),
    503: lazy_gettext("The database does not answer"),
}
_HINTS: dict[int, Any] = {
    400: lazy_gettext("Go back and try again."),
    403: lazy_gettext("A security administrator gives rights: ask for a group that has the role you need."),
    404: lazy_gettext("It may have been removed, or the address has a mistake."),
    405: lazy_gettext("Go back and try again."),
    413: lazy_gettext("Split the file into parts."),
    429: lazy_gettext("Wait a minute and try again."),
    500: lazy_gettext("The failure is in the log. Try again; if it stays, tell the administrator the time."),
    503: lazy_gettext("Nothing is lost. Try again in a minute."),
}


def init_app(app: Flask) -> None:
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DatabaseUnavailable, _no_database)
    app.register_error_handler(AcmError, _refused)
    app.register_error_handler(Exception, _failed)


def answer(status: int, title: str, hint: str = "") -> tuple[Any, int]:
    """An error as a page, or as JSON where a script asks."""
    if wants_json():
        return jsonify(error=title, hint=hint), status
    try:
        return render_template("error.html", status=status, title=title, hint=hint), status
    except Exception:  # the page itself needs what has failed, such as the database that knows the user
        if status < 500:
            raise
        return render_template("error_bare.html", status=status, title=title, hint=hint), status


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    return answer(status, str(_TITLES.get(status, error.name)), str(_HINTS.get(status, "")))


def _csrf(error: CSRFError) -> Any:
    return answer(400, _("The page was open for too long"), _("Open it again and repeat what you did."))


def _no_database(error: DatabaseUnavailable) -> Any:
    log.error("no database", path=request.path, error=str(error))
    return _http(ServiceUnavailable())


def _refused(error: AcmError) -> Any:
    return answer(409, error.message, error.hint)


def _failed(error: Exception) -> Any:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        log.error("database connection lost", path=request.path)
        return _http(ServiceUnavailable())
    log.exception("request failed", path=request.path, method=request.method)
    return _http(InternalServerError())
