"""Headers of every answer: a strict Content-Security-Policy with a nonce, and the rest of a hardened site.

Nothing comes from another host, no script or style runs inline without the nonce, and no page may be framed.
"""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

from app.settings import get_settings

_YEAR = 365 * 24 * 3600


def nonce() -> str:
    """The nonce of this request."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def init_app(app: Flask) -> None:
    app.jinja_env.globals["csp_nonce"] = nonce
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers = response.headers
    token = nonce()
    headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; "
        f"script-src 'self' 'nonce-{token}'; style-src 'self' 'nonce-{token}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
    )
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("X-Frame-Options", "DENY")
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if get_settings().web_secure_cookies:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
    if request.endpoint and request.endpoint.endswith("static"):
        # Addresses of assets carry a version, so that a browser may keep them.
        if "v" in request.args:
            headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    else:
        headers["Cache-Control"] = "no-store"
    headers["Server"] = "acm"
    return response
