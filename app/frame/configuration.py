"""Flask's settings, from those of the installation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask

from app.settings import get_settings

#: The largest file that may be uploaded.
MAXIMUM_UPLOAD = 1024**3


def init_app(app: Flask, config: dict[str, Any]) -> None:
    """Sign cookies with the key of the installation, keep them from scripts and other sites."""
    settings = get_settings()
    app.config.update(
        SECRET_KEY=settings.resolved_secret_key(),
        SESSION_COOKIE_NAME="__Host-acm" if settings.web_secure_cookies else "acm_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.web_secure_cookies,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        MAX_CONTENT_LENGTH=MAXIMUM_UPLOAD,
        MAX_FORM_MEMORY_SIZE=2 * 1024**2,
        # The token lives as long as the session, which has its own limits.
        WTF_CSRF_TIME_LIMIT=None,
        # A token in a header of another origin is refused, behind TLS, by the referrer too.
        WTF_CSRF_SSL_STRICT=True,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.config.update(config)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
