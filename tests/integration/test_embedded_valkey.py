"""The embedded Valkey lives as long as its users do, keeps what it was told, and comes back after any death."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from server_processes import User, gone, processes

from app import valkey
from app.errors import AcmError
from app.settings import get_settings
from app.valkey import EmbeddedValkey, redis_url

Starter = Callable[..., User]


@pytest.fixture
def folder(home: Path) -> Iterator[Path]:
    yield home / "valkey"
    assert gone(home), f"left behind: {processes(home)}"


def client(server: EmbeddedValkey) -> redis.Redis:
    return redis.Redis.from_url(server.url(), decode_responses=True)


def test_what_was_written_and_the_port_outlive_a_stop(folder: Path) -> None:
    with EmbeddedValkey(folder) as server:
        port = server.port
        client(server).rpush("queue", "first", "second")
    assert gone(folder, 0.5)
    with EmbeddedValkey(folder) as again:
        assert again.port == port
        assert client(again).lrange("queue", 0, -1) == ["first", "second"]


def test_the_server_is_set_up_for_a_queue(folder: Path) -> None:
    with EmbeddedValkey(folder) as server:
        settings = client(server).config_get("*")
    assert settings["appendonly"] == "yes"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["bind"] == "127.0.0.1"
    assert settings["save"] == ""


def test_nobody_gets_in_without_the_password(folder: Path) -> None:
    with EmbeddedValkey(folder) as server:
        with pytest.raises(redis.exceptions.AuthenticationError):
            redis.Redis("127.0.0.1", server.port, retry=Retry(NoBackoff(), 0)).ping()
        assert not [line for line in processes(folder) if server.password in line]
        for name in ("password", "valkey.conf"):
            assert (folder / name).stat().st_mode & 0o077 == 0


def test_a_killed_user_leaves_no_process_and_the_next_start_has_its_work(folder: Path, user: Starter) -> None:
    owner = user("valkey", folder)
    port = owner.facts["port"]
    with EmbeddedValkey(folder) as server:
        assert server.port == port
        client(server).set("kept", "yes")
    owner.kill()
    assert gone(folder)
    with EmbeddedValkey(folder) as again:
        assert (again.port, client(again).get("kept")) == (port, "yes")


def test_everything_killed_at_once_recovers(folder: Path, user: Starter) -> None:
    owner = user("valkey", folder)
    for pid in (owner.facts["guardian"], owner.facts["server"]):
        os.kill(pid, signal.SIGKILL)
    owner.kill()
    with EmbeddedValkey(folder) as again:
        assert client(again).ping()


def test_a_killed_guardian_takes_the_server_with_it(folder: Path, user: Starter) -> None:
    owner = user("valkey", folder)
    server = owner.facts["server"]
    os.kill(owner.facts["guardian"], signal.SIGKILL)
    owner.process.stdin.write("stop\n")
    owner.process.stdin.flush()
    owner.process.wait(30)
    assert gone(folder)
    assert not psutil.pid_exists(server) or psutil.Process(server).status() == psutil.STATUS_ZOMBIE


def test_starters_at_the_same_moment_share_one_server(folder: Path, user: Starter) -> None:
    users = [user("valkey", folder) for _ in range(3)]
    assert len({one.facts["server"] for one in users}) == 1


def test_a_torn_end_of_the_file_is_cut_off(folder: Path) -> None:
    with EmbeddedValkey(folder) as server:
        client(server).set("kept", "yes")
    log = next((folder / "data").rglob("*.incr.aof"))
    with log.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nlo")  # as a power cut leaves it
    with EmbeddedValkey(folder) as again:
        assert client(again).get("kept") == "yes"


def test_damaged_files_are_said(folder: Path) -> None:
    with EmbeddedValkey(folder) as server:
        client(server).set("kept", "yes")
    log = next((folder / "data").rglob("*.incr.aof"))
    log.write_bytes(b"garbage that is no command at all\r\n" + log.read_bytes())
    with pytest.raises(AcmError, match=r"files of the embedded Valkey in .* are damaged"):
        EmbeddedValkey(folder).start()
    assert gone(folder)


def test_a_taken_port_is_said_when_it_was_asked_for_and_left_otherwise(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(AcmError, match=f"Port {port} is taken, Valkey cannot start there"):
            EmbeddedValkey(folder, port).start()
        (folder / "server.json").write_text(f'{{"port": {port}}}')
        with EmbeddedValkey(folder) as server:
            assert server.port != port


def test_a_changed_password_is_said(folder: Path, user: Starter) -> None:
    owner = user("valkey", folder)
    assert owner.facts["port"]
    (folder / "password").write_text("something-else\n")
    with pytest.raises(AcmError, match=r"refuses the password in .*/password"):
        EmbeddedValkey(folder).start()


def test_a_missing_binary_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_VALKEY_BIN", "/nowhere/valkey-server")
    with pytest.raises(AcmError, match="ACM_VALKEY_BIN: there is no file /nowhere/valkey-server"):
        EmbeddedValkey(folder).start()
    monkeypatch.delenv("ACM_VALKEY_BIN")
    monkeypatch.setattr(valkey.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(AcmError, match="binary of the embedded Valkey is missing"):
        EmbeddedValkey(folder).start()


@pytest.mark.needs_root
def test_root_in_the_folder_of_a_plain_user_leaves_it_to_that_user(home: Path, folder: Path) -> None:
    shutil.chown(home, "nobody", "nogroup")
    with EmbeddedValkey(folder) as server:
        assert psutil.Process(server.pid).username() == "nobody"
        client(server).set("kept", "yes")
    assert {path.owner() for path in [folder, *folder.iterdir()]} == {"nobody"}


def test_the_url_of_the_settings_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_REDIS_URL", "redis://elsewhere:1234/3")
    get_settings.cache_clear()
    try:
        assert redis_url() == "redis://elsewhere:1234/3"
    finally:
        get_settings.cache_clear()


def test_an_empty_valkey_for_each_test(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as server:
        assert server.dbsize() == 0
        server.set("left", "behind")


def test_an_empty_valkey_for_each_test_again(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as server:
        assert server.dbsize() == 0
        server.set("left", "behind")


@pytest.mark.needs_root
def test_a_binary_closed_to_the_plain_user_is_copied(
    home: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ACM_VALKEY_BIN", str(shutil.copy(valkey.find_binary(), tmp_path)))
    shutil.chown(home, "nobody", "nogroup")
    with EmbeddedValkey(folder) as server:
        assert psutil.Process(server.pid).exe() == str(folder / "valkey-server")
        assert client(server).ping()
