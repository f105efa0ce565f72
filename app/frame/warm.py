"""What a process that serves does once, before somebody waits for it."""

from __future__ import annotations

import threading

from flask import Flask


def compile_templates(app: Flask) -> None:
    """Compile the pages: whoever opened one first would wait a twentieth of a second longer for it."""
    for name in app.jinja_env.list_templates(filter_func=lambda one: one.startswith("screens/")):
        app.jinja_env.get_template(name)


def start(app: Flask) -> None:
    """The same beside the first requests."""
    threading.Thread(target=compile_templates, args=(app,), daemon=True, name="warm").start()
