"""The transports of sources against real servers: FTP with and without MLSD, FTPS in both ways, SFTP, a folder."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from file_servers import PASSWORD, USER, make_certificate, serving

from app.errors import AcmError
from app.importing.sources import SourceError, base, check, open_source, parse_url

KINDS = ("file", "ftp", "bare", "ftpes", "ftps", "sftp")


@dataclass
class Server:
    """A source that can be entered; `folder` is what its `/in` is on this machine."""

    kind: str
    url: str
    folder: Path
    options: dict[str, Any]

    def open(self, **changes: Any) -> Any:
        return open_source(self.place(**changes))

    def place(self, path: str = "", **changes: Any) -> Any:
        return parse_url(self.url + path, **{"username": USER, "password": PASSWORD, **self.options, **changes})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    make_certificate(path)
    return path


@pytest.fixture(scope="module", params=KINDS)
def running(
    request: pytest.FixtureRequest, certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    kind = request.param
    root = tmp_path_factory.mktemp(kind)
    (root / "in").mkdir()
    if kind == "file":
        yield Server(kind, f"file://{root}/in", root / "in", {})
        return
    with serving(kind, root, certificate) as port, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(certificate))
        scheme = "ftp" if kind == "bare" else kind
        server = Server(kind, f"{scheme}://localhost:{port}/in", root / "in", {})
        if kind == "sftp":
            with pytest.raises(SourceError) as refused:
                server.open()
            assert refused.value.code == base.HOST_KEY_NEW and refused.value.fingerprint.startswith("SHA256:")
            server.options["host_key"] = refused.value.fingerprint
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    for path in sorted(running.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return running


def test_files_are_listed_read_renamed_moved_and_deleted(server: Server) -> None:
    content = bytes(range(256)) * 12_000  # 3 MB
    (server.folder / "Клиенты май.txt").write_bytes(content)
    (server.folder / "b.csv").write_bytes(b"x")
    (server.folder / "empty.TXT").write_bytes(b"")
    (server.folder / "done").mkdir()
    with server.open() as source:
        found = source.files("*.txt;*.none")
        assert [(file.name, file.size) for file in found] == [("empty.TXT", 0), ("Клиенты май.txt", len(content))]
        assert all(file.modified is not None for file in found)
        assert [file.name for file in source.listed()] == ["b.csv", "empty.TXT", "Клиенты май.txt"]
        with source.read("Клиенты май.txt") as stream:
            assert stream.read() == content
        with source.read("Клиенты май.txt") as stream:
            assert stream.read(10) == content[:10]  # and no more: the rest is not wanted
        source.rename("b.csv", "b.csv.done")
        source.move("Клиенты май.txt", "archive")
        source.move("empty.TXT", "archive")
        assert [file.name for file in source.listed()] == ["b.csv.done"]
        source.delete("b.csv.done")
        assert source.listed() == []
    assert (server.folder / "archive" / "Клиенты май.txt").read_bytes() == content
    assert {path.name for path in server.folder.iterdir()} == {"archive", "done"}


def test_nothing_is_overwritten(server: Server) -> None:
    (server.folder / "a.txt").write_bytes(b"new")
    (server.folder / "a.txt.done").write_bytes(b"old")
    with server.open() as source:
        with pytest.raises(SourceError, match=r"There is a file a\.txt\.done already"):
            source.rename("a.txt", "a.txt.done")
        assert [file.name for file in source.listed()] == ["a.txt", "a.txt.done"]
    assert (server.folder / "a.txt.done").read_bytes() == b"old"


def test_nothing_leads_out_of_the_folder(server: Server) -> None:
    (server.folder / "a.txt").write_bytes(b"x")
    with server.open() as source, pytest.raises(SourceError, match="may not lead upwards"):
        source.rename("a.txt", "../a.txt")


@pytest.mark.mission("M173", "M174", "M175", "M176")
def test_a_check_tells_how_many_files_fit(server: Server) -> None:
    for name in ("a.txt", "b.txt", "c.csv"):
        (server.folder / name).write_bytes(b"12345")
    found = check(server.place(), "*.txt")
    assert (found.files, sorted(file.name for file in found.fitting), found.size) == (3, ["a.txt", "b.txt"], 10)


def test_a_missing_folder_is_told(server: Server) -> None:
    with pytest.raises(SourceError) as refused:
        server.open(path="/nothing")
    assert refused.value.code == base.FOLDER and "/nothing" in refused.value.message


def test_a_wrong_login_is_told(server: Server) -> None:
    if server.kind == "file":
        pytest.skip("a folder has no login")
    with pytest.raises(SourceError) as refused:
        server.open(password="wrong")
    assert refused.value.code == base.LOGIN and PASSWORD not in str(refused.value)


def test_a_certificate_that_nobody_knows_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    if server.kind not in ("ftpes", "ftps"):
        pytest.skip("no TLS")
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SourceError) as refused:
        server.open()
    assert refused.value.code == base.CERTIFICATE and "self-signed" in refused.value.message
    with server.open(checks_certificate=False) as source:
        assert source.listed() == []


def test_another_host_key_is_told_before_the_password_goes_out(server: Server) -> None:
    if server.kind != "sftp":
        pytest.skip("no SSH")
    with pytest.raises(SourceError) as refused:
        server.open(host_key="SHA256:another")
    assert refused.value.code == base.HOST_KEY_CHANGED


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
def test_a_server_that_is_not_there_is_told(scheme: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for host, code in (("127.0.0.1", base.REFUSED), ("nobody.invalid", base.HOST_UNKNOWN)):
        with pytest.raises(SourceError) as refused:
            open_source(parse_url(f"{scheme}://{host}:{port}/in", username="a", password="b"))
        assert refused.value.code == code and refused.value.hint


@pytest.mark.parametrize("scheme", ["ftp", "sftp"])
def test_a_server_that_says_nothing_is_not_awaited_for_ever(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ftp", "sftp"):
        monkeypatch.setattr(f"app.importing.sources.{module}.TIMEOUT", 1.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(SourceError) as refused:
            open_source(parse_url(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/", username="a", password="b"))
    assert refused.value.code in (base.TIMED_OUT, base.PROTOCOL)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://a/b", "begins with ftp://"), ("ftp:///in", "has no host"), ("ftp://u:p@a/in", "has a login in it"),
        ("file://host/in", "three slashes"), ("file:///", "root of the machine"), ("sftp://a/../b", "lead upwards"),
        ("ftp://a:x/b", "not an address"), ("ftp://a/b?c", r"\? or #"), ("", "begins with ftp://"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_told(url: str, said: str) -> None:
    with pytest.raises(AcmError, match=said):
        parse_url(url)


def test_an_address_is_read() -> None:
    place = parse_url("SFTP://Files.Bank:2222/%D0%BE%D0%B1%D0%B7%D0%B2%D0%BE%D0%BD/in", username="u", password="hush")
    assert (place.scheme, place.host, place.port, place.path) == ("sftp", "files.bank", 2222, "/обзвон/in")
    assert [parse_url(f"{name}://a/").port for name in ("ftp", "ftps", "ftpes", "sftp")] == [21, 990, 21, 22]
    assert "hush" not in repr(place)
