"""Engines against a real server."""

from __future__ import annotations

import json
import os
import signal

import pytest
import sqlalchemy
from server_processes import gone
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.database.embedded import embedded_postgres
from app.database.engine import DatabaseUnavailable, create_engine, wait_ready
from app.settings import get_settings


@pytest.fixture
def on_postgresql(server_url: str) -> str:
    if not server_url.startswith("postgresql"):
        pytest.skip("tried on the embedded PostgreSQL")
    return server_url


def test_a_session_says_who_it_is_and_how_it_reads(server_url: str) -> None:
    engine = create_engine(server_url, "acm worker")
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            row = connection.execute(
                text("SELECT current_setting('application_name'), current_setting('transaction_isolation')")
            ).one()
            assert tuple(row) == ("acm worker", "read committed")
            assert connection.execute(text("SHOW timezone")).scalar() == "UTC"
            assert connection.execute(text("SHOW client_min_messages")).scalar() == "warning"
            assert connection.execute(text("SHOW jit")).scalar() == "off"
        else:
            assert connection.execute(text("SELECT APP_NAME()")).scalar() == "acm worker"
    engine.dispose()


def test_a_connection_that_the_server_closed_is_replaced_unseen(on_postgresql: str) -> None:
    engine = create_engine(on_postgresql)
    with engine.connect() as connection:
        first = connection.execute(text("SELECT pg_backend_pid()")).scalar()
    with create_engine(on_postgresql).begin() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
    with engine.connect() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar() != first
    engine.dispose()


def test_a_child_made_by_fork_gets_connections_of_its_own(on_postgresql: str) -> None:
    engine = create_engine(on_postgresql)
    question = text("SELECT pg_backend_pid()")
    with engine.connect() as connection:
        ours = connection.execute(question).scalar()
    reader, writer = os.pipe()
    if os.fork() == 0:
        with engine.connect() as connection:
            os.write(writer, str(connection.execute(question).scalar()).encode())
        os._exit(0)
    os.wait()
    theirs = int(os.read(reader, 100))
    with engine.connect() as connection:  # and ours was not closed by the child
        assert connection.execute(question).scalar() == ours
    assert theirs != ours
    engine.dispose()


def test_a_wrong_password_is_said_at_once(on_postgresql: str) -> None:
    engine = create_engine(make_url(on_postgresql).set(password="s3cret-guess"))
    with pytest.raises(DatabaseUnavailable, match="refuses the login of acm") as refused:
        wait_ready(engine, timeout=60)
    assert refused.value.permanent
    assert "s3cret-guess" not in str(refused.value)


def test_a_missing_database_is_said_at_once(on_postgresql: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="There is no database nowhere"):
        wait_ready(create_engine(make_url(on_postgresql).set(database="nowhere")), timeout=60)


def test_an_error_of_a_statement_stays_what_it_is(server_url: str) -> None:
    with create_engine(server_url).connect() as connection, pytest.raises(sqlalchemy.exc.DBAPIError, match="no_such"):
        connection.execute(text("SELECT * FROM no_such_table"))


def test_the_word_embedded_starts_the_server_of_this_home(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_HOME", str(home))
    get_settings.cache_clear()
    try:
        engine = create_engine("embedded", "acm doctor")
        wait_ready(engine)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT current_database()")).scalar() == "acm"
            folder = connection.execute(text("SHOW data_directory")).scalar()
        assert folder == f"{home}/postgresql/data"
        server = embedded_postgres()
        assert create_engine().url.port == server.port

        with create_engine().begin() as connection:
            connection.execute(text("CREATE TABLE kept AS SELECT 1 AS value"))
        pids = json.loads((server.folder / "server.pid").read_text())
        for pid in (pids["guardian"], pids["server"]):
            os.kill(pid, signal.SIGKILL)
        with engine.connect() as connection:  # the engine that was there before finds, or starts, the server
            assert connection.execute(text("SELECT value FROM kept")).scalar() == 1
        server = embedded_postgres()

        reader, writer = os.pipe()
        if os.fork() == 0:
            with engine.connect() as connection:
                os.write(writer, str(connection.execute(text("SELECT value FROM kept")).scalar()).encode())
            os._exit(0)
        os.wait()
        assert os.read(reader, 10) == b"1"
        engine.dispose()
        server.stop()
        assert gone(server.folder, 1)
    finally:
        get_settings.cache_clear()
