"""The HTTP server of the simulated contact centre."""

from __future__ import annotations

import hmac
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, request
from waitress.server import create_server
from werkzeug.exceptions import HTTPException

from app.database.engine import create_engine
from app.errors import AcmError
from app.i18n import gettext as _
from app.simulator import callbacks, campaigns, control, directory, imports
from app.simulator.answers import ApiError, Refusal, error_body, xml
from app.simulator.centre import DATABASE_ERRORS, ContactCentre, centre
from app.simulator.engine import Engine
from app.simulator.settings import SimulatorSettings

log = logging.getLogger(__name__)


def create_app(contact_centre: ContactCentre, engine: Engine) -> Flask:
    """The Flask application with Cisco's resources and the control resource."""
    app = Flask(__name__, static_folder=None)
    app.extensions["contact_centre"] = contact_centre
    app.extensions["simulated_engine"] = engine
    for module in (campaigns, imports, callbacks, directory, control):
        app.register_blueprint(module.blueprint)
    app.before_request(_authenticate)
    app.before_request(_strike_before)
    app.after_request(_strike_after)
    app.register_error_handler(Refusal, _refusal)
    app.register_error_handler(HTTPException, _http_error)
    for error in DATABASE_ERRORS:
        app.register_error_handler(error, _database_error)
    return app


def _is_control() -> bool:
    return request.path.startswith(control.blueprint.url_prefix or "")


def _authenticate() -> Response | None:
    settings = centre().settings
    given = request.authorization
    users = {settings.user: "administrator", settings.supervisor: "supervisor"}
    password = settings.password.get_secret_value().encode()
    known = given is not None and given.type == "basic" and given.username in users
    if not known or not hmac.compare_digest((given.password or "").encode(), password):  # type: ignore[union-attr]
        return Response("Unauthorized", 401, {"WWW-Authenticate": 'Basic realm="unifiedconfig"'})
    g.role = users[given.username]  # type: ignore[union-attr,index]
    return None


def _wait(here: ContactCentre, seconds: float) -> None:
    """Keep a request waiting, until the faults are taken off or the server stops."""
    here.release.clear()
    until = time.monotonic() + seconds
    while time.monotonic() < until and not here.stopping.is_set() and not here.release.is_set():
        here.release.wait(min(0.2, max(until - time.monotonic(), 0)))


def _strike_before() -> Response | None:
    if _is_control():
        return None
    here, path, method = centre(), request.path, request.method
    strike = here.faults.strike
    if fault := strike("slow", path, method):
        _wait(here, fault.seconds)
    if fault := strike("hang", path, method):
        _wait(here, fault.seconds)
        return Response(status=504)
    if strike("unauthorized", path, method):
        return Response("Unauthorized", 401, {"WWW-Authenticate": 'Basic realm="unifiedconfig"'})
    if strike("busy", path, method):
        return xml(error_body([imports.AT_CAPACITY]), 503)
    if strike("error500", path, method):
        return xml(error_body([ApiError("serverError", "Internal Server Error")]), 500)
    if strike("garbage", path, method):
        return Response("<html><body><h1>Maintenance<br></body>", content_type="text/html")
    return None


def _strike_after(response: Response) -> Response:
    if _is_control() or not response.status.startswith("2"):
        return response
    here = centre()
    if fault := here.faults.strike("hang_after", request.path, request.method):
        _wait(here, fault.seconds)
    if here.faults.strike("error500_after", request.path, request.method):
        return xml(error_body([ApiError("serverError", "Internal Server Error")]), 500)
    return response


def _refusal(refusal: Refusal) -> Response:
    return xml(error_body(refusal.errors), refusal.status)


def _http_error(error: HTTPException) -> Response:
    if _is_control():
        return Response(f"{error.code} {error.name}\n", error.code or 500, content_type="text/plain")
    return xml(error_body([ApiError("serverError", error.name)]), error.code or 500)


def _database_error(error: Exception) -> Response:
    log.warning("the simulator's database does not answer: %s", type(error).__name__)
    return xml(error_body([ApiError("serverError", "Internal Server Error")]), 500)


class _Listener:
    """waitress in a thread, which can stop listening and begin again on the same port."""

    def __init__(self, app: Flask, host: str, port: int, threads: int) -> None:
        self._app, self._host, self._threads = app, host, threads
        self.port = port
        self._open()

    def _open(self) -> None:
        try:
            self._server: Any = self._create()
        except OSError as error:
            raise AcmError(
                _("The simulator cannot listen on %(host)s:%(port)s: %(reason)s.",
                  host=self._host, port=self.port, reason=error.strerror),
                _("Give another --port, or end what listens there."),
            ) from error  # fmt: skip
        self.port = self._server.effective_port
        self._thread = threading.Thread(target=self._serve, args=(self._server,), name="simulator http", daemon=True)
        self._thread.start()

    def _create(self) -> Any:
        return create_server(
            self._app,
            host=self._host,
            port=self.port,
            threads=self._threads,
            ident="unifiedconfig",
            clear_untrusted_proxy_headers=True,
        )

    @staticmethod
    def _serve(server: Any) -> None:
        try:
            server.run()
        except OSError as error:  # its socket was closed under it, as asked
            log.debug("the listener ended: %s", error)

    def close(self) -> None:
        """Stop listening; connections that are open are closed."""
        server = self._server

        def end() -> None:  # in the server's own thread, whose loop ends when nothing is open any more
            for channel in list(server.active_channels.values()):
                channel.close()
            server.close()

        server.trigger.pull_trigger(end)
        self._thread.join(timeout=5)
        server.task_dispatcher.shutdown(timeout=1)

    def reopen(self) -> None:
        """Listen on the same port again."""
        self._open()


class Simulator:
    """A contact centre that runs: its server listens, its dialer dials. A context manager; `close` ends both."""

    def __init__(self, centre: ContactCentre, runs_by_itself: bool = True) -> None:
        self.centre = centre
        self.engine = Engine(centre)
        settings = centre.settings
        app = create_app(centre, self.engine)
        self._listener = _Listener(app, settings.host, settings.port, settings.threads)
        try:
            self.engine.start(in_thread=runs_by_itself)
        except BaseException:
            self._listener.close()
            raise
        self._watch = threading.Thread(target=self._watch_refusals, name="simulator watch", daemon=True)
        self._watch.start()

    @property
    def base_url(self) -> str:
        """Where a client connects to."""
        return f"http://{self.centre.settings.host}:{self._listener.port}"

    def _watch_refusals(self) -> None:
        """Stop listening for a while when the fault `refuse` asks for it."""
        while not self.centre.stopping.wait(0.1):
            seconds, self.centre.refuse_for = self.centre.refuse_for, 0.0
            if seconds:
                self._listener.close()
                self.centre.stopping.wait(seconds)
                if not self.centre.stopping.is_set():
                    self._listener.reopen()

    def wait(self) -> None:
        """Until it is closed."""
        while not self.centre.stopping.wait(1):
            pass

    def close(self) -> None:
        """Stop dialling and listening. Records at the dialer are unknown at the next start, as after any stop."""
        self.engine.stop()
        self._watch.join(timeout=10)
        self._listener.close()
        self.centre.engine.dispose()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def create_simulator(
    database_url: str,
    *,
    now: Callable[[], datetime] | None = None,
    settings: SimulatorSettings | None = None,
    runs_by_itself: bool = True,
    **values: Any,
) -> Simulator:
    """Start a simulated contact centre in this process.

    `database_url` is a SQLAlchemy URL of a database for it alone; `now` replaces the application's clock (naive UTC).
    `settings`, or single settings by name (`agents=30, seed=7, port=0`), say what it is like. With `runs_by_itself`
    off nobody dials until the caller steps the dialer: `simulator.engine.dialer.step()`.
    """
    settings = settings or SimulatorSettings(**{"port": 0, **values})
    engine = create_engine(database_url, program="acm simulator")
    return Simulator(ContactCentre(engine, settings, now), runs_by_itself)


def serve(settings: SimulatorSettings) -> Simulator:
    """Start what `settings` describe; the caller waits for it and closes it."""
    return create_simulator(settings.database_url.get_secret_value(), settings=settings)
