"""Users for the tests of screens, and a test client that behaves like a browser."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Connection, update

from app.auth import accounts
from app.auth.roles import PRESET_GROUPS
from app.models.access import User

PASSWORD = "Correct-horse-1"
ALL_ROLES = "administrator"


def add_user(connection: Connection, name: str, role: str, language: str = "en") -> int:
    """A user with the password PASSWORD, in the preset group of the role."""
    group = PRESET_GROUPS[0][0] if role == ALL_ROLES else role
    user_id, __ = accounts.add_user(connection, name, [group], "tests")
    accounts.set_password(connection, user_id, PASSWORD)
    connection.execute(update(User).where(User.user_id == user_id).values(language=language, time_zone="Europe/Moscow"))
    return user_id


class Browser:
    """A test client that sends the token against forgery as a page would."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def text(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.get_data(as_text=True))

    def token(self, at: str = "/account") -> str:
        """The token that stands in a page."""
        page = self.client.get(at).get_data(as_text=True)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found, f"no token in {at}"
        return found[1]

    def post(self, path: str, data: dict[str, Any] | None = None, *, at: str = "/account", **options: Any) -> Any:
        return self.client.post(path, data={"csrf_token": self.token(at), **(data or {})}, **options)

    def fetch(self, path: str, body: Any) -> Any:
        """A POST as the scripts of a page send it."""
        headers = {"X-CSRFToken": self.token(), "X-Requested-With": "fetch"}
        return self.client.post(path, json=body, headers=headers)
