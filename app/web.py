"""The web application: `create_app()` is the list of its parts."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_wtf import CSRFProtect
from sqlalchemy import Engine

from app import admin
from app.auth import sessions
from app.auth import views as auth_views
from app.database import web as database
from app.database.engine import create_engine
from app.frame import assets, configuration, errors, formats, headers, health, inputs, languages


def create_app(engine: Engine | None = None, **config: Any) -> Flask:
    """The application over `engine` (default: the database of the installation). `config` overrides Flask's own."""
    app = Flask(__name__)
    configuration.init_app(app, config)
    database.init_app(app, engine or create_engine(program="acm web"))
    headers.init_app(app)
    CSRFProtect(app)
    languages.init_app(app)
    inputs.init_app(app)
    formats.init_app(app)
    assets.init_app(app)
    sessions.init_app(app)
    auth_views.init_app(app)
    health.init_app(app)
    errors.init_app(app)
    admin.init_app(app)
    return app
