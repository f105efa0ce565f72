"""What a screen takes from the request to the last byte, over HTTP (issue of the web interface: under half a second).

The worst of some requests counts, so that the first one, with its plans and caches still to be made, is among them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import waitress.server
from sqlalchemy import Connection, Engine, text

from app.auth import accounts
from app.auth.roles import PRESET_GROUPS
from app.clock import VirtualClock
from app.database.engine import create_engine
from app.frame import warm
from app.web import create_app
from benchmarks.base import NOW
from benchmarks.place import Place
from benchmarks.report import Row, at_most

MOST_MILLISECONDS = 500.0
REQUESTS = 5
USER, PASSWORD = "bench", "Bench-password-1"


def measure(place: Place) -> Iterator[Row]:
    """Each list, its filters and a page in the middle of it, the monitor, the card, the explanations."""
    engine = create_engine(place.server.url(place.database), "acm bench web")
    try:
        with engine.begin() as connection:
            user_id, __ = accounts.add_user(connection, USER, [PRESET_GROUPS[0][0]], "bench")
            accounts.set_password(connection, user_id, PASSWORD)
            addresses = _addresses(connection, place.base.campaign_ids[0])
        with _site(engine) as browser:
            for name, path in addresses.items():
                yield at_most(f"screen: {name}", place.name, max(_times(browser, path)), MOST_MILLISECONDS)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM access.session WHERE user_id = :id"), {"id": user_id})
            connection.execute(text("DELETE FROM access.user_group WHERE user_id = :id"), {"id": user_id})
            connection.execute(text("DELETE FROM access.audit WHERE username = :name"), {"name": USER})
            connection.execute(text('DELETE FROM access."user" WHERE user_id = :id'), {"id": user_id})
    finally:
        engine.dispose()


def _addresses(connection: Connection, campaign_id: int) -> dict[str, str]:
    """The screens of one campaign, with filters that have something to find."""
    row: Any = connection.execute(
        text(
            "SELECT p.phone_id, p.number, p.last_technical_result_id AS result_id, c.client_id, c.client_code,"
            " c.segment_id, c.status_id, e.crm_id"
            " FROM core.phone AS p JOIN core.client AS c ON c.client_id = p.client_id"
            " LEFT JOIN core.person AS e ON e.person_id = c.person_id"
            " WHERE p.phone_id = (SELECT MIN(x.phone_id) FROM core.phone AS x"
            " WHERE x.campaign_id = :id AND x.last_technical_result_id IS NOT NULL"
            " AND x.phone_id > (SELECT MAX(y.phone_id) / 2 FROM core.phone AS y))"
        ),
        {"id": campaign_id},
    ).one()
    contacts, clients = f"/contacts/{campaign_id}/", f"/clients/{campaign_id}/"
    return {
        "all campaigns": "/",
        "all campaigns, live": "/overview.json",
        "list of campaigns": "/campaigns/",
        "monitor": f"/monitor/{campaign_id}/",
        "monitor, live": f"/monitor/{campaign_id}/monitor.json?span=day",
        "contacts": contacts,
        "contacts, from the middle": f"{contacts}?after={row.phone_id}&size=200",
        "contacts of a segment": f"{contacts}?segment={row.segment_id}",
        "contacts of a status": f"{contacts}?status={row.status_id}",
        "contacts with a result": f"{contacts}?result={row.result_id}",
        "contacts by all filters": f"{contacts}?segment={row.segment_id}&status=2&result={row.result_id}&number=79",
        "contacts by the beginning of a number": f"{contacts}?number={row.number[:5]}",
        "contacts by the beginning of a form number": f"{contacts}?code={row.client_code[:2]}",
        "clients": clients,
        "clients, from the middle": f"{clients}?after={row.client_id}",
        "clients by a form number": f"{clients}?q={row.client_code}",
        "clients by an ID in CRM": f"{clients}?q={row.crm_id or row.client_code}",
        "clients by the beginning of a number": f"{clients}?q={row.number[:6]}",
        "card of a client": f"/client/{campaign_id}/{row.client_id}/",
        "why a phone is not dialled": f"/contacts/{campaign_id}/phones/{row.phone_id}/explain",
        "segments": f"/segments/{campaign_id}/",
        "strategy": f"/strategy/{campaign_id}/",
        "import journal": "/journals/import/",
    }


def _times(browser: _Browser, path: str) -> list[float]:
    """Milliseconds of each request. A page that is not there is no measurement."""
    times = []
    for _turn in range(REQUESTS):
        began = time.perf_counter()
        answer = browser.get(path)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}")
    return times


class _Browser:
    """A signed-in session over one kept connection."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.session = requests.Session()
        self.session.post(f"{root}/sign-in", {"username": USER, "password": PASSWORD}, timeout=60)

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.root}{path}", timeout=120, allow_redirects=False)


@contextmanager
def _site(engine: Engine) -> Iterator[_Browser]:
    """The web interface over the base, on a free port, at the moment that the base is of."""
    before = os.environ.get("ACM_CLOCK")
    os.environ["ACM_CLOCK"] = str(VirtualClock(NOW, time.time(), 1e-6))
    app = create_app(engine, WTF_CSRF_ENABLED=False)
    warm.compile_templates(app)
    server = waitress.server.create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield _Browser(f"http://127.0.0.1:{server.effective_port}")
    finally:
        server.close()
        if before is None:
            del os.environ["ACM_CLOCK"]
        else:
            os.environ["ACM_CLOCK"] = before
