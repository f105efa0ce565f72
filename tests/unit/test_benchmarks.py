"""The parts of benchmarks/ that reckon; the figures themselves are measured by `make bench`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.base.recipe import CALLS_TODAY, DRAWS, days_of_calls, histories
from benchmarks.report import Row, against, at_most, grown, write


def called_today(clients: int) -> float:
    return sum(history.draws for history in histories(clients) if history.is_of_today) / DRAWS * clients


@pytest.mark.parametrize("clients", [50_000, 500_000, 5_000_000])
def test_the_histories_of_a_base_are_shared_out_among_all_clients(clients: int) -> None:
    assert sum(history.draws for history in histories(clients)) == DRAWS


def test_no_more_clients_of_a_large_base_were_called_today_than_the_agents_could_call() -> None:
    assert called_today(5_000_000) == pytest.approx(CALLS_TODAY, rel=0.02)


def test_in_a_small_base_all_who_have_a_history_of_today_were_called_today() -> None:
    assert called_today(50_000) == pytest.approx(0.14 * 50_000)


def test_the_earlier_calls_of_a_large_base_are_spread_over_more_days() -> None:
    assert days_of_calls(50_000) == 1
    assert 10 <= days_of_calls(5_000_000) <= 14


def test_a_figure_at_its_target_is_met_and_one_past_it_is_missed() -> None:
    assert at_most("a", "b", 100.0, 100.0).is_met is True
    assert at_most("a", "b", 100.1, 100.0).is_met is False
    assert at_most("a", "b", 100.1, None).is_met is None


def test_a_ratio_is_the_figure_by_its_floor() -> None:
    row = against("a", "b", 30.0, 10.0, 3.0)
    assert (row.ratio, row.is_met) == (3.0, True)
    assert against("a", "b", 30.1, 10.0, 3.0).is_met is False


def test_growth_is_against_the_smallest_base_of_the_same_kind() -> None:
    rows = [
        Row("block", "50 000 clients, 30 campaigns", 10.0, most_growth=1.5),
        Row("block", "50 000 clients, 1 campaign", 100.0, most_growth=1.5),
        Row("monitor", "50 000 clients, 1 campaign", 1.0),
        Row("block", "500 000 clients, 30 campaigns", 16.0, most_growth=1.5),
        Row("block", "500 000 clients, 1 campaign", 140.0, most_growth=1.5),
        Row("monitor", "500 000 clients, 1 campaign", 9.0),
    ]
    found = grown(rows)
    assert [(row.base, row.ratio, row.is_met) for row in found] == [
        ("500 000 clients, 30 campaigns", 1.6, False),
        ("500 000 clients, 1 campaign", 1.4, True),
    ]
    assert found[0].what == "block: growth since 50 000 clients"


def test_growth_leaves_out_what_the_machine_lost_of_its_speed_meanwhile() -> None:
    small = Row("block", "50 000 clients, 1 campaign", 10.0, most_growth=1.5, machine=20.0)
    large = Row("block", "500 000 clients, 1 campaign", 24.0, most_growth=1.5, machine=40.0)
    (found,) = grown([small, large])
    assert (found.floor, found.ratio, found.is_met) == (20.0, 1.2, True)
    pages = [replace(row, unit="pages") for row in (small, large)]
    assert grown(pages)[0].ratio == 2.4  # pages are the same on every machine
    with_floor = [replace(row, floor=floor) for row, floor in ((small, 5.0), (large, 8.0))]
    assert grown(with_floor)[0].ratio == 1.5  # the floor of the row itself tells it best


def test_the_rows_are_written_as_json_with_when_they_were_measured(tmp_path: Path) -> None:
    write([at_most("a", "b", 1.0, 2.0)], tmp_path / "var" / "bench.json")
    body = json.loads((tmp_path / "var" / "bench.json").read_text())
    assert body["measured_at"].endswith("+00:00")
    assert body["rows"][0]["target"] == "≤ 2 ms"
    assert body["rows"][0]["is_met"] is True
