"""`acm service`: the list, and runs by hand with words and exit codes that a script can trust."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from app.commands import services as command
from app.database.engine import create_engine
from app.errors import AcmError
from app.models.ops import Service, ServiceRun
from app.procedures import ops
from jobs import services


@pytest.fixture
def engine(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    engine = create_engine(fresh_database, "acm tests")
    with engine.begin() as connection:
        connection.execute(sa.update(Service).values(running_run_id=None, last_run_id=None))
        connection.execute(sa.delete(ServiceRun))
    monkeypatch.setattr(command, "create_engine", lambda program: engine)
    monkeypatch.setattr(command, "setup_logging", lambda program: None)
    yield engine
    engine.dispose()


@pytest.fixture
def acm(engine: Engine) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(command.service, list(words))


def body(result: Result) -> Any:
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_the_list_has_all_seven_services_with_schedule_and_last_run(engine: Engine, acm: Any) -> None:
    acm("run", "callback_status")
    rows = {row["code"]: row for row in body(acm("list", "--json"))["services"]}
    assert set(rows) == {
        "ftp_import", "client_status", "callback_status", "data_purge", "queue_clear", "user_sync", "dialer_sync",
    }  # fmt: skip
    assert rows["callback_status"]["state"] == "done"
    assert rows["callback_status"]["is_built"] is True
    assert rows["dialer_sync"]["state"] is None
    assert rows["dialer_sync"]["cron"]
    table = acm("list")
    assert table.exit_code == 0
    assert "callback_status" in table.stdout


def test_a_run_by_hand_is_recorded_and_says_what_it_did(engine: Engine, acm: Any) -> None:
    result = acm("run", "callback_status", "--json")
    assert result.exit_code == 0
    found = body(result)
    assert (found["state"], found["counts"]) == ("done", {"callbacks_missed": 0, "callbacks_closed": 0})
    with engine.connect() as connection:
        row = connection.execute(sa.select(ServiceRun.state_id, ServiceRun.requested_by)).one()
    assert row.state_id == 3
    assert row.requested_by
    assert "Done: callbacks_missed 0, callbacks_closed 0" in acm("run", "callback_status").stdout


def test_a_run_for_a_worker_is_only_queued(engine: Engine, acm: Any) -> None:
    found = body(acm("run", "client_status", "--queue", "--json"))
    assert found["state"] == "queued"
    with engine.connect() as connection:
        assert connection.scalar(sa.select(ServiceRun.state_id)) == 1


def test_a_failed_run_is_an_error_with_its_reason(engine: Engine, acm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: Any) -> None:
        raise AcmError("The file is torn.", "Load it again.")

    monkeypatch.setattr(services, "load", lambda code: broken)
    result = acm("run", "data_purge", "--json")
    assert isinstance(result.exception, AcmError)
    assert str(result.exception) == "The file is torn. Load it again."
    assert body(result)["state"] == "failed"


def test_a_service_at_work_elsewhere_is_not_run_twice(engine: Engine, acm: Any) -> None:
    with engine.begin() as connection:
        run_id = ops.run_request(connection, "client_status", "somebody").run_id
        ops.run_claim(connection, run_id, "elsewhere", 60)
    result = acm("run", "client_status")
    assert f"Run {run_id} of this service is already at work in another process." in str(result.exception)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "nonsense"], "There is no service nonsense in this release."),
        (["run", "client_status", "--campaign", "NOPE"], "There is no campaign NOPE."),
    ],
)
def test_what_is_not_there_is_refused_in_words(engine: Engine, acm: Any, words: list[str], message: str) -> None:
    result = acm(*words)
    assert isinstance(result.exception, AcmError)
    assert message in str(result.exception)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ServiceRun)) == 0
