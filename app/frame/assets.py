"""Addresses of static files with their version, and icons that stand in the page itself."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from flask import Flask, url_for
from markupsafe import Markup

_STATIC = Path(__file__).parent.parent / "static"
_ICONS = _STATIC / "vendor" / "lucide"


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(asset=asset, icon=icon)
    if app.debug:
        app.before_request(_version.cache_clear)


def asset(name: str) -> str:
    """The address of a file under app/static, with a version that changes with its content."""
    return url_for("static", filename=name, v=_version(name))


@lru_cache
def icon(name: str, label: str = "") -> Markup:
    """A Lucide icon as SVG. With a label it is an image with that name, without one it is decoration."""
    source = (_ICONS / f"{name}.svg").read_text()
    inner = re.sub(r"\s+", " ", source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]).strip()
    spoken = Markup(' role="img" aria-label="{}"').format(label) if label else Markup(' aria-hidden="true"')
    return Markup(
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round"{}>{}</svg>'
    ).format(spoken, Markup(inner))  # noqa: S704 - our own files


@lru_cache
def _version(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]
