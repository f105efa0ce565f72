"""The embedded PostgreSQL lives as long as its users do, leaves nothing behind, and comes back after any death."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from server_processes import User, alive, gone, plain_python, processes

from app.database import embedded
from app.database.embedded import NOT_DURABLE, EmbeddedPostgres, find_binaries, usable_binaries
from app.embedded.account import Account
from app.errors import AcmError

is_root = os.geteuid() == 0
Starter = Callable[..., User]


@pytest.fixture
def empty(home: Path) -> Iterator[Path]:
    """A folder in which no server was started yet."""
    yield home / "postgresql"
    assert gone(home), f"left behind: {processes(home)}"


@pytest.fixture(scope="module")
def used(run_folder: Path) -> Path:
    """A folder in which a server ran once: making a cluster takes longer than everything else that a test does."""
    folder = run_folder / "used"
    with new(folder):
        pass
    return folder


@pytest.fixture
def folder(empty: Path, used: Path) -> Path:
    """A folder of the test's own with such a cluster and its password, and nothing else of a first start."""
    empty.mkdir()
    for name in ("data", "password"):
        subprocess.run(["cp", "-a", used / name, empty / name], check=True)
    return empty


def new(folder: Path, port: int = 0) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, port, NOT_DURABLE)


def write_row(server: EmbeddedPostgres, value: int) -> None:
    with server.connect("acm") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def rows(server: EmbeddedPostgres) -> list[int]:
    with server.connect("acm") as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value").fetchall()]


def test_data_and_port_outlive_a_stop(empty: Path) -> None:
    server = new(empty).start()
    port = server.port
    write_row(server, 1)
    server.stop()
    assert gone(empty, 0.5)

    with new(empty) as again:
        assert again.port == port
        assert rows(again) == [1]


def test_the_server_is_set_up_as_the_application_expects(empty: Path) -> None:
    with new(empty) as server, server.connect("acm") as connection:

        def setting(name: str) -> str:
            return connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0]

        assert setting("server_version_num").startswith("18")
        assert setting("listen_addresses") == "127.0.0.1"
        assert setting("max_connections") == "200"
        assert setting("jit") == "off"
        assert setting("random_page_cost") == "1.1"
        assert setting("TimeZone") == "UTC"
        assert setting("fsync") == "off"  # asked for by NOT_DURABLE
        locale = connection.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding), upper('ёж')"
            " FROM pg_database WHERE datname = 'acm'"
        ).fetchone()
        assert locale == ("b", "C.UTF-8", "UTF8", "ЁЖ")


def test_data_is_durable_unless_asked_otherwise(empty: Path) -> None:
    with EmbeddedPostgres(empty) as server, server.connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute("SELECT current_setting(%s)", [name]).fetchone() == ("on",)


def test_own_settings_in_custom_conf_win_and_stay(folder: Path) -> None:
    with new(folder):
        pass
    (folder / "data" / "custom.conf").write_text("max_connections = 33\n")
    with new(folder) as server, server.connect() as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("33",)


def test_a_mistake_in_custom_conf_is_named(folder: Path) -> None:
    with new(folder):
        pass
    (folder / "data" / "custom.conf").write_text("max_conections = 33\n")
    with pytest.raises(AcmError, match='unrecognized configuration parameter "max_conections"') as refused:
        new(folder).start()
    assert "custom.conf" in refused.value.hint


def test_nobody_gets_in_without_the_password(empty: Path) -> None:
    with new(empty) as server:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host="127.0.0.1", port=server.port, user="acm", password="guess", dbname="acm")
        assert (empty / "password").stat().st_mode & 0o077 == 0
        assert not [line for line in processes(empty) if server.password in line]
        with psycopg.connect(server.url().replace("+psycopg", "")) as connection:
            assert connection.execute("SELECT current_user, current_database()").fetchone() == ("acm", "acm")


def test_databases_are_made_copied_and_dropped(folder: Path) -> None:
    with new(folder) as server:
        server.create_database("plain")
        write_row(server, 7)
        copy = server.create_database("copy", template="acm")
        visitor = psycopg.connect(copy.replace("+psycopg", ""), autocommit=True)
        assert visitor.execute("SELECT value FROM kept").fetchall() == [(7,)]
        server.drop_database("copy")  # though somebody is connected
        visitor.close()
        with server.connect() as connection:
            names = {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}
        assert "plain" in names
        assert "copy" not in names


def test_a_killed_user_leaves_no_process_and_the_next_start_has_its_data(folder: Path, user: Starter) -> None:
    owner = user("postgres", folder)
    port = owner.facts["port"]
    server = new(folder).start()
    write_row(server, 1)
    server.stop()
    owner.kill()
    assert gone(folder)

    with new(folder) as again:
        assert again.port == port
        assert rows(again) == [1]


def test_user_and_guardian_killed_together_leave_no_process(folder: Path, user: Starter) -> None:
    owner = user("postgres", folder)
    facts = owner.facts
    os.kill(facts["guardian"], signal.SIGKILL)
    owner.kill()
    with new(folder) as again:  # at once, while the old server may still be ending
        write_row(again, 1)
        assert again.pid != facts["server"]


def test_everything_killed_at_once_recovers(empty: Path, user: Starter) -> None:
    owner = user("postgres", empty, "durable")
    assert owner.facts["server"]
    with new(empty) as server:
        write_row(server, 1)
    for pid in (owner.facts["guardian"], owner.facts["server"]):
        os.kill(pid, signal.SIGKILL)
    owner.kill()
    with new(empty) as again:
        assert rows(again) == [1]


def test_ctrl_c_reaches_the_user_and_not_the_server_directly(folder: Path, user: Starter) -> None:
    owner = user("postgres", folder)
    assert owner.facts["server"]
    assert os.getpgid(owner.facts["guardian"]) != os.getpgid(owner.process.pid)
    os.killpg(owner.process.pid, signal.SIGINT)  # ends with KeyboardInterrupt
    owner.process.wait(30)
    assert gone(folder)
    assert "received fast shutdown request" in (folder / "server.log").read_text()


def test_starters_at_the_same_moment_share_one_server(empty: Path, user: Starter) -> None:
    users = [user("postgres", empty) for _ in range(4)]
    facts = [one.facts for one in users]
    assert all("error" not in one for one in facts), facts
    assert len({one["server"] for one in facts}) == 1
    assert len({one["port"] for one in facts}) == 1


def test_the_server_stays_until_its_last_user_is_gone(folder: Path, user: Starter) -> None:
    first, second = user("postgres", folder), user("postgres", folder)
    server = first.facts["server"]
    assert second.facts["server"] == server
    first.kill()  # though it may be the one that started the server
    third = new(folder).start()
    assert third.pid == server
    began = time.monotonic()
    third.stop()
    assert time.monotonic() - began < 5
    assert alive(server)
    second.stop()
    assert gone(folder, 0.5)


def test_the_server_outlives_the_thread_that_started_it(folder: Path, user: Starter) -> None:
    owner = user("postgres", folder, "thread")
    server = owner.facts["server"]
    time.sleep(1)
    assert alive(server)
    owner.stop()
    assert not alive(server)


def test_a_child_made_by_fork_does_not_stop_the_server(folder: Path) -> None:
    with new(folder) as server:
        pid = os.fork()
        if pid == 0:
            server.stop()
            os._exit(0)
        os.waitpid(pid, 0)
        time.sleep(0.3)
        assert server.usable()
        write_row(server, 1)


def test_a_server_that_fell_is_brought_back_on_its_port(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        write_row(server, 1)
        port, pid = server.port, server.pid
        time.sleep(5.5)  # an earlier death counts as a failed start
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                assert rows(server) == [1]
                break
            assert time.monotonic() < until
            time.sleep(0.1)
        assert (server.port, server.usable()) == (port, True)
        assert server.pid != pid


def test_start_brings_a_server_back_that_was_stopped_for_all(folder: Path) -> None:
    with new(folder) as server:
        write_row(server, 1)
        other = new(folder).start()
        other.stop(force=True)
        assert not server.usable()
        server.start()
        assert rows(server) == [1]


@pytest.mark.parametrize("immediate", [False, True])
def test_a_restart_keeps_port_and_committed_rows(folder: Path, immediate: bool) -> None:
    with EmbeddedPostgres(folder) as server:
        write_row(server, 1)
        port, pid = server.port, server.pid
        server.restart(immediate)
        assert server.port == port
        assert server.pid != pid
        assert rows(server) == [1]


def test_a_pid_file_of_a_reused_pid_does_not_stop_a_start(folder: Path) -> None:
    with new(folder) as server:
        write_row(server, 1)
        pids = (folder / "data" / "postmaster.pid").read_text()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (folder / "data" / "postmaster.pid").write_text(pids.replace(pids.split("\n")[0], str(stranger.pid), 1))
        with new(folder) as again:
            assert rows(again) == [1]
        stranger.kill()


def test_a_server_that_was_started_by_hand_is_not_disturbed(folder: Path) -> None:
    with new(folder) as server:
        argv = psutil.Process(server.pid).cmdline()
        account = pwd.getpwuid((folder / "data").stat().st_uid)
    as_root = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if is_root else {}
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL, cwd="/", **as_root) as by_hand:
        until = time.monotonic() + 20
        while not (folder / "data" / "postmaster.pid").exists() and time.monotonic() < until:
            time.sleep(0.05)
        with pytest.raises(AcmError, match=f"Another PostgreSQL server .process {by_hand.pid}. already runs"):
            new(folder).start()
        assert by_hand.poll() is None
        by_hand.send_signal(signal.SIGINT)


def test_a_taken_port_is_said_when_it_was_asked_for(empty: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(AcmError, match=f"Port {port} is taken, PostgreSQL cannot start there"):
            new(empty, port).start()


def test_a_remembered_port_that_was_taken_meanwhile_gives_way(folder: Path) -> None:
    with new(folder) as server:
        port = server.port
    with socket.create_server(("127.0.0.1", port)), new(folder) as again:
        assert again.port != port


def test_a_port_taken_by_another_postgresql_is_not_mistaken_for_ours(folder: Path, home: Path) -> None:
    with new(home / "other") as other:
        with pytest.raises(AcmError, match="is taken"):
            new(folder, other.port).start()
        (folder / "server.json").write_text(json.dumps({"port": other.port}))
        with new(folder) as server:
            assert server.port != other.port


def test_a_cluster_of_another_major_version_is_refused(folder: Path) -> None:
    with new(folder):
        pass
    (folder / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(AcmError, match="made by PostgreSQL 16, the binaries are 18") as refused:
        new(folder).start()
    assert "ACM_PG_BIN" in refused.value.hint


def test_binaries_of_an_old_version_are_refused(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_PG_BIN", str(find_binaries().parents[1] / "pginstall" / "bin"))
    with pytest.raises(AcmError, match=r"needs PostgreSQL 17 or later, .* has 16"):
        new(empty).start()


def test_missing_binaries_are_named(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_PG_BIN", "/nowhere")
    with pytest.raises(AcmError, match="ACM_PG_BIN: there is no initdb and postgres in /nowhere"):
        new(empty).start()
    monkeypatch.delenv("ACM_PG_BIN")
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(AcmError, match="binaries of the embedded PostgreSQL are missing"):
        new(empty).start()


def test_a_foreign_folder_in_the_place_of_the_cluster_is_left_alone(empty: Path) -> None:
    (empty / "data").mkdir(parents=True)
    (empty / "data" / "letter.txt").write_text("mine")
    with pytest.raises(AcmError, match="is not a database of PostgreSQL"):
        new(empty).start()
    assert (empty / "data" / "letter.txt").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_said(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(AcmError, match="cannot be used by PostgreSQL: Not a directory"):
        new(home / "file" / "postgresql").start()


def test_a_changed_password_file_is_said(folder: Path) -> None:
    with new(folder):
        pass
    (folder / "password").write_text("something-else\n")
    with pytest.raises(AcmError, match=r"refuses the password in .*/password"):
        new(folder).start()
    assert gone(folder)


def test_remains_of_an_interrupted_first_start_are_cleared(empty: Path) -> None:
    (empty / ".data.0badcafe").mkdir(parents=True)
    with new(empty):
        pass
    assert not list(empty.glob(".data.*"))


def test_a_very_long_path_is_no_obstacle(home: Path) -> None:
    deep = home / ("d" * 100) / ("e" * 100) / "postgresql"  # past the length of a unix socket's name
    with new(deep) as server:
        write_row(server, 1)
        assert rows(server) == [1]


def test_the_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    from app.embedded.guardian import shorten_log

    log = tmp_path / "server.log"
    task = {"log": str(log), "log_bytes": 1000}
    with log.open("a") as writer:  # as the server does: open all the time, appending
        writer.write("x" * 1001)
        writer.flush()
        shorten_log(task)
        writer.write("after")
    assert log.read_text() == "after"
    assert (tmp_path / "server.log.1").read_text() == "x" * 1001
    shorten_log(task)
    assert log.read_text() == "after"


# As root, and beside it


@pytest.mark.needs_root
def test_as_root_the_server_runs_under_an_unprivileged_account(empty: Path) -> None:
    with new(empty) as server:
        assert psutil.Process(server.pid).uids().effective == pwd.getpwnam("nobody").pw_uid
        assert psutil.Process(server.pid).gids().effective == pwd.getpwnam("nobody").pw_gid
        names = set()
        for process in psutil.Process(server.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # some of its processes are short-lived
                names.add(process.username())
        assert names == {"nobody"}


@pytest.mark.needs_root
def test_a_plain_user_starts_a_server_of_its_own(home: Path, empty: Path, user: Starter) -> None:
    python = plain_python()
    shutil.chown(home, "nobody", "nogroup")
    owner = user("postgres", empty, python=python, account="nobody")
    assert "error" not in owner.facts, owner.facts
    server = owner.facts["server"]
    assert psutil.Process(server).username() == "nobody"
    owner.kill()
    assert gone(empty)


@pytest.mark.needs_root
def test_root_in_the_folder_of_a_plain_user_leaves_it_to_that_user(home: Path, empty: Path, user: Starter) -> None:
    python = plain_python()
    shutil.chown(home, "nobody", "nogroup")
    with new(empty) as server:
        write_row(server, 1)
    assert {path.owner() for path in [empty, *empty.iterdir()]} == {"nobody"}
    owner = user("postgres", empty, python=python, account="nobody")
    assert "error" not in owner.facts, owner.facts
    with new(empty) as server:  # and root may use the plain user's server
        assert rows(server) == [1]
    owner.stop()


@pytest.mark.needs_root
def test_a_plain_user_is_told_that_the_folder_is_not_its_own(home: Path, empty: Path, user: Starter) -> None:
    python = plain_python()
    (home / "closed").mkdir(mode=0o755)
    refused = user("postgres", home / "closed" / "postgresql", python=python, account="nobody")
    assert "Permission denied" in refused.facts["error"]
    assert "ACM_HOME" in refused.facts["hint"]
    with new(empty):
        refused = user("postgres", empty, python=python, account="nobody")
        assert "Permission denied" in refused.facts["error"] or "another account" in refused.facts["error"]


@pytest.mark.needs_root
def test_a_home_closed_to_other_accounts_has_its_cluster_elsewhere(home: Path, tmp_path: Path) -> None:
    home.chmod(0o700)
    folder = home / "postgresql"
    with new(folder) as server:
        write_row(server, 1)
    assert (folder / "data").is_symlink()
    place = (folder / "data").resolve()
    try:
        assert place.is_relative_to("/var/lib/acm")
        assert place.stat().st_mode & 0o777 == 0o700
        with new(folder) as again:
            assert rows(again) == [1]
    finally:
        shutil.rmtree(place.parent)
    assert gone(home)


@pytest.mark.needs_root
def test_binaries_closed_to_other_accounts_are_copied_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "SHARED_PLACE", home / "shared")
    package = find_binaries().parents[1]
    closed = home / "closed" / package.name
    shutil.copytree(package / "pginstall18", closed / "pginstall18", symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), closed.with_name(f"{package.name}.libs"))
    (home / "closed").chmod(0o700)
    monkeypatch.setenv("ACM_PG_BIN", str(closed / "pginstall18" / "bin"))
    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_uid, entry.pw_gid, "nobody")

    first = usable_binaries(account)
    assert first.is_relative_to(home / "shared")
    made = first.stat().st_mtime_ns
    assert usable_binaries(account) == first
    assert first.stat().st_mtime_ns == made
    assert len(list((home / "shared").iterdir())) == 1
    with new(home / "postgresql") as server:
        assert psutil.Process(server.pid).cmdline()[0].startswith(str(first))
    assert gone(home)


@pytest.mark.parametrize("megabytes", [2, 30])
def test_a_full_disk_is_said(home: Path, megabytes: int) -> None:
    if (
        not is_root
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(home)], check=False
        ).returncode
    ):
        pytest.skip("cannot mount a small disk here")
    try:
        with pytest.raises(AcmError, match=r"The disk of .* is full, PostgreSQL cannot start"):
            new(home / "postgresql").start()
        assert gone(home)
    finally:
        subprocess.run(["umount", str(home)], check=True)


def test_a_plain_account_is_told_that_a_folder_cannot_be_written(tmp_path: Path) -> None:
    if is_root:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o555)
    with pytest.raises(AcmError, match="Permission denied"):
        new(tmp_path / "postgresql").start()
