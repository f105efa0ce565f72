"""strategy.version_class_state and strategy.version_class_rule: a version that is not in force is judged like one that is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from world import World

from app.campaigns import PhoneTypeForm, ScheduleForm, write_strategy

STATE = ("strategy.version_class_state(:campaign, :version, :at)", "strategy.dial_class_state(:campaign, :at)")
RULE = ("strategy.version_class_rule(:campaign, :version)", "strategy.dial_class_rule")


def rows(world: World, source: str, campaign: int, version: int) -> list[dict[str, Any]]:
    values = {"campaign": campaign, "version": version, "at": world.now}
    where = " WHERE s.campaign_id = :campaign" if source == RULE[1] else ""
    used = {name: value for name, value in values.items() if f":{name}" in source + where}
    return world.query(f"SELECT s.* FROM {source} AS s{where} ORDER BY s.dial_class_id", **used)


@pytest.mark.parametrize("sources", [STATE, RULE], ids=["state", "rule"])
def test_a_written_version_says_before_it_is_in_force_what_it_says_then(world: World, sources: tuple[str, str]) -> None:
    campaign = world.campaign()
    world.client(campaign, "MH")
    world.dial_class(campaign, client_attempts=1, phone_attempts=1)
    changes: dict[str, Any] = {
        "max_client_attempts": 1,
        "no_result_priority": 2,
        "schedule": ScheduleForm.daily("Evening", 18 * 60, 21 * 60),
        "phone_types": {"M": PhoneTypeForm(is_dialled=False), "H": PhoneTypeForm()},
    }
    form = replace(world.strategies[campaign], **changes)
    before = rows(world, sources[1], campaign, 0)
    assert rows(world, sources[0], campaign, world.version_id(campaign)) == before
    version = write_strategy(world.connection, campaign, form, created_by="tests", reason=None, now=world.now)
    preview = rows(world, sources[0], campaign, version)
    assert rows(world, sources[1], campaign, 0) == before
    world.strategy(campaign, **changes)
    differs = ("strategy_version_id", "schedule_id")
    after = rows(world, sources[1], campaign, 0)
    assert [{k: v for k, v in row.items() if k not in differs} for row in preview] == [
        {k: v for k, v in row.items() if k not in differs} for row in after
    ]
    assert [row["is_type_dialled"] for row in preview] != [row["is_type_dialled"] for row in before]
