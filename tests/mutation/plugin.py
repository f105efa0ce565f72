"""For `pytest -p mutation.plugin`: the tests run in the deployed database that ACM_TEST_DATABASE_URL names."""

from __future__ import annotations

import os
from typing import Any

import pytest

URL = os.environ.get("ACM_TEST_DATABASE_URL", "")


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Any:
    """The database in place of one that the run would make; no server is started for it."""
    if fixturedef.argname not in ("server", "template_url", "database_url"):
        return None
    fixturedef.cached_result = (URL, fixturedef.cache_key(request), None)
    return URL
