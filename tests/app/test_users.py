"""The screen of users: what is found, made, changed and refused, and what the audit has of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from access_pages import group_id, last_audit, secret
from flask import Flask
from sqlalchemy import Engine, func, select, text, update
from web_users import ALL_ROLES, PASSWORD, Browser, add_user

from app.auth import accounts, users
from app.models.access import Audit, Session, User, UserGroup

LIST = "/access/users/"
_numbers = count(1)


@pytest.fixture
def admin(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("security_administrator")


@pytest.fixture
def someone(web_engine: Engine) -> tuple[int, str]:
    """A user of this test's own: id and name."""
    name = f"someone{next(_numbers)}"
    with web_engine.begin() as connection:
        return add_user(connection, name, "reviewer"), name


def row(engine: Engine, user_id: int) -> Any:
    with engine.connect() as connection:
        return users.read(connection, user_id)


def fields(engine: Engine, **values: Any) -> dict[str, Any]:
    return {
        "last_name": "Сидорова", "first_name": "Анна", "email": "a@bank.ru", "is_active": "y",
        "groups": [group_id(engine, "Ревьюеры")], "language": "", "time_zone": "", **values,
    }  # fmt: skip


@pytest.mark.mission("M218", "M219", "M220", "M221")
def test_a_user_is_made_and_signs_in_with_the_password_that_is_shown_once(
    admin: Browser, app: Flask, web_engine: Engine
) -> None:
    groups = [group_id(web_engine, "Ревьюеры"), group_id(web_engine, "Мониторинг")]
    answer = admin.post(
        f"{LIST}new", fields(web_engine, username="sidorova", groups=groups, language="ru", time_zone="Asia/Tomsk")
    )
    page = answer.get_data(as_text=True)
    password = secret(page)
    assert answer.headers["Cache-Control"] == "no-store"
    with web_engine.connect() as connection:
        made = accounts.find_user(connection, "SIDOROVA")
        held = list(connection.scalars(select(UserGroup.group_id).where(UserGroup.user_id == made.user_id)))
        written = list(connection.execute(select(Audit.before, Audit.after).where(Audit.object_type == "user")))
    assert (made.last_name, made.first_name, made.email) == ("Сидорова", "Анна", "a@bank.ru")
    assert (made.language, made.time_zone, made.must_change_password) == ("ru", "Asia/Tomsk", True)
    assert sorted(held) == sorted(groups)
    assert not any(password in str(one) or made.password_hash in str(one) for one in written)
    __, __, after = last_audit(web_engine, "user_add")
    assert after["username"] == "sidorova" and after["groups"] == ["Ревьюеры", "Мониторинг"]

    browser = Browser(app.test_client())
    assert browser.post("/sign-in", {"username": "sidorova", "password": password}, at="/sign-in").status_code == 302
    assert browser.get("/campaigns/").location == "/account/password"
    assert password not in admin.text(f"{LIST}{made.user_id}") + admin.text(LIST)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"username": ""}, "Give the user a name."),
        ({"username": "two words"}, "A user name has 1 to 64 characters and no spaces."),
        ({"username": "REVIEWER"}, "There is already a user REVIEWER."),
        ({"username": "fresh", "email": "nobody"}, "This is not an e-mail address."),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    admin: Browser, web_engine: Engine, values: dict[str, str], message: str
) -> None:
    with web_engine.connect() as connection:
        before = users.count(connection)
    page = admin.post(f"{LIST}new", fields(web_engine, **values)).get_data(as_text=True)
    assert re.search(rf'has-error(?:(?!class="field ).)*{message}', page, re.DOTALL)
    assert 'value="Сидорова"' in page
    with web_engine.connect() as connection:
        assert users.count(connection) == before


def test_a_change_keeps_the_name_and_is_audited(admin: Browser, web_engine: Engine, someone: tuple[int, str]) -> None:
    user_id, name = someone
    wanted = fields(web_engine, username="another", groups=[group_id(web_engine, "Редакторы")])
    assert admin.post(f"{LIST}{user_id}", wanted).status_code == 302
    now = row(web_engine, user_id)
    assert (now.username, now.last_name, now.is_active) == (name, "Сидорова", True)
    __, before, after = last_audit(web_engine, "user_change")
    assert before["groups"] == ["Ревьюеры"] and after["groups"] == ["Редакторы"]
    assert before["last_name"] is None and after["last_name"] == "Сидорова"


@pytest.mark.mission("M222")
def test_a_user_of_active_directory_keeps_what_it_says_and_has_no_password_here(
    admin: Browser, web_engine: Engine, someone: tuple[int, str]
) -> None:
    user_id, name = someone
    with web_engine.begin() as connection:
        connection.execute(
            update(User)
            .where(User.user_id == user_id)
            .values(is_from_ad=True, is_active_in_ad=True, password_hash=None, last_name="Из каталога")
        )
    page = admin.text(f"{LIST}{user_id}")
    assert "This user comes from Active Directory" in page and "New one-time password" not in page
    assert admin.post(f"{LIST}{user_id}/password").status_code == 404
    assert admin.post(f"{LIST}{user_id}", fields(web_engine)).status_code == 302
    now = row(web_engine, user_id)
    assert (now.last_name, now.email, now.is_active_in_ad, now.password_hash) == ("Из каталога", None, True, None)
    listed = admin.text(f"{LIST}?q={name}")
    assert 'aria-label="yes"' in listed


def test_who_is_switched_off_is_signed_out_at_once_and_comes_back(
    admin: Browser, signed_in: Callable[..., Browser], web_engine: Engine, someone: tuple[int, str]
) -> None:
    user_id, name = someone
    theirs = signed_in(name)
    assert theirs.get("/campaigns/").status_code == 200
    assert admin.post(f"{LIST}{user_id}/switch", {"is_active": "0"}).status_code == 302
    assert theirs.get("/campaigns/").location.startswith("/sign-in")
    assert not row(web_engine, user_id).is_active
    assert f">{name}</a>" in admin.text(f"{LIST}?state=off") and f">{name}</a>" not in admin.text(
        f"{LIST}?state=active"
    )
    admin.post(f"{LIST}{user_id}/switch", {"is_active": "1"})
    assert theirs.get("/campaigns/").status_code == 302  # the old session stays over
    assert signed_in(name).get("/campaigns/").status_code == 200
    __, before, after = last_audit(web_engine, "user_switch")
    assert (before["is_active"], after["is_active"]) == (False, True)


def test_switching_off_in_the_form_ends_sessions_too(
    admin: Browser, signed_in: Callable[..., Browser], web_engine: Engine, someone: tuple[int, str]
) -> None:
    user_id, name = someone
    theirs = signed_in(name)
    wanted = fields(web_engine)
    del wanted["is_active"]
    admin.post(f"{LIST}{user_id}", wanted)
    assert theirs.get("/campaigns/").status_code == 302
    assert not row(web_engine, user_id).is_active


def test_a_new_password_lets_in_and_the_old_does_not(
    admin: Browser, app: Flask, web_engine: Engine, someone: tuple[int, str]
) -> None:
    user_id, name = someone
    fresh = secret(admin.post(f"{LIST}{user_id}/password").get_data(as_text=True))
    client = Browser(app.test_client())
    assert client.post("/sign-in", {"username": name, "password": PASSWORD}, at="/sign-in").status_code == 401
    assert client.post("/sign-in", {"username": name, "password": fresh}, at="/sign-in").status_code == 302
    entry, before, after = last_audit(web_engine, "password_reset")
    assert entry.object_id == str(user_id) and fresh not in str((before, after))


def test_a_lock_out_is_lifted(admin: Browser, app: Flask, web_engine: Engine, someone: tuple[int, str]) -> None:
    user_id, name = someone
    client = Browser(app.test_client())
    for _ in range(accounts.LOCK_AFTER):
        client.post("/sign-in", {"username": name, "password": "wrong"}, at="/sign-in")
    assert client.post("/sign-in", {"username": name, "password": PASSWORD}, at="/sign-in").status_code == 401
    assert f">{name}</a>" in admin.text(f"{LIST}?state=locked")
    assert "Lift the lock-out" in admin.text(f"{LIST}{user_id}")
    admin.post(f"{LIST}{user_id}/unlock")
    assert client.post("/sign-in", {"username": name, "password": PASSWORD}, at="/sign-in").status_code == 302
    assert "Lift the lock-out" not in admin.text(f"{LIST}{user_id}")


def test_sessions_of_a_user_end(
    admin: Browser, signed_in: Callable[..., Browser], web_engine: Engine, someone: tuple[int, str]
) -> None:
    user_id, name = someone
    both = [signed_in(name), signed_in(name)]
    admin.post(f"{LIST}{user_id}/end-sessions")
    assert [one.get("/campaigns/").status_code for one in both] == [302, 302]
    assert last_audit(web_engine, "sessions_end")[2] == {"username": name, "sessions": 2}
    with web_engine.connect() as connection:
        left = connection.scalar(
            select(func.count()).where(Session.user_id == user_id, Session.ended_at.is_(None)).select_from(Session)
        )
    assert left == 0


@pytest.fixture
def alone(web_engine: Engine) -> Any:
    """`administrator` is the only user left who gives rights."""
    others = "SELECT a.user_id FROM access.security_administrator AS a"
    with web_engine.begin() as connection:
        own = accounts.find_user(connection, ALL_ROLES).user_id
        ids = [user_id for user_id in connection.scalars(text(others)) if user_id != own]
        connection.execute(update(User).where(User.user_id.in_(ids)).values(is_active=False))
    yield own
    with web_engine.begin() as connection:
        connection.execute(update(User).where(User.user_id.in_(ids)).values(is_active=True))


def test_the_last_way_in_stays(signed_in: Callable[..., Browser], web_engine: Engine, alone: int) -> None:
    message = "This is the last active security administrator"
    browser = signed_in(ALL_ROLES)
    browser.post(f"{LIST}{alone}/switch", {"is_active": "0"})
    assert message in browser.text(LIST)
    # Neither by the form, nor by taking the role away from the user, nor from the group.
    off = {**fields(web_engine, groups=[group_id(web_engine, "Администраторы системы")])}
    del off["is_active"]
    assert message in browser.post(f"{LIST}{alone}", off).get_data(as_text=True)
    assert message in browser.post(f"{LIST}{alone}", fields(web_engine)).get_data(as_text=True)
    group = group_id(web_engine, "Администраторы системы")
    answer = browser.post(
        f"/access/groups/{group}", {"name": "Администраторы системы", "name_en": "", "roles": ["reviewer"]}
    )
    assert message in answer.get_data(as_text=True)
    now = row(web_engine, alone)
    assert now.is_active and now.last_name is None
    assert browser.get("/access/users/").status_code == 200


def test_the_list_searches_filters_sorts_and_pages_by_key(
    admin: Browser, web_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_engine.begin() as connection:
        for name, last, mail in (
            ("zeta1", "Яковлев", "one@x.ru"), ("zeta2", "Абрамов", "two@x.ru"), ("zeta3", "Ёлкина", None),
        ):  # fmt: skip
            accounts.add_user(connection, name, ["Мониторинг"], "tests", last_name=last, email=mail)

    def names(page: str) -> list[str]:
        return re.findall(r">(zeta\d)</a>", page)

    assert names(admin.text(f"{LIST}?q=яКовл")) == ["zeta1"]
    assert names(admin.text(f"{LIST}?q=TWO@")) == ["zeta2"]
    assert names(admin.text(f"{LIST}?q=zeta&sort=name")) == ["zeta3", "zeta2", "zeta1"] or names(
        admin.text(f"{LIST}?q=zeta&sort=name")
    ) == ["zeta2", "zeta3", "zeta1"]  # where Ё stands is the server's
    assert names(admin.text(f"{LIST}?q=zeta&desc=1")) == ["zeta3", "zeta2", "zeta1"]
    assert names(admin.text(f"{LIST}?q=zeta&group={group_id(web_engine, 'Мониторинг')}")) == ["zeta1", "zeta2", "zeta3"]
    assert names(admin.text(f"{LIST}?q=zeta&group={group_id(web_engine, 'Ревьюеры')}")) == []
    assert "Nothing fits the filter" in admin.text(f"{LIST}?q=50%25")

    monkeypatch.setattr("app.admin.users.SIZE", 2)
    for order in ("", "&desc=1", "&sort=email", "&sort=seen", "&sort=name&desc=1"):
        seen, path = [], f"{LIST}?q=zeta{order}"
        while path:
            page = admin.text(path)
            seen += names(page)
            found = re.search(r'rel="next" href="([^"]+)"', page)
            path = found[1].replace("&amp;", "&") if found else ""
        assert sorted(seen) == ["zeta1", "zeta2", "zeta3"], order
        assert len(seen) == 3


def test_the_export_has_what_is_filtered_and_no_hash(admin: Browser, web_engine: Engine) -> None:
    content = admin.get(f"{LIST}export.csv?q=reviewer").get_data(as_text=True)
    assert "reviewer" in content and "monitoring" not in content.split("\r\n", 1)[1]
    assert "argon2" not in content
    assert last_audit(web_engine, "users_export")[2]["kind"] == "csv"
    assert admin.get(f"{LIST}export.xlsx").get_data()[:2] == b"PK"
