"""The client and the simulated resources understand each other, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from contact_centre import Rig, make_records, rig

from app.dialer.errors import DialerNotFound, DialerRefused
from app.dialer.items import CampaignSettings, DialingMode, NewPersonalCallback, SkillGroupInfo
from app.dialer.records import ImportRecord


@pytest.fixture(scope="module")
def centre(server) -> Iterator[Rig]:
    url = server.create()
    with rig(url) as made:
        yield made
    server.drop(url)


def test_a_campaign_is_made_read_changed_and_deleted(centre: Rig) -> None:
    client = centre.client
    settings = CampaignSettings(
        "Whole_campaign",
        description="Взыскание & <розница>",
        dialing_mode=DialingMode.PREDICTIVE,
        lines_per_agent=2.5,
        no_answer_ring_limit=6,
        start_time="08:00",
        end_time="21:30",
        time_zone="Russian Standard Time",
        skill_groups=(SkillGroupInfo(5001, "7001", 10), SkillGroupInfo(5002, "7002", 5, 1, 2, "8001", "9001")),
        extra={"retries": {"noAnswerDelay": 15}, "abandonPercent": 2.5},
    )
    identity = client.create_campaign(settings)
    campaign = client.get_campaign(identity)
    assert (campaign.campaign_id, campaign.name, campaign.description) == (
        identity,
        "Whole_campaign",
        "Взыскание & <розница>",
    )
    assert (campaign.enabled, campaign.dialing_mode, campaign.max_attempts) == (False, "PREDICTIVEONLY", 1)
    assert (campaign.start_time, campaign.end_time) == ("08:00", "21:30")
    assert campaign.time_zone == "Russian Standard Time"
    assert campaign.skill_groups == settings.skill_groups
    assert campaign.values["retries"]["noAnswerDelay"] == "15"
    assert (campaign.values["linesPerAgent"], campaign.values["maximumLinesPerAgent"]) == ("2.5", "2.5")
    client.update_campaign(identity, {"description": "", "abandonPercent": 3})
    changed = client.get_campaign(identity)
    assert (changed.description, changed.values["abandonPercent"]) == ("", "3")
    assert int(changed.change_stamp) == int(campaign.change_stamp) + 1
    assert client.find_campaign("Whole_campaign") == changed
    assert client.find_campaign("Whole") is None
    client.delete_campaign(identity)
    with pytest.raises(DialerNotFound):
        client.get_campaign(identity)


def test_campaigns_are_listed_over_all_pages(centre: Rig) -> None:
    made = {centre.campaign(name=f"Listed_{n:03}", enabled=False) for n in range(205)}
    listed = [campaign.campaign_id for campaign in centre.client.list_campaigns("Listed_")]
    assert set(listed) == made and len(listed) == 205


def test_a_campaign_starts_and_pauses(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    centre.client.start_campaign(campaign)
    assert centre.client.get_campaign(campaign).enabled
    centre.client.pause_campaign(campaign)
    assert not centre.client.get_campaign(campaign).enabled
    centre.client.start_campaign(campaign)
    centre.client.disable_all_campaigns()
    assert not centre.client.get_campaign(campaign).enabled


def test_a_change_of_somebody_else_in_between_is_kept(centre: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = centre.campaign(enabled=False)
    read = centre.client.get_campaign
    interrupted = []

    def get_and_be_late(identity: int):
        found = read(identity)
        if not interrupted:
            interrupted.append(True)
            body = (
                f"<campaign><changeStamp>{found.change_stamp}</changeStamp><description>theirs</description></campaign>"
            )
            assert centre.http.put(f"{centre.root}/campaign/{identity}", data=body).status_code == 200
        return found

    monkeypatch.setattr(centre.client, "get_campaign", get_and_be_late)
    centre.client.start_campaign(campaign)
    found = read(campaign)
    assert (found.enabled, found.description, found.change_stamp) == (True, "theirs", "2")


def test_a_refused_change_is_not_repeated(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    with pytest.raises(DialerRefused, match="maxAttempts: Value must lie between 1 and 100"):
        centre.client.update_campaign(campaign, {"maxAttempts": 0})
    assert centre.client.get_campaign(campaign).change_stamp == "0"


def test_the_dialers_own_words_reach_the_reader(centre: Rig) -> None:
    with pytest.raises(DialerRefused) as caught:
        centre.client.create_campaign(CampaignSettings("a b", skill_groups=(SkillGroupInfo(1),)))
    assert {error.data for error in caught.value.errors} == {"name", "skillGroup"}
    assert "skillGroup: The skill group does not exist" in str(caught.value)


def test_records_are_handed_over_found_counted_and_deleted(centre: Rig) -> None:
    client, campaign = centre.client, centre.campaign(enabled=False)
    records = make_records(campaign, 250)
    assert client.import_records(campaign, records[:240]) == 240
    assert client.import_records(campaign, records[240:]) == 10
    assert client.count_records(campaign) == 250
    listed = list(client.list_records(campaign))
    assert [(each.account_number, each.phones) for each in listed] == [(r.account_number, r.phones) for r in records]
    found = client.find_record(campaign, records[123].account_number)
    assert found == listed[123]
    assert client.find_record(campaign, "K") is None  # part of every key, and none
    assert client.find_record(campaign, f"{records[0].account_number}0") is None
    stats = client.runtime_stats(campaign)
    assert (stats.total, stats.remaining, stats.attempted) == (250, 250, 0)
    client.import_records(campaign, records[:3], overwrite=True)
    assert client.count_records(campaign) == 3
    client.delete_records(campaign)
    assert client.count_records(campaign) == 0
    assert list(client.list_records(campaign)) == []


def test_names_zones_and_odd_characters_arrive_whole(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    record = ImportRecord("<&]]>é", ("#1*", "22"), 300, True, "Ёж ]]> & <b>", "O'Neil\u00a0II")
    centre.client.import_records(campaign, [record], phone_columns=2)
    [found] = centre.client.list_records(campaign)
    assert (found.account_number, found.phones) == ("<&]]>é", ("#1*", "22"))
    [row] = centre.rows('SELECT "FirstName", "LastName" FROM "Dialing_List" WHERE "CampaignID" = :c', c=campaign)
    assert tuple(row) == ("Ёж ]]> & <b>", "O'Neil\u00a0II")


def test_ten_thousand_records_go_in_one_block(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    assert centre.client.import_records(campaign, make_records(campaign, 10_000)) == 10_000
    assert centre.client.count_records(campaign) == 10_000


def test_a_record_found_twice_is_the_one_still_open(centre: Rig) -> None:
    campaign = centre.campaign()
    record = make_records(campaign, 1)
    centre.client.import_records(campaign, record)
    centre.play(minutes=5)
    centre.client.pause_campaign(campaign)
    centre.client.import_records(campaign, record)
    found = centre.client.find_record(campaign, record[0].account_number)
    assert found is not None and found.status == "pending"
    assert centre.client.count_records(campaign) == 2


def test_time_zones_and_skill_groups_and_agents_are_known(centre: Rig) -> None:
    zones = {zone.name: zone for zone in centre.client.time_zones()}
    moscow, new_york = zones["Russian Standard Time"], zones["Eastern Standard Time"]
    assert (moscow.bias, moscow.dst_observed, moscow.display_name) == (-180, False, "(UTC+03:00) Moscow")
    assert (new_york.bias, new_york.dst_observed) == (300, True)
    assert [group.skill_group_id for group in centre.client.list_skill_groups()] == [5001, 5002]
    assert [group.name for group in centre.client.list_skill_groups("5002")] == ["Outbound_5002"]
    agent = centre.client.find_agent("106001")
    assert agent is not None and (agent.agent_skill_target_id, agent.user_name) == (6001, "agent106001")
    assert centre.client.find_agent("10600") is None


# -- personal callbacks


def booking(centre: Rig, **changes) -> NewPersonalCallback:
    at = centre.clock.moment.replace(second=0) + timedelta(hours=3 + 2)  # Moscow, in two hours
    values = {
        "campaign_id": centre.campaign(enabled=False),
        "agent_skill_target_id": 6001,
        "phone": "79161112233",
        "account_number": "KEY-1",
        "callback_at": at,
        "max_attempts": 3,
        "campaign_dn": "7001",
        "first_name": "Анна",
    }
    return NewPersonalCallback(**{**values, **changes})


def test_a_personal_callback_is_booked_changed_and_deleted(centre: Rig) -> None:
    client, callback = centre.client, booking(centre)
    identity = client.create_personal_callback(callback)
    found = client.get_personal_callback(identity)
    assert (found.callback_id, found.agent_id, found.status) == (identity, "106001", "pending")
    assert (found.campaign_id, found.phone, found.account_number) == (callback.campaign_id, callback.phone, "KEY-1")
    assert (found.callback_at, found.max_attempts) == (callback.callback_at, 3)
    later = callback.callback_at + timedelta(hours=1)
    client.update_personal_callback(identity, {"callbackDateTime": later, "phone": "79160000000"})
    changed = client.get_personal_callback(identity)
    assert (changed.callback_at, changed.phone, changed.max_attempts) == (later, "79160000000", 3)
    assert [each.callback_id for each in client.list_personal_callbacks("accountNumber:key-1")] == [identity]
    assert list(client.list_personal_callbacks("accountNumber:other")) == []
    client.delete_personal_callback(identity)
    with pytest.raises(DialerNotFound):
        client.get_personal_callback(identity)


@pytest.mark.parametrize(
    ("changes", "data"),
    [
        ({"phone": "+7916"}, "phone"),
        ({"phone": "1" * 21}, "phone"),
        ({"account_number": "x" * 31}, "accountNumber"),
        ({"max_attempts": 0}, "maxAttempts"),
        ({"campaign_id": 1}, "campaign"),
        ({"agent_skill_target_id": 1}, "agent"),
        ({"campaign_dn": "1" * 13}, "campaignDn"),
        ({"callback_at": datetime(2026, 11, 23, 10, 44)}, "callbackDateTime"),  # it is 11:00 there, or later
    ],
)
def test_a_personal_callback_that_cannot_be_is_refused(centre: Rig, changes: dict, data: str) -> None:
    with pytest.raises(DialerRefused) as caught:
        centre.client.create_personal_callback(booking(centre, **changes))
    assert data in {error.data for error in caught.value.errors}


def test_a_personal_callback_a_little_in_the_past_is_taken_and_one_that_is_near_cannot_be_changed(centre: Rig) -> None:
    local = centre.clock.moment + timedelta(hours=3)
    past = centre.client.create_personal_callback(booking(centre, callback_at=local - timedelta(minutes=14)))
    near = centre.client.create_personal_callback(booking(centre, callback_at=local + timedelta(minutes=14)))
    for identity in (past, near):
        with pytest.raises(DialerRefused, match="less than 15 minutes"):
            centre.client.update_personal_callback(identity, {"phone": "1"})


def test_many_personal_callbacks_come_in_one_request(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    template = centre.http.get(f"{centre.root}/personalcallback/template").text.strip()
    at = (centre.clock.moment + timedelta(hours=6)).isoformat(timespec="seconds")
    lines = [f"BULK{n},Анна,Ёлкина,7916{n:07},6001,{campaign},7001,{at},2" for n in range(3)]

    def send(*rows: str, overwrite: bool = False) -> int:
        more = "<overwriteData>true</overwriteData>" if overwrite else ""
        content = "\n".join([template, *rows])
        body = f"<import><fileContent><![CDATA[{content}]]></fileContent>{more}</import>"
        return centre.http.post(f"{centre.root}/personalcallback/import", data=body.encode()).status_code

    assert send(*lines) == 200
    assert len(list(centre.client.list_personal_callbacks("accountNumber:BULK"))) == 3
    assert send("BULK9,,,none,6001,1,7001,soon,0") == 400
    assert send(lines[0], overwrite=True) == 200
    assert [each.account_number for each in centre.client.list_personal_callbacks()] == ["BULK0"]
