"""`acm import` as a person or a script meets it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from import_scene import SHORT, Scene
from sqlalchemy import Engine, select, update

from app.cli import main
from app.database.engine import create_engine
from app.models.contact import Client
from app.models.importing import ImportBatch
from app.settings import get_settings


@pytest.fixture(scope="module")
def module_scene(fresh_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    engine: Engine = create_engine(fresh_database, "acm tests")
    yield Scene(engine, tmp_path_factory.mktemp("files"))
    engine.dispose()


@pytest.fixture
def scene(module_scene: Scene, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Scene]:
    url = module_scene.engine.url.render_as_string(hide_password=False)
    for name, value in {"DATABASE_URL": url, "HOME": str(home), "IMPORT_CHUNK": "10", "LANGUAGE": "en"}.items():
        monkeypatch.setenv(f"ACM_{name}", value)
    get_settings.cache_clear()
    yield module_scene
    get_settings.cache_clear()


@pytest.fixture
def acm(capsys: pytest.CaptureFixture[str]) -> Any:
    def acm(*words: str | Path) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `acm import` with these words."""
        code = 0
        try:
            main(["import", *map(str, words)])
        except SystemExit as end:
            code = int(end.code or 0)
        output, errors = capsys.readouterr()
        return code, output, errors

    return acm


def test_everything_loaded(scene: Scene, acm: Any) -> None:
    path = scene.file([f"ok{n};7916{n:07};M" for n in range(25)])
    code, output, errors = acm(path, "--campaign", "A", "--template", "SHORT")
    assert (code, errors) == (0, "")
    lines = [line.split() for line in output.splitlines()]
    assert ["Clients", "loaded", "25"] in lines and ["Lines", "not", "loaded", "0"] in lines
    assert "The import of contacts finished successfully." in output


def test_some_lines_were_not_loaded(scene: Scene, acm: Any, home: Path) -> None:
    path = scene.file(["some1;79161234567;M", "some2;x;M"], "some.txt")
    code, output, _ = acm(path, "--campaign", "A", "--template", "SHORT")
    batch = scene.batch().batch_id
    assert code == 3
    reject = home / "rejects" / f"{batch}-some.txt"
    assert str(reject) in output
    assert reject.read_text() == "some2;x;M\n"


def test_json_for_scripts(scene: Scene, acm: Any, home: Path) -> None:
    path = scene.file(["json1;79161234567;M", "json2;x;M"], "json.txt")
    code, output, errors = acm(path, "--campaign", "A", "--template", "SHORT", "--json", "--rejects", home / "r.txt")
    result = json.loads(output)
    assert (code, errors) == (3, "")
    assert (result["clients_loaded"], result["lines_rejected"], result["lines_done"]) == (1, 1, 2)
    assert result["rejects"] == str(home / "r.txt")
    assert (result["batch_id"], result["is_resumed"]) == (scene.batch().batch_id, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.txt", "--campaign", "A", "--template", "SHORT"], "There is no file"),
        ([".", "--campaign", "A", "--template", "SHORT"], "is a folder"),
        (["FILE", "--campaign", "A"], "No template was named"),
        (["FILE", "--template", "SHORT"], "No campaign was named"),
        (["FILE", "--campaign", "ZZ", "--template", "SHORT"], "There is no campaign with the code ZZ"),
        (["FILE", "--campaign", "A", "--template", "ZZ"], "There is no template with the name ZZ"),
        (["FILE", "--campaign", "A", "--template", "SHORT", "--encoding", "x"], "The encoding x is not supported"),
        (["FILE", "--campaign", "A", "--template", "LONG"], "The template does not fit"),
        (["FILE", "--resume", "12345"], "There is no load 12345"),
        (["FILE", "--preview", "3"], "No template was named"),
    ],
)
def test_what_is_wrong_is_one_line_and_how_to_mend_it(scene: Scene, acm: Any, words: list[str], said: str) -> None:
    path = scene.file(["wrong1;79161234567;M"], "wrong.txt")
    clients = scene.count(Client)
    code, output, errors = acm(*(path if word == "FILE" else word for word in words))
    assert (code, output) == (1, "")
    first, second = errors.splitlines()
    assert first.startswith("error: ") and said in first and second.startswith("  ")
    assert scene.count(Client) == clients


def test_a_wrong_option(scene: Scene, acm: Any) -> None:
    assert acm("x.txt", "--resume", "abc")[0] == 2
    assert acm()[0] == 2


def test_a_preview_writes_nothing(scene: Scene, acm: Any) -> None:
    path = scene.file(["look1;79161234567;M", "look2;x;M"], "look.txt")
    loads = scene.count(ImportBatch)
    code, output, _ = acm(path, "--template", "SHORT", "--preview", "5", "--json")
    rows = json.loads(output)["rows"]
    assert (code, [row["reason_code"] for row in rows]) == (0, ["", "number_wrong"])
    code, output, _ = acm(path, "--template", "SHORT", "--preview", "5")
    assert code == 0 and "look1" in output and "phone.number" in output
    assert scene.count(ImportBatch) == loads


def test_russian_is_the_language_of_the_installation(scene: Scene, acm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_LANGUAGE", "ru")
    get_settings.cache_clear()
    path = scene.file(["ru1;79161234567;M"], "ru.txt")
    code, output, _ = acm(path, "--campaign", "A", "--template", "SHORT")
    assert code == 0
    assert "Импорт контактов завершен успешно." in output
    messages = [message for _, message in scene.journal(scene.batch().batch_id)]
    assert messages == [
        f"Начинается загрузка файла: {path}",
        f"Загрузка файла окончена: {path}",
        "Импорт контактов завершен успешно.",
    ]


def test_a_terminal_sees_a_progress_bar(scene: Scene, home: Path) -> None:
    path = scene.file([f"bar{n};7917{n:07};M" for n in range(60)], "bar.txt")
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "import", str(path), "--campaign", "A", "--template", "SHORT"],
        stdout=subprocess.PIPE, stderr=slave, env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
        cwd=Path(__file__).parents[2], text=True,
    )  # fmt: skip
    os.close(slave)
    seen = b""
    while True:
        try:
            block = os.read(master, 65536)
        except OSError:  # the end of a terminal
            break
        if not block:
            break
        seen += block
    output, _ = process.communicate(timeout=60)
    os.close(master)
    assert process.returncode == 0
    assert b"line 60" in seen and b"100%" in seen
    assert "line" not in output and "60" in output
    assert SHORT not in output


def test_the_load_may_say_whether_finished_clients_start_anew(scene: Scene, acm: Any) -> None:
    path = scene.file(["again1;79165550099;M"])
    words = (path, "--campaign", "A", "--template", "SHORT")

    def round_no() -> int:
        with scene.engine.begin() as connection:
            query = select(Client.round_no).where(Client.client_code == "again1")
            number = int(connection.scalars(query).one())
            connection.execute(update(Client).where(Client.client_code == "again1").values(status_id=2))
        return number

    assert acm(*words)[0] == 0
    assert round_no() == 1
    for option, expected in ((None, 1), ("--no-restart-finished", 1), ("--restart-finished", 2)):
        assert acm(*words, *([option] if option else []))[0] == 0
        assert (option, round_no()) == (option, expected)
    assert [scene.batch(scene.batch().batch_id - back).restarts_clients for back in (2, 1, 0)] == [None, False, True]
