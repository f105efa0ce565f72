"""Results are read from Dialer_Detail whole, in order and typed, however late, doubled or out of order they come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from contact_centre import Clock, Rig, make_records, rig, wipe

from app.database.engine import create_engine
from app.dialer.errors import DialerError
from app.dialer.hds import DialerRow, HdsReader
from app.dialer.realtime import AgentCounts, RealTimeReader
from app.simulator import tables

NOON = datetime(2026, 11, 23, 12)


@pytest.fixture(scope="module")
def database(server) -> Iterator[str]:
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def hds(database: str) -> Iterator[sa.Engine]:
    """An empty historical database."""
    wipe(database)
    engine = create_engine(database, "acm tests")
    yield engine
    engine.dispose()


def write(engine: sa.Engine, *rows: tuple[float, datetime], **values: Any) -> None:
    """Rows of (RecoveryKey, DbDateTime)."""
    with engine.begin() as connection:
        connection.execute(
            sa.insert(tables.dialer_detail),
            [
                {"RecoveryKey": key, "DbDateTime": stamp, "DateTime": NOON, "CampaignID": 1, **values}
                for key, stamp in rows
            ],
        )


def keys(pages: Iterator[list[DialerRow]]) -> list[float]:
    return [row.recovery_key for page in pages for row in page]


def test_an_empty_table_gives_nothing(hds: sa.Engine) -> None:
    reader = HdsReader(hds)
    assert reader.upper_bound() is None
    assert list(reader.read(None)) == []


def test_all_columns_arrive_with_their_types(hds: sa.Engine) -> None:
    key = float(2**53 - 1)  # the last whole number that a float holds exactly
    write(
        hds,
        (key, NOON),
        TimeZone=-180,
        DialingListID=-5,
        AccountNumber="K1 ",
        Phone="79161234567",
        CallResult=14,
        CallResultDetail=10486,
        CallStatusZone1="B",
        DialingMode=5,
        CallDuration=27_000,
        AgentPeripheralNumber="106001",
        SkillGroupSkillTargetID=5001,
        CallbackPhone="79160000000",
        CallbackDateTime=NOON + timedelta(hours=5),
        CustomerTimeZone=-420,
        WrapupData="14",
        CallGUID="A" * 32,
        RouterCallKeyDay=159943,
        RouterCallKey=300,
        ImportRuleDateTime=NOON - timedelta(days=1),
    )
    [[row]] = HdsReader(hds).read(None)
    assert row == DialerRow(
        key, NOON, NOON, -180, 1, -5, "K1", "79161234567", 14, 10486, "B", 5, 27_000, "106001", 5001,
        "79160000000", NOON + timedelta(hours=5), -420, "14", "A" * 32, 159943, 300, NOON - timedelta(days=1),
    )  # fmt: skip
    assert row.started_at_utc == datetime(2026, 11, 23, 8, 59, 33)


def test_rows_come_by_time_and_key_in_pages_even_where_times_are_equal(hds: sa.Engine) -> None:
    stamps = [NOON + timedelta(milliseconds=10 * (n // 9)) for n in range(40)]
    written = [(float(1000 - n), stamp) for n, stamp in enumerate(stamps)]
    write(hds, *written)
    for size in (1, 4, 9, 40, 100):
        pages = list(HdsReader(hds, page_size=size).read(None))
        rows = [row for page in pages for row in page]
        assert [(row.db_datetime, row.recovery_key) for row in rows] == sorted((s, k) for k, s in written)
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)


def test_times_of_a_thousandth_are_paged_without_end(hds: sa.Engine) -> None:
    # SQL Server keeps .003, .007 and .000; whatever it made of these, no page may come again.
    written = [(float(n), NOON + timedelta(milliseconds=n)) for n in range(20)]
    write(hds, *written)
    assert keys(HdsReader(hds, page_size=3).read(None)) == [float(n) for n in range(20)]


def test_a_read_begins_before_the_last_one_ended(hds: sa.Engine) -> None:
    write(hds, *((float(n), NOON + timedelta(minutes=n)) for n in range(10)))
    reader = HdsReader(hds)
    assert keys(reader.read(NOON + timedelta(minutes=9))) == [4, 5, 6, 7, 8, 9]
    assert keys(reader.read(NOON + timedelta(minutes=9), overlap=timedelta())) == [9]
    # A row that was committed late, with a DbDateTime before the last one read:
    write(hds, (0.5, NOON + timedelta(minutes=6, seconds=30)))
    assert 0.5 in keys(reader.read(NOON + timedelta(minutes=9)))


def test_only_the_wanted_campaigns_are_read(hds: sa.Engine) -> None:
    write(hds, (1, NOON))
    write(hds, (2, NOON), CampaignID=7)
    write(hds, (3, NOON), CampaignID=None)
    reader = HdsReader(hds)
    assert keys(reader.read(None, campaign_ids=[7, 8])) == [2]
    assert keys(reader.read(None, campaign_ids=[])) == []
    assert keys(reader.read(None)) == [1, 2, 3]


def test_rows_newer_than_the_start_of_a_read_wait_for_the_next(hds: sa.Engine) -> None:
    write(hds, *((float(n), NOON + timedelta(seconds=n)) for n in range(4)))
    pages = HdsReader(hds, page_size=2).read(None)
    first = next(pages)
    write(hds, (99, NOON + timedelta(minutes=1)))
    assert [row.recovery_key for row in first] + keys(pages) == [0, 1, 2, 3]


def test_the_servers_clock_may_be_the_bound(hds: sa.Engine) -> None:
    with hds.connect() as connection:
        statement = "SELECT GETDATE()" if hds.dialect.name == "mssql" else "SELECT LOCALTIMESTAMP(3)"
        now: datetime = connection.execute(sa.text(statement)).scalar_one()
    write(hds, (1, now - timedelta(minutes=1)), (2, now + timedelta(minutes=1)))
    reader = HdsReader(hds, bound="server")
    assert keys(reader.read(None)) == [1]
    bound = reader.upper_bound()
    assert bound is not None and now - timedelta(seconds=6) < bound < now + timedelta(seconds=60)
    assert keys(HdsReader(hds).read(None)) == [1, 2]


def test_a_loggers_database_is_told_apart_from_an_empty_one(hds: sa.Engine) -> None:
    with hds.begin() as connection:
        connection.execute(sa.insert(tables.dialer_detail).values(RecoveryKey=1, DateTime=NOON, DbDateTime=None))
    with pytest.raises(DialerError, match="Logger"):
        list(HdsReader(hds).read(None))


def test_the_hour_that_comes_twice_loses_nothing(hds: sa.Engine) -> None:
    """Berlin, 25 October 2026: a row a minute over three hours, written as the clock showed, read every ten minutes."""
    reader = HdsReader(hds, zone="Europe/Berlin", page_size=25)
    careless = HdsReader(hds, page_size=25)
    start = datetime(2026, 10, 24, 23, 30)  # UTC; 01:30 in Berlin, which goes back at 01:00 UTC
    seen: dict[str, set[float]] = {"careful": set(), "careless": set()}
    since: dict[str, datetime | None] = {"careful": None, "careless": None}
    for minute in range(180):
        moment = start + timedelta(minutes=minute)
        local = moment + timedelta(hours=2 if minute < 90 else 1)
        write(hds, (float(minute), local))
        if minute % 10 == 9:
            for name, each in (("careful", reader), ("careless", careless)):
                for page in each.read(since[name]):
                    seen[name] |= {row.recovery_key for row in page}
                    last = page[-1].db_datetime
                    since[name] = max(since[name] or last, last)
    assert seen["careful"] == {float(n) for n in range(180)}
    assert len(seen["careless"]) < 180  # without the zone an hour would have been lost: the test can tell


# -- with the dialer at work


@pytest.fixture
def centre(database: str) -> Iterator[Rig]:
    wipe(database)
    with rig(database, commit_skew_seconds=4) as made:
        yield made


def follow(centre: Rig, reader: HdsReader, minutes: int, every: float = 1.0) -> list[DialerRow]:
    """Let the centre work and read as our service does; every row once, in the order of reading."""
    found: dict[float, DialerRow] = {}
    since: datetime | None = None
    for _ in range(int(minutes / every)):
        centre.play(minutes=every)
        for page in reader.read(since):
            for row in page:
                found.setdefault(row.recovery_key, row)
            since = max(since or page[-1].db_datetime, page[-1].db_datetime)
    return list(found.values())


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"late_rows": {"rate": 0.3, "seconds": 900}},
        {"out_of_order": {"seconds": 240}},
        {"duplicate_rows": {"rate": 0.5, "seconds": 600}},
        {"unknown_accounts": {"rate": 0.3}},
        {"router_down": {"seconds": 900}},
    ],
    ids=lambda faults: next(iter(faults), "none"),
)
def test_every_row_is_read_once_whatever_happens_to_it(centre: Rig, faults: dict[str, dict[str, float]]) -> None:
    reader = HdsReader(centre.engine, zone="Europe/Moscow", page_size=7)
    for name, values in faults.items():
        centre.fault(name, **values)
    campaign = centre.campaign(records=60)
    rows = follow(centre, reader, minutes=40)
    stored = {row["RecoveryKey"]: row for row in centre.details(campaign)}
    assert {row.recovery_key for row in rows} == set(stored)
    assert len(rows) >= 60
    assert {row.account_number for row in rows} >= {f"K{campaign}-{n:06}" for n in range(60)}
    for row in rows:
        assert row.call_result == stored[row.recovery_key]["CallResult"]


def test_moments_are_true_to_the_clock(centre: Rig) -> None:
    campaign = centre.campaign()
    begin = centre.clock.moment
    centre.client.import_records(campaign, make_records(campaign, 20))
    rows = follow(centre, HdsReader(centre.engine), minutes=10)
    assert all(begin <= row.started_at_utc + timedelta(seconds=1) for row in rows)
    assert all(row.started_at_utc <= row.ended_at_utc <= begin + timedelta(minutes=10) for row in rows)


def test_a_centre_that_changes_its_clock_at_night_is_read_whole(database: str) -> None:
    wipe(database)
    clock = Clock(datetime(2026, 10, 24, 23, 40))
    with rig(database, clock, time_zone="Europe/Berlin", agents=4) as centre:
        campaign = centre.campaign(records=900, start_time="00:00", end_time="23:59")
        rows = follow(centre, HdsReader(centre.engine, zone="Europe/Berlin"), minutes=180, every=10)
        stored = {row["RecoveryKey"]: row["TimeZone"] for row in centre.details(campaign)}
        assert {row.recovery_key for row in rows} == set(stored)
        assert set(stored.values()) == {-120, -60}
        moments = [row.ended_at_utc for row in sorted(rows, key=lambda row: row.recovery_key)]
        assert all(b - a > timedelta(minutes=-2) for a, b in pairwise(moments))


def test_agents_of_a_campaign_are_counted(centre: Rig) -> None:
    reader = RealTimeReader(centre.engine)
    busy = centre.campaign(records=400, skill_group=5001)
    idle = centre.campaign(skill_group=5002)
    centre.play(minutes=5)
    centre.dialer._real_time_at = 0  # the real-time tables are written once a real second
    centre.play(seconds=1)
    counts = reader.agent_counts([busy, idle, 9999])
    assert counts[busy].logged_on == 4 and counts[busy].working > 0
    assert counts[busy].working + counts[busy].available + counts[busy].not_ready == 4
    assert (counts[idle].logged_on, counts[idle].available, counts[idle].working) == (4, 4, 0)
    assert counts[9999] == AgentCounts()
    assert reader.agent_counts([]) == {}
