"""The simulated dialer treats records, agents and callbacks as Cisco's does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from contact_centre import Clock, Rig, make_records, rig, wipe

from app.dialer.items import DialingMode, NewPersonalCallback
from app.dialer.records import ImportRecord
from app.simulator.people import People

EVERYBODY = {"answer_share": 100, "bad_number_share": 0, "hang_up_share": 0}
NOBODY = {"answer_share": 0, "bad_number_share": 0}


@pytest.fixture(scope="module")
def database(server) -> Iterator[str]:
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def open_centre(database: str) -> Callable[..., AbstractContextManager[Rig]]:
    """A function that opens a centre with an empty database."""
    wipe(database)
    return lambda clock=None, **settings: rig(database, clock, **settings)


def results(centre: Rig, campaign: int) -> Counter[int]:
    return Counter(row["CallResult"] for row in centre.details(campaign))


# -- the life of a record


def test_every_record_is_dialled_once_and_closes(open_centre) -> None:
    with open_centre() as centre:
        campaign = centre.campaign(records=60)
        centre.play(minutes=30)
        rows = centre.details(campaign)
        open_ones = {row["AccountNumber"] for row in rows if row["CallStatusZone1"] in "RB"}
        assert Counter(row["AccountNumber"] for row in rows) == {f"K{campaign}-{n:06}": 1 for n in range(60)}
        statuses = centre.statuses(campaign)
        assert set(statuses) <= set("CMRB") and sum(statuses.values()) == 60
        assert sum(statuses.get(letter, 0) for letter in "RB") == len(open_ones)
        assert len({row["RecoveryKey"] for row in rows}) == 60
        for row in rows:
            assert row["DbDateTime"] >= row["DateTime"] - timedelta(seconds=3)
            assert (row["TimeZone"], row["CampaignID"], row["CustomerTimeZone"]) == (-180, campaign, -180)
            assert (row["AgentPeripheralNumber"] is not None) == (row["CallResult"] in (10, 14))


def test_a_record_goes_from_pending_over_active_and_dialed_to_closed(open_centre) -> None:
    with open_centre(agents=2, skill_groups=1, **NOBODY, unanswered={8: 1}) as centre:
        campaign = centre.campaign(records=20, lines_per_agent=1.0, skill_group_info={"records_to_cache": 4})
        seen: set[str] = set()
        for _ in range(60):
            centre.play(seconds=5)
            seen |= set(centre.statuses(campaign))
        assert seen >= set("PADM")


def test_with_one_attempt_an_unanswered_record_reaches_its_maximum(open_centre) -> None:
    with open_centre(**NOBODY, unanswered={8: 1, 9: 1, 12: 1, 13: 1, 22: 1}) as centre:
        campaign = centre.campaign(records=80)
        centre.play(minutes=40)
        assert centre.statuses(campaign) == {"M": 80}
        assert set(results(centre, campaign)) == {8, 9, 12, 13, 22}


def test_what_is_no_attempt_by_ciscos_table_is_tried_again(open_centre) -> None:
    with open_centre(**NOBODY, unanswered={27: 1}) as centre:
        campaign = centre.campaign(records=5, extra={"retries": {"noAnswerDelay": 60}})
        centre.play(minutes=5)
        assert centre.statuses(campaign) == {"R": 5}
        centre.play(minutes=70)
        assert results(centre, campaign) == {27: 10}
        assert centre.client.runtime_stats(campaign).attempted == 0


def test_retries_wait_for_the_delay_of_their_result(open_centre) -> None:
    with open_centre(**NOBODY, unanswered={8: 1}) as centre:
        retries = {"retries": {"noAnswerDelay": 10}}
        campaign = centre.campaign(records=4, max_attempts=3, extra=retries)
        times = []
        for minutes in (8, 10, 10):
            centre.play(minutes=minutes)
            times.append(len(centre.details(campaign)))
        assert times == [4, 8, 12]
        assert centre.statuses(campaign) == {"M": 4}
        last = [row["CallStatusZone1"] for row in centre.details(campaign)]
        assert last == ["R"] * 8 + ["M"] * 4


def test_the_phones_of_a_record_are_tried_in_turn(open_centre) -> None:
    with open_centre(**NOBODY, unanswered={9: 1}) as centre:
        campaign = centre.campaign(max_attempts=3, skill_group=5001)
        record = ImportRecord("k", ("111", "222", "333"), -180)
        centre.client.import_records(campaign, [record], phone_columns=3)
        centre.play(minutes=10)
        rows = centre.details(campaign)
        assert [(row["Phone"], row["PhoneID"], row["CallStatusZone1"]) for row in rows] == [
            ("111", 1, "P"),
            ("222", 2, "P"),
            ("333", 3, "M"),
        ]


def test_bad_numbers_are_bad_for_ever(open_centre) -> None:
    people = People(1, bad_number_share=0.5)
    bad = [f"79{n:09}" for n in range(200) if people.bad_result(f"79{n:09}")][:10]
    with open_centre(bad_number_share=0.5, seed=1) as centre:
        found = []
        for number in range(2):
            campaign = centre.campaign()
            centre.client.import_records(campaign, [ImportRecord(f"k{number}-{p}", (p,), -180) for p in bad])
            centre.play(minutes=10)
            found.append({row["Phone"]: row["CallResult"] for row in centre.details(campaign)})
            assert centre.statuses(campaign) == {"C": 10}
    assert found[0] == found[1] == {phone: people.bad_result(phone) for phone in bad}
    assert set(found[0].values()) <= {3, 5, 7}


def test_the_same_seed_gives_the_same_people() -> None:
    def calls(seed: int) -> list[tuple[int, float]]:
        people = People(seed, unanswered={8: 3, 9: 1})
        moment = datetime(2026, 11, 23, 18)
        return [(r.result, r.seconds) for r in (people.call(f"79{n % 50:09}", moment) for n in range(150))]

    assert calls(1) == calls(1)
    assert calls(1) != calls(2)


def test_people_answer_more_in_the_evening_than_at_night() -> None:
    def answered(hour: int) -> int:
        people = People(1, bad_number_share=0)
        reactions = [people.call(f"79{n:09}", datetime(2026, 11, 23, hour)) for n in range(2000)]
        return sum(reaction.result in (10, 21) for reaction in reactions)

    assert answered(3) * 5 < answered(11) < answered(19)


# -- campaigns


def test_a_disabled_campaign_returns_what_its_dialer_holds_as_25(open_centre) -> None:
    with open_centre(agents=4, skill_groups=1) as centre:
        campaign = centre.campaign(records=100, skill_group_info={"records_to_cache": 30})
        centre.play(seconds=4)
        held = centre.statuses(campaign)
        assert held["A"] > 10 and held["P"] > 50
        centre.client.pause_campaign(campaign)
        centre.play(minutes=10)
        rows = [row for row in centre.details(campaign) if row["CallResult"] == 25]
        assert len(rows) == held["A"]
        assert {row["CallStatusZone1"] for row in rows} == {"P"}
        assert {row["CallDuration"] for row in rows} == {0}
        after = centre.statuses(campaign)
        assert "A" not in after and "D" not in after
        assert after["P"] == held["P"] + held["A"]
        dialled = len(centre.details(campaign))
        centre.play(minutes=10)
        assert len(centre.details(campaign)) == dialled
        centre.client.start_campaign(campaign)
        centre.play(minutes=40)
        assert "P" not in centre.statuses(campaign)


def test_the_emergency_stop_reaches_the_dialer(open_centre) -> None:
    with open_centre() as centre:
        campaigns = [centre.campaign(records=50, skill_group=group) for group in (5001, 5002)]
        centre.play(seconds=3)
        centre.client.disable_all_campaigns()
        centre.play(minutes=10)
        assert all(set(centre.statuses(each)) <= set("PCMRB") for each in campaigns)
        assert all(results(centre, each)[25] > 0 for each in campaigns)


def test_deleted_records_are_dialled_no_more(open_centre) -> None:
    with open_centre(**NOBODY, unanswered={8: 1}) as centre:
        campaign = centre.campaign(records=80, skill_group_info={"records_to_cache": 40})
        centre.play(seconds=3)
        in_air = centre.statuses(campaign)["D"]
        centre.client.delete_records(campaign)
        centre.play(minutes=20)
        assert len(centre.details(campaign)) == in_air  # what rang already came to its end
        assert centre.statuses(campaign) == {}
        centre.client.import_records(campaign, make_records(campaign, 5, start=500))
        centre.play(minutes=20)
        assert len(centre.details(campaign)) == in_air + 5


def test_customers_are_called_only_in_their_own_hours(open_centre) -> None:
    with open_centre(**NOBODY, unanswered={8: 1}) as centre:  # 08:00 UTC
        campaign = centre.campaign(start_time="09:00", end_time="18:00")
        for number, bias in enumerate((-180, 300, -660)):  # 11:00, 03:00 and 19:00 there
            records = [ImportRecord(f"k{number}-{n}", (f"{number}{n}",), bias) for n in range(3)]
            centre.client.import_records(campaign, records)
        centre.play(minutes=10)
        assert {row["CustomerTimeZone"] for row in centre.details(campaign)} == {-180}
        assert centre.statuses(campaign) == {"M": 3, "P": 6}
        centre.clock.turn(hours=5, minutes=51)  # 14:01 UTC: 09:01 there
        centre.play(minutes=10)
        assert {row["CustomerTimeZone"] for row in centre.details(campaign)} == {-180, 300}


def test_summer_time_of_the_campaigns_zone_moves_the_hours(open_centre) -> None:
    clock = Clock(datetime(2026, 7, 6, 13, 30))  # 09:30 in New York, where it is 4 hours behind in July
    with open_centre(clock, **NOBODY, unanswered={8: 1}) as centre:
        campaign = centre.campaign(start_time="09:00", end_time="18:00", time_zone="Eastern Standard Time")
        records = [ImportRecord("summer", ("1",), 300, True), ImportRecord("winter", ("2",), 300, False)]
        centre.client.import_records(campaign, records)
        centre.play(minutes=10)
        assert [row["AccountNumber"] for row in centre.details(campaign)] == ["summer"]


def test_an_inbound_campaign_and_one_outside_its_dates_do_not_dial(open_centre) -> None:
    with open_centre() as centre:
        inbound = centre.campaign(records=5, dialing_mode=DialingMode.INBOUND)
        over = centre.campaign(records=5, extra={"endDate": "2026-11-22"})
        centre.play(minutes=10)
        assert centre.statuses(inbound) == centre.statuses(over) == {"P": 5}


def test_campaigns_of_one_skill_group_share_its_agents(open_centre) -> None:
    with open_centre(agents=6, skill_groups=1) as centre:
        campaigns = [centre.campaign(records=200) for _ in range(3)]
        centre.play(minutes=10)
        counts = [len(centre.details(each)) for each in campaigns]
        assert min(counts) > 0.6 * max(counts) > 0


def test_changing_the_maximum_of_a_running_campaign_stops_its_records_for_a_while(open_centre) -> None:
    with open_centre() as centre:
        campaign = centre.campaign(records=1200)
        centre.play(seconds=20)
        centre.client.update_campaign(campaign, {"maxAttempts": 2})
        centre.play(seconds=31)
        before = len(centre.details(campaign)) + centre.statuses(campaign).get("D", 0)
        centre.play(seconds=20)
        assert len(centre.details(campaign)) <= before
        centre.play(minutes=5)
        assert len(centre.details(campaign)) > before


def test_predictive_dialling_abandons_calls_but_keeps_near_its_limit(open_centre) -> None:
    with open_centre(agents=20, skill_groups=1, answer_share=2) as centre:
        campaign = centre.campaign(
            records=1500,
            dialing_mode=DialingMode.PREDICTIVE,
            lines_per_agent=2,
            maximum_lines_per_agent=5,
            skill_group_info={"abandoned_route_point": "9001"},
        )
        centre.play(minutes=40)
        found = results(centre, campaign)
        assert found[20] > 0 and found[16] == 0  # with a route for them, abandoned calls go to the IVR
        assert found[20] / (found[20] + found[10] + found[14]) < 0.15
        assert centre.client.runtime_stats(campaign).counts["abandonToIvrCount"] == found[20]


def test_too_many_lines_abandon_calls(open_centre) -> None:
    with open_centre(agents=10, skill_groups=1, **EVERYBODY) as centre:
        campaign = centre.campaign(records=400, lines_per_agent=8)
        centre.play(minutes=10)
        assert results(centre, campaign)[16] > 20
        abandoned = [row for row in centre.details(campaign) if row["CallResult"] == 16]
        assert {row["AgentPeripheralNumber"] for row in abandoned} == {None}


def test_an_ivr_campaign_needs_no_agents(open_centre) -> None:
    with open_centre(agents=0, **EVERYBODY) as centre:
        info = {"ivr_ports": 5, "ivr_route_point": "8001"}
        extra = {"campaignPurposeType": "ivrCampaign"}
        campaign = centre.campaign(records=30, skill_group_info=info, extra=extra)
        centre.play(minutes=20)
        found = results(centre, campaign)
        assert sum(found.values()) == 30 and found[10] > 10
        assert {row["AgentPeripheralNumber"] for row in centre.details(campaign)} == {None}


def test_agents_preview_and_sometimes_reject(open_centre) -> None:
    with open_centre(agents=20, skill_groups=1) as centre:
        campaign = centre.campaign(records=600, dialing_mode=DialingMode.PREVIEW)
        centre.play(minutes=50)
        rows = centre.details(campaign)
        found = results(centre, campaign)
        assert len(rows) >= 600 and all(row["PreviewTime"] > 0 for row in rows)
        assert found[18] and found[19] and found[33] and not found[16]
        assert {row["CallStatusZone1"] for row in rows if row["CallResult"] == 19} == {"J"}
        assert {row["CallStatusZone1"] for row in rows if row["CallResult"] == 18} == {"R"}
        assert all(row["AgentPeripheralNumber"] for row in rows)


def test_answering_machines_go_to_agents_where_the_campaign_says_so(open_centre) -> None:
    with open_centre(**NOBODY, unanswered={12: 1}) as centre:
        campaign = centre.campaign(records=20, extra={"amdTreatmentMode": "transferToAgent"})
        centre.play(minutes=20)
        rows = centre.details(campaign)
        assert {row["CallResult"] for row in rows} == {12}
        assert sum(row["AgentPeripheralNumber"] is not None for row in rows) > 10  # the rest found no agent ready
        assert {row["WrapupData"] for row in rows} == {None}


def test_numbers_on_the_do_not_call_list_are_not_dialled(open_centre, tmp_path) -> None:
    with open_centre() as centre:
        campaign = centre.campaign(enabled=False)
        records = make_records(campaign, 6)
        url = f"{centre.simulator.base_url}/simulator/control/do-not-call"
        assert centre.http.post(url, json={"phones": [records[0].phones[0]]}).status_code == 200
        path = tmp_path / "dnc.txt"
        path.write_text(f"{records[1].phones[0]}\n\n{'1' * 30}\n")
        body = f"<dnc><name>file</name><filePath>{path}</filePath></dnc>"
        assert centre.http.post(f"{centre.root}/dnc", data=body).status_code == 201
        centre.play(minutes=2)
        assert not path.exists() and path.with_name("dnc.txt.001").exists()
        centre.client.import_records(campaign, records)
        centre.client.start_campaign(campaign)
        centre.play(minutes=15)
        rows = {row["AccountNumber"]: row for row in centre.details(campaign)}
        listed = [rows[record.account_number] for record in records[:2]]
        assert [(row["CallResult"], row["CallStatusZone1"], row["DialingMode"]) for row in listed] == [
            (26, "C", None)
        ] * 2
        assert len(rows) == 6 and sum(row["CallResult"] == 26 for row in rows.values()) == 2


# -- agents


def test_agents_give_their_outcomes_in_wrapup_text(open_centre) -> None:
    outcomes = {"20": 1, "14": 1, "11": 1, "": 1}
    with open_centre(agents=20, skill_groups=1, **EVERYBODY, outcomes=outcomes) as centre:
        campaign = centre.campaign(records=300)
        centre.play(minutes=60)
        rows = [row for row in centre.details(campaign) if row["CallResult"] in (10, 14)]
        assert {row["WrapupData"] for row in rows} == {"20", "14", "11", None}
        assert {row["WrapupData"] for row in rows if row["CallResult"] == 14} == {"14"}
        assert all(row["CallDuration"] > row["PickupTime"] > 0 for row in rows)
        stats = centre.client.runtime_stats(campaign)
        assert stats.counts["talkTimeCount"] > 0 and stats.counts["wrapupTimeCount"] > 0


def test_the_number_of_agents_follows_the_control(open_centre) -> None:
    with open_centre(agents=6, skill_groups=2) as centre:
        centre.campaign(records=500)
        centre.play(minutes=2)

        def agents() -> int:
            return sum(row[0] for row in centre.rows('SELECT "LoggedOn" FROM "Skill_Group_Real_Time"'))

        def set_agents(count: int) -> None:
            url = f"{centre.simulator.base_url}/simulator/control/agents"
            assert centre.http.put(url, json={"count": count}).status_code == 200
            centre.play(minutes=10)
            centre.dialer._real_time_at = 0  # the real-time tables are written once a real second
            centre.play(seconds=1)

        set_agents(6)
        assert agents() == 6
        set_agents(10)
        assert agents() == 10
        set_agents(3)
        assert agents() == 3
        set_agents(5)
        assert agents() == 5


def test_agents_keep_their_shift_and_records_wait(open_centre) -> None:
    clock = Clock(datetime(2026, 11, 23, 17, 50))  # 20:50 in Moscow
    with open_centre(clock, shift="09:00-21:00", agents=4) as centre:
        campaign = centre.campaign(records=2000)
        centre.play(minutes=9)
        assert centre.dialer.report()["agents"].get("off", 0) == 0
        centre.play(minutes=21)  # to 21:20
        assert centre.dialer.report()["agents"] == {"off": 4}
        done = len(centre.details(campaign))
        assert done > 0
        centre.play(minutes=30)
        assert len(centre.details(campaign)) == done
        centre.clock.turn(hours=11, minutes=20)  # to 09:10
        centre.play(minutes=5)
        assert centre.dialer.report()["agents"].get("off", 0) == 0
        assert len(centre.details(campaign)) > done


def test_agents_take_breaks(open_centre) -> None:
    with open_centre(agents=10, break_share=1, break_minutes=5, **EVERYBODY) as centre:
        centre.campaign(records=300)
        seen = 0
        for _ in range(10):
            centre.play(minutes=1)
            seen = max(seen, centre.dialer.report()["agents"].get("not ready", 0))
        assert seen > 0


# -- callbacks


def test_a_booked_callback_keeps_the_record_until_its_time(open_centre) -> None:
    with open_centre(**EVERYBODY, outcomes={"14": 1}, callback_share=1) as centre:
        campaign = centre.campaign(records=3)
        centre.play(minutes=10)
        rows = centre.details(campaign)
        assert [(row["CallResult"], row["CallStatusZone1"], row["WrapupData"]) for row in rows] == [(14, "B", "14")] * 3
        for row in rows:
            assert row["CallbackPhone"] == row["Phone"]
            ahead = row["CallbackDateTime"] - row["DateTime"]
            assert timedelta(minutes=30) < ahead < timedelta(days=3)
            assert 9 <= row["CallbackDateTime"].hour < 20
        assert {record.status for record in centre.client.list_records(campaign)} == {"callbackRequested"}
        first = min(row["CallbackDateTime"] for row in rows) - timedelta(hours=3)  # Moscow to UTC
        centre.clock.moment = first + timedelta(seconds=1)
        centre.play(minutes=5)
        again = centre.details(campaign)[3:]
        assert again and again[0]["PhoneID"] is None  # Cisco leaves it empty for callbacks


def test_a_callback_may_close_the_record(open_centre) -> None:
    with open_centre(**EVERYBODY, outcomes={"14": 1}, callback_share=1, callback_keeps_record=False) as centre:
        campaign = centre.campaign(records=3)
        centre.play(minutes=10)
        assert centre.statuses(campaign) == {"C": 3}
        assert all(row["CallResult"] == 14 and row["CallbackDateTime"] for row in centre.details(campaign))


def test_an_agents_own_callback_moves_the_record_to_the_personal_list(open_centre) -> None:
    with open_centre(**EVERYBODY, outcomes={"14": 1}, callback_share=1) as centre:
        campaign = centre.campaign(records=2, extra={"personalizedCallbackEnabled": True})
        centre.play(minutes=10)
        rows = centre.details(campaign)
        assert {row["CallStatusZone1"] for row in rows} == {"S"}
        listed = {each.account_number: each for each in centre.client.list_personal_callbacks()}
        assert {key: each.agent_id for key, each in listed.items()} == {
            row["AccountNumber"]: row["AgentPeripheralNumber"] for row in rows
        }
        assert centre.client.runtime_stats(campaign).counts["personalCallbackCount"] == 2


def personal(centre: Rig, campaign: int, agent_id: str, minutes: int = 20, attempts: int = 2) -> int:
    agent = centre.client.find_agent(agent_id)
    assert agent is not None
    at = centre.clock.moment + timedelta(hours=3, minutes=minutes)  # local time of the Logger
    return centre.client.create_personal_callback(
        NewPersonalCallback(campaign, agent.agent_skill_target_id, "79161112233", f"PCB{agent_id}", at, attempts)
    )


def test_a_personal_callback_is_dialled_for_its_agent_without_a_running_campaign(open_centre) -> None:
    with open_centre(**EVERYBODY, outcomes={"20": 1}) as centre:
        campaign = centre.campaign(enabled=False)
        identity = personal(centre, campaign, "106003")
        centre.play(minutes=18)
        assert centre.details(campaign) == []
        centre.play(minutes=10)
        [row] = centre.details(campaign)
        assert (row["AgentPeripheralNumber"], row["AccountNumber"], row["DialingListID"]) == (
            "106003",
            "PCB106003",
            identity,
        )
        assert (row["PhoneID"], row["CustomerTimeZone"], row["CallResult"]) == (None, None, 10)
        assert centre.client.get_personal_callback(identity).status == "closed"


def test_a_personal_callback_nobody_answers_is_repeated_until_its_attempts_are_used_up(open_centre) -> None:
    with open_centre(**NOBODY, unanswered={8: 1}) as centre:
        campaign = centre.campaign(enabled=False)
        identity = personal(centre, campaign, "106003", minutes=1, attempts=2)
        centre.play(minutes=60)
        assert results(centre, campaign) == {8: 2}
        found = centre.client.get_personal_callback(identity)
        assert (found.status, found.max_attempts) == ("maxAttemptsReached", 0)


@pytest.mark.parametrize(
    ("mode", "status", "result"),
    [("abandon", "agentNotAvailable", 17), ("sameTimeNextBusinessDay", "pending", 17), ("useCampaignDN", "closed", 10)],
)
def test_a_personal_callback_without_its_agent_follows_the_campaigns_mode(open_centre, mode, status, result) -> None:
    with open_centre(agents=8, skill_groups=2, **EVERYBODY, outcomes={"20": 1}) as centre:
        campaign = centre.campaign(enabled=False, extra={"rescheduleCallbackMode": mode})
        identity = personal(centre, campaign, "106008", minutes=1)
        centre.http.put(f"{centre.simulator.base_url}/simulator/control/agents", json={"count": 7})
        centre.play(minutes=30)
        [row] = centre.details(campaign)
        assert row["CallResult"] == result
        found = centre.client.get_personal_callback(identity)
        assert found.status == status
        if result == 17:
            assert row["CallResultDetail"] == 20_000
        else:
            assert row["AgentPeripheralNumber"] not in (None, "106008")
        if mode == "sameTimeNextBusinessDay":
            assert found.callback_at is not None and found.callback_at.date() == datetime(2026, 11, 24).date()


# -- the night, restarts and clocks


def test_daily_counters_start_again_at_half_past_midnight_and_lasting_ones_do_not(open_centre) -> None:
    clock = Clock(datetime(2026, 11, 23, 20, 30))  # 23:30 in Moscow
    with open_centre(clock) as centre:
        campaign = centre.campaign(records=30)
        centre.play(minutes=45)  # 00:15
        before = centre.client.runtime_stats(campaign)
        assert before.attempted > 0 and before.total == 30
        centre.client.pause_campaign(campaign)
        centre.play(minutes=30)  # 00:45
        after = centre.client.runtime_stats(campaign)
        assert (after.attempted, after.voice) == (0, 0)
        assert (after.total, after.total_voice, after.closed) == (30, before.total_voice, before.closed)


def test_old_closed_records_and_old_rows_are_purged_at_midnight(open_centre) -> None:
    clock = Clock()
    with open_centre(clock, **NOBODY, unanswered={8: 1}, purge_days=1, history_days=2) as centre:
        campaign = centre.campaign(records=10)
        centre.play(minutes=10)
        centre.client.pause_campaign(campaign)
        centre.client.import_records(campaign, make_records(campaign, 5, start=100))
        centre.play(seconds=5)
        assert centre.statuses(campaign) == {"M": 10, "P": 5}
        clock.turn(days=2)  # two midnights; what was called at 11:00 is not two days old at the second one
        centre.dialer.step()
        assert (centre.statuses(campaign), len(centre.details(campaign))) == ({"P": 5}, 10)
        clock.turn(days=1)
        centre.dialer.step()
        assert (centre.statuses(campaign), len(centre.details(campaign))) == ({"P": 5}, 0)


def test_records_at_the_dialer_are_unknown_after_a_restart_and_pending_an_hour_later(open_centre) -> None:
    clock = Clock()
    with open_centre(clock, agents=2, skill_groups=1) as centre:
        campaign = centre.campaign(records=40, skill_group_info={"records_to_cache": 20})
        centre.play(seconds=5)
        held = centre.statuses(campaign)
        key = max((row["RecoveryKey"] for row in centre.details(campaign)), default=0)
    with open_centre(clock, agents=2, skill_groups=1) as centre:
        assert centre.statuses(campaign)["U"] == held["A"] + held["D"]
        assert {record.status for record in centre.client.list_records(campaign)} >= {"unknown", "pending"}
        centre.play(minutes=59)
        assert centre.statuses(campaign)["U"] == held["A"] + held["D"]
        centre.play(minutes=60)
        assert "U" not in centre.statuses(campaign)
        rows = centre.details(campaign)
        assert {row["AccountNumber"] for row in rows} == {f"K{campaign}-{n:06}" for n in range(40)}
        assert len({row["RecoveryKey"] for row in rows}) == len(rows)
        assert max(row["RecoveryKey"] for row in rows) > key


def test_records_in_dialling_may_stay_so_for_ever_after_a_crash(open_centre) -> None:
    clock = Clock()
    with open_centre(clock) as centre:
        campaign = centre.campaign(records=40)
        centre.play(seconds=3)
        dialled = centre.statuses(campaign)["D"]
    with open_centre(clock, stuck_dialed_share=1) as centre:
        centre.play(minutes=130)
        assert centre.statuses(campaign)["D"] == dialled > 0


def test_a_clock_that_is_set_back_does_not_stop_the_dialer(open_centre) -> None:
    with open_centre() as centre:
        campaign = centre.campaign(records=400)
        centre.play(minutes=5)
        done = len(centre.details(campaign))
        centre.clock.turn(hours=-2)
        centre.play(minutes=6)
        assert len(centre.details(campaign)) > done


def test_a_clock_that_leaps_ahead_is_followed(open_centre) -> None:
    with open_centre(agents=4) as centre:
        campaign = centre.campaign(records=20)
        centre.clock.turn(hours=30)
        centre.dialer.step()
        assert centre.dialer.time == centre.clock.moment
        assert sum(centre.statuses(campaign).get(letter, 0) for letter in "CMRB") == 20


def test_real_time_tables_show_the_agents(open_centre) -> None:
    with open_centre(agents=9, skill_groups=2, **EVERYBODY) as centre:
        campaign = centre.campaign(records=300, skill_group=5001)
        centre.play(minutes=3)
        centre.dialer._real_time_at = 0
        centre.play(seconds=1)
        [busy, idle] = centre.rows(
            'SELECT "LoggedOn", "TalkingAutoOut", "WorkReady", "Avail" FROM "Skill_Group_Real_Time" '
            'ORDER BY "SkillTargetID"'
        )
        assert busy[0] == 5 and busy[1] + busy[2] > 0
        assert idle == (4, 0, 0, 4)
        [line] = centre.rows('SELECT "DialerSkillGroupMode", "IdleRecords" FROM "Dialer_Skill_Group_Real_Time"')
        assert line[0] == "R" and line[1] > 0
        assert centre.client.runtime_stats(campaign).total == 300
