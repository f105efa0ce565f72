"""strategy.reason: the names of the rules, the same that dialing.phone_explain gives its rows."""

from __future__ import annotations

from world import World

from app.procedures import dialing


def test_each_rule_has_one_name_and_its_number_is_that_of_its_row_in_the_explanation(world: World) -> None:
    names = {
        row["reason_no"]: row["reason_code"]
        for row in world.query("SELECT q.reason_no, q.reason_code FROM strategy.reason AS q")
    }
    assert len(set(names.values())) == len(names)
    assert names.pop(0) == "ready"
    client = world.client(world.campaign())
    rows = dialing.phone_explain(world.connection, client.phone_id, world.now)
    explained = {row.rule_no * 100 + row.step_no: row.rule_code for row in rows}
    assert names.pop(1302) == "caps"  # there it is a row for each cap, by the code of the cap
    explained.pop(1302, None)
    assert explained == names
