"""The procedures of the core in the hands of several connections at once: nothing twice, nothing lost, nobody waits in
vain."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text
from world import ACTIVE, FAILURE, SUCCESS, World

from app.campaigns import ResultForm
from app.database.engine import create_engine
from app.errors import ProcedureError
from app.models.contact import Attempt, AttemptOutcome, Client, Phone
from app.models.dialing import Record, RecordReturned
from app.procedures import contacts, dialing

WAIT = 60


@pytest.fixture(scope="module")
def parallel(fresh_database: str) -> Iterator[Engine]:
    engine = create_engine(fresh_database, "acm tests", pool_size=12)
    yield engine
    engine.dispose()


@contextmanager
def committed(engine: Engine) -> Iterator[World]:
    """A world whose rows others see once the block is left."""
    with engine.begin() as connection:
        yield World(connection)


def start(work: Callable[[], Any]) -> Future[Any]:
    """Do it beside the test."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future


def waits(future: Future[Any]) -> bool:
    """Whether it waits for a lock that the test holds: it is not done after a while."""
    try:
        future.result(0.5)
    except TimeoutError:
        return True
    return False


def is_babelfish(engine: Engine) -> bool:
    if engine.dialect.name != "mssql":
        return False
    with engine.connect() as connection:
        return "Babelfish" in str(connection.scalar(text("SELECT @@VERSION")))


def lock_client(connection: Connection, client_id: int) -> None:
    """Lock a client as an event does."""
    statement = (
        "SELECT c.client_id FROM core.client AS c WITH (ROWLOCK, UPDLOCK) WHERE c.client_id = :id"
        if connection.dialect.name == "mssql"
        else "SELECT c.client_id FROM core.client AS c WHERE c.client_id = :id FOR UPDATE"
    )
    assert connection.execute(text(statement), {"id": client_id}).all() == [(client_id,)]


def balanced(engine: Engine) -> None:
    with engine.connect() as connection:
        assert World(connection).unbalanced() == {}


@pytest.mark.mission("M48")
def test_two_takes_of_one_campaign_go_one_after_the_other_and_keep_the_depth(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign(block_size=6, queue_depth=10)
        world.many_clients(campaign, 30)

    def second() -> list[str]:
        with parallel.begin() as connection:
            return [row.number for row in World(connection).take(campaign)]

    with parallel.connect() as connection, connection.begin() as transaction:
        first = [row.number for row in World(connection).take(campaign)]
        future = start(second)
        assert waits(future)
        transaction.commit()
    taken = future.result(WAIT)
    assert (len(first), len(taken)) == (6, 4)
    assert not set(first) & set(taken)
    balanced(parallel)


def test_a_take_that_is_undone_leaves_its_phones_to_the_next(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign(block_size=6, queue_depth=6)
        world.many_clients(campaign, 6)
    with parallel.connect() as connection, connection.begin() as transaction:
        first = [row.number for row in World(connection).take(campaign)]
        transaction.rollback()
    with parallel.begin() as connection:
        assert [row.number for row in World(connection).take(campaign)] == first
    balanced(parallel)


def test_takes_of_two_campaigns_do_not_wait_for_each_other(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaigns = [world.campaign(), world.campaign()]
        for campaign in campaigns:
            world.many_clients(campaign, 5)
    with parallel.connect() as one, parallel.connect() as two, one.begin() as held, two.begin() as other:
        assert len(World(one).take(campaigns[0])) == 5
        assert len(World(two).take(campaigns[1])) == 5
        other.commit()
        held.commit()
    balanced(parallel)


def test_a_load_and_the_next_block_of_a_campaign_do_not_wait_for_each_other(parallel: Engine) -> None:
    if is_babelfish(parallel):
        pytest.skip("on Babelfish transactions with table variables wait for each other")
    with committed(parallel) as world:
        campaign = world.campaign()
        world.client(campaign)
        world.segment(campaign, "2")
    with parallel.connect() as loading, loading.begin() as load:
        loader = World(loading)
        loader.segments.update(world.segments)
        new = loader.client(campaign, segment="2")
        with parallel.begin() as connection:
            assert len(World(connection).take(campaign)) == 1
        load.commit()
    with parallel.connect() as taking, taking.begin() as take:
        assert [row.number for row in World(taking).take(campaign)] == [new.number]
        with parallel.begin() as connection:
            loader = World(connection)
            loader.segments.update(world.segments)
            loader.client(campaign)
        take.commit()
    balanced(parallel)


def test_a_client_that_somebody_works_on_is_passed_by(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign()
        clients = [world.client(campaign) for _ in range(3)]
    with parallel.connect() as holder, holder.begin() as transaction:
        lock_client(holder, clients[1].client_id)
        with parallel.begin() as connection:
            taken = [row.number for row in World(connection).take(campaign)]
        transaction.rollback()
    assert taken == [clients[0].number, clients[2].number]
    with parallel.begin() as connection:
        assert [row.number for row in World(connection).take(campaign)] == [clients[1].number]
    balanced(parallel)


def test_a_due_callback_of_a_client_that_somebody_works_on_waits_for_the_next_block(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign()
        client = world.client(campaign)
        world.callback(client, world.now)
    with parallel.connect() as holder, holder.begin() as transaction:
        lock_client(holder, client.client_id)
        with parallel.begin() as connection:
            assert World(connection).take(campaign) == []
        transaction.rollback()
    with parallel.begin() as connection:
        assert [row.processing_id for row in World(connection).take(campaign)] == [2]
    balanced(parallel)


def test_a_number_that_is_being_put_on_the_list_is_not_handed_over_elsewhere(parallel: Engine) -> None:
    with committed(parallel) as world:
        one, two = world.campaign(), world.campaign()
        world.client(one, client_code="ANNA", numbers=("5550001",))
        world.client(two, numbers=("5550001",))
        free = world.client(two)
    with parallel.connect() as connection, connection.begin() as transaction:
        World(connection).agent_says("15", campaign_id=one, client_code="ANNA")
        with parallel.begin() as other:
            assert [row.number for row in World(other).take(two)] == [free.number]
        transaction.commit()
    with parallel.begin() as connection:
        assert World(connection).take(two) == []
    balanced(parallel)


def test_a_number_that_is_being_handed_over_is_put_on_the_list_when_that_is_done(parallel: Engine) -> None:
    with committed(parallel) as world:
        one, two = world.campaign(), world.campaign()
        world.client(one, client_code="BORIS", numbers=("5550002",))
        world.client(two, numbers=("5550002",))

    def do_not_call() -> tuple[int, int]:
        with parallel.begin() as connection:
            return World(connection).agent_says("15", campaign_id=one, client_code="BORIS")

    with parallel.connect() as connection, connection.begin() as transaction:
        (row,) = World(connection).take(two)
        future = start(do_not_call)
        assert waits(future)
        transaction.commit()
    assert future.result(WAIT)[1] == FAILURE
    balanced(parallel)
    with parallel.begin() as connection:
        world = World(connection)
        world.result(row.record_key, "BUSY", world.at(minutes=1))
        assert world.take(two, world.at(days=1)) == []
    balanced(parallel)


def test_a_person_is_not_called_by_two_campaigns_at_once_where_both_say_so(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaigns = [world.campaign(columns={"one_call_per_person": True}) for _ in range(2)]
        person = world.person()
        world.client(campaigns[0], person_id=person)
        world.client(campaigns[1], person_id=person)
        other = world.client(campaigns[1])
    with parallel.connect() as connection, connection.begin() as transaction:
        assert len(World(connection).take(campaigns[0])) == 1
        with parallel.begin() as beside:
            assert [row.number for row in World(beside).take(campaigns[1])] == [other.number]
        transaction.commit()
    with parallel.begin() as connection:
        assert World(connection).take(campaigns[1]) == []
    balanced(parallel)


def test_a_batch_in_two_hands_is_applied_once(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign()
        client = world.client(campaign)
        (row,) = world.dial(campaign)
        batch = world.batch(world.row(row.record_key, "BUSY"))
        now = world.now

    def second() -> str:
        try:
            with parallel.begin() as connection:
                dialing.result_apply(connection, batch, now)
        except ProcedureError as error:
            return str(error.number)
        return "applied"

    with parallel.connect() as connection, connection.begin() as transaction:
        assert dialing.result_apply(connection, batch, now).rows_applied == 1
        future = start(second)
        assert waits(future)
        transaction.commit()
    assert future.result(WAIT) == "50003"
    with parallel.connect() as connection:
        assert World(connection).client_row(client).attempts == 1
    balanced(parallel)


def test_two_agents_that_give_different_results_for_one_call_leave_the_first(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign()
        client = world.client(campaign)
        (row,) = world.dial(campaign)

    def second() -> str:
        try:
            with parallel.begin() as connection:
                World(connection).agent_says("11", record_key=row.record_key)
        except ProcedureError as error:
            return str(error.number)
        return "given"

    with parallel.connect() as connection, connection.begin() as transaction:
        World(connection).agent_says("20", record_key=row.record_key)
        future = start(second)
        assert waits(future)
        transaction.commit()
    assert future.result(WAIT) == "50014"
    with parallel.connect() as connection:
        world = World(connection)
        assert world.status(client) == SUCCESS
        assert len(world.rows(AttemptOutcome, AttemptOutcome.client_id == client.client_id)) == 1
    balanced(parallel)


def test_a_record_whose_result_is_being_applied_is_not_taken_back(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign()
        clients = [world.client(campaign) for _ in range(2)]
        rows = world.dial(campaign)
        batch = world.batch(world.row(rows[0].record_key, "BUSY"))
        now = world.now

    def recall() -> int:
        with parallel.begin() as connection:
            return dialing.block_recall(connection, campaign, now)

    with parallel.connect() as connection, connection.begin() as transaction:
        dialing.result_apply(connection, batch, now)
        future = start(recall)
        assert waits(future)
        transaction.commit()
    assert future.result(WAIT) in (1, 2)  # the one that got its result meanwhile may be counted
    with parallel.connect() as connection:
        world = World(connection)
        mine = [client.client_id for client in clients]
        assert [row["record_key"] for row in world.rows(RecordReturned, RecordReturned.client_id.in_(mine))] == [
            rows[1].record_key
        ]
        assert [row["record_key"] for row in world.rows(Attempt, Attempt.client_id.in_(mine))] == [rows[0].record_key]
        assert world.rows(Record, Record.client_id.in_(mine)) == []
    balanced(parallel)


def test_many_hands_take_answer_and_return_and_the_books_balance(parallel: Engine) -> None:
    """Six workers for a few seconds on three campaigns that share persons and numbers."""
    with committed(parallel) as world:
        person_ids = [world.person() for _ in range(20)]
        campaigns = [
            world.campaign(block_size=7, queue_depth=20, columns={"one_call_per_person": True}) for _ in range(3)
        ]
        for campaign in campaigns:
            for position in range(60):
                person_id = person_ids[position % 20] if position < 40 else None
                world.client(campaign, "MH"[: 1 + position % 2], person_id=person_id)
        batch_free = world.dialer()
        assert batch_free
    seen: Counter[str] = Counter()
    too_deep: list[int] = []
    guard = threading.Lock()

    def worker(number: int) -> None:
        for turn in range(12):
            campaign = campaigns[(number + turn) % 3]
            with parallel.begin() as connection:
                rows = World(connection).take(campaign)
            with guard:
                seen.update(row.record_key for row in rows)
            with parallel.connect() as connection:
                out = len(connection.execute(select(Record.record_key).where(Record.campaign_id == campaign)).all())
            if out > 20:
                too_deep.append(out)
            if not rows:
                continue
            with parallel.begin() as connection:
                world = World(connection)
                dialing.block_send(connection, rows[0].block_id, world.now)
                if number == 5:
                    dialing.block_fail(connection, rows[0].block_id, "no", world.now)
                else:
                    dialing.block_confirm(connection, rows[0].block_id, world.now)
            if number != 5:
                with parallel.begin() as connection:
                    world = World(connection)
                    world.apply(*(world.row(row.record_key, "NO_ANSWER", wrapup=None) for row in rows[:-1]))

    with ThreadPoolExecutor(6) as pool:
        for future in [pool.submit(worker, number) for number in range(6)]:
            future.result(WAIT)
    assert too_deep == []
    assert set(seen.values()) == {1}
    with parallel.connect() as connection:
        persons = connection.execute(select(Record.person_id).where(Record.person_id.is_not(None))).scalars().all()
        assert len(persons) == len(set(persons))
        statuses = set(connection.scalars(select(Client.status_id).where(Client.campaign_id.in_(campaigns))))
        assert statuses == {ACTIVE}
        attempts = len(connection.execute(select(Attempt.attempt_id).where(Attempt.campaign_id.in_(campaigns))).all())
        assert attempts > 50
    balanced(parallel)


@pytest.mark.mission("M107")
def test_a_phone_that_is_being_handed_over_is_blocked_when_that_is_done_and_recalled(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign()
        client = world.client(campaign)

    def block() -> Any:
        with parallel.begin() as connection:
            return contacts.phone_block(connection, client.phone_id, True, by="ivanov", now=world.now)

    with parallel.connect() as connection, connection.begin() as transaction:
        assert len(World(connection).take(campaign)) == 1
        future = start(block)
        assert waits(future)
        transaction.commit()
    assert tuple(future.result(WAIT)) == (1, 1, 1)
    with parallel.begin() as connection:
        dialing.block_recall(connection, campaign, world.now)
        assert World(connection).take(campaign) == []
    balanced(parallel)


def test_a_phone_that_is_being_blocked_is_not_handed_over(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign()
        client, other = world.client(campaign), world.client(campaign)
    with parallel.connect() as connection, connection.begin() as transaction:
        contacts.phone_block(connection, client.phone_id, True, by="ivanov", now=world.now)
        with parallel.begin() as taking:
            assert [row.number for row in World(taking).take(campaign)] == [other.number]
        transaction.commit()
    with parallel.begin() as connection:
        assert World(connection).take(campaign) == []
    balanced(parallel)


@pytest.mark.mission("M108")
def test_a_segment_is_blocked_when_the_block_that_is_being_taken_from_it_is_out(parallel: Engine) -> None:
    with committed(parallel) as world:
        campaign = world.campaign()
        segment = world.segment(campaign, "new")
        world.client(campaign, segment="new")

    def block() -> Any:
        with parallel.begin() as connection:
            return contacts.segment_block(connection, campaign, segment, 1, True, by="ivanov", now=world.now)

    with parallel.connect() as connection, connection.begin() as transaction:
        assert len(World(connection).take(campaign)) == 1
        future = start(block)
        assert waits(future)
        transaction.commit()
    assert tuple(future.result(WAIT)) == (1, 1, 1)
    balanced(parallel)


@pytest.mark.mission("M200")
def test_a_move_while_a_result_comes_waits_for_it_and_moves_a_phone_that_is_not_out_any_more(parallel: Engine) -> None:
    with committed(parallel) as world:
        source, target = world.campaign(), world.campaign()
        client = world.client(source, "MH")
        (row,) = world.dial(source)

    def move() -> Any:
        with parallel.begin() as connection:
            return contacts.phone_move(connection, client.phones, target, by="ivanov", now=world.at(2))

    with parallel.connect() as connection, connection.begin() as transaction:
        assert World(connection).result(row.record_key, "BUSY", world.at(1)) == (1, 0, 0, 0)
        future = start(move)
        assert waits(future)
        transaction.commit()
    assert tuple(future.result(WAIT)) == (2, 0)
    with committed(parallel) as world:
        assert world.client_row(client).campaign_id == target
        assert world.phone_row(client).attempts == 0
        assert len(world.rows(Attempt, Attempt.client_id == client.client_id)) == 1
    balanced(parallel)


def test_a_result_that_comes_during_a_move_finds_its_phone_left_where_it_was_dialled(parallel: Engine) -> None:
    with committed(parallel) as world:
        source, target = world.campaign(), world.campaign()
        client = world.client(source, "MH")
        (row,) = world.dial(source)

    def apply() -> Any:
        with parallel.begin() as connection:
            return World(connection).result(row.record_key, "BUSY", world.at(1))

    with parallel.connect() as connection, connection.begin() as transaction:
        moved = contacts.phone_move(connection, client.phones, target, by="ivanov", now=world.at(2))
        assert tuple(moved) == (1, 1)
        future = start(apply)
        assert waits(future)
        transaction.commit()
    assert future.result(WAIT) == (1, 0, 0, 0)
    with committed(parallel) as world:
        assert (world.phone_row(client).campaign_id, world.phone_row(client).attempts) == (source, 1)
        assert world.phone_row(client, 1).campaign_id == target
    balanced(parallel)


def test_two_moves_of_one_client_into_one_campaign_make_one_client(parallel: Engine) -> None:
    with committed(parallel) as world:
        source, target = world.campaign(), world.campaign()
        client = world.client(source, "MHM")

    def move() -> Any:
        with parallel.begin() as connection:
            return contacts.phone_move(connection, [client.phones[1]], target, by="ivanov", now=world.now)

    with parallel.connect() as connection, connection.begin() as transaction:
        contacts.phone_move(connection, [client.phones[0]], target, by="petrova", now=world.now)
        future = start(move)
        assert waits(future)
        transaction.commit()
    assert tuple(future.result(WAIT)) == (1, 0)
    with parallel.connect() as connection:
        query = select(Phone.client_id).where(Phone.campaign_id == target)
        assert len(set(connection.scalars(query))) == 1
    balanced(parallel)


def test_a_number_is_listed_only_when_the_part_of_a_load_that_brings_it_in_is_done(parallel: Engine) -> None:
    from import_rows import Load

    with committed(parallel) as world:
        campaign = world.campaign()
        load = Load(world, campaign)
        load.line("a", "5550077")
        load.line("b", "5550078")

    def add() -> Any:
        with parallel.begin() as connection:
            return contacts.do_not_call_add(connection, number="5550077", by="ivanov", now=world.now)

    with parallel.connect() as connection, connection.begin() as transaction:
        load.world = World(connection)
        load.apply()
        future = start(add)
        assert waits(future)
        transaction.commit()
    assert future.result(WAIT).phones_changed == 1
    with parallel.begin() as connection:
        assert [row.number for row in World(connection).take(campaign, world.at(1))] == ["5550078"]
    balanced(parallel)


def test_a_person_under_a_cap_is_not_handed_over_by_two_campaigns_at_once(parallel: Engine) -> None:
    with committed(parallel) as world:
        one, two = world.campaign(), world.campaign()
        world.cap(two, world.cap(one))
        person = world.person()
        world.client(one, person_id=person)
        held, other = world.client(two, person_id=person), world.client(two)
    with parallel.connect() as connection, connection.begin() as transaction:
        assert len(World(connection).take(one)) == 1
        with parallel.begin() as beside:
            assert [row.number for row in World(beside).take(two)] == [other.number]
        transaction.commit()
    with parallel.begin() as connection:
        assert World(connection).take(two) == []
    with parallel.begin() as connection:
        world = World(connection)
        dialing.block_recall(connection, one, world.now)
        assert [row.number for row in world.take(two)] == [held.number]
    balanced(parallel)


def test_many_hands_never_pass_a_cap(parallel: Engine) -> None:
    """Six workers take and answer for three campaigns that share twenty persons, whom a cap allows two calls a week."""
    with committed(parallel) as world:
        world.dialer()  # before the workers ask for one at the same moment
        persons = [world.person() for _ in range(20)]
        free = {"NO_ANSWER": ResultForm(5, None), "RETURNED": ResultForm(5, None, counts_as_attempt=False)}
        campaigns = [world.campaign(block_size=5, technical_results=free) for _ in range(3)]
        rule = world.cap(campaigns[0], window_id=2, limit_value=2)
        for campaign in campaigns[1:]:
            world.cap(campaign, rule)
        for campaign in campaigns:
            for person in persons:
                world.client(campaign, person_id=person)

    def worker(number: int) -> int:
        passed = 0
        for turn in range(12):
            with parallel.begin() as connection:
                rows = World(connection).take(campaigns[(number + turn) % 3])
            with parallel.connect() as connection:
                calls = Counter(connection.scalars(select(Attempt.person_id).where(Attempt.is_counted == 1)))
                passed += sum(1 for person in persons if calls[person] > 2)
            if rows:
                result = "RETURNED" if turn == 0 else "NO_ANSWER"
                with parallel.begin() as connection:
                    world = World(connection)
                    world.apply(*(world.row(row.record_key, result) for row in rows))
        return passed

    with ThreadPoolExecutor(6) as pool:
        assert sum(future.result(WAIT) for future in [pool.submit(worker, number) for number in range(6)]) == 0
    with parallel.begin() as connection:
        world = World(connection)
        for campaign in campaigns * 4:
            for row in world.take(campaign):
                world.result(row.record_key)
        counted = select(Attempt.person_id).where(Attempt.campaign_id.in_(campaigns), Attempt.is_counted == 1)
        assert Counter(Counter(connection.scalars(counted)).values()) == {2: 20}
    balanced(parallel)
