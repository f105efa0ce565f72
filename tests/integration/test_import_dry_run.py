"""A dry run finds what the load then rejects, line by line, and writes nothing."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from import_scene import LONG, Scene
from sqlalchemy import Engine, select, update

from app.database.engine import create_engine
from app.importing import reasons, templates
from app.importing.dry_run import Findings, check_file
from app.models.contact import Client
from app.models.importing import ImportBatch, ImportReject
from app.models.strategy import Campaign
from app.settings import get_settings


@pytest.fixture(scope="module")
def engine(fresh_database: str) -> Iterator[Engine]:
    engine = create_engine(fresh_database, "acm tests")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def scene(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    scene = Scene(engine, tmp_path_factory.mktemp("files"))
    scene.campaign("GONE")
    with engine.begin() as connection:
        connection.execute(update(Campaign).where(Campaign.code == "GONE").values(state_id=3))
    return scene


def run(scene: Scene, path: Path, name: str, campaign: str | None = "A") -> Findings:
    with scene.engine.connect() as connection:
        template = templates.get(connection, name)
    return check_file(scene.engine, path, template, campaign_code=campaign)


def nasty(lines: int, seed: int) -> list[str]:
    """Lines of LONG in which anything may be wrong, several things at once."""
    chance = random.Random(seed)

    def one(right: str, *wrong: str) -> str:
        return chance.choice(wrong) if chance.random() < 0.12 else right

    return [
        ";".join(
            (
                one(f"D{number}", "", " ", "x" * 70), one("A", "", "b", "NONE", "gone"), "s", one("", "x" * 65), "Имя",
                "атрибут", one("Europe/Moscow", "No/Where", "asia/omsk", ""), one(f"7916{number:07}", "", "12", "нет"),
                one("M", "h", "", "NO"), one("", f"7495{number:07}", "1234567890123456789012"), one("", "H", "zz"),
            )
        )
        + one("", ";", ";x")
        for number in range(lines)
    ]  # fmt: skip


@pytest.mark.parametrize("campaign", ["A", None])
@pytest.mark.parametrize("seed", range(3))
def test_it_finds_what_the_load_rejects(scene: Scene, campaign: str | None, seed: int) -> None:
    path = scene.file(nasty(1500, seed), f"nasty{seed}{campaign}.txt")
    before = scene.count(Client), scene.count(ImportBatch)
    found = run(scene, path, "LONG", campaign)
    assert (scene.count(Client), scene.count(ImportBatch)) == before
    result = scene.load(path, campaign, "LONG")
    assert found.lines_read == result.lines_done == 1500
    assert found.lines_rejected == result.lines_rejected > 100
    assert found.lines_right == 1500 - result.lines_rejected
    with scene.engine.connect() as connection:
        rows = connection.execute(
            select(
                ImportReject.line_no, ImportReject.reason_code, ImportReject.column_name, ImportReject.value,
                ImportReject.is_warning,
            )
            .where(ImportReject.batch_id == result.batch_id, ImportReject.reason_code != reasons.SEGMENT_CREATED)
            .order_by(ImportReject.line_no, ImportReject.reason_code)
        ).all()  # fmt: skip
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.reason_code] = counts.get(row.reason_code, 0) + 1
    assert dict(found.by_reason) == counts
    assert sorted(found.first, key=lambda one: one[:2]) == [tuple(row) for row in rows[: len(found.first)]]
    assert len(found.first) == 100


def test_a_file_without_faults(scene: Scene) -> None:
    found = run(scene, scene.file(f"E{number};7916{number:07};M" for number in range(50)), "SHORT")
    assert (found.lines_read, found.lines_right, found.lines_rejected, found.first) == (50, 50, 0, [])


def test_memory_does_not_grow_with_the_file(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_IMPORT_CHUNK", "1000")
    get_settings.cache_clear()
    peaks = []
    for lines in (60_000, 60_000, 150_000):  # the first one fills the caches of what was seen before
        path = scene.file(
            (f"F{number};{'wrong' if number % 3 else f'7916{number:07}'};M" for number in range(lines)),
            f"big{lines}.txt",
        )
        tracemalloc.start()
        found = run(scene, path, "SHORT")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.lines_rejected == sum(1 for number in range(lines) if number % 3)
    get_settings.cache_clear()
    assert peaks[2] < 1.2 * peaks[1], peaks


def test_the_template_of_the_long_lines_is_the_one_that_is_meant() -> None:
    assert templates.parse(LONG).fields == 11
