"""Texts for people: English in the code, Russian by default through the catalogue in app/translations."""

from __future__ import annotations

import gettext as _gettext
from functools import lru_cache
from pathlib import Path

from app.settings import get_settings

TRANSLATIONS = Path(__file__).parent / "translations"


@lru_cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    return _gettext.translation("messages", TRANSLATIONS, [language], fallback=True)


def gettext(message: str, **values: object) -> str:
    """The message in the request's language, or in the language of the installation outside of a request.

    `values` fill %(name)s placeholders after the translation.
    """
    from flask import has_request_context

    if has_request_context():
        from flask_babel import gettext as request_gettext

        return str(request_gettext(message, **values))
    text = _catalogue(get_settings().language).gettext(message)
    return text % values if values else text
