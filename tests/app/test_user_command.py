"""acm user, on a database of its own."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from app.auth import accounts
from app.cli import cli, main
from app.commands import user as user_command
from app.database.engine import create_engine


@pytest.fixture
def run(make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    engine = create_engine(make_database(), "acm tests")
    monkeypatch.setattr(user_command, "_engine", lambda: engine)

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["user", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return str(result.output)

    call.engine = engine  # type: ignore[attr-defined]
    yield call
    engine.dispose()


def test_a_user_is_made_listed_and_given_a_new_password(run: Callable[..., str]) -> None:
    assert "There are no users yet" in run("list")
    said = run("add", "petrova", "-g", "Reviewers", "-g", "monitoring", "--last-name", "Петрова", "--email", "p@x.test")
    password = said.strip().rpartition(" ")[2]
    rows = json.loads(run("list", "--json"))
    assert [(row["username"], row["groups"], row["is_active"]) for row in rows] == [
        ("petrova", ["Мониторинг", "Ревьюеры"], True)
    ]
    with run.engine.begin() as connection:  # type: ignore[attr-defined]
        assert accounts.check_password(connection, "PETROVA", password) is not None
    second = run("password", "Petrova").strip().rpartition(" ")[2]
    with run.engine.begin() as connection:  # type: ignore[attr-defined]
        assert accounts.check_password(connection, "petrova", password) is None
        user_id = accounts.check_password(connection, "petrova", second)
        account = accounts.read_account(connection, user_id)
    assert account.must_change_password and account.roles == {"reviewer", "monitoring"}
    assert "Петрова" in run("list") and second not in run("list")


def test_a_new_password_lifts_a_lock_out(run: Callable[..., str]) -> None:
    run("add", "ivanov", "-g", "reviewer")
    with run.engine.begin() as connection:  # type: ignore[attr-defined]
        for _ in range(accounts.LOCK_AFTER):
            accounts.check_password(connection, "ivanov", "wrong")
    assert json.loads(run("list", "--json"))[0]["is_locked"] is True
    run("password", "ivanov")
    assert json.loads(run("list", "--json"))[0]["is_locked"] is False


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "x", "-g", "no such group"], "There is no group no such group."),
        (["add", "two words", "-g", "reviewer"], "A user name has 1 to 64 characters and no spaces."),
        (["add", "TWICE", "-g", "reviewer"], "There is already a user TWICE."),
        (["password", "nobody"], "There is no user nobody."),
    ],
)
def test_mistakes_are_one_clear_line(
    run: Callable[..., str], capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    run("add", "twice", "-g", "reviewer")
    with pytest.raises(SystemExit) as ended:
        main(["user", *arguments])
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert error.splitlines()[0] == f"error: {said}" and "Traceback" not in error
