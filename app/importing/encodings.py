"""Encodings of files: UTF-8 with or without BOM, CP1251, KOI8-R, told or found out from the bytes.

UTF-8 proves itself by its form. Between the two others the letters decide: read in the wrong one of them, Russian text
turns into letters that Russian hardly uses, and capitals stand inside of words.
"""

from __future__ import annotations

import math
import re

from app.errors import AcmError
from app.i18n import gettext as _

UTF8, CP1251, KOI8R = "utf-8", "cp1251", "koi8-r"
NAMES = {UTF8: "UTF-8", CP1251: "CP1251", KOI8R: "KOI8-R"}
_ALIASES = {
    "utf8": UTF8, "utf8sig": UTF8, "utf8bom": UTF8,
    "cp1251": CP1251, "windows1251": CP1251, "win1251": CP1251, "1251": CP1251,
    "koi8r": KOI8R, "koi8": KOI8R,
}  # fmt: skip

# How often Russian uses its letters, in per mille (National Corpus of the Russian Language).
_FREQUENCY = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        (110, 84, 80, 74, 67, 63, 55, 47, 45, 44, 35, 32, 30, 28, 26, 20, 19, 17, 17, 16, 16, 14, 12, 10, 9, 7, 6, 5, 4,
         3, 3, 0.4, 0.1),
        strict=True,
    )
)  # fmt: skip
_SCORE = {letter: math.log(share / 1000) for letter, share in _FREQUENCY.items()}
_STRANGE = math.log(0.00002)  # of a letter or sign that Russian text does not have
_BROKEN_WORD = re.compile(r"[а-яё][А-ЯЁ]")
#: Below this a letter, text is not Russian in this encoding (Russian scores about -3, the other encoding below -4).
_NOT_RUSSIAN = -5.0


def canonical_encoding(name: str) -> str:
    """`utf-8`, `cp1251` or `koi8-r` for any usual name of it. Raises AcmError for other encodings."""
    found = _ALIASES.get(re.sub(r"[^a-z0-9]", "", name.lower()))
    if found is None:
        raise AcmError(
            _("The encoding %(name)s is not supported.", name=name),
            _("Encodings: %(names)s.", names=", ".join(NAMES.values())),
        )
    return found


def guess_single_byte(sample: bytes) -> tuple[str | None, float]:
    """CP1251 or KOI8-R, whichever makes Russian of the bytes, and by how much a letter (natural logarithm).

    None when neither does.
    """
    letters = bytes(byte for byte in sample if byte > 127)
    if not letters:
        return None, 0.0
    score = {name: _likelihood(sample, name, len(letters)) for name in (CP1251, KOI8R)}
    best, other = (CP1251, KOI8R) if score[CP1251] >= score[KOI8R] else (KOI8R, CP1251)
    if score[best] < _NOT_RUSSIAN:
        return None, 0.0
    return best, score[best] - score[other]


def _likelihood(sample: bytes, encoding: str, letters: int) -> float:
    text = sample.decode(encoding, "replace")
    total = sum(_SCORE.get(letter, _STRANGE) for letter in text.lower() if letter > "\x7f")
    return (total + _STRANGE * len(_BROKEN_WORD.findall(text))) / letters


def utf8_share(sample: bytes) -> float:
    """Which share of the lines with letters beyond ASCII is UTF-8. The sample may begin and end inside of a line."""
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    if len(lines) > 2:
        lines = lines[1:-1]
    if not lines:
        return 1.0
    valid = 0
    for line in lines:
        try:
            line.decode(UTF8)
            valid += 1
        except UnicodeDecodeError:
            pass
    return valid / len(lines)
