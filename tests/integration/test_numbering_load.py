"""`acm numbering` and app.numbering.plan: the registry's files, in the layout of our own sample, in the database."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from import_scene import Scene
from numbering_files import SAMPLE
from sqlalchemy import Engine, delete, func, insert, select, update

from app.cli import main
from app.database.engine import create_engine
from app.models.contact import Phone
from app.models.dictionary import TimeZone
from app.models.numbering import NumberingRange, Region, RegionSpelling
from app.numbering.plan import load_plan
from app.numbering.regions import read_regions
from app.settings import get_settings

pytestmark = pytest.mark.mission("M17")

RANGES = 16
HEADER = "АВС/ DEF;От;До;Емкость;Оператор;Регион;Территория ГАР;ИНН"


@pytest.fixture(scope="module")
def module_engine(fresh_database: str) -> Iterator[Engine]:
    engine = create_engine(fresh_database, "acm tests")
    yield engine
    engine.dispose()


@pytest.fixture
def engine(module_engine: Engine, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Engine]:
    """A database without a plan, that `acm` finds by its settings."""
    with module_engine.begin() as connection:
        for model in (NumberingRange, RegionSpelling, Region):
            connection.execute(delete(model))
    url = module_engine.url.render_as_string(hide_password=False)
    for name, value in {"DATABASE_URL": url, "HOME": str(home), "LANGUAGE": "en"}.items():
        monkeypatch.setenv(f"ACM_{name}", value)
    get_settings.cache_clear()
    yield module_engine
    get_settings.cache_clear()


@pytest.fixture
def acm(engine: Engine, capsys: pytest.CaptureFixture[str]) -> Any:
    def acm(*words: str | Path) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `acm numbering` with these words."""
        code = 0
        try:
            main(["numbering", *map(str, words)])
        except SystemExit as end:
            code = int(end.code or 0)
        output, errors = capsys.readouterr()
        return code, output, errors

    return acm


def file(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "plan.csv"
    path.write_text("".join(f"{line}\n" for line in (HEADER, *lines)), encoding="utf-8-sig")
    return path


def plan(engine: Engine) -> list[tuple[int, str | None, str | None, str | None]]:
    """First number, region, zone and reason of each range."""
    reason = func.coalesce(NumberingRange.reason_code, Region.reason_code)
    with engine.connect() as connection:
        rows = connection.execute(
            select(NumberingRange.number_from, Region.name, TimeZone.code, reason)
            .outerjoin(Region, Region.region_id == NumberingRange.region_id)
            .outerjoin(TimeZone, TimeZone.zone_id == Region.zone_id)
            .order_by(NumberingRange.number_from)
        )
        return [tuple(row) for row in rows]


def test_each_range_ends_in_a_zone_or_a_reason(engine: Engine) -> None:
    summary = load_plan(engine, [SAMPLE])
    yakutia = "Республика Саха (Якутия)"
    moscow = "Москва и Московская область"
    assert plan(engine) == [
        (9000000000, "Краснодарский край", "Europe/Moscow", None),
        (9000062000, "Ростовская область", "Europe/Moscow", None),
        (9000100000, "Самарская область", "Europe/Samara", None),
        (9000200000, "Удмуртская Республика", "Europe/Samara", None),
        (9000300000, "Удмуртская Республика", "Europe/Samara", None),
        (9010000000, moscow, "Europe/Moscow", None),
        (9011000000, "Курская область", "Europe/Moscow", None),  # the registry prints «-»; its territory tells
        (9012000000, "Красноярский край", "Asia/Krasnoyarsk", None),
        (9012010000, yakutia, None, "several_zones"),
        (9012020000, f"{yakutia}: Оймяконский район", "Asia/Ust-Nera", None),
        (9012030000, "Ханты-Мансийский автономный округ - Югра", "Asia/Yekaterinburg", None),
        (9012040000, "Сахалинская область: Северо-Курильский район", "Asia/Srednekolymsk", None),
        (9012050000, "Сахалинская область", "Asia/Sakhalin", None),
        (9541010000, "Российская Федерация", None, "whole_country"),
        (9541020000, None, None, "region_missing"),
        (9541030000, None, None, "region_unknown"),
    ]
    assert (summary.codes, summary.ranges, summary.ranges_replaced) == ((900, 901, 954), RANGES, 0)
    assert summary.ranges_with_zone == 12
    assert summary.reasons == {"several_zones": 1, "whole_country": 1, "region_missing": 1, "region_unknown": 1}
    assert summary.unknown == {"Заморская обл.": 1}


def test_a_file_again_replaces_the_ranges_of_its_codes(engine: Engine, tmp_path: Path) -> None:
    load_plan(engine, [SAMPLE])
    assert load_plan(engine, [SAMPLE]).ranges_replaced == RANGES
    assert len(plan(engine)) == RANGES
    summary = load_plan(engine, [file(tmp_path, "954;0000000;9999999;10000000;АО;Омская обл.;Омская область;1")])
    assert (summary.ranges, summary.ranges_replaced) == (1, 3)
    found = plan(engine)
    assert len(found) == RANGES - 2
    assert found[-1] == (9540000000, "Омская область", "Asia/Omsk", None)


def test_a_wrong_file_changes_nothing(engine: Engine, acm: Any, tmp_path: Path) -> None:
    load_plan(engine, [SAMPLE])
    before = plan(engine)
    wrong = file(tmp_path, "900;0000000;9999999;10000000;АО;Омская обл.;Омская область;1", "901;5;4;0;АО;Омская обл.;;1")
    code, output, errors = acm("load", wrong)
    assert (code, output) == (1, "")
    assert errors.splitlines()[0] == "error: plan.csv, line 3: the range ends before it begins."
    assert plan(engine) == before
    assert acm("load", SAMPLE, wrong)[0] == 1
    assert plan(engine) == before


def test_a_load_that_fails_while_it_writes_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    load_plan(engine, [SAMPLE])
    before = plan(engine)

    def fail(step: str, done: int, total: int) -> None:
        if step == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_plan(engine, [file(tmp_path, "900;0000000;9999999;10000000;АО;Омская обл.;;1")], fail)
    assert plan(engine) == before


def test_two_loads_at_once_wait_for_each_other(engine: Engine) -> None:
    errors: list[Exception] = []

    def load() -> None:
        try:
            load_plan(engine, [SAMPLE])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(plan(engine)) == RANGES


def test_regions_are_refreshed_and_further_spellings_kept(engine: Engine, tmp_path: Path) -> None:
    load_plan(engine, [SAMPLE])
    with engine.begin() as connection:
        omsk = connection.scalar(select(Region.region_id).where(Region.name == "Омская область"))
        connection.execute(update(Region).where(Region.region_id == omsk).values(zone_id=None, reason_code="by hand"))
        connection.execute(
            update(RegionSpelling).where(RegionSpelling.spelling_key == "САМАРСКАЯ").values(region_id=omsk)
        )
        connection.execute(
            insert(RegionSpelling).values(spelling_key="ЗАМОРСКАЯ", spelling="Заморская обл.", region_id=omsk)
        )
    summary = load_plan(engine, [SAMPLE])
    assert summary.unknown == {}
    assert plan(engine)[-1][1:] == ("Омская область", "Asia/Omsk", None)
    assert plan(engine)[2][1:] == ("Самарская область", "Europe/Samara", None)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Region)) == len(read_regions())


# -- the command ---------------------------------------------------------------------------------------------------


def test_load_prints_a_summary(acm: Any) -> None:
    code, output, errors = acm("load", SAMPLE)
    assert (code, errors) == (0, "")
    words = " ".join(output.split())
    assert "Codes 3 Ranges loaded 16 Ranges replaced 0 Ranges with a zone 12 (75.0 %)" in words
    assert "Without a zone: the region has several zones 1" in words
    assert "Regions that are not known: «Заморская обл.» (1)." in words


def test_load_as_json(acm: Any) -> None:
    code, output, _ = acm("load", SAMPLE, "--json")
    assert code == 0
    body = json.loads(output)
    assert (body["ranges"], body["ranges_with_zone"], body["codes"]) == (16, 12, [900, 901, 954])


def test_status(acm: Any) -> None:
    code, output, _ = acm("status")
    assert (code, output) == (0, "No numbering plan is loaded: acm numbering load FILE…\n")
    acm("load", SAMPLE)
    code, output, _ = acm("status")
    words = " ".join(output.split())
    assert code == 0
    assert "Codes 3 Ranges 16 Ranges with a zone 12 (75.0 %)" in words
    assert "Europe/Moscow 4" in words and "Without a zone: the whole country 1" in words
    body = json.loads(acm("status", "--json")[1])
    assert (body["ranges"], body["codes"], body["zones"]["Europe/Samara"]) == (16, 3, 3)
    assert body["numbers_with_zone"] == body["numbers"] - 40_000


def test_find(acm: Any) -> None:
    acm("load", SAMPLE)
    code, output, _ = acm("find", "+7 (900) 035-00-00")
    assert code == 0
    words = " ".join(output.split())
    assert words == (
        "Range 9000300000 - 9000399999 Operator ООО \"СВЯЗЬ\" Region Удмуртская Республика"
        " In the registry Республика Удмуртская Time zone Europe/Samara"
    )
    assert "Time zone none: the region has several zones" in " ".join(acm("find", "89012010000")[1].split())
    assert json.loads(acm("find", "9012020000", "--json")[1])["zone"] == "Asia/Ust-Nera"


def test_find_says_that_a_number_is_not_in_the_plan(acm: Any) -> None:
    acm("load", SAMPLE)
    code, output, errors = acm("find", "79990000000")
    assert (code, output) == (1, "")
    assert errors.startswith("error: The numbering plan does not have 79990000000.")
    assert acm("find", "what")[0] == 1


def test_phones_that_are_loaded_already_get_their_zones(
    make_database: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, acm: Any
) -> None:
    url = make_database()
    monkeypatch.setenv("ACM_DATABASE_URL", url)
    get_settings.cache_clear()
    engine = create_engine(url, "acm tests")
    scene = Scene(engine, tmp_path)
    scene.load(scene.file([f"c{n};7900010{n:04};M" for n in range(30)] + ["d;79541010000;M"]))
    assert acm("load", SAMPLE)[0] == 0
    assert set(scene.rows(Phone.zone_id)) == {(None,)}
    code, output, _ = acm("load", SAMPLE, "--update-phones")
    assert code == 0
    assert "Clients looked at 31 Phones whose zone changed 30" in " ".join(output.split())
    samara = _zone(engine, "Europe/Samara")
    assert sorted(scene.rows(Phone.number, Phone.zone_id))[0] == ("79000100000", samara)
    assert [zone for (number, zone) in scene.rows(Phone.number, Phone.zone_id) if number == "79541010000"] == [None]
    assert scene.unbalanced() == []
    engine.dispose()


def _zone(engine: Engine, code: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalars(select(TimeZone.zone_id).where(TimeZone.code == code)).one())
