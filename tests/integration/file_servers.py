"""Real servers for the tests of sources, each a process: `python file_servers.py KIND FOLDER CERTIFICATE`.

KIND: ftp, ftpes, ftps (pyftpdlib), sftp (asyncssh). A user `bank` with the password `secret` has the folder as its root. The
port is printed as the first line.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

USER, PASSWORD = "bank", "secret"


@contextmanager
def serving(kind: str, folder: Path, certificate: Path) -> Iterator[int]:
    """The port of a running server."""
    process = subprocess.Popen(
        [sys.executable, __file__, kind, str(folder), str(certificate)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def make_certificate(path: Path) -> None:
    """A self-signed certificate for localhost with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )


def _ftp(kind: str, folder: str, certificate: str) -> None:
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import FTPServer

    class Implicit(TLS_FTPHandler):  # type: ignore[misc]
        def handle(self) -> None:
            self.secure_connection(self.ssl_context)

        def handle_ssl_established(self) -> None:
            super().handle()

    class Bare(FTPHandler):  # type: ignore[misc]
        """As vsftpd: it knows no MLSD."""

        proto_cmds = {name: facts for name, facts in FTPHandler.proto_cmds.items() if name not in ("MLSD", "MLST")}

    users = DummyAuthorizer()
    users.add_user(USER, PASSWORD, folder, perm="elradfmw")
    handler = {"ftp": FTPHandler, "bare": Bare, "ftpes": TLS_FTPHandler, "ftps": Implicit}[kind]
    handler.authorizer = users
    handler.auth_failed_timeout = 0
    if kind in ("ftpes", "ftps"):
        handler.certfile = certificate
        handler.tls_control_required = handler.tls_data_required = True
        handler.ssl_context = handler.get_ssl_context()
    server = FTPServer(("127.0.0.1", 0), handler)
    print(server.address[1], flush=True)
    server.serve_forever()


async def _sftp(folder: str) -> None:
    import asyncssh

    class Server(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
            super().__init__(channel, chroot=folder.encode())

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Server, sftp_factory=Files,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
    )  # fmt: skip
    print(server.get_port(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "sftp":
        asyncio.run(_sftp(sys.argv[2]))
    else:
        _ftp(*sys.argv[1:])
