"""Sign-in: the right password, the wrong one, the lock-out, the one-time password, the limits of a session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, update
from web_users import PASSWORD, Browser, add_user

from app import clock
from app.auth import accounts, first_administrator
from app.models.access import Audit, Group, GroupRole, Session, User, UserGroup


@pytest.fixture
def user(web_engine: Engine) -> str:
    """A fresh reviewer; returns the name."""
    with web_engine.begin() as connection:
        name = f"user{connection.scalar(select(func.count()).select_from(User))}"
        add_user(connection, name, "reviewer")
    return name


def sign_in(app: Flask, name: str, password: str = PASSWORD) -> tuple[Browser, Any]:
    browser = Browser(app.test_client())
    return browser, browser.post("/sign-in", {"username": name, "password": password}, at="/sign-in")


def test_who_is_not_signed_in_is_sent_to_the_sign_in_page_and_back(app: Flask, user: str) -> None:
    browser = Browser(app.test_client())
    answer = browser.get("/campaigns/?state=active")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/campaigns/?state%3Dactive"
    answer = browser.post(answer.location, {"username": user, "password": PASSWORD}, at="/sign-in")
    assert answer.location == "/campaigns/?state=active"


def test_a_script_that_is_not_signed_in_gets_401(client: Any) -> None:
    answer = client.get("/overview.json", headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, answer.json) == (401, {"error": "signed_out"})


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil"])
def test_sign_in_never_leads_to_another_host(app: Flask, user: str, target: str) -> None:
    browser = Browser(app.test_client())
    answer = browser.client.get("/sign-in", query_string={"next": target})
    assert answer.status_code == 200
    token = browser.token("/sign-in")
    answer = browser.client.post(
        "/sign-in",
        query_string={"next": target},
        data={"csrf_token": token, "username": user, "password": PASSWORD},
    )
    assert (answer.status_code, answer.location) == (302, "/")


def test_the_name_is_found_in_any_letter_case(app: Flask, user: str) -> None:
    assert sign_in(app, f"  {user.upper()} ")[1].status_code == 302


def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(app: Flask, user: str) -> None:
    wrong_password = sign_in(app, user, "not this one")[1]
    wrong_name = sign_in(app, "nobody-here", "not this one")[1]
    assert wrong_password.status_code == wrong_name.status_code == 401
    for answer in (wrong_password, wrong_name):
        assert "The user name or the password is wrong." in answer.get_data(as_text=True)


def test_five_failures_in_a_row_close_the_account_even_for_the_right_password(
    app: Flask, user: str, web_engine: Engine
) -> None:
    for _ in range(accounts.LOCK_AFTER):
        assert sign_in(app, user, "wrong")[1].status_code == 401
    assert sign_in(app, user)[1].status_code == 401
    with web_engine.begin() as connection:
        locked = connection.scalar(select(User.locked_until).where(User.username == user))
        assert timedelta(minutes=14) < locked - clock.real_now() <= timedelta(minutes=accounts.LOCK_MINUTES)
        connection.execute(
            update(User).where(User.username == user).values(locked_until=clock.real_now() - timedelta(seconds=1))
        )
    assert sign_in(app, user)[1].status_code == 302


def test_four_failures_are_forgiven_by_a_success(app: Flask, user: str) -> None:
    for _ in range(2):
        for _ in range(accounts.LOCK_AFTER - 1):
            assert sign_in(app, user, "wrong")[1].status_code == 401
        assert sign_in(app, user)[1].status_code == 302


def test_a_user_who_is_switched_off_cannot_sign_in_and_his_session_ends(
    app: Flask, user: str, web_engine: Engine
) -> None:
    browser, answer = sign_in(app, user)
    assert answer.status_code == 302 and browser.get("/campaigns/").status_code == 200
    with web_engine.begin() as connection:
        connection.execute(update(User).where(User.username == user).values(is_active=False))
    assert browser.get("/campaigns/").status_code == 302
    assert sign_in(app, user)[1].status_code == 401


def test_sign_out_ends_the_session_for_who_kept_the_cookie(app: Flask, user: str) -> None:
    browser, _ = sign_in(app, user)
    stolen = browser.client.get_cookie("acm_session")
    assert browser.post("/sign-out").location == "/sign-in"
    thief = app.test_client()
    thief.set_cookie("acm_session", stolen.value)
    assert thief.get("/campaigns/").status_code == 302


def test_a_session_ends_when_nothing_is_done_for_too_long(app: Flask, user: str, web_engine: Engine) -> None:
    browser, _ = sign_in(app, user)
    _age(web_engine, user, seen=timedelta(minutes=59))
    assert browser.get("/campaigns/").status_code == 200
    _age(web_engine, user, seen=timedelta(minutes=61))
    assert browser.get("/campaigns/").status_code == 302


def test_a_session_ends_after_its_hours_in_any_case(app: Flask, user: str, web_engine: Engine) -> None:
    browser, _ = sign_in(app, user)
    _age(web_engine, user, started=timedelta(hours=11, minutes=59))
    assert browser.get("/campaigns/").status_code == 200
    _age(web_engine, user, started=timedelta(hours=12, minutes=1))
    assert browser.get("/campaigns/").status_code == 302


def test_a_screen_that_refreshes_itself_does_not_keep_the_session_alive(
    app: Flask, user: str, web_engine: Engine
) -> None:
    browser, _ = sign_in(app, user)
    background = {"X-Requested-With": "fetch", "X-Acm-Background": "1"}
    _age(web_engine, user, seen=timedelta(minutes=30))
    assert browser.get("/overview.json", headers=background).status_code == 200
    assert _idle(web_engine, user) > timedelta(minutes=29)
    assert browser.get("/overview.json", headers={"X-Requested-With": "fetch"}).status_code == 200
    assert _idle(web_engine, user) < timedelta(minutes=1)


def test_a_one_time_password_must_be_changed_before_anything_else(app: Flask, web_engine: Engine) -> None:
    with web_engine.begin() as connection:
        count = connection.scalar(select(func.count()).select_from(User))
        _, password = accounts.add_user(connection, f"fresh{count}", ["reviewer"], "tests")
    browser, answer = sign_in(app, f"fresh{count}", password)
    assert answer.status_code == 302
    assert browser.get("/campaigns/").location == "/account/password"
    assert browser.get("/overview.json", headers={"X-Requested-With": "fetch"}).status_code == 403

    def change(old: str, new: str, again: str) -> Any:
        return browser.post("/account/password", {"old": old, "new": new, "again": again}, at="/account/password")

    for old, new, again, said in (
        ("wrong", "Battery-staple-2", "Battery-staple-2", "The present password is wrong."),
        (password, "short", "short", "The password must have at least 10 characters."),
        (password, "Battery-staple-2", "Battery-staple-3", "The two new passwords differ."),
        (password, password, password, "The new password must differ from the old one."),
        (password, f"x-FRESH{count}-y", f"x-FRESH{count}-y", "The password must not contain the user name."),
    ):
        refused = change(old, new, again)
        assert refused.status_code == 200 and said in refused.get_data(as_text=True), said
    assert change(password, "Battery-staple-2", "Battery-staple-2").location == "/"
    assert browser.get("/campaigns/").status_code == 200
    assert sign_in(app, f"fresh{count}", password)[1].status_code == 401
    assert sign_in(app, f"fresh{count}", "Battery-staple-2")[1].status_code == 302


def test_a_new_password_ends_the_other_sessions_of_the_user(app: Flask, user: str) -> None:
    one, _ = sign_in(app, user)
    other, _ = sign_in(app, user)
    changed = one.post(
        "/account/password",
        {"old": PASSWORD, "new": "Battery-staple-2", "again": "Battery-staple-2"},
        at="/account/password",
    )
    assert changed.status_code == 302
    assert one.get("/campaigns/").status_code == 200
    assert other.get("/campaigns/").status_code == 302


def test_sign_in_sign_out_and_failures_are_audited(app: Flask, user: str, web_engine: Engine) -> None:
    browser, _ = sign_in(app, user)
    browser.post("/sign-out")
    sign_in(app, user, "wrong")
    with web_engine.connect() as connection:
        rows = connection.execute(
            select(Audit.action, Audit.address).where(Audit.username == user).order_by(Audit.audit_id)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("sign_in", "127.0.0.1"),
        ("sign_out", "127.0.0.1"),
        ("sign_in_failed", "127.0.0.1"),
    ]


def test_the_first_start_makes_one_administrator_with_all_roles(make_database: Callable[[], str]) -> None:
    from app.database.engine import create_engine

    engine = create_engine(make_database(), "acm tests")
    with engine.begin() as connection:
        password = first_administrator(connection)
        assert password is not None
        assert first_administrator(connection) is None
        row = connection.execute(select(User.__table__)).one()
        assert (row.username, bool(row.must_change_password)) == ("admin", True)
        assert password not in row.password_hash and row.password_hash.startswith("$argon2id$")
        account = accounts.read_account(connection, row.user_id)
        assert account is not None and len(account.roles) == 5
        user_id = accounts.check_password(connection, "ADMIN", password)
        assert user_id == row.user_id
        groups = connection.execute(
            select(Group.name, func.count(GroupRole.role_code))
            .join(GroupRole, GroupRole.group_id == Group.group_id)
            .join(UserGroup, UserGroup.group_id == Group.group_id)
            .group_by(Group.name)
        ).all()
        assert [tuple(group) for group in groups] == [("Администраторы системы", 5)]
    engine.dispose()


def test_language_and_zone_of_the_user_shape_his_pages(app: Flask, user: str) -> None:
    browser, _ = sign_in(app, user)
    assert "Campaigns" in browser.text("/campaigns/")
    browser.post("/language/ru")
    assert "Кампании" in browser.text("/campaigns/")
    saved = browser.post("/account", {"language": "ru", "time_zone": "Asia/Vladivostok"})
    assert saved.status_code == 302
    assert 'data-zone="Asia/Vladivostok"' in browser.text("/campaigns/")
    refused = browser.post("/account", {"language": "ru", "time_zone": "Mars/Olympus"})
    assert refused.status_code == 200 and "field-error" in refused.get_data(as_text=True)


def _age(
    engine: Engine, user: str, *, seen: timedelta = timedelta(), started: timedelta = timedelta(minutes=1)
) -> None:
    now = clock.real_now()
    with engine.begin() as connection:
        user_id = connection.scalar(select(User.user_id).where(User.username == user))
        connection.execute(
            update(Session)
            .where(Session.user_id == user_id)
            .values(seen_at=now - seen, started_at=now - max(started, seen))
        )


def _idle(engine: Engine, user: str) -> timedelta:
    with engine.connect() as connection:
        seen = connection.scalar(
            select(func.max(Session.seen_at)).join(User, User.user_id == Session.user_id).where(User.username == user)
        )
    return clock.real_now() - seen
