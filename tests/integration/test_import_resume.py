"""A load that breaks off anywhere goes on behind its last part, and doubles nothing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from import_scene import SHORT, Scene
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import OperationalError

from app import clock
from app.database.engine import create_engine
from app.errors import AcmError
from app.importing import loader
from app.importing.loader import LoadProgress
from app.importing.owner import make_owner
from app.models.contact import Client, Phone
from app.models.importing import ImportBatch, ImportReject, ImportTemplate
from app.procedures import importing
from app.settings import get_settings

LINES = 2000


@pytest.fixture
def database(make_database: Any) -> str:
    return str(make_database())


@pytest.fixture
def engine_of_test(database: str) -> Iterator[Engine]:
    engine = create_engine(database, "acm tests")
    yield engine
    engine.dispose()


@pytest.fixture
def scene(engine_of_test: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("ACM_IMPORT_CHUNK", "40")
    get_settings.cache_clear()
    scene = Scene(engine_of_test, tmp_path)
    yield scene
    get_settings.cache_clear()
    assert scene.unbalanced() == []


def numbered(count: int) -> list[str]:
    """Lines with two phones a client in two lines, and every 50th line bad."""
    return [
        f"c{n // 2};{7_916_000_0000 + n};M" if n % 50 else f"bad{n};x;M"
        for n in range(1, count + 1)
    ]  # fmt: skip


def complete(scene: Scene, lines: int) -> None:
    """The base holds exactly what the lines say."""
    wanted: dict[str, list[str]] = {}
    for line in numbered(lines):
        code, number, _ = line.split(";")
        if number != "x":
            wanted.setdefault(code, []).append(number)
    assert scene.clients() == wanted
    assert scene.count(Phone) == sum(map(len, wanted.values()))
    assert scene.count(ImportReject) == lines // 50


class Broken(Exception):
    """What a test throws into a load."""


def break_at(part: int, error: BaseException | None = None) -> Any:
    def on_progress(_: LoadProgress) -> None:
        nonlocal part
        part -= 1
        if part == 0:
            raise error or Broken

    return on_progress


@pytest.mark.parametrize("seed", range(2))
def test_a_load_that_is_killed_again_and_again_ends_complete(
    scene: Scene, database: str, seed: int, home: Path
) -> None:
    path = scene.file(numbered(LINES))
    chance = random.Random(seed)
    environment = os.environ | {
        "ACM_DATABASE_URL": database, "ACM_IMPORT_CHUNK": "20", "ACM_HOME": str(home), "ACM_LANGUAGE": "en",
    }  # fmt: skip
    words = [sys.executable, "-m", "app.cli", "import", str(path), "--campaign", "A", "--template", "SHORT", "--json"]
    kills = 0
    while True:
        process = subprocess.Popen(
            words,
            env=environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        goal = lines_done(scene) + chance.randrange(1, LINES // 4)
        while process.poll() is None and lines_done(scene) < goal and kills < 4:
            time.sleep(0.003)
        if process.poll() is None and kills < 4:
            time.sleep(chance.random() / 20)  # anywhere inside of a part
            process.kill()
            process.communicate()
            kills += 1
            continue
        output, errors = process.communicate(timeout=120)
        break
    assert process.returncode == 3, errors  # done, with rejected lines
    result = json.loads(output)
    assert kills >= 3
    assert result["is_resumed"]
    assert scene.count(ImportBatch) == 1
    assert (result["lines_done"], result["clients_loaded"], result["lines_rejected"]) == (
        LINES,
        scene.count(Client),
        40,
    )
    assert (result["clients_updated"], result["phones_loaded"]) == (0, LINES - 40)
    complete(scene, LINES)


def lines_done(scene: Scene) -> int:
    return max((row[0] for row in scene.rows(ImportBatch.lines_done)), default=0)


def test_a_load_that_broke_off_goes_on_by_itself(scene: Scene) -> None:
    path = scene.file(numbered(400))
    with pytest.raises(Broken):
        scene.load(path, on_progress=break_at(4))
    broken = scene.batch()
    assert (broken.state_id, broken.lines_done) == (3, 160)
    result = scene.load(path)
    assert (result.batch_id, result.is_resumed, result.lines_done) == (broken.batch_id, True, 400)
    assert (result.clients_loaded, result.clients_updated, result.lines_rejected) == (scene.count(Client), 0, 8)
    assert scene.batch().state_id == 2
    assert ("Info", "The load goes on behind line 160.") in scene.journal(result.batch_id)
    complete(scene, 400)


def test_a_load_is_resumed_by_its_number(scene: Scene) -> None:
    path = scene.file(numbered(400))
    with pytest.raises(Broken):
        scene.load(path, on_progress=break_at(2))
    result = scene.load(path, None, "", resume_batch_id=scene.batch().batch_id)
    assert (result.is_resumed, result.lines_done) == (True, 400)
    complete(scene, 400)


def test_what_cannot_be_resumed_is_said(scene: Scene) -> None:
    path = scene.file(numbered(100))
    done = scene.load(path)
    with pytest.raises(AcmError, match=r"load 999 *\."):
        scene.load(path, resume_batch_id=999)
    with pytest.raises(AcmError, match="is finished"):
        scene.load(path, resume_batch_id=done.batch_id)
    with pytest.raises(Broken):
        scene.load(scene.file(numbered(200), "other.txt"), on_progress=break_at(1))
    with pytest.raises(AcmError, match=r"not the file of load .*other\.txt.*or it was changed"):
        scene.load(path, resume_batch_id=scene.batch().batch_id)


def start_by_hand(scene: Scene, path: Path, owner: str) -> int:
    """A load that another process began, up to line 40."""
    with pytest.raises(Broken):
        scene.load(path, on_progress=break_at(1))
    batch_id = int(scene.batch().batch_id)
    with scene.engine.begin() as connection:
        importing.import_resume(
            connection, batch_id=batch_id, previous_owner=None, owner=owner, message=None, now=clock.now()
        )
    return batch_id


def test_a_file_that_is_being_loaded_is_not_loaded_beside_it(scene: Scene) -> None:
    path = scene.file(numbered(100))
    batch_id = start_by_hand(scene, path, make_owner())
    with pytest.raises(AcmError, match=rf"is being loaded right now \(load {batch_id}\)"):
        scene.load(path)
    with pytest.raises(AcmError, match=rf"load {batch_id} is running"):
        scene.load(path, resume_batch_id=batch_id)


def test_a_process_of_another_machine_is_waited_for_until_it_is_silent(scene: Scene) -> None:
    path = scene.file(numbered(100))
    batch_id = start_by_hand(scene, path, "another.host:1:0.0:ab")
    with pytest.raises(AcmError, match="right now"):
        scene.load(path)
    with scene.engine.begin() as connection:
        hour_ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
        connection.execute(update(ImportBatch).values(heartbeat_at=hour_ago))
    result = scene.load(path)
    assert (result.batch_id, result.is_resumed) == (batch_id, True)
    complete(scene, 100)


def test_a_process_that_was_taken_for_dead_cannot_go_on(scene: Scene) -> None:
    path = scene.file(numbered(400))

    def take_over(_: LoadProgress) -> None:
        batch = scene.batch()
        if batch.lines_done == 80:
            with scene.engine.begin() as connection:
                importing.import_resume(
                    connection, batch_id=batch.batch_id, previous_owner=batch.owner, owner="other.host:1:0.0:ab",
                    message=None, now=clock.now(),
                )  # fmt: skip

    with pytest.raises(AcmError, match="Another process has taken this load over"):
        scene.load(path, on_progress=take_over)
    batch = scene.batch()
    assert (batch.state_id, batch.owner, batch.lines_done) == (1, "other.host:1:0.0:ab", 80)


def test_another_template_begins_from_the_start(scene: Scene) -> None:
    path = scene.file(numbered(100))
    with pytest.raises(Broken):
        scene.load(path, on_progress=break_at(1))
    with scene.engine.begin() as connection:
        connection.execute(
            update(ImportTemplate)
            .where(ImportTemplate.name == "SHORT")
            .values(line=SHORT.replace("type.code", "number"))
        )
    result = scene.load(path)
    assert (result.is_resumed, scene.count(ImportBatch)) == (False, 2)


def test_another_campaign_begins_from_the_start(scene: Scene) -> None:
    path = scene.file(numbered(100))
    with pytest.raises(Broken):
        scene.load(path, "A", on_progress=break_at(1))
    assert not scene.load(path, "B").is_resumed
    assert len(scene.clients("B")) == 50


def test_a_stop_by_hand_is_told_and_can_be_carried_on(scene: Scene) -> None:
    path = scene.file(numbered(200))
    with pytest.raises(KeyboardInterrupt):
        scene.load(path, on_progress=break_at(2, KeyboardInterrupt()))
    batch = scene.batch()
    assert scene.journal(batch.batch_id)[-1] == ("Error", "The load was stopped.")
    assert scene.load(path).is_resumed
    complete(scene, 200)


# -- the database and other transactions -----------------------------------------------------------------------------


def test_a_lost_connection_is_waited_for(scene: Scene) -> None:
    if scene.engine.dialect.name != "postgresql":
        pytest.skip("ends sessions as PostgreSQL does it")
    path = scene.file(numbered(200))

    def end_sessions(progress: LoadProgress) -> None:
        if progress.lines_done == 80:
            with scene.engine.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    first = scene.engine.connect()  # so that the pool has a second connection, which is ended
    first.close()
    result = scene.load(path, on_progress=end_sessions)
    assert (result.lines_done, result.is_resumed) == (200, False)
    complete(scene, 200)


class _Lost(Exception):
    sqlstate = "08006"


class _Deadlock(Exception):
    sqlstate = "40P01"


class _Full(Exception):
    sqlstate = "53100"


def failing(monkeypatch: pytest.MonkeyPatch, error: OperationalError, times: int, commits: bool = False) -> None:
    """Make the apply of the second part fail so many times, after its commit or before."""
    real, calls = importing.import_apply, 0

    def apply(connection: Any, **values: Any) -> Any:
        nonlocal calls
        calls += 1
        if 2 <= calls < 2 + times:
            if commits:
                real(connection, **values)
                connection.commit()
            raise error
        return real(connection, **values)

    monkeypatch.setattr(loader.procedures, "import_apply", apply)


def test_a_part_whose_answer_was_lost_is_not_applied_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.file(numbered(200))
    error = OperationalError("x", None, _Lost(), connection_invalidated=True)
    failing(monkeypatch, error, 1, commits=True)
    result = scene.load(path)
    assert (result.lines_done, result.clients_loaded, result.lines_rejected) == (200, scene.count(Client), 4)
    complete(scene, 200)


def test_a_part_in_a_deadlock_is_repeated(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.file(numbered(200))
    failing(monkeypatch, OperationalError("x", None, _Deadlock()), 3)
    assert scene.load(path).lines_done == 200
    complete(scene, 200)


def test_a_full_disk_is_said_and_the_load_can_be_carried_on(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.file(numbered(200))
    failing(monkeypatch, OperationalError("x", None, _Full("No space left on device\nDETAIL: more")), 1)
    with pytest.raises(AcmError, match=r"broke off: No space left on device .*--resume \d+") as caught:
        scene.load(path)
    assert "\n" not in str(caught.value)
    assert (scene.batch().state_id, scene.batch().lines_done) == (3, 40)
    assert scene.load(path).is_resumed
    complete(scene, 200)


def test_the_file_may_vanish_while_it_is_loaded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.file(numbered(200))
    real = Path.open

    def refuse(self: Path, *words: Any, **values: Any) -> Any:
        with scene.engine.connect() as connection:
            if connection.scalar(select(ImportBatch.batch_id)) and self == path:
                raise OSError(5, "Input/output error")
        return real(self, *words, **values)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AcmError, match="Input/output error"):
        scene.load(path)
    assert scene.batch().state_id == 3
