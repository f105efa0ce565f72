"""Passwords: argon2 hashes, one-time passwords, and what a new password must be."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.i18n import mark

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 256

_hasher = PasswordHasher()
_nobody: str | None = None

# Letters and digits that are not mistaken for each other when they are copied from a terminal.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def hash_password(password: str) -> str:
    """The argon2 hash to store."""
    return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one.

    Without a stored hash (no such user, or one of Active Directory) a hash is checked all the same, so that the answer
    takes as long and does not tell which names exist.
    """
    global _nobody
    if not stored:
        _nobody = _nobody or _hasher.hash(secrets.token_hex())
        stored, password = _nobody, "\0"
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def one_time_password() -> str:
    """A password of 20 random letters and digits (116 bits), in groups of five."""
    letters = [secrets.choice(_ALPHABET) for _ in range(20)]
    return "-".join("".join(letters[start : start + 5]) for start in range(0, 20, 5))


def password_fault(password: str, username: str, old: str = "") -> str | None:
    """Why a new password is refused (a msgid with %(count)d), or None."""
    if len(password) < MINIMUM_LENGTH:
        return mark("The password must have at least %(count)d characters.")
    if len(password) > MAXIMUM_LENGTH:
        return mark("The password is too long.")
    if len(set(password)) < 4:
        return mark("The password must have at least four different characters.")
    if username and username.casefold() in password.casefold():
        return mark("The password must not contain the user name.")
    if old and password == old:
        return mark("The new password must differ from the old one.")
    return None
