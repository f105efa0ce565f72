"""URLs of databases: what is accepted, what is said otherwise, and that no password is ever shown."""

from __future__ import annotations

import importlib
import importlib.util
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.engine import make_url

from app.database import engine as module
from app.database import mssql_driver
from app.database.engine import DatabaseUnavailable, create_engine, explain, odbc_string
from app.errors import AcmError
from app.settings import get_settings

needs_pyodbc = pytest.mark.skipif(
    importlib.util.find_spec("pyodbc") is None, reason="pyodbc is not installed (pip install 'acm[mssql]')"
)


@pytest.fixture
def some_driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "find_driver", lambda: "/driver.so")
    yield


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("rubbish", "is not the URL of a database"),
        ("postgresql://user:s3cret@host:port/db", "is not the URL of a database"),
        ("mysql://user:s3cret@host/db", "mysql is not supported"),
        ("postgresql+asyncpg://user:s3cret@host/db", r"postgresql\+asyncpg is not supported"),
        ("postgresql://user:s3cret@host", "names no database"),
        ("mssql://user:s3cret@host", "names no database"),
    ],
)
def test_a_wrong_url_is_said_in_one_line_without_its_password(url: str, message: str) -> None:
    with pytest.raises(AcmError, match=message) as refused:
        create_engine(url)
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_postgresql_engine_uses_psycopg(scheme: str) -> None:
    engine = create_engine(f"{scheme}://user:s3cret@host:5433/db")
    assert (engine.dialect.name, engine.dialect.driver) == ("postgresql", "psycopg")
    assert "s3cret" not in repr(engine)
    assert engine.url.port == 5433


def test_the_url_of_the_settings_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_DATABASE_URL", "postgresql://user:s3cret@from-settings/db")
    get_settings.cache_clear()
    try:
        assert create_engine().url.host == "from-settings"
    finally:
        get_settings.cache_clear()


def test_what_the_url_says_of_a_session_wins() -> None:
    url = "postgresql://user@host/db?connect_timeout=3&options=-c%20statement_timeout%3D5s"
    engine = create_engine(url, "acm worker")
    seen: dict[str, object] = {}

    @sqlalchemy.event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, _args: object, parameters: dict[str, object]) -> None:
        seen.update(parameters)
        raise ConnectionError("enough")

    with pytest.raises(ConnectionError):
        engine.connect()
    assert str(seen["options"]).endswith("-c jit=off -c statement_timeout=5s")
    assert int(str(seen["connect_timeout"])) == 3
    assert seen["application_name"] == "acm worker"


@needs_pyodbc
def test_a_sql_server_engine_shows_no_password(some_driver: None) -> None:
    engine = create_engine("mssql+pyodbc://user:s3cret@host:1433/db?Encrypt=yes")
    assert (engine.dialect.name, engine.dialect.driver) == ("mssql", "pyodbc")
    assert "s3cret" not in repr(engine)
    assert "s3cret" not in engine.url.render_as_string(hide_password=False)
    assert engine.dialect.fast_executemany


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "mssql+pyodbc://user:pw@host:1433/db",
            "DRIVER=/driver.so;SERVER=tcp:host,1433;DATABASE=db;UID=user;PWD=pw;APP={acm web}",
        ),
        (  # Windows or Kerberos login
            "mssql+pyodbc://host/db",
            "DRIVER=/driver.so;SERVER=tcp:host;DATABASE=db;Trusted_Connection=yes;APP={acm web}",
        ),
        (  # letters that would end a value or begin another keyword
            "mssql+pyodbc://user:a%3BUID%3Dsa%7D%7Bb@host/db",
            "DRIVER=/driver.so;SERVER=tcp:host;DATABASE=db;UID=user;PWD={a;UID=sa}}{b};APP={acm web}",
        ),
        (  # arguments of the driver pass, the URL's own parts are not given twice
            "mssql+pyodbc://user:pw@host/db?Encrypt=yes&TrustServerCertificate=no&pwd=other&Database=x",
            "DRIVER=/driver.so;SERVER=tcp:host;DATABASE=db;UID=user;PWD=pw;APP={acm web};"
            "Encrypt=yes;TrustServerCertificate=no",
        ),
        (
            "mssql+pyodbc://user:pw@host/db?driver=FreeTDS",
            "DRIVER=FreeTDS;SERVER=tcp:host;DATABASE=db;UID=user;PWD=pw;APP={acm web}",
        ),
        (
            "mssql+pyodbc://user:pw@host/db?driver=ODBC%20Driver%2018%20for%20SQL%20Server",
            "DRIVER={ODBC Driver 18 for SQL Server};SERVER=tcp:host;DATABASE=db;UID=user;PWD=pw;APP={acm web}",
        ),
    ],
)
def test_the_odbc_string(url: str, expected: str, some_driver: None) -> None:
    assert odbc_string(make_url(url), "acm web") == expected


@pytest.mark.parametrize(
    ("words", "message", "permanent"),
    [
        ('FATAL:  password authentication failed for user "u"', "refuses the login of u", True),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', "refuses the login of u", True),
        ('FATAL:  database "db" does not exist', "There is no database db at host:99, or u may not open it", True),
        (
            "('28000', \"[28000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Login failed for user 'u'. "
            '(18456) (SQLDriverConnect)")',
            "refuses the login of u",
            True,
        ),
        (
            "('42000', '[42000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Cannot open database \"db\" "
            "requested by the login. The login failed. (4060) (SQLDriverConnect)')",
            "There is no database db",
            True,
        ),
        (
            "('08001', '[08001] [Microsoft][ODBC Driver 18 for SQL Server]SSL Provider: [error:0A000086:SSL "
            "routines::certificate verify failed:self-signed certificate]')",
            "certificate of the database at host:99 is not trusted",
            True,
        ),
        (
            "('01000', \"[01000] [unixODBC][Driver Manager]Can't open lib '/x.so' : file not found\")",
            "ODBC driver for SQL Server cannot be loaded",
            True,
        ),
        ("('HYT00', '[HYT00] [Microsoft][ODBC Driver 18 for SQL Server]Login timeout expired')", "no answer", False),
        ("connection failed: Connection refused", "There is no answer from the database at host:99", False),
        ("FATAL:  the database system is starting up", "no answer", False),
        ("FATAL:  sorry, too many clients already", "takes no more connections", False),
        ("[X] something\n  unheard of", "cannot be reached: something unheard of", False),
    ],
)
def test_what_drivers_say_becomes_one_clear_line(words: str, message: str, permanent: bool) -> None:
    error = explain(words, make_url("postgresql://u:s3cret@host:99/db"))
    assert message in error.message
    assert error.permanent is permanent
    assert error.hint
    assert "\n" not in str(error)
    assert "s3cret" not in str(error)


def test_a_server_that_is_not_there_is_said(unused_port: int) -> None:
    engine = create_engine(f"postgresql://user:s3cret@127.0.0.1:{unused_port}/db")
    with pytest.raises(DatabaseUnavailable, match=f"no answer from the database at 127.0.0.1:{unused_port}"):
        engine.connect()


@pytest.fixture
def unused_port() -> int:
    from app.embedded.server import free_port

    return free_port()


# The driver


@needs_pyodbc
def test_the_driver_of_the_wheel_is_found_by_path() -> None:
    pytest.importorskip("mssql_python_odbc")
    driver = Path(mssql_driver.find_driver())
    assert driver.is_file()
    assert driver.name.startswith("libmsodbcsql-18")


@pytest.mark.parametrize(
    ("release", "first"),
    [
        ({"ID": "debian"}, "debian_ubuntu"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "debian_ubuntu"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "rhel"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "suse"),
        ({}, "debian_ubuntu"),
    ],
)
def test_the_driver_of_the_systems_family_comes_first(
    release: dict[str, str], first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)
    assert mssql_driver._system_families()[0] == first


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (ModuleNotFoundError("No module named 'pyodbc'"), "needs the package pyodbc", "pip install"),
        (ImportError("libodbc.so.2: cannot open shared object file"), "needs the system library libodbc", "libodbc2"),
    ],
)
def test_what_is_missing_for_sql_server_is_named(
    error: ImportError, message: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_name: str) -> None:
        raise error

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(AcmError, match=message) as refused:
        create_engine("mssql://user:s3cret@host/db")
    assert hint in refused.value.hint
    assert "s3cret" not in str(refused.value)


@needs_pyodbc
def test_no_driver_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mssql_driver.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(mssql_driver.load_pyodbc(), "drivers", lambda: ["SQLite3", "PostgreSQL Unicode"])
    with pytest.raises(AcmError, match="There is no ODBC driver for SQL Server") as refused:
        mssql_driver.find_driver()
    assert "mssql-python-odbc" in refused.value.hint
    monkeypatch.setattr(
        mssql_driver.load_pyodbc(),
        "drivers",
        lambda: ["ODBC Driver 17 for SQL Server", "ODBC Driver 18 for SQL Server"],
    )
    assert mssql_driver.find_driver() == "ODBC Driver 18 for SQL Server"
