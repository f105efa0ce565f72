"""Each fault of the simulator does what it says, and the client answers it with the right error and no second copy."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
import requests
from contact_centre import USER, Rig, make_records, rig, wait_until
from sqlalchemy import text

from app.dialer.client import CiscoClient, Retries
from app.dialer.errors import DialerBusy, DialerError, DialerRefused, DialerUnavailable, DialerUnknown
from app.simulator.centre import DATABASE_ERRORS


@pytest.fixture(scope="module")
def database(server) -> Iterator[str]:
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(scope="module")
def shared(database: str) -> Iterator[Rig]:
    with rig(database) as made:
        made.client.timeout = (1, 0.5)
        yield made


@pytest.fixture
def centre(shared: Rig) -> Iterator[Rig]:
    yield shared
    shared.clear_faults()


# -- of the REST resources


def test_a_slow_answer_is_waited_for(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    centre.fault("slow", seconds=0.3, count=1)
    started = time.monotonic()
    assert centre.client.import_records(campaign, make_records(campaign, 1)) == 1
    assert time.monotonic() - started >= 0.3


def test_an_answer_that_is_too_slow_leaves_an_import_unknown_but_stored_once(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    centre.fault("slow", seconds=1.0, count=1, path="import")
    with pytest.raises(DialerUnknown):
        centre.client.import_records(campaign, make_records(campaign, 3))
    wait_until(lambda: centre.statuses(campaign) == {"P": 3})


def test_an_import_accepted_but_not_answered_is_found_by_its_keys(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    records = make_records(campaign, 3)
    centre.fault("hang_after", seconds=30, count=1, path="import", method="POST")
    with pytest.raises(DialerUnknown):
        centre.client.import_records(campaign, records)
    found = centre.client.find_record(campaign, records[1].account_number)
    assert found is not None and found.status == "pending"
    assert centre.statuses(campaign) == {"P": 3}


def test_a_request_that_hangs_before_its_work_stores_nothing(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    records = make_records(campaign, 3)
    centre.fault("hang", seconds=30, count=1, method="POST")
    with pytest.raises(DialerUnknown):
        centre.client.import_records(campaign, records)
    assert centre.client.find_record(campaign, records[1].account_number) is None
    centre.clear_faults()
    assert centre.client.import_records(campaign, records) == 3
    assert centre.statuses(campaign) == {"P": 3}


@pytest.mark.parametrize(("fault", "stored"), [("error500", {}), ("error500_after", {"P": 2})])
def test_an_import_that_fails_with_500_is_unknown(centre: Rig, fault: str, stored: dict[str, int]) -> None:
    campaign = centre.campaign(enabled=False)
    centre.fault(fault, count=1, method="POST")
    with pytest.raises(DialerUnknown):
        centre.client.import_records(campaign, make_records(campaign, 2))
    assert centre.statuses(campaign) == stored


def test_a_busy_dialer_is_asked_again(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    centre.fault("busy", count=2)
    assert centre.client.import_records(campaign, make_records(campaign, 2)) == 2
    assert centre.statuses(campaign) == {"P": 2}
    centre.fault("busy")
    with pytest.raises(DialerBusy):
        centre.client.import_records(campaign, make_records(campaign, 2, start=10))
    with pytest.raises(DialerBusy):
        centre.client.get_campaign(campaign)
    centre.clear_faults()
    assert centre.statuses(campaign) == {"P": 2}


def test_a_lost_import_is_answered_with_success(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    records = make_records(campaign, 4)
    centre.fault("lose_import", count=1)
    assert centre.client.import_records(campaign, records) == 4
    assert centre.client.count_records(campaign) == 0
    assert centre.client.runtime_stats(campaign).total == 0
    assert centre.client.import_records(campaign, records) == 4
    assert centre.client.count_records(campaign) == 4
    books = [each for each in centre.control("/ledger")["imports"] if each["campaign"] == campaign]
    assert {each["outcome"]: each["records"] for each in books} == {"lost": 4, "stored": 4}


def test_wrong_credentials_on_demand(centre: Rig) -> None:
    centre.fault("unauthorized", count=1)
    with pytest.raises(DialerRefused, match="sign-in"):
        centre.client.get_campaign(1)


def test_a_page_of_a_proxy_is_no_answer(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    centre.fault("garbage", count=1)
    with pytest.raises(DialerError, match="not its XML"):
        centre.client.get_campaign(campaign)


@pytest.mark.parametrize("fault", ["error500", "error500_after", "hang", "hang_after"])
def test_starting_a_campaign_survives_a_lost_answer(centre: Rig, fault: str) -> None:
    campaign = centre.campaign(enabled=False)
    centre.fault(fault, count=1, method="PUT", seconds=30)
    centre.client.start_campaign(campaign)
    assert centre.client.get_campaign(campaign).enabled


def test_a_refused_connection_is_unavailable_until_it_listens_again(centre: Rig) -> None:
    campaign = centre.campaign(enabled=False)
    centre.fault("refuse", seconds=1.5)

    def refused() -> bool:
        try:
            requests.get(centre.root, timeout=1)
        except requests.ConnectionError:
            return True
        return False

    wait_until(refused)
    with pytest.raises(DialerUnavailable):
        centre.client.import_records(campaign, make_records(campaign, 1))
    patient = CiscoClient(
        centre.simulator.base_url, USER, "test-password", retries=Retries(10, first_seconds=0.2, most_seconds=1)
    )
    with patient:
        assert patient.import_records(campaign, make_records(campaign, 2)) == 2
    assert centre.statuses(campaign) == {"P": 2}


def test_a_fault_strikes_its_path_and_method_its_share_and_its_count(centre: Rig) -> None:
    def status(path: str, method: str = "GET") -> int:
        return centre.http.request(method, centre.root + path).status_code

    centre.fault("error500", path="/timezone", method="GET")
    assert (status("/timezone"), status("/campaign"), status("/timezone", "PUT")) == (500, 200, 405)
    centre.fault("error500", count=2)
    assert [status("/timezone") for _ in range(4)] == [500, 500, 200, 200]
    centre.fault("error500", rate=0.5)
    assert 20 < sum(status("/skillgroup") == 500 for _ in range(80)) < 60
    assert centre.control("/faults")["active"]["error500"]["struck"] > 20


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("flood", {}, "no fault 'flood'"),
        ("slow", {"rate": 2}, "rate is at most 1"),
        ("slow", {"seconds": -1}, "seconds"),
        ("slow", {"count": "many"}, "count has the wrong type"),
        ("slow", {"colour": 1}, "no 'colour' here"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_words(centre: Rig, name: str, values: dict, words: str) -> None:
    response = centre.http.put(f"{centre.simulator.base_url}/simulator/control/faults/{name}", json=values)
    assert response.status_code == 400
    assert words in response.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "values"),
    [
        ("PUT", "/agents", {"count": -1}),
        ("PUT", "/agents", {"count": True}),
        ("PUT", "/engine", {"paused": 1}),
        ("PUT", "/behaviour", {"outcomes": {"20": 0}}),
        ("PUT", "/behaviour", {"talk_seconds": 0}),
        ("POST", "/do-not-call", {"phones": [1]}),
        ("PUT", "/agents", [1]),
    ],
)
def test_a_control_request_that_makes_no_sense_is_refused(centre: Rig, method: str, path: str, values) -> None:
    url = f"{centre.simulator.base_url}/simulator/control{path}"
    assert centre.http.request(method, url, json=values).status_code == 400


# -- of the historical database


@pytest.fixture
def fresh(server) -> Iterator[Rig]:
    url = server.create()
    with rig(url, commit_delay_seconds=(5, 30), commit_skew_seconds=0) as made:
        yield made
    server.drop(url)


def delays(centre: Rig, campaign: int) -> list[float]:
    return [(row["DbDateTime"] - row["DateTime"]).total_seconds() for row in centre.details(campaign)]


def test_rows_come_with_a_delay_and_late_ones_keep_their_old_time(fresh: Rig) -> None:
    campaign = fresh.campaign(records=30)
    fresh.play(minutes=15)
    usual = delays(fresh, campaign)
    assert len(usual) == 30 and min(usual) >= 5 and max(usual) <= 45
    fresh.fault("late_rows", seconds=3600)
    fresh.client.import_records(campaign, make_records(campaign, 10, start=100))
    fresh.play(minutes=20)
    assert len(fresh.details(campaign)) == 30
    fresh.play(minutes=60)
    assert len(fresh.details(campaign)) == 40
    assert min(delays(fresh, campaign)[30:]) >= 3600


def test_rows_wait_while_the_router_is_down_and_all_come_after(fresh: Rig) -> None:
    campaign = fresh.campaign(records=20)
    fresh.fault("router_down", seconds=1800)
    fresh.play(minutes=29)
    assert fresh.details(campaign) == []
    assert fresh.control("/ledger")["rows_waiting"] == 20
    fresh.play(minutes=3)
    rows = fresh.details(campaign)
    assert Counter(row["AccountNumber"] for row in rows) == {f"K{campaign}-{n:06}": 1 for n in range(20)}
    assert max(delays(fresh, campaign)) > 1200
    assert fresh.control("/ledger")["rows_waiting"] == 0


def test_duplicate_rows_have_the_same_key_and_a_new_time(fresh: Rig) -> None:
    campaign = fresh.campaign(records=20)
    fresh.fault("duplicate_rows", seconds=1200)
    fresh.play(minutes=15)
    first = {row["RecoveryKey"]: row["DbDateTime"] for row in fresh.details(campaign)}
    fresh.play(minutes=30)
    second = {row["RecoveryKey"]: row["DbDateTime"] for row in fresh.details(campaign)}
    assert first.keys() == second.keys() and len(first) == 20
    assert all(second[key] > first[key] for key in first)


def test_repeated_results_have_new_keys(fresh: Rig) -> None:
    campaign = fresh.campaign(records=20)
    fresh.fault("repeated_results", rate=0.5, seconds=300)
    fresh.play(minutes=30)
    rows = fresh.details(campaign)
    times = Counter(row["AccountNumber"] for row in rows)
    assert set(times.values()) == {1, 2} and len(times) == 20
    assert len({row["RecoveryKey"] for row in rows}) == len(rows)
    for account, count in times.items():
        same = [row for row in rows if row["AccountNumber"] == account]
        assert len({(row["DateTime"], row["CallResult"], row["CallGUID"]) for row in same}) == 1, count


def test_rows_out_of_order_are_overtaken(fresh: Rig) -> None:
    campaign = fresh.campaign(records=60)
    fresh.fault("out_of_order", seconds=600)
    fresh.play(minutes=60)
    rows = fresh.details(campaign)
    assert len(rows) == 60
    written = sorted(rows, key=lambda row: row["DbDateTime"])
    pairs = pairwise(written)
    assert sum(later["DateTime"] < earlier["DateTime"] for earlier, later in pairs) > 10


def test_rows_of_strangers_are_mixed_in(fresh: Rig) -> None:
    campaign = fresh.campaign(records=20)
    fresh.fault("unknown_accounts", rate=0.5)
    fresh.play(minutes=20)
    rows = fresh.details(campaign)
    ours = [row for row in rows if row["AccountNumber"].startswith(f"K{campaign}-")]
    assert len(ours) == 20 < len(rows)


def test_faults_outlive_a_restart(database: str, shared: Rig, server) -> None:
    url = server.create()
    with rig(url) as centre:
        centre.fault("late_rows", seconds=77, rate=0.25)
        centre.fault("busy", count=1)
        with pytest.raises(DialerBusy):
            CiscoClient(centre.simulator.base_url, USER, "test-password", retries=Retries(1)).get_campaign(1)
    with rig(url) as centre:
        active = centre.control("/faults")["active"]
        assert (active["late_rows"]["seconds"], active["late_rows"]["rate"]) == (77, 0.25)
        assert active["busy"]["count"] == 0  # used up, and stays so
    server.drop(url)


def test_faults_may_be_set_from_the_start(server) -> None:
    url = server.create()
    with rig(url, faults={"error500": {"path": "/timezone"}}) as centre:
        assert centre.http.get(f"{centre.root}/timezone").status_code == 500
    server.drop(url)


# -- of its database


def test_a_database_that_goes_away_and_comes_back_loses_and_doubles_nothing(server) -> None:
    if not hasattr(server, "embedded"):
        pytest.skip("only the embedded server is ours to disturb")
    url = server.create()
    with rig(url) as centre:
        campaign = centre.campaign(records=400)
        done = threading.Event()

        def cut() -> None:  # all connections of the simulator, in the middle of its work
            with server.embedded.connect() as connection:
                for pause in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3) * 4:
                    done.wait(pause)
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name = 'acm simulator'"
                    )

        thread = threading.Thread(target=cut)
        thread.start()
        broken = 0
        until = centre.clock.moment + timedelta(minutes=20)
        while centre.clock.moment < until:
            try:
                centre.play(seconds=10)
            except DATABASE_ERRORS:
                broken += 1
        done.set()
        thread.join()
        assert broken > 2
        centre.play(minutes=70)
        rows = centre.details(campaign)
        attempts = Counter(row["AccountNumber"] for row in rows if row["CallResult"] != 25)
        assert set(attempts) == {f"K{campaign}-{n:06}" for n in range(400)}
        closed = Counter(row["AccountNumber"] for row in rows if row["CallStatusZone1"] in "CM")
        assert max(closed.values()) == 1
        statuses = centre.statuses(campaign)
        assert sum(statuses.values()) == 400 and not set(statuses) & set("ADUP")
        assert len({row["RecoveryKey"] for row in rows}) == len(rows)
        with centre.engine.connect() as connection:
            assert connection.execute(text('SELECT COUNT(*) FROM "Simulator_Delayed_Row"')).scalar() == 0
    server.drop(url)
