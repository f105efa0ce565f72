"""contacts.count_fold: many appended changes of counts become one, and their sum stays the same."""

from __future__ import annotations

from sqlalchemy import insert
from world import World

from app.database.procedure import call
from app.models.strategy import ClientCountChange, DialClassChange


def add_class_changes(world: World, *changes: tuple[int, int]) -> None:
    names = ("dial_class_id", "phones")
    world.connection.execute(insert(DialClassChange), [dict(zip(names, change, strict=True)) for change in changes])


def add_client_changes(world: World, *changes: tuple[int, int, int, int]) -> None:
    names = ("campaign_id", "segment_id", "status_id", "clients")
    world.connection.execute(insert(ClientCountChange), [dict(zip(names, change, strict=True)) for change in changes])


def class_rows(world: World) -> list[tuple[int, int]]:
    return sorted((row["dial_class_id"], row["phones"]) for row in world.rows(DialClassChange))


def client_rows(world: World) -> list[tuple[int, int, int, int]]:
    return sorted(
        (row["campaign_id"], row["segment_id"], row["status_id"], row["clients"])
        for row in world.rows(ClientCountChange)
    )


def fold(world: World, **values: int) -> int:
    return int(call(world.connection, "contacts.count_fold", **values)[0].rows_folded)


def test_the_changes_of_a_class_become_one_row_with_their_sum(world: World) -> None:
    add_class_changes(world, (1, 5), (2, 3), (1, -2), (1, -1), (2, 2))
    assert fold(world) == 5
    assert class_rows(world) == [(1, 2), (2, 5)]


def test_the_changes_of_a_status_of_a_segment_become_one_row_with_their_sum(world: World) -> None:
    add_client_changes(world, (1, 1, 1, 5), (1, 1, 1, -2), (1, 1, 4, 2), (1, 2, 1, 7), (2, 1, 1, 9), (1, 2, 1, 1))
    fold(world)
    assert client_rows(world) == [(1, 1, 1, 3), (1, 1, 4, 2), (1, 2, 1, 8), (2, 1, 1, 9)]


def test_changes_that_cancel_each_other_leave_no_row(world: World) -> None:
    add_class_changes(world, (1, 5), (1, -5), (2, 1), (3, 1), (3, -1))
    add_client_changes(world, (1, 1, 1, 5), (1, 1, 1, -5), (1, 1, 2, 1))
    fold(world)
    assert class_rows(world) == [(2, 1)]
    assert client_rows(world) == [(1, 1, 2, 1)]


def test_a_run_folds_no_more_than_its_share_the_oldest_first(world: World) -> None:
    add_class_changes(world, (1, 1), (1, 1), (1, 1), (2, 1))
    add_client_changes(world, (1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1))
    assert fold(world, batch_size=2) == 2
    assert class_rows(world) == [(1, 1), (1, 2), (2, 1)]
    assert client_rows(world) == [(1, 1, 1, 1), (1, 1, 1, 2)]
    assert fold(world, batch_size=10) == 3
    assert class_rows(world) == [(1, 3), (2, 1)]
    assert client_rows(world) == [(1, 1, 1, 3)]


def test_nothing_to_fold_is_nothing(world: World) -> None:
    assert fold(world) == 0
    assert (class_rows(world), client_rows(world)) == ([], [])


def test_the_counts_of_real_events_stay_right(world: World) -> None:
    campaign = world.campaign(max_client_attempts=1)
    clients = [world.client(campaign, "MH") for _ in range(4)]
    for row in world.dial(campaign)[:2]:
        world.result(row.record_key, "BUSY", world.at(minutes=1))
    before = (len(class_rows(world)), len(client_rows(world)))
    fold(world)
    assert len(class_rows(world)) < before[0] and len(client_rows(world)) < before[1]
    segment = world.segment(campaign)
    assert client_rows(world) == [(campaign, segment, 1, 2), (campaign, segment, 4, 2)]
    assert sum(phones for _, phones in class_rows(world)) == 2 * len(clients)
