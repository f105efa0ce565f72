"""«Проверить соединение» against the simulated contact centre, over its real protocols."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from contact_centre import PASSWORD, USER, Rig
from contact_centre import rig as make_rig

from app.dialer.check import check_databases, check_rest


@pytest.fixture
def rig(server: Any) -> Iterator[Rig]:
    url = server.create()
    with make_rig(url) as made:
        yield made
    server.drop(url)


@pytest.mark.mission("M195")
def test_a_dialer_that_answers(rig: Rig) -> None:
    rig.campaign(name="one")
    rig.campaign(name="two")
    step = check_rest(rig.simulator.base_url, USER, PASSWORD, True, 5)
    assert (step.is_ok, step.words) == (True, "Answers. Campaigns there: 2.")
    steps = check_databases(rig.engine.url.render_as_string(hide_password=False), "Europe/Moscow")
    assert [(one.is_ok, one.words) for one in steps] == [(True, "Answers. There is no result yet."), (True, "Answers.")]


def test_a_wrong_password_and_a_wrong_database(rig: Rig) -> None:
    step = check_rest(rig.simulator.base_url, USER, "wrong", True, 5)
    assert not step.is_ok and step.words and "wrong" not in step.words
    (step,) = check_databases(rig.engine.url.set(database="nothing").render_as_string(hide_password=False), "UTC")
    assert not step.is_ok and "nothing" in step.words
