"""A campaign that is limited to other groups is not there: by no address, in no list, in no total."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from access_pages import group_id, last_audit
from exports import csv_lines
from sqlalchemy import Engine, delete, insert, select
from test_roles import REQUESTS, browsers, call
from web_users import ALL_ROLES, Browser

from app import clock
from app.admin import client_history
from app.auth.roles import ROLES, allows
from app.importing import templates
from app.models.access import CampaignGroup
from app.models.caps import CampaignCap, CapRule
from app.models.dialing import Block
from app.models.importing import ImportBatch, ImportTemplate
from app.models.ops import Service, ServiceRun

__all__ = ["browsers"]  # the fixture

#: The addresses of one campaign. Archiving is asked of no real campaign in test_roles.py, here of a hidden one.
PATHS = {name: re.sub(r"^/campaign/999999/", "/campaign/{a}/", path) for name, (_, path, _) in REQUESTS.items()}
OF_CAMPAIGN = [name for name, path in PATHS.items() if "{a}" in path and not name.startswith("campaign_access")]


@pytest.fixture
def hidden(web_engine: Engine, campaigns: dict[str, int]) -> Iterator[int]:
    """ALPHA is limited to a group that nobody is in."""
    from app.auth import groups

    with web_engine.begin() as connection:
        made = groups.add(connection, "Особая", None, [])
        connection.execute(insert(CampaignGroup).values(campaign_id=campaigns["ALPHA"], group_id=made))
    yield campaigns["ALPHA"]
    with web_engine.begin() as connection:
        connection.execute(delete(CampaignGroup))
        groups.remove(connection, made)


@pytest.fixture
def member(web_engine: Engine, campaigns: dict[str, int]) -> Iterator[int]:
    """ALPHA is limited to the campaign administrators."""
    with web_engine.begin() as connection:
        connection.execute(
            insert(CampaignGroup).values(
                campaign_id=campaigns["ALPHA"], group_id=group_id(web_engine, "Администраторы кампаний")
            )
        )
    yield campaigns["ALPHA"]
    with web_engine.begin() as connection:
        connection.execute(delete(CampaignGroup))


def test_every_address_of_a_campaign_is_known(app: Any) -> None:
    rules = {rule.endpoint for rule in app.url_map.iter_rules() if "campaign_id" in rule.arguments}
    assert rules - {"campaign_access.edit"} == set(OF_CAMPAIGN)


@pytest.mark.parametrize("role", [*ROLES, ALL_ROLES])
def test_a_hidden_campaign_answers_as_one_that_does_not_exist(
    browsers: Callable[[str], Browser], campaigns: dict[str, int], hidden: int, role: str
) -> None:
    held = set(ROLES) if role == ALL_ROLES else {role}
    for endpoint in OF_CAMPAIGN:
        (method, _, right), path = REQUESTS[endpoint], PATHS[endpoint]
        answer = call(browsers(role), method, path, {"ALPHA": hidden})
        missing = call(browsers(role), method, path, {"ALPHA": 999_999_999})
        wanted = 404 if allows(held, right.screen, right.action) else 403
        assert (answer.status_code, missing.status_code) == (wanted, wanted), endpoint
        if wanted == 404:
            assert "Первая" not in answer.get_data(as_text=True), endpoint


def test_members_of_the_group_reach_it_as_before_and_others_do_not(
    browsers: Callable[[str], Browser], member: int
) -> None:
    for path in (f"/monitor/{member}/", f"/strategy/{member}/", f"/contacts/{member}/", f"/clients/{member}/"):
        assert browsers("campaign_administrator").get(path).status_code == 200
        assert browsers("reviewer").get(path).status_code == 404
    assert "Первая" in browsers("campaign_administrator").text("/campaigns/")
    assert "Первая" not in browsers("reviewer").text("/campaigns/")
    for role, is_seen in (("campaign_administrator", True), ("reviewer", False)):
        assert ("ALPHA" in {line[0] for line in csv_lines(browsers(role), "/campaigns/export.csv")}) is is_seen


LISTS = ("/", "/campaigns/", "/contacts/", "/clients/", "/segments/", "/journals/import/", "/import/")


@pytest.fixture
def template(web_engine: Engine) -> Iterator[str]:
    """A template whose lines name their campaigns; without a template the page of loads has no form."""
    with web_engine.begin() as connection:
        template_id = templates.create(
            connection, name="С кампанией", format="csv", encoding=None, has_header=False, created_by="tests",
            line="${contact.client.code};${contact.client.campaign.code};${contact.phone.number}",
        )  # fmt: skip
    yield "С кампанией"
    with web_engine.begin() as connection:
        connection.execute(delete(ImportTemplate).where(ImportTemplate.template_id == template_id))


def test_no_load_reaches_a_hidden_campaign(
    browsers: Callable[[str], Browser], hidden: int, template: str, web_engine: Engine
) -> None:
    browser = browsers("campaign_administrator")

    def preview(campaign: str) -> str:
        data = {"csrf_token": browser.token(), "file": (io.BytesIO(b"C1;ALPHA;79161234567\n"), "a.csv"),
                "template": template, "campaign": campaign}  # fmt: skip
        answer = browser.client.post("/import/", data=data, content_type="multipart/form-data")
        return browser.text(answer.location)

    assert "There is no campaign ALPHA." in preview("ALPHA")
    assert "some campaigns are not open to you" in preview("")
    with web_engine.begin() as connection:
        connection.execute(delete(CampaignGroup))
    assert "not open to you" not in preview("") and "There is no campaign" not in preview("ALPHA")


@pytest.mark.usefixtures("template")
def test_no_list_names_a_hidden_campaign(
    browsers: Callable[[str], Browser], campaigns: dict[str, int], hidden: int, web_engine: Engine
) -> None:
    browser = browsers("campaign_administrator")
    for path in (*LISTS, f"/clients/{campaigns['BETA']}/"):
        page = browser.text(path)
        assert "Первая" not in page and "ALPHA" not in page, path
    with web_engine.begin() as connection:
        connection.execute(delete(CampaignGroup))
    for path in (*LISTS, f"/clients/{campaigns['BETA']}/"):
        assert "Первая" in browser.text(path), path


def test_totals_leave_it_out_whoever_asked_just_before(
    browsers: Callable[[str], Browser], campaigns: dict[str, int], member: int
) -> None:
    seen = browsers("campaign_administrator").get("/overview.json").get_json()
    unseen = browsers("reviewer").get("/overview.json").get_json()
    rows = {row["campaign_id"]: row for row in seen["campaigns"]}
    assert member in rows and member not in {row["campaign_id"] for row in unseen["campaigns"]}
    for name in ("clients", "clients_active"):
        assert unseen["totals"][name] == seen["totals"][name] - rows[member][name]
    assert rows[member]["clients"] > 0


def test_the_import_journal_hides_its_batches(
    browsers: Callable[[str], Browser], web_engine: Engine, campaigns: dict[str, int], member: int
) -> None:
    def batch(campaign_id: int | None, name: str) -> int:
        values = {"kind_id": 1, "state_id": 2, "started_at": clock.now(), "created_by": "campaign_administrator",
                  "file_name": name, "campaign_id": campaign_id}  # fmt: skip
        with web_engine.begin() as connection:
            return int(
                connection.execute(insert(ImportBatch).values(**values).returning(ImportBatch.batch_id)).scalar_one()
            )

    hidden, open_one, many = batch(member, "hidden.txt"), batch(campaigns["BETA"], "open.txt"), batch(None, "many.txt")
    reviewer, administrator = browsers("reviewer"), browsers("campaign_administrator")
    page = reviewer.text("/journals/import/")
    assert "open.txt" in page and "hidden.txt" not in page
    # A load whose lines name their campaigns may have the hidden one in it.
    assert "many.txt" not in page
    for name in ("", "batch.json", "rejects"):
        assert reviewer.get(f"/journals/import/{hidden}/{name}").status_code == 404
        assert reviewer.get(f"/journals/import/{many}/{name}").status_code == 404
    assert reviewer.get(f"/journals/import/{open_one}/").status_code == 200
    assert "hidden.txt" not in reviewer.text(f"/journals/import/?campaign={member}")
    for path in ("/journals/import/export.csv", f"/journals/import/export.csv?campaign={member}"):
        assert not {"hidden.txt", "many.txt"} & {line[4] for line in csv_lines(reviewer, path)}
    assert {"hidden.txt", "open.txt", "many.txt"} <= {line[4] for line in csv_lines(administrator, path.split("?")[0])}
    page = administrator.text("/journals/import/")
    assert "open.txt" in page and "hidden.txt" in page and "many.txt" in page
    assert administrator.get(f"/journals/import/{hidden}/").status_code == 200


def test_the_journal_of_services_hides_its_runs(
    browsers: Callable[[str], Browser], web_engine: Engine, campaigns: dict[str, int], member: int
) -> None:
    def run(campaign_id: int) -> int:
        with web_engine.begin() as connection:
            service_id = connection.scalar(select(Service.service_id).where(Service.code == "queue_clear"))
            return int(
                connection.execute(
                    insert(ServiceRun)
                    .values(service_id=service_id, campaign_id=campaign_id, state_id=3, attempt_no=1,
                            planned_at=clock.now(), requested_by="tests")
                    .returning(ServiceRun.run_id)
                ).scalar_one()
            )  # fmt: skip

    hidden, open_one = run(member), run(campaigns["BETA"])
    for role, is_seen in (("reviewer", False), ("campaign_administrator", True)):
        page = browsers(role).text("/journals/services/")
        assert f"/journals/services/{open_one}/" in page
        assert (f"/journals/services/{hidden}/" in page) is is_seen
        assert ("ALPHA" in page) is is_seen
        for path in ("/journals/services/export.csv", f"/journals/services/export.csv?campaign={member}"):
            assert (str(hidden) in {line[0] for line in csv_lines(browsers(role), path)}) is is_seen
        for name in ("", "run.json"):
            answer = browsers(role).get(f"/journals/services/{hidden}/{name}")
            assert answer.status_code == (200 if is_seen else 404)


def test_the_services_name_no_hidden_campaign_though_others_asked_just_before(
    browsers: Callable[[str], Browser], web_engine: Engine, member: int
) -> None:
    with web_engine.begin() as connection:
        service_id = connection.scalar(select(Service.service_id).where(Service.code == "queue_clear"))
        run_id = connection.execute(
            insert(ServiceRun)
            .values(service_id=service_id, campaign_id=member, state_id=4, attempt_no=1, planned_at=clock.now(),
                    requested_by="tests", error="The queue of ALPHA is not cleared.")
            .returning(ServiceRun.run_id)
        ).scalar_one()  # fmt: skip
    for role, is_seen in (("campaign_administrator", True), ("reviewer", False), ("campaign_administrator", True)):
        shown = browsers(role).get("/services/services.json").get_json()["services"][str(service_id)]
        assert (shown["error_id"] == run_id) is is_seen
        assert ("ALPHA" in shown["error"]) is is_seen
        assert ("ALPHA" in browsers(role).text("/services/")) is is_seen


def test_a_cap_lists_no_hidden_campaign_and_leaves_it_as_it_is(
    browsers: Callable[[str], Browser], web_engine: Engine, campaigns: dict[str, int], hidden: int
) -> None:
    with web_engine.begin() as connection:
        rule_id = connection.scalar(select(CapRule.cap_rule_id).order_by(CapRule.cap_rule_id))
        connection.execute(insert(CampaignCap).values(campaign_id=hidden, cap_rule_id=rule_id))
    path = f"/dictionaries/caps/{rule_id}/campaigns"
    browser = browsers("campaign_administrator")
    assert "Первая" not in browser.text(path) and "Вторая" in browser.text(path)
    assert "Первая" not in browser.text("/dictionaries/caps/")
    assert not any("ALPHA" in line[9] for line in csv_lines(browser, "/dictionaries/caps/export.csv"))
    browser.post(path, {"campaign": [str(campaigns["BETA"])]})
    browser.post(path, {"campaign": []})
    with web_engine.begin() as connection:
        kept = list(connection.scalars(select(CampaignCap.campaign_id).where(CampaignCap.cap_rule_id == rule_id)))
        connection.execute(delete(CampaignCap).where(CampaignCap.campaign_id == hidden))
    assert kept == [hidden]


def test_the_history_of_a_client_names_no_hidden_campaign(app: Any) -> None:
    columns = ("happened_at", "number", "done_by", "agent", "reason", "object_id", "agent_result_1", "agent_result_2")
    row = SimpleNamespace(
        **dict.fromkeys(columns), event_code="moved_in", is_lifting=False, campaign_id=5, campaign="Первая"
    )
    with app.test_request_context():
        assert client_history.event(row, frozenset({5})).outcome == "Первая"
        assert client_history.event(row, frozenset({6})).outcome == "a campaign that is not open to you"


def test_phones_cannot_be_moved_into_a_hidden_campaign(
    browsers: Callable[[str], Browser], campaigns: dict[str, int], hidden: int
) -> None:
    answer = browsers("campaign_administrator").post(
        f"/clients/{campaigns['BETA']}/move", {"phone": ["1"], "campaign": str(hidden)}
    )
    assert "Choose the campaign." in answer.get_data(as_text=True)


def test_the_security_administrator_limits_a_campaign_that_he_does_not_see(
    browsers: Callable[[str], Browser], web_engine: Engine, hidden: int
) -> None:
    browser = browsers("security_administrator")
    path = f"/access/campaigns/{hidden}"
    assert "Первая" in browser.text("/access/campaigns/") and "Особая" in browser.text(path)
    page = browser.post(path, {"who": "groups"}).get_data(as_text=True)
    assert "Tick at least one group" in page
    reviewers = group_id(web_engine, "Ревьюеры")
    assert browser.post(path, {"who": "groups", "groups": [reviewers]}).status_code == 302
    assert browsers("reviewer").get(f"/monitor/{hidden}/").status_code == 200
    assert browsers("monitoring").get(f"/monitor/{hidden}/").status_code == 404
    entry, before, after = last_audit(web_engine, "campaign_limit")
    assert (before["groups"], after["groups"], entry.object_id) == (["Особая"], ["Ревьюеры"], str(hidden))
    assert browser.post(path, {"who": "all", "groups": [reviewers]}).status_code == 302
    with web_engine.connect() as connection:
        assert connection.execute(select(CampaignGroup.group_id)).all() == []
    assert browsers("monitoring").get(f"/monitor/{hidden}/").status_code == 200


def test_only_the_security_administrator_limits_campaigns(
    browsers: Callable[[str], Browser], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    for role in ("campaign_administrator", "reviewer", "dictionary_editor", "monitoring"):
        path = f"/access/campaigns/{campaigns['ALPHA']}"
        assert browsers(role).post(path, {"who": "groups", "groups": ["1"]}).status_code == 403
    with web_engine.connect() as connection:
        assert connection.execute(select(CampaignGroup.group_id)).all() == []


def test_blocks_of_a_hidden_campaign_are_not_in_the_hand_over_journal(
    signed_in: Callable[..., Browser], web_engine: Engine, hidden: int
) -> None:
    with web_engine.connect() as connection:
        block_id = connection.scalar(select(Block.block_id).where(Block.campaign_id == hidden))
    browser = signed_in("campaign_administrator")
    assert f"/journals/hand-over/{block_id}" not in browser.text("/journals/hand-over/")
    assert browser.get(f"/journals/hand-over/{block_id}").status_code == 404
    assert browser.get(f"/journals/hand-over/{block_id}/export.csv").status_code == 404
    for path in ("/journals/hand-over/export.csv", f"/journals/hand-over/export.csv?campaign={hidden}"):
        assert "ALPHA" not in {line[1] for line in csv_lines(browser, path)}


def test_blocks_of_a_campaign_of_ones_own_group_are_there(
    signed_in: Callable[..., Browser], web_engine: Engine, member: int
) -> None:
    with web_engine.connect() as connection:
        block_id = connection.scalar(select(Block.block_id).where(Block.campaign_id == member))
    browser = signed_in("campaign_administrator")
    assert f"/journals/hand-over/{block_id}" in browser.text("/journals/hand-over/")
    assert str(block_id) in {line[0] for line in csv_lines(browser, "/journals/hand-over/export.csv")}
    assert browser.get(f"/journals/hand-over/{block_id}").status_code == 200
