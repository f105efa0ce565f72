"""A web application over a database of its own, with two campaigns that are dialled, and a user for each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from web_users import ALL_ROLES, PASSWORD, Browser, add_user

from app import clock
from app.auth import passwords
from app.auth.roles import ROLES
from app.database.engine import create_engine
from app.models.strategy import Campaign
from app.web import create_app


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> None:
    """The cost of argon2 is for attackers; the tests hash hundreds of passwords."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


@pytest.fixture(scope="session")
def scene_url(server: Any, template_url: str, _cheap_hashes: None) -> str:
    """The database that those of the files of tests are copied from: nobody may be connected to it."""
    url = str(server.create(template_url))
    if server.copies:
        _make_scene(url)
    return url


def _make_scene(url: str) -> None:
    engine = create_engine(url, "acm tests web")
    now = clock.now()
    with engine.begin() as connection:
        first = web_scene.campaign(connection, "ALPHA", "Первая", now - timedelta(hours=2), clients=300)
        web_scene.campaign(connection, "BETA", "Вторая", now - timedelta(hours=2), clients=20)
        web_scene.dial(connection, first, now, 12)
        for role in (*ROLES, ALL_ROLES):
            add_user(connection, role, role)
    engine.dispose()


@pytest.fixture(scope="module")
def web_engine(server: Any, scene_url: str) -> Iterator[Engine]:
    """The database of a file of tests: what one file leaves behind is not there for the next."""
    url = server.create(scene_url)
    if not server.copies:
        _make_scene(url)
    engine = create_engine(url, "acm tests web")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def app(web_engine: Engine) -> Flask:
    return create_app(web_engine, TESTING=True)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., Browser]:
    """`signed_in("reviewer")`: a browser in which the user with that role has signed in."""

    def make(role: str = ALL_ROLES, password: str = PASSWORD) -> Browser:
        browser = Browser(app.test_client())
        answer = browser.post("/sign-in", {"username": role, "password": password}, at="/sign-in")
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return browser

    return make


@pytest.fixture(scope="module")
def campaigns(web_engine: Engine) -> dict[str, int]:
    """Ids of the campaigns by code."""
    with web_engine.connect() as connection:
        return {row.code: row.campaign_id for row in connection.execute(select(Campaign.code, Campaign.campaign_id))}
