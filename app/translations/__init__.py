"""Catalogues of translations, read straight from their .po files, so that nothing has to be compiled or can be stale.

`scripts/translations` brings the catalogue in line with the code; tests/app/test_translations.py finds what is missing.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

FOLDER = Path(__file__).parent
LANGUAGES = ("ru", "en")


@lru_cache
def load(language: str) -> NullTranslations:
    """The catalogue of a language; for English, and for a language without one, texts stay as the code has them."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, language)
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return Translations(binary)
