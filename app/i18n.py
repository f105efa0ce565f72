"""Texts for people: English in the code, Russian by default through the catalogue in app/translations."""

from __future__ import annotations

from app import translations
from app.settings import get_settings


def gettext(message: str, **values: object) -> str:
    """The message in the request's language, or in the language of the installation outside of a request.

    `values` fill %(name)s placeholders after the translation.
    """
    from flask import current_app, has_request_context

    if has_request_context() and "babel" in current_app.extensions:
        from flask_babel import gettext as request_gettext

        return str(request_gettext(message, **values))
    text = translations.load(get_settings().language).gettext(message)
    return text % values if values else text


def mark(message: str) -> str:
    """The message itself, marked for the catalogue; whoever shows it translates it."""
    return message
