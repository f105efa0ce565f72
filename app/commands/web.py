"""acm web: the web interface, by the WSGI server waitress."""

from __future__ import annotations

import socket

import click
from sqlalchemy import Engine

from app.errors import AcmError
from app.i18n import gettext as _
from app.log import get_logger, setup_logging
from app.settings import get_settings


@click.command()
@click.option("--host", help="Address to listen on (default: ACM_WEB_HOST, 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port (default: ACM_WEB_PORT, 8080; 0: any free one).")
def web(host: str | None, port: int | None) -> None:
    """Serve the web interface until Ctrl+C.

    On the first start, when there is no user yet, it makes the administrator `admin` and prints a one-time password.
    """
    import waitress

    from app.auth import first_administrator
    from app.database.engine import create_engine, wait_ready
    from app.frame import warm
    from app.web import create_app

    setup_logging("acm web")
    log = get_logger(__name__)
    settings = get_settings()
    engine = create_engine(program="acm web", pool_size=settings.web_threads)
    wait_ready(engine)
    _check_database(engine)
    app = create_app(engine)
    with engine.begin() as connection:
        password = first_administrator(connection)
    host = host or settings.web_host
    try:
        server = waitress.create_server(
            app, host=host, port=settings.web_port if port is None else port, threads=settings.web_threads, ident=None,
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"], channel_timeout=120,
        )  # fmt: skip
    except OSError as error:
        raise AcmError(
            _("The web interface cannot listen on %(host)s: %(reason)s.", host=host, reason=error.strerror or error),
            _("Choose another address or port: acm web --port 8081."),
        ) from error
    bound = server.effective_port if hasattr(server, "effective_port") else settings.web_port
    click.echo(_("The web interface: http://%(host)s:%(port)s", host=_shown(host), port=bound))
    if password:
        click.echo(_("First sign-in: user admin, one-time password %(password)s", password=password))
    log.info("web started", host=host, port=bound)
    warm.start(app)
    server.run()


def _shown(host: str) -> str:
    """The address as a browser on this machine reaches it."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it is only printed
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _check_database(engine: Engine) -> None:
    """Refuse a database that is behind this release, in one line instead of a failing page.

    What a DBA changed by hand is no reason to refuse.
    """
    from app.database.deploy import status
    from app.database.deploy.runner import CHANGED, MISSING

    state = status(engine)
    if state.revision != state.head or any(one.state in (CHANGED, MISSING) for one in state.objects):
        raise AcmError(_("The database is not at the state of this release."), _("Run `acm db upgrade`."))
