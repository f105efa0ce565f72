"""strategy.preview: what a written version would open and close, were it in force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from world import SUCCESS, World

from app.campaigns import PhoneTypeForm, ResultForm, ScheduleForm, write_strategy


def preview(world: World, campaign: int, **changes: Any) -> dict[str, int]:
    form = replace(world.strategies[campaign], **changes)
    version = write_strategy(world.connection, campaign, form, created_by="tests", reason=None, now=world.now)
    (row,) = world.query(
        "SELECT p.* FROM strategy.preview(:campaign, :version, :now) AS p",
        campaign=campaign, version=version, now=world.now,
    )  # fmt: skip
    return {name.removeprefix("phones_"): value for name, value in row.items()}


def test_what_opens_and_what_closes_is_counted_in_phones(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(), "H": PhoneTypeForm(is_dialled=False)})
    world.client(world.campaign(), "MH")  # of another campaign
    for phones in ("M", "M", "MH"):
        world.client(campaign, phones)
    assert preview(world, campaign) == {
        "free": 4, "open_before": 3, "open_after": 3, "opening": 0, "closing": 0, "ready_before": 3, "ready_after": 3,
    }  # fmt: skip
    assert preview(world, campaign, phone_types={"H": PhoneTypeForm()}) == {
        "free": 4, "open_before": 3, "open_after": 1, "opening": 1, "closing": 3, "ready_before": 3, "ready_after": 1,
    }  # fmt: skip
    night = ScheduleForm.daily("Night", 0, 60)
    assert preview(world, campaign, schedule=night)["ready_after"] == 0
    assert preview(world, campaign, schedule=night)["closing"] == 0


def test_free_are_the_phones_that_nothing_bars(world: World) -> None:
    campaign = world.campaign()
    free, blocked, listed, processed, partly = (world.client(campaign, "MH") for _ in range(5))
    world.facts(blocked, is_blocked=True)
    world.phone_facts(listed, is_do_not_call=True)
    world.facts(processed, status_id=SUCCESS)
    world.phone_facts(partly, 1, is_blocked=True)
    assert preview(world, campaign)["free"] == 4  # both of the first, one of those with one phone barred
    assert preview(world, campaign)["open_before"] == 4
    world.facts(free, attempts=9)
    limited = preview(world, campaign, max_client_attempts=9)
    assert (limited["free"], limited["open_after"], limited["closing"]) == (4, 2, 2)


def test_who_was_promised_a_call_is_open_and_not_ready(world: World) -> None:
    campaign = world.campaign()
    world.callback(world.client(campaign, "MH"), world.at(hours=1))
    world.client(campaign)
    found = preview(world, campaign, max_client_attempts=9)
    assert (found["open_before"], found["open_after"], found["ready_before"], found["ready_after"]) == (3, 3, 1, 1)


def test_ready_are_those_whose_delay_is_over_as_each_version_has_it(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(5, 60)})
    for minutes in (90, 30, 10):
        client = world.client(campaign)
        world.phone_facts(client, last_technical_result_id=world.technical("BUSY"), waits_from=world.at(-minutes))

    def ready(delay: int | None) -> tuple[int, int]:
        found = preview(world, campaign, technical_results={"BUSY": ResultForm(5, delay)})
        assert (found["open_before"], found["open_after"], found["opening"], found["closing"]) == (3, 3, 0, 0)
        return found["ready_before"], found["ready_after"]

    assert [ready(delay) for delay in (60, 20, 120, None)] == [(1, 1), (1, 2), (1, 0), (1, 3)]
