"""`acm cap`: rules are listed and changed, and whom they hold no longer is dialled by the next block."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from click.testing import CliRunner
from sqlalchemy import Engine, insert, select

from app import caps, clock
from app.cli import cli
from app.commands import caps as command
from app.database.engine import create_engine
from app.models.access import Audit
from app.models.caps import CampaignCap, CapRule
from app.models.contact import Phone
from app.models.dialing import ResultBatch, ResultStage
from app.procedures import dialing

CLIENTS = 6
RULE = "ONE_A_DAY"
_number = itertools.count(1)


@pytest.fixture(scope="module")
def cap_engine(server: Any, template_url: str) -> Iterator[Engine]:
    url = server.create(template_url)
    engine = create_engine(url, "acm tests caps")
    yield engine
    engine.dispose()
    server.drop(url)


@pytest.fixture(scope="module")
def rule(cap_engine: Engine) -> int:
    with cap_engine.begin() as connection:
        made = connection.execute(
            insert(CapRule).values(
                code=RULE, name="Раз в сутки", name_en="Once in 24 hours", subject_id=2, window_id=4,
                window_minutes=1440, counts_id=1, limit_value=1,
            )
        )  # fmt: skip
        return int(made.inserted_primary_key[0])


@pytest.fixture
def held(cap_engine: Engine, rule: int) -> Any:
    """A campaign whose clients were all called hours ago, and marked by a block since."""
    now = clock.now()
    code = f"HELD{next(_number)}"
    with cap_engine.begin() as connection:
        campaign_id = web_scene.campaign(connection, code, code, now - timedelta(hours=30), clients=CLIENTS)
        dialer_id = web_scene.the_dialer(connection)
        connection.execute(insert(CampaignCap).values(campaign_id=campaign_id, cap_rule_id=rule))
        dialing.campaign_start(connection, campaign_id, now - timedelta(hours=21))
        ended = now - timedelta(hours=20)
        rows = dialing.block_take(connection, campaign_id, ended)
        batch_id = connection.execute(
            insert(ResultBatch).values(dialer_id=dialer_id, read_at=ended).returning(ResultBatch.batch_id)
        ).scalar_one()
        connection.execute(
            insert(ResultStage),
            [
                {
                    "batch_id": batch_id, "row_no": number, "recovery_key": number, "db_datetime": ended,
                    "time_zone_minutes": 0, "account_number": row.record_key, "phone": row.number, "call_result": 8,
                    "call_status": "C", "duration_ms": 20_000,
                }
                for number, row in enumerate(rows, start=1)
            ],
        )  # fmt: skip
        dialing.result_apply(connection, batch_id, ended)
    assert len(rows) == CLIENTS
    assert taken(cap_engine, campaign_id) == 0
    assert marked(cap_engine, campaign_id) == CLIENTS + 2  # every third has two phones
    return campaign_id, code


def taken(engine: Engine, campaign_id: int) -> int:
    """How many phones the next block has."""
    with engine.begin() as connection:
        return len(dialing.block_take(connection, campaign_id, clock.now() + timedelta(minutes=1)))


def marked(engine: Engine, campaign_id: int) -> int:
    with engine.connect() as connection:
        return len(
            connection.scalars(
                select(Phone.phone_id).where(Phone.campaign_id == campaign_id, Phone.held_until.is_not(None))
            ).all()
        )


@pytest.fixture
def run(cap_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setattr(command, "_engine", lambda: cap_engine)

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["cap", *arguments])
        return result.output if result.exit_code == 0 else f"refused: {result.exception}"

    return call


def test_a_rule_that_is_switched_off_lets_its_phones_go_and_one_that_is_on_holds_again(
    cap_engine: Engine, run: Callable[..., str], held: Any
) -> None:
    campaign_id, _ = held
    assert "otherwise now: 0." in run("set", RULE, "--limit", "1")
    assert taken(cap_engine, campaign_id) == 0
    assert "otherwise now: 8." in run("off", RULE)
    assert marked(cap_engine, campaign_id) == 0
    assert "otherwise now: 0." in run("on", RULE)
    assert taken(cap_engine, campaign_id) == 0
    assert marked(cap_engine, campaign_id) == CLIENTS + 2
    run("off", RULE)
    assert taken(cap_engine, campaign_id) == CLIENTS
    run("on", RULE)


@pytest.mark.parametrize("change", [("--limit", "2"), ("--warn",), ("--to", "01.01.2020")], ids=lambda words: words[0])
def test_a_rule_that_is_raised_ended_or_only_warns_lets_its_phones_go(
    cap_engine: Engine, run: Callable[..., str], held: Any, change: tuple[str, ...]
) -> None:
    campaign_id, _ = held
    assert "otherwise now" in run("set", RULE, *change)
    try:
        assert taken(cap_engine, campaign_id) == CLIENTS
    finally:
        run("set", RULE, "--limit", "1", "--hold", "--to", "01.01.2100")


def test_a_rule_that_is_taken_from_a_campaign_holds_on_in_the_others(
    cap_engine: Engine, run: Callable[..., str], held: Any, rule: int
) -> None:
    campaign_id, code = held
    with cap_engine.connect() as connection:
        others = connection.scalars(
            select(CampaignCap.campaign_id).where(
                CampaignCap.cap_rule_id == rule, CampaignCap.campaign_id != campaign_id
            )
        ).all()
    before = [marked(cap_engine, other) for other in others]
    assert "otherwise now: 8." in run("off", RULE, "--campaign", code.lower())
    assert [marked(cap_engine, other) for other in others] == before
    assert taken(cap_engine, campaign_id) == CLIENTS
    assert "otherwise now: 0." in run("on", RULE, "--campaign", code)
    (row,) = [row for row in json.loads(run("list", "--json"))["caps"] if row["code"] == RULE]
    assert code in row["campaigns"]


def test_batches_let_all_go(cap_engine: Engine, held: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign_id, code = held
    monkeypatch.setattr(caps, "BATCH", 2)
    assert caps.obey_cap(cap_engine, RULE, code, False, by="tests") == CLIENTS + 2
    assert marked(cap_engine, campaign_id) == 0


def test_a_change_waits_for_the_block_that_is_being_taken(
    cap_engine: Engine, run: Callable[..., str], held: Any
) -> None:
    """A block that began under the rules of before has left its marks when they are looked at."""
    campaign_id, code = held
    caps.obey_cap(cap_engine, RULE, code, False, by="tests")
    caps.obey_cap(cap_engine, RULE, code, True, by="tests")
    assert marked(cap_engine, campaign_id) == 0
    with cap_engine.connect() as connection, connection.begin():
        assert dialing.block_take(connection, campaign_id, clock.now() + timedelta(minutes=1)) == []
        change = threading.Thread(target=caps.obey_cap, args=(cap_engine, RULE, code, False), kwargs={"by": "tests"})
        change.start()
        change.join(1)
        assert change.is_alive()
    change.join(30)
    assert marked(cap_engine, campaign_id) == 0
    assert taken(cap_engine, campaign_id) == CLIENTS


def test_who_changed_what_is_in_the_audit(cap_engine: Engine, run: Callable[..., str], held: Any) -> None:
    _, code = held
    run("set", RULE, "--limit", "3")
    run("set", RULE, "--limit", "1")
    run("off", RULE, "--campaign", code)
    with cap_engine.connect() as connection:
        rows = connection.execute(
            select(Audit.username, Audit.action, Audit.object_id, Audit.before, Audit.after).order_by(Audit.audit_id)
        ).all()
    (raised, _lowered, taken_away) = rows[-3:]
    assert tuple(raised[:3]) == ("acm cap", "cap_change", RULE)
    assert (json.loads(raised.before), json.loads(raised.after)) == ({"limit_value": 1}, {"limit_value": 3})
    assert tuple(taken_away[:3]) == ("acm cap", "cap_obey", code)
    assert json.loads(taken_away.after) == {"cap": RULE, "obeys": False}


def test_the_presets_are_listed(run: Callable[..., str], rule: int) -> None:
    rows = {row["code"]: row for row in json.loads(run("list", "--json"))["caps"]}
    assert rows["RU_230_WEEK"]["limit_value"] == 2
    assert rows["RU_230_WEEK"]["campaigns"] == []
    assert rows["RU_230_WEEK"]["is_hold"] and rows["RU_230_WEEK"]["is_enabled"]
    assert "RU_230_" in run("list")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("off", "NO_SUCH"), "no frequency cap NO_SUCH"),
        (("off", RULE, "--campaign", "NO_SUCH"), "no campaign NO_SUCH"),
        (("set", "RU_230_HOURS", "--limit", "1"), "a rule of hours has none"),
        (("set", RULE), "Nothing is said"),
    ],
)
def test_what_cannot_be_changed_is_refused(
    run: Callable[..., str], rule: int, words: tuple[str, ...], says: str
) -> None:
    said = run(*words)
    assert said.startswith("refused: ") and says in said
