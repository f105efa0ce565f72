"""Encryption of stored passwords with the key of the installation (ACM_SECRET_KEY)."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from app.errors import AcmError
from app.i18n import gettext as _
from app.settings import get_settings


def _fernet() -> Fernet:
    key = hashlib.sha256(b"acm stored passwords:" + get_settings().resolved_secret_key().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def encrypt(text: str) -> str:
    """The text encrypted, as ASCII."""
    return _fernet().encrypt(text.encode()).decode("ascii")


def decrypt(text: str) -> str:
    """The text that encrypt() was given. Raises AcmError when it was encrypted with another key."""
    try:
        return _fernet().decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise AcmError(
            _("A stored password cannot be read with the present key."),
            _("Set ACM_SECRET_KEY to the key it was stored with, or enter the password again."),
        ) from error
