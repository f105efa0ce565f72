"""The database as the web application sees it: Flask-SQLAlchemy-Lite over the one engine of the process."""

from __future__ import annotations

import inspect

from flask import Flask
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import Engine

db = SQLAlchemy(require_default_engine=False)


def init_app(app: Flask, engine: Engine) -> None:
    """Give the application `engine`: `db.engine` for plain connections, `db.session` for Flask-Admin's lists."""
    db.init_app(app)
    # There are no async sessions to close: each request would start an event loop for nothing.
    app.teardown_appcontext_funcs[:] = [
        function for function in app.teardown_appcontext_funcs if not inspect.iscoroutinefunction(function)
    ]
    with app.app_context():
        # The extension makes its own engines from URLs; ours knows the embedded server and explains failures.
        db.engines["default"] = engine
        db.sessionmaker.configure(bind=engine)
