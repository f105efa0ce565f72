"""The screens of groups and of roles: sets of roles of their own, and the matrix as it stands in the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from access_pages import group_id, last_audit
from flask import Flask
from sqlalchemy import Engine, delete, select
from web_users import PASSWORD, Browser, add_user

from app.auth import accounts, groups
from app.auth.roles import ACTIONS, MATRIX, PRESET_GROUPS, ROLE_WORDS, ROLES
from app.models.access import CampaignGroup, Group, UserGroup

LIST = "/access/groups/"


@pytest.fixture
def admin(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("security_administrator")


@pytest.fixture(autouse=True)
def _preset_groups_stay(web_engine: Engine) -> Any:
    """Each test leaves the groups as it found them."""
    yield
    with web_engine.begin() as connection:
        known = {name for name, __, __ in PRESET_GROUPS}
        for row in groups.all_groups(connection):
            if row.name not in known:
                connection.execute(delete(UserGroup).where(UserGroup.group_id == row.group_id))
                connection.execute(delete(CampaignGroup).where(CampaignGroup.group_id == row.group_id))
                groups.remove(connection, row.group_id)


@pytest.mark.mission("M223", "M224", "M225", "M226", "M227", "M228")
def test_the_six_groups_are_listed_with_their_roles(admin: Browser) -> None:
    page = admin.text(LIST)
    rows = re.findall(r'<tr><td><a href="[^"]+">([^<]+)</a></td>\s*<td class="wrap wide">([^<]*)', page)
    assert dict(rows) == {name_en: ", ".join(ROLES[role] for role in codes) for __, name_en, codes in PRESET_GROUPS}


@pytest.mark.mission("M216")
def test_a_group_with_roles_of_its_own_gives_them_to_its_users(admin: Browser, app: Flask, web_engine: Engine) -> None:
    wanted = {"name": "Смена", "name_en": "Shift", "roles": ["monitoring", "dictionary_editor"]}
    assert admin.post(f"{LIST}new", wanted).status_code == 302
    made = group_id(web_engine, "Смена")
    assert ">Shift</a>" in admin.text(LIST)
    with web_engine.begin() as connection:
        accounts.add_user(connection, "shifter", ["Смена"], "tests")
        accounts.set_password(connection, accounts.find_user(connection, "shifter").user_id, PASSWORD)
    browser = Browser(app.test_client())
    browser.post("/sign-in", {"username": "shifter", "password": PASSWORD}, at="/sign-in")
    reached = [
        browser.get(path).status_code for path in ("/overview.json", "/dictionaries/schedules/new", "/campaigns/")
    ]
    assert reached == [200, 200, 403]
    # A role that is taken away is gone with the next click.
    assert admin.post(f"{LIST}{made}", {**wanted, "roles": ["monitoring"]}).status_code == 302
    assert browser.get("/dictionaries/schedules/new").status_code == 403
    __, before, after = last_audit(web_engine, "group_change")
    assert (before["roles"], after["roles"]) == (["dictionary_editor", "monitoring"], ["monitoring"])


@pytest.mark.parametrize(
    ("values", "message"),
    [({"name": " "}, "Give the group a name."), ({"name": "ревьюеры"}, "There is already a group ревьюеры.")],
)
def test_a_group_needs_a_name_of_its_own(admin: Browser, values: dict[str, str], message: str) -> None:
    page = admin.post(f"{LIST}new", {"name_en": "", "roles": ["reviewer"], **values}).get_data(as_text=True)
    assert re.search(rf'has-error(?:(?!class="field ).)*{message}', page, re.DOTALL)
    assert re.search(r'value="reviewer" checked', page)


def test_a_role_that_does_not_exist_is_refused(admin: Browser, web_engine: Engine) -> None:
    assert admin.post(f"{LIST}new", {"name": "Чужая", "roles": ["root"]}).status_code == 200
    with web_engine.connect() as connection:
        assert connection.scalar(select(Group.group_id).where(Group.name == "Чужая")) is None


def test_only_an_empty_group_is_deleted(admin: Browser, web_engine: Engine, campaigns: dict[str, int]) -> None:
    admin.post(f"{LIST}new", {"name": "Временная", "roles": ["reviewer"]})
    made = group_id(web_engine, "Временная")
    with web_engine.begin() as connection:
        user_id = add_user(connection, "temporary", "reviewer")
        connection.execute(UserGroup.__table__.insert().values(user_id=user_id, group_id=made))
    for emptied in (UserGroup, CampaignGroup):
        admin.post(f"{LIST}{made}/delete")
        assert "The group still has users or campaigns." in admin.text(LIST)
        assert f'action="{LIST}{made}/delete"' not in admin.text(LIST)
        assert group_id(web_engine, "Временная") == made
        with web_engine.begin() as connection:
            connection.execute(delete(emptied).where(emptied.group_id == made))
            if emptied is UserGroup:
                connection.execute(
                    CampaignGroup.__table__.insert().values(campaign_id=campaigns["ALPHA"], group_id=made)
                )
    assert f'action="{LIST}{made}/delete"' in admin.text(LIST)
    admin.post(f"{LIST}{made}/delete")
    assert "Временная" not in re.sub(r'class="notice.*?</div>\s*</div>', "", admin.text(LIST), flags=re.DOTALL)
    assert last_audit(web_engine, "group_delete")[1]["roles"] == ["reviewer"]


@pytest.mark.mission("M211", "M212", "M213", "M214", "M215")
def test_the_page_of_roles_is_the_matrix(admin: Browser) -> None:
    page = admin.text("/access/roles/")
    body = page[page.index('<table class="table rights"') :]
    heads = re.findall(r'<th class="role"[^>]*>([^<]+)</th>', body)
    assert heads == list(ROLES.values())
    rows = re.findall(r"<td>([^<]+)</td>\s*((?:<td class=\"mid[^>]*>.*?</td>\s*){5})", body, re.DOTALL)
    shown = [
        (action, [cell == " is-yes" for cell in re.findall(r'class="mid([^"]*)"', cells)]) for action, cells in rows
    ]
    wanted = [(ACTIONS[right.action], [role in held for role in ROLES]) for right, held in MATRIX.items()]
    assert sorted(shown) == sorted(wanted)
    assert [name for name in re.findall(r'class="is-group"><th[^>]*>([^<]+)', body)] == [
        "Monitoring", "Campaigns", "Import", "Journals", "Dictionaries", "Access", "DBA", "For everybody",
    ]  # fmt: skip
    assert ">Load by hand, Import journal</th>" in body


def test_every_action_and_role_has_its_words() -> None:
    assert {right.action for right in MATRIX} <= set(ACTIONS)
    assert set(ROLE_WORDS) == set(ROLES)
