"""The language of a page: the user's, else what the browser chose last, else the installation's. And its colours."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, abort, redirect, request
from flask_babel import Babel, Domain, get_locale
from flask_login import current_user
from sqlalchemy import update
from werkzeug.wrappers import Response

from app import translations
from app.database.web import db
from app.models.access import User
from app.settings import get_settings

THEMES = ("light", "dark")
_LANGUAGE_COOKIE = "acm_language"
_THEME_COOKIE = "acm_theme"
_SIDEBAR_COOKIE = "acm_sidebar"
_YEAR = 365 * 24 * 3600

blueprint = Blueprint("frame", __name__)


class _Catalogue(Domain):
    """The project's catalogue, read from its .po file."""

    def get_translations(self) -> Any:
        return translations.load(str(get_locale()))


class _Babel(Babel):
    @property
    def domain_instance(self) -> Domain:
        return _Catalogue()


def init_app(app: Flask) -> None:
    _Babel().init_app(app, default_locale=get_settings().language, locale_selector=language)
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"language": language(), "theme_name": theme(), "sidebar_narrow": _sidebar_narrow()})


def language() -> str:
    """ru or en, for this request."""
    asked = current_user.account.language if current_user and current_user.is_authenticated else None
    asked = asked or request.cookies.get(_LANGUAGE_COOKIE)
    return asked if asked in translations.LANGUAGES else get_settings().language


def theme() -> str:
    """light or dark, for this request; empty where the browser's own preference decides."""
    asked = request.cookies.get(_THEME_COOKIE, "")
    return asked if asked in THEMES else ""


def _sidebar_narrow() -> bool:
    return request.cookies.get(_SIDEBAR_COOKIE) == "narrow"


def local_address(address: str | None, otherwise: str = "/") -> str:
    """The address when it lies on this site, else `otherwise`: no redirect leads to another host."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or "\n" in address:
        return otherwise
    return address


@blueprint.post("/language/<code>")
def language_choice(code: str) -> Response:
    """Remember the language, for the browser and, when somebody is signed in, for the user."""
    if code not in translations.LANGUAGES:
        abort(404)
    if current_user.is_authenticated:
        with db.engine.begin() as connection:
            connection.execute(update(User).where(User.user_id == current_user.account.user_id).values(language=code))
    return _remember(_LANGUAGE_COOKIE, code)


@blueprint.post("/theme/<name>")
def theme_choice(name: str) -> Response:
    """Remember light or dark colours in the browser."""
    if name not in THEMES:
        abort(404)
    return _remember(_THEME_COOKIE, name)


@blueprint.post("/sidebar/<width>")
def sidebar_choice(width: str) -> Response:
    """Remember whether the sidebar shows names or only icons."""
    if width not in ("narrow", "wide"):
        abort(404)
    return _remember(_SIDEBAR_COOKIE, width)


def _remember(cookie: str, value: str) -> Response:
    response = redirect(local_address(request.form.get("next")))
    response.set_cookie(
        cookie, value, max_age=_YEAR, samesite="Lax", secure=get_settings().web_secure_cookies, httponly=True
    )
    return response
