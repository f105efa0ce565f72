"""Loads beside each other and beside the dialling: no error, no doubles, nothing lost."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from import_scene import Scene
from sqlalchemy import Engine, func, select

from app import clock
from app.database.engine import create_engine
from app.models.contact import Client, Person, Phone
from app.models.dialing import Record
from app.models.dictionary import DoNotCall
from app.models.strategy import Campaign, Segment
from app.procedures import contacts, dialing
from app.settings import get_settings


@pytest.fixture
def scene(make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("ACM_IMPORT_CHUNK", "60")
    get_settings.cache_clear()
    engine: Engine = create_engine(make_database(), "acm tests")
    scene = Scene(engine, tmp_path)
    yield scene
    get_settings.cache_clear()
    assert scene.unbalanced() == []
    engine.dispose()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run all of them at the same time; return what they returned. Raises what one of them raised."""
    results: list[Any] = [None] * len(works)
    errors: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def run(place: int, work: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[place] = work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    if errors:
        raise errors[0]
    return results


def lines(count: int, seed: int, campaign: str = "") -> list[str]:
    """Lines of the same clients in an order of their own."""
    made = [
        f"c{n};{campaign};seg{n % 7};P{n % 400};Name{n};{n};;7916{n:07};M;7495{n:07};H"
        for n in range(count)
    ]  # fmt: skip
    random.Random(seed).shuffle(made)
    return made


def test_the_same_new_clients_from_three_files_at_once(scene: Scene) -> None:
    paths = [scene.file(lines(600, seed), f"{seed}.txt") for seed in range(3)]
    results = at_once(*(lambda path=path: scene.load(path, "A", "LONG") for path in paths))
    assert scene.count(Client) == 600
    assert scene.count(Phone) == 1200
    assert scene.count(Person) == 400
    assert sorted(code for (code,) in scene.rows(Segment.code)) == [f"seg{n}" for n in range(7)]
    assert sum(result.clients_loaded for result in results) == 600
    assert sum(result.clients_updated for result in results) == 1200
    assert sum(result.phones_loaded for result in results) == 1200
    assert all(result.lines_rejected == 0 for result in results)


def test_known_clients_from_two_files_at_once(scene: Scene) -> None:
    scene.load(scene.file(lines(400, 1)), "A", "LONG")
    paths = [scene.file(lines(400, seed), f"{seed}.txt") for seed in (2, 3)]
    results = at_once(*(lambda path=path: scene.load(path, "A", "LONG") for path in paths))
    assert [(result.clients_loaded, result.clients_updated) for result in results] == [(0, 400), (0, 400)]
    assert (scene.count(Client), scene.count(Phone)) == (400, 800)


def test_the_same_persons_in_two_campaigns_at_once(scene: Scene) -> None:
    paths = [(scene.file(lines(400, seed), f"{seed}.txt"), code) for seed, code in ((1, "A"), (2, "B"))]
    at_once(*(lambda path=path, code=code: scene.load(path, code, "LONG") for path, code in paths))
    assert (scene.count(Client), scene.count(Person)) == (800, 400)
    with scene.engine.connect() as connection:
        clients_a_person = connection.execute(
            select(func.count()).select_from(Client).group_by(Client.person_id)
        ).scalars()
        assert set(clients_a_person) == {2}


def test_a_load_beside_the_dialling(scene: Scene) -> None:
    scene.load(scene.file(lines(300, 1)), "A", "LONG")
    with scene.engine.connect() as connection:
        campaign_id = connection.scalar(select(Campaign.campaign_id).where(Campaign.code == "A"))
    loaded = threading.Event()

    def take() -> int:
        taken = 0
        while not loaded.is_set():
            with scene.engine.begin() as connection:
                taken += len(dialing.block_take(connection, campaign_id, clock.now()))
        return taken

    def load() -> Any:
        try:
            return scene.load(scene.file(lines(900, 2), "more.txt"), "A", "LONG")
        finally:
            loaded.set()

    taken, result = at_once(take, load)
    assert (result.clients_loaded, result.clients_updated) == (600, 300)
    assert taken == scene.count(Record) > 0


def test_numbers_that_are_listed_while_they_are_loaded_are_not_called(scene: Scene) -> None:
    def listing() -> None:
        for n in range(0, 600, 3):
            with scene.engine.begin() as connection:
                contacts.do_not_call_add(connection, number=f"7916{n:07}", by="tests", now=clock.now())

    at_once(listing, lambda: scene.load(scene.file(lines(600, 4)), "A", "LONG"))
    with scene.engine.connect() as connection:
        missed = connection.scalar(
            select(func.count())
            .select_from(Phone)
            .join(DoNotCall, DoNotCall.number == Phone.number)
            .where(Phone.is_do_not_call == False)  # noqa: E712 - SQL
        )
    assert missed == 0
