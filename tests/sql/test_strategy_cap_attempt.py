"""strategy.cap_attempt: which attempts a frequency cap counts."""

from __future__ import annotations

from typing import Any

import pytest
from world import AROUND_THE_CLOCK, MadeClient, World

from app.campaigns import ResultForm

EVERY, ANSWERED, TALKS, LISTED = 1, 2, 3, 4
#: result, agent of the call
CALLS: list[tuple[str, str | None]] = [
    ("NO_ANSWER", None),
    ("RETURNED", None),  # does not count as an attempt
    ("VOICE", "1001"),
    ("ABANDONED", None),  # a live person, no agent
    ("ANSWERING_MACHINE", None),
]


def calls(world: World, campaign: int) -> None:
    """The calls of CALLS to the one client of a campaign, a day each."""
    for day, (result, agent) in enumerate(CALLS, start=1):
        world.attempt(campaign, result, world.at(days=day), agent=agent)


def counted(world: World, rule: int, client: MadeClient) -> list[int]:
    """Which of CALLS a rule counts, by their place."""
    rows = world.query(
        "SELECT a.ended_at FROM strategy.cap_attempt AS a WHERE a.cap_rule_id = :rule AND a.client_id = :client"
        " ORDER BY a.ended_at",
        rule=rule, client=client.client_id,
    )  # fmt: skip
    return [(row["ended_at"] - world.now).days for row in rows]


@pytest.mark.parametrize(
    ("counts_id", "results", "expected"),
    [
        (EVERY, (), [1, 3, 4, 5]),
        (ANSWERED, (), [3, 4]),
        (TALKS, (), [3]),
        (LISTED, ("ABANDONED", "RETURNED"), [2, 4]),
        (LISTED, (), []),
    ],
)
def test_a_rule_counts_what_it_says(
    world: World, counts_id: int, results: tuple[str, ...], expected: list[int]
) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK)
    client = world.client(campaign)
    calls(world, campaign)
    rule = world.cap(campaign, results=results, counts_id=counts_id)
    assert counted(world, rule, client) == expected


def test_whether_an_attempt_counts_is_what_the_strategy_said_when_it_ended(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(5, 0, counts_as_attempt=False)})
    client = world.client(campaign)
    rule = world.cap(campaign, counts_id=EVERY, limit_value=9)
    world.attempt(campaign, "BUSY", world.at(days=1))
    world.strategy(campaign, technical_results={"BUSY": ResultForm(5, 0)})
    world.attempt(campaign, "BUSY", world.at(days=2))
    assert counted(world, rule, client) == [2]


def test_an_attempt_in_full(world: World) -> None:
    campaign = world.campaign()
    person = world.person()
    client = world.client(campaign, person_id=person)
    rule = world.cap(campaign)
    world.attempt(campaign, "VOICE", world.at(3))
    (row,) = world.query("SELECT a.* FROM strategy.cap_attempt AS a WHERE a.person_id = :person", person=person)
    assert row.pop("attempt_id") > 0
    assert row == {
        "cap_rule_id": rule, "client_id": client.client_id, "person_id": person, "number": client.number,
        "ended_at": world.at(3),
    }  # fmt: skip


def test_attempts_of_all_campaigns_that_obey_the_rule_are_counted_and_of_no_others(world: World) -> None:
    person = world.person()
    campaigns = [world.campaign() for _ in range(3)]
    for campaign in campaigns:
        world.client(campaign, person_id=person)
        world.attempt(campaign, "VOICE")
    rule = world.cap(campaigns[0])
    world.cap(campaigns[1], rule)
    other = world.cap(campaigns[2])

    def campaigns_of(cap_rule_id: int) -> list[Any]:
        return [
            row["campaign_id"]
            for row in world.query(
                "SELECT c.campaign_id FROM strategy.cap_attempt AS a JOIN core.client AS c ON c.client_id = a.client_id"
                " WHERE a.person_id = :person AND a.cap_rule_id = :rule ORDER BY c.campaign_id",
                person=person, rule=cap_rule_id,
            )
        ]  # fmt: skip

    assert campaigns_of(rule) == campaigns[:2]
    assert campaigns_of(other) == campaigns[2:]
