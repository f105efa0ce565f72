"""Keys of the external API: shown once, kept as a hash, good only while and where they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from access_pages import last_audit, secret
from sqlalchemy import Connection, Engine, select, update
from web_users import Browser

from app import clock
from app.auth import api_keys
from app.auth.api_keys import AddressError, check, make, parse_networks
from app.auth.scopes import SCOPES
from app.models.access import ApiKey, Audit

LIST = "/access/keys/"


@pytest.fixture
def admin(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("security_administrator")


@pytest.fixture
def connection(web_engine: Engine) -> Any:
    with web_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def test_a_key_is_known_by_itself_alone(connection: Connection) -> None:
    key_id, key = make(connection, "CRM", ["tasks:load", "clients:read"], "tests")
    found = check(connection, key, "10.0.0.1")
    assert found is not None
    assert (found.api_key_id, found.name, found.scopes) == (key_id, "CRM", {"tasks:load", "clients:read"})
    assert found.may("tasks:load") and not found.may("phones:block")
    with pytest.raises(KeyError):
        found.may("tasks:destroy")
    for wrong in ("", key[:-1], key + "x", key.upper(), "acm_", "acm_" + "A" * 43, "\udce9"):
        assert check(connection, wrong, "10.0.0.1") is None
    row = api_keys.read(connection, key_id)
    assert key not in str(row) and key.startswith(row.prefix) and len(row.prefix) == 12
    assert api_keys._hash(key) == row.key_hash
    assert check(connection, row.key_hash, "10.0.0.1") is None


def test_it_ends_with_its_time_and_when_it_is_revoked(connection: Connection) -> None:
    soon, late = clock.real_now() + timedelta(minutes=5), clock.real_now() - timedelta(seconds=1)
    first, key = make(connection, "A", ["tasks:load"], "tests", expires_at=soon)
    assert check(connection, key, None) is not None
    connection.execute(update(ApiKey).where(ApiKey.api_key_id == first).values(expires_at=late))
    assert check(connection, key, None) is None
    second, other = make(connection, "B", ["tasks:load"], "tests")
    assert check(connection, other, None) is not None
    assert api_keys.revoke(connection, second, "tests") and not api_keys.revoke(connection, second, "others")
    assert check(connection, other, None) is None
    assert api_keys.read(connection, second).revoked_by == "tests"


@pytest.mark.parametrize(
    ("address", "is_good"),
    [
        ("10.1.2.3", True), ("10.2.0.1", False), ("192.168.0.7", True), ("192.168.0.8", False),
        ("::ffff:10.1.2.3", True), ("2001:db8::5", True), ("2001:db9::5", False), (None, False), ("unknown", False),
    ],
)  # fmt: skip
def test_it_is_taken_from_its_networks_only(connection: Connection, address: str | None, is_good: bool) -> None:
    __, key = make(
        connection, "N", ["tasks:load"], "tests", networks=parse_networks("10.1.0.0/16, 192.168.0.7\n2001:db8::/32")
    )
    assert (check(connection, key, address) is not None) is is_good


def test_the_last_use_is_written_once_a_minute(connection: Connection) -> None:
    key_id, key = make(connection, "U", ["tasks:load"], "tests")

    def used() -> Any:
        row = api_keys.read(connection, key_id)
        return row.last_used_at, row.last_address

    assert used() == (None, None)
    check(connection, key, "10.0.0.1")
    first = used()
    assert first[1] == "10.0.0.1" and first[0] is not None
    check(connection, key, "10.0.0.1")
    assert used() == first
    check(connection, key, "10.0.0.2")
    assert used()[1] == "10.0.0.2"
    earlier = clock.real_now() - timedelta(minutes=2)
    connection.execute(update(ApiKey).where(ApiKey.api_key_id == key_id).values(last_used_at=earlier))
    check(connection, key, "10.0.0.2")
    assert used()[0] > earlier


@pytest.mark.parametrize("written", ["10.0.0", "10.0.0.0/33", "bank.ru", "10.0.0.1-10.0.0.9"])
def test_what_is_no_network_is_refused(written: str) -> None:
    with pytest.raises(AddressError):
        parse_networks(f"10.1.0.0/16 {written}")
    assert parse_networks(" 10.1.2.3/16;10.1.0.0/16 , ") == ["10.1.0.0/16"]


def test_a_scope_that_does_not_exist_is_a_mistake(connection: Connection) -> None:
    for scopes in ([], ["tasks:load", "all"]):
        with pytest.raises(ValueError, match="unknown scopes"):
            make(connection, "S", scopes, "tests")


def test_the_screen_makes_a_key_shows_it_once_and_revokes_it(admin: Browser, web_engine: Engine) -> None:
    wanted = {"name": "Обмен с CRM", "scopes": ["tasks:load"], "addresses": "10.1.2.3/16", "expires_on": "31.12.2099"}
    key = secret(admin.post(f"{LIST}new", wanted).get_data(as_text=True))
    with web_engine.begin() as connection:
        found = check(connection, key, "10.1.9.9")
        assert found is not None and found.name == "Обмен с CRM"
        row = api_keys.read(connection, found.api_key_id)
        texts = "".join(str(one) for one in connection.execute(select(Audit.before, Audit.after)))
    # The end of the last day, in the user's zone.
    assert row.expires_at == datetime(2099, 12, 31, 21, 0)
    assert row.addresses == "10.1.0.0/16" and row.created_by == "security_administrator"
    page = admin.text(LIST)
    assert row.prefix in page and key not in page and row.key_hash not in page
    assert key not in texts and row.key_hash not in texts
    assert last_audit(web_engine, "api_key_add")[2]["scopes"] == ["tasks:load"]

    assert admin.post(f"{LIST}{row.api_key_id}/revoke").status_code == 302
    with web_engine.begin() as connection:
        assert check(connection, key, "10.1.9.9") is None
    assert f"{row.api_key_id}/revoke" not in admin.text(LIST)
    assert "Обмен с CRM" in admin.text(f"{LIST}?state=revoked")
    assert "Обмен с CRM" not in admin.text(f"{LIST}?state=active")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "Say which program the key is for."),
        ({"scopes": []}, "Tick what the key may do."),
        ({"scopes": ["all"]}, "Not a valid choice|is not a valid choice|not valid choices"),
        ({"expires_on": "01.01.2020"}, "This day is over."),
        ({"expires_on": "soon"}, "Write a day like 31.12.2026."),
        ({"addresses": "bank.ru"}, "bank.ru is not an address or a network."),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    admin: Browser, web_engine: Engine, values: dict[str, Any], message: str
) -> None:
    good = {"name": "Wrong", "scopes": ["tasks:load"], "addresses": "", "expires_on": ""}
    page = admin.post(f"{LIST}new", {**good, **values}).get_data(as_text=True)
    assert re.search(rf'has-error(?:(?!class="field ).)*(?:{message})', page, re.DOTALL), page
    with web_engine.connect() as connection:
        assert connection.scalar(select(ApiKey.api_key_id).where(ApiKey.name == "Wrong")) is None


def test_scopes_are_those_of_the_operations() -> None:
    assert list(SCOPES) == [
        "tasks:load", "tasks:change", "results:set", "phones:block", "numbers:block", "clients:read",
        "dictionaries:read", "campaigns:read",
    ]  # fmt: skip
