"""The client tells what certainly did not happen from what perhaps did, and keeps its password to itself."""

from __future__ import annotations

import base64
import ipaddress
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.dialer import client as client_module
from app.dialer.client import CiscoClient, Retries
from app.dialer.errors import (
    DialerBusy,
    DialerError,
    DialerNotFound,
    DialerRefused,
    DialerUnavailable,
    DialerUnknown,
    RecordInvalid,
)
from app.dialer.records import ImportRecord

RECORDS = [ImportRecord("k1", ("79161234567",), -180)]
QUICK = Retries(attempts=3, first_seconds=0.01, most_seconds=0.02)
PASSWORD = "Пароль-s3cret"


class Script:
    """A server that gives scripted raw answers, one a connection, and keeps what it was asked."""

    def __init__(
        self, *answers: bytes | Callable[[socket.socket], None], context: ssl.SSLContext | None = None
    ) -> None:
        self.answers = list(answers)
        self._context = context
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            if self._context:
                try:
                    connection = self._context.wrap_socket(connection, server_side=True)
                except OSError:  # the client did not like the certificate
                    continue
            with connection:
                request = self._read(connection)
                if self._context is None or request:
                    self.requests.append(request)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(answer):
                    answer(connection)
                else:
                    connection.sendall(answer)

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        request = b""
        while b"\r\n\r\n" not in request:
            part = connection.recv(65536)
            if not part or (request + part)[:1] == b"\x16":  # nothing, or a TLS greeting on a plain port
                return request
            request += part
        head, _, body = request.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        while len(body) < length:
            part = connection.recv(65536)
            request, body = request + part, body + part
        return request

    def close(self) -> None:
        self._socket.close()


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


OK = answer("200 OK")
STATS = answer("200 OK", b"<runtimeStatus><totalCount>5</totalCount></runtimeStatus>")


@contextmanager
def scripted(*answers: bytes | Callable[[socket.socket], None]) -> Iterator[tuple[CiscoClient, Script]]:
    script = Script(*answers)
    client = CiscoClient(script.url, "admin@corp.example", PASSWORD, timeout=(1, 0.3), retries=QUICK)
    try:
        yield client, script
    finally:
        client.close()
        script.close()


def hang(connection: socket.socket) -> None:
    time.sleep(0.6)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def half(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<runtime")


def test_a_refused_connection_is_tried_again_and_then_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with CiscoClient(url, "u", "p", retries=QUICK) as client:
        for call in (lambda: client.import_records(1, RECORDS), lambda: client.runtime_stats(1)):
            with pytest.raises(DialerUnavailable, match="cannot be reached"):
                call()


def test_an_unknown_host_is_unavailable() -> None:
    client = CiscoClient("http://no-such-host.invalid", "u", "p", retries=QUICK)
    with client, pytest.raises(DialerUnavailable):
        client.import_records(1, RECORDS)


@pytest.mark.parametrize("what", [hang, reset, lambda connection: None], ids=["hang", "reset", "closed"])
def test_a_change_without_an_answer_is_unknown_and_sent_once(what: Callable[[socket.socket], None]) -> None:
    with scripted(what, OK) as (client, script):
        with pytest.raises(DialerUnknown):
            client.import_records(1, RECORDS)
        time.sleep(0.4)
        assert len(script.requests) == 1


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "504 Gateway Timeout"])
def test_a_change_that_fails_inside_the_dialer_is_unknown_and_sent_once(status: str) -> None:
    with scripted(answer(status), OK) as (client, script):
        with pytest.raises(DialerUnknown):
            client.import_records(1, RECORDS)
        assert len(script.requests) == 1


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted"])
def test_any_success_of_an_import_counts(status: str) -> None:
    with scripted(answer(status, b"not xml")) as (client, script):
        assert client.import_records(1, RECORDS) == 1
        assert b"POST /unifiedconfig/config/campaign/1/import HTTP" in script.requests[0]
        assert b"\nk1,,,79161234567,-180,false]]></fileContent>" in script.requests[0]


def test_a_success_whose_body_breaks_off_is_a_success() -> None:
    with scripted(half) as (client, _):
        assert client.import_records(1, RECORDS) == 1


def test_a_question_whose_body_breaks_off_is_asked_again() -> None:
    with scripted(half, STATS) as (client, script):
        assert client.runtime_stats(1).total == 5
        assert len(script.requests) == 2


@pytest.mark.parametrize("trouble", [answer("500 Oops"), answer("503 Busy"), reset, hang])
def test_a_question_is_asked_again(trouble: bytes | Callable[[socket.socket], None]) -> None:
    with scripted(trouble, STATS) as (client, script):
        assert client.runtime_stats(1).total == 5
        assert len(script.requests) == 2


def test_a_full_queue_is_tried_again_and_then_busy() -> None:
    with scripted(answer("503 Service Unavailable"), OK) as (client, script):
        assert client.import_records(1, RECORDS) == 1
        assert len(script.requests) == 2
    with scripted(answer("503 Service Unavailable")) as (client, script):
        with pytest.raises(DialerBusy):
            client.import_records(1, RECORDS)
        assert len(script.requests) == QUICK.attempts


def test_a_refusal_carries_ciscos_words_and_is_not_repeated() -> None:
    body = (
        b"<apiErrors><apiError><errorData>Phone01</errorData><errorMessage>at least one phone</errorMessage>"
        b"<errorType>invalidInput.fieldRequired</errorType></apiError></apiErrors>"
    )
    with scripted(answer("400 Bad Request", body)) as (client, script):
        with pytest.raises(DialerRefused, match="Phone01: at least one phone") as caught:
            client.import_records(1, RECORDS)
        assert caught.value.status == 400
        assert caught.value.errors[0].type == "invalidInput.fieldRequired"
        assert len(script.requests) == 1


def test_an_unknown_campaign_is_not_found_whatever_its_status() -> None:
    body = b"<apiErrors><apiError><errorType>CceDBDataNotFoundException</errorType></apiError></apiErrors>"
    for status in ("400 Bad Request", "404 Not Found"):
        with scripted(answer(status, body)) as (client, _), pytest.raises(DialerNotFound):
            client.get_campaign(77)


def test_wrong_credentials_say_so() -> None:
    refused = pytest.raises(DialerRefused, match=r"refuses the sign-in of admin@corp\.example")
    with scripted(answer("401 Unauthorized")) as (client, _), refused:
        client.runtime_stats(1)


@pytest.mark.parametrize(
    "page",
    [
        answer("200 OK", b"<html><body>Sign in<br></body></html>"),
        answer("200 OK", b"<html></html>"),
        answer("200 OK", b'<!DOCTYPE r [<!ENTITY a "b">]><runtimeStatus/>'),
        answer("302 Found", b"", "Location: https://elsewhere.example/login"),
    ],
)
def test_a_page_that_is_not_the_dialers_is_an_error(page: bytes) -> None:
    with scripted(page) as (client, script):
        with pytest.raises(DialerError, match=r"not its XML|sends us elsewhere"):
            client.runtime_stats(1)
        assert len(script.requests) == 1


def test_an_answer_that_never_ends_is_given_up() -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(40):
            time.sleep(0.1)
            try:
                connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
            except OSError:
                return

    script = Script(drip)
    with CiscoClient(script.url, "u", "p", timeout=(1, 0.2), retries=Retries(attempts=1)) as client:
        started = time.monotonic()
        with pytest.raises(DialerUnavailable):
            client.runtime_stats(1)
        assert time.monotonic() - started < 3
    script.close()


def test_an_invalid_record_sends_nothing() -> None:
    with scripted(OK) as (client, script):
        with pytest.raises(RecordInvalid):
            client.import_records(1, [ImportRecord("k", ("+7",), 0)])
        assert script.requests == []


def test_the_password_is_sent_in_utf8_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []

    class Recorder:
        def debug(self, event: str, **values: object) -> None:
            logged.append(f"{event} {values}")

        warning = debug

    monkeypatch.setattr(client_module, "log", Recorder())
    with scripted(answer("400 Bad Request"), hang) as (client, script):
        errors = []
        for _ in range(2):
            with pytest.raises(DialerError) as caught:
                client.import_records(1, RECORDS)
            errors.append(f"{caught.value!r} {caught.value}")
        token = base64.b64encode(f"admin@corp.example:{PASSWORD}".encode())
        assert b"Authorization: Basic " + token in script.requests[0]
        assert len(logged) == 2 and "/campaign/1/import" in logged[0]
        shown = " ".join([repr(client), *errors, *logged])
        assert PASSWORD not in shown and token.decode() not in shown


@pytest.mark.parametrize("url", ["", "ftp://host", "host", "https://", "http://user:pw@host"])
def test_an_address_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(DialerError):
        CiscoClient(url, "u", "p")


@pytest.mark.parametrize(
    "url", ["https://aw1.corp.example", "https://aw1.corp.example/", "https://aw1.corp.example/unifiedconfig/config/"]
)
def test_an_address_is_completed(url: str) -> None:
    assert CiscoClient(url, "u", "p").base_url == "https://aw1.corp.example/unifiedconfig/config"


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    chain, secret = folder / "cert.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    no_password = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password))
    return chain, secret


def test_a_certificate_is_checked_before_anything_is_sent(tmp_path: Path) -> None:
    chain, secret = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    script = Script(OK, context=context)
    url = script.url.replace("http:", "https:")
    with CiscoClient(url, "u", PASSWORD, retries=QUICK) as distrustful:
        with pytest.raises(DialerUnavailable, match="certificate"):
            distrustful.import_records(1, RECORDS)
        assert script.requests == []
    for verify in (str(chain), False):
        with CiscoClient(url, "u", PASSWORD, retries=QUICK, verify=verify) as client, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # urllib3 warns of verify=False
            assert client.import_records(1, RECORDS) == 1
    script.close()


def test_an_https_address_of_a_plain_server_is_unavailable() -> None:
    script = Script(answer("400 Bad Request"))
    client = CiscoClient(script.url.replace("http:", "https:"), "u", "p", retries=QUICK)
    with client, pytest.raises(DialerUnavailable, match="cannot be reached"):
        client.import_records(1, RECORDS)
    script.close()


def test_a_list_that_shrinks_or_repeats_while_it_is_read_still_ends() -> None:
    def page(start: int, total: int, keys: range) -> bytes:
        items = "".join(f"<importContact><accountNumber>{key}</accountNumber></importContact>" for key in keys)
        info = f"<startIndex>{start}</startIndex><totalResults>{total}</totalResults>"
        return answer(
            "200 OK",
            f"<results><pageInfo>{info}</pageInfo><importContacts>{items}</importContacts></results>".encode(),
        )

    # 150 records; 20 went while the first page was read, so the dialer answers with its full last page.
    with scripted(page(0, 150, range(100)), page(30, 130, range(30, 130))) as (client, _):
        assert [int(record.account_number) for record in client.list_records(1)] == list(range(130))
    # A server that ignores startIndex must not keep us for ever.
    with scripted(page(0, 150, range(100))) as (client, script):
        assert len(list(client.list_records(1))) == 100
        assert len(script.requests) == 2
