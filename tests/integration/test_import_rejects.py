"""The reject file: in the load's own format, ready to be corrected and loaded again."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from import_scene import SHORT, Scene
from sqlalchemy import Engine

from app.database.engine import create_engine
from app.importing import rejects
from app.settings import get_settings


@pytest.fixture(scope="module")
def module_scene(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    engine: Engine = create_engine(fresh_database, "acm tests")
    yield Scene(engine, tmp_path_factory.mktemp("files"))
    engine.dispose()


_numbers = iter(range(1000))


@pytest.fixture
def campaign(module_scene: Scene) -> str:
    code = f"R{next(_numbers)}"
    module_scene.campaign(code)
    return code


@pytest.fixture
def scene(module_scene: Scene, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Scene]:
    monkeypatch.setenv("ACM_IMPORT_CHUNK", "3")
    monkeypatch.setenv("ACM_HOME", str(home))
    get_settings.cache_clear()
    yield module_scene
    get_settings.cache_clear()


def written(scene: Scene, batch_id: int) -> tuple[int, bytes]:
    stream = io.BytesIO()
    with scene.engine.connect() as connection:
        count = rejects.write(connection, batch_id, stream)
    return count, stream.getvalue()


@pytest.mark.mission("M150", "M159")
def test_rejects_are_corrected_and_loaded_again(scene: Scene, campaign: str) -> None:
    lines = ["c1;79160000001;M", "c2;x;M", "c3;79160000003;ZZ", "c4", "c5;79160000005;M", ";79160000006;M"]
    result = scene.load(scene.file(lines), campaign)
    assert (result.clients_loaded, result.lines_rejected) == (2, 4)
    count, content = written(scene, result.batch_id)
    assert (count, content) == (4, b"c2;x;M\nc3;79160000003;ZZ\nc4\n;79160000006;M\n")
    corrected = (
        content.replace(b"c2;x", b"c2;79160000002").replace(b"ZZ", b"M").replace(b"c4\n", b"c4;79160000004;H\n")
        .replace(b"\n;", b"\nc6;")
    )  # fmt: skip
    again = scene.load(scene.file(corrected, "rejects.txt"), campaign)
    assert (again.clients_loaded, again.lines_rejected) == (4, 0)
    assert {code: numbers[0] for code, numbers in scene.clients(campaign).items()} == {
        f"c{n}": f"7916000000{n}" for n in range(1, 7)
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "koi8-r"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rejects_stand_as_they_stood_in_the_file(scene: Scene, campaign: str, encoding: str, end: str) -> None:
    scene.template(f"{campaign} header", SHORT, has_header=True)
    header, bad = "код клиента;номер;тип", ["Щукин;нет номера;M", "Ёлкина;12;M"]
    lines = [header, bad[0], "Иванов;79160000001;M", "", "Петров;79160000002;M", bad[1]]
    result = scene.load(scene.file(end.join(lines) + end, encoding=encoding), campaign, f"{campaign} header")
    assert (result.clients_loaded, result.lines_rejected) == (2, 2)
    count, content = written(scene, result.batch_id)
    assert count == 2
    assert content == "".join(line + end for line in [header, *bad]).encode(encoding)
    again = scene.load(scene.file(content, "rejects.txt"), campaign, f"{campaign} header")
    assert (again.clients_loaded, again.lines_rejected) == (0, 2)
    assert written(scene, again.batch_id) == (2, content)


def test_records_of_csv_over_lines(scene: Scene, campaign: str) -> None:
    scene.template(f"{campaign} csv", SHORT, format="csv", has_header=False)
    content = b'"c1";"x\r\ny";M\r\n"c2";79160000002;M\r\n"c3;"open\r\nc4;79160000004;M\r\n'
    result = scene.load(scene.file(content), campaign, f"{campaign} csv")
    assert (result.clients_loaded, result.lines_rejected) == (2, 2)
    assert written(scene, result.batch_id) == (2, b'"c1";"x\r\ny";M\r\n"c3;"open\r\n')


def test_lines_that_were_no_text(scene: Scene, campaign: str) -> None:
    content = b"c1;79160000001;M\nc2\xff;79160000002;M\nc3;7916\x000000003;M\n"
    result = scene.load(scene.file(content), campaign, encoding="utf-8")
    assert (result.clients_loaded, result.lines_rejected) == (1, 2)
    count, rejected = written(scene, result.batch_id)
    assert (count, rejected) == (2, "c2\ufffd;79160000002;M\nc3;7916\ufffd0000003;M\n".encode())


def test_warnings_are_not_rejects(scene: Scene, campaign: str) -> None:
    result = scene.load(scene.file(["c1;;s1;;;;MSK;79160000001;M;;"]), campaign, "LONG")
    assert result.warnings == 2
    assert written(scene, result.batch_id) == (0, b"")


def test_a_reject_file_in_the_folder_of_rejects(scene: Scene, campaign: str, home: Path) -> None:
    result = scene.load(scene.file(["c1;x;M"], "Клиенты.txt"), campaign)
    with scene.engine.connect() as connection:
        path = rejects.save(connection, result.batch_id)
        assert path == home / "rejects" / f"{result.batch_id}-Клиенты.txt"
        assert path.read_bytes() == b"c1;x;M\n"
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        own = rejects.save(connection, result.batch_id, home / "own.txt")
    assert own.read_bytes() == b"c1;x;M\n"
    assert sorted(entry.name for entry in home.iterdir()) == ["own.txt", "rejects"]


def test_a_name_cannot_leave_the_folder(scene: Scene, campaign: str, home: Path) -> None:
    result: Any = scene.load(scene.file(["c1;x;M"]), campaign, file_name="../../etc/x.txt")
    with scene.engine.connect() as connection:
        assert rejects.save(connection, result.batch_id) == home / "rejects" / f"{result.batch_id}-x.txt"
