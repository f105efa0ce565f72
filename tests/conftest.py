"""What all tests share: a database server and a Valkey of this run's own, in a temporary folder, on free ports.

The database is the embedded PostgreSQL, or, with ACM_TEST_MSSQL_URL set, the SQL Server that the URL names (its login
must be allowed to create databases; new ones are made and dropped). Two runs at once never meet.

Fixtures, the widest first:

server              the server: `create(template=None)` makes a database and returns its URL, `drop(url)`
server_url          URL of an empty database on it
database_url        a database with all tables and all of sql/, made once a run
engine              an engine for it
connection          a connection to it whose transaction is rolled back after the test
fresh_database      URL of an untouched copy for one test module: its tests may commit
make_database       a function that makes further untouched copies, dropped after the test
valkey_url          an empty Valkey
home                a folder fit for ACM_HOME (also as root: other accounts may enter it)
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import sqlalchemy
from numbering_files import real_file
from sqlalchemy.engine import Connection, Engine, make_url

from app.database.embedded import NOT_DURABLE, EmbeddedPostgres
from app.database.engine import create_engine
from app.settings import get_settings
from app.valkey import EmbeddedValkey

#: The databases of the tests are small: planning a statement takes longer than running it. One plan serves a session.
QUICK = {"plan_cache_mode": "force_generic_plan", "autovacuum": "off", "acm.check_keys": "on"}
MSSQL_URL = os.environ.get("ACM_TEST_MSSQL_URL", "")
PREFIX = "acm-test-"

# A test must not touch the installation it is run beside, nor depend on its settings.
for _name in [name for name in os.environ if name.startswith("ACM_") and not name.startswith("ACM_TEST_")]:
    if _name not in ("ACM_PG_BIN", "ACM_VALKEY_BIN"):
        del os.environ[_name]
os.environ["ACM_LANGUAGE"] = "en"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """The test of the registry's real file needs that file; pytest_report_header says where it was looked for."""
    return True if collection_path.name == "test_numbering_registry_file.py" and real_file() is None else None


def pytest_report_header() -> str:
    return f"numbering plan: {real_file() or 'DEF-9xx.csv is not here (ACM_TEST_NUMBERING_PLAN), its one test is left out'}"


#: What takes longest begins first, so that no worker is left with a long file when the others are done.
LONGEST_FIRST = (
    "tests/model/test_worlds_more.py",
    "tests/model/test_worlds.py",
    "tests/integration/test_jobs_scheduler.py",
    "tests/integration/test_jobs_dialer_sync.py",
    "tests/integration/test_simulator_dialer.py",
    "tests/integration/test_embedded_postgres.py",
    "tests/mutation",
    "tests/integration",
    "tests/browser",
    "tests/jobs",
    "tests/deploy",
    "tests/app",
)


def pytest_configure(config: pytest.Config) -> None:
    # pytest-xdist would begin with the files that have most tests, and end with the long ones that have few.
    config.option.loadscopereorder = False


def _turn(item: pytest.Item) -> int:
    name = item.path.relative_to(item.config.rootpath).as_posix()
    return next((turn for turn, first in enumerate(LONGEST_FIRST) if name.startswith(first)), len(LONGEST_FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    if os.geteuid() != 0:
        for item in items:
            if item.get_closest_marker("needs_root"):
                item.add_marker(pytest.mark.skip(reason="needs root"))


def _temporary_folder() -> Path:
    """A folder that other accounts may enter, since PostgreSQL runs as one of them when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o755)
    return folder


def _remove(folder: Path) -> None:
    for link in folder.rglob("data"):
        if link.is_symlink():  # a cluster that had to live elsewhere
            shutil.rmtree(link.resolve().parent, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run_folder() -> Iterator[Path]:
    """The folder of this run."""
    for old in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):  # of runs that were killed
        with contextlib.suppress(OSError):
            if old.stat().st_uid == os.getuid() and time.time() - old.stat().st_mtime > 86_400:
                _remove(old)
    folder = _temporary_folder()
    yield folder
    _remove(folder)


@pytest.fixture(scope="session", autouse=True)
def _settings_of_the_run(run_folder: Path) -> Iterator[None]:
    """Nothing that a test starts writes into the installation's own folder."""
    os.environ["ACM_HOME"] = str(run_folder / "home")
    get_settings.cache_clear()
    yield
    del os.environ["ACM_HOME"]
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def _logging_of_the_test() -> Iterator[None]:
    """A command that a test runs in this process sets logging up for its own streams, which are closed after it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level


class PostgresServer:
    """The embedded PostgreSQL of this run."""

    copies = True

    def __init__(self, folder: Path) -> None:
        self.embedded = EmbeddedPostgres(folder / "postgresql", settings=NOT_DURABLE | QUICK)
        self.embedded.start()

    def create(self, template: str | None = None) -> str:
        """A new database, empty or as a copy of the database that the URL `template` names; return its URL."""
        source = make_url(template).database if template else None
        return self.embedded.create_database(f"test_{secrets.token_hex(5)}", source)

    def drop(self, url: str) -> None:
        self.embedded.drop_database(str(make_url(url).database))

    def stop(self) -> None:
        self.embedded.stop()


class MssqlServer:
    """The SQL Server that ACM_TEST_MSSQL_URL names."""

    copies = False

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.made: set[str] = set()

    def _execute(self, statement: str) -> None:
        engine = create_engine(self.url, "acm tests", isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def create(self, template: str | None = None) -> str:
        """A new database; with `template`, one with all tables and all of sql/ (this server copies no databases)."""
        name = f"acm_test_{secrets.token_hex(5)}"
        self._execute(f"CREATE DATABASE {name}")
        url = self.url.set(database=name).render_as_string(hide_password=False)
        self.made.add(url)
        with contextlib.suppress(sqlalchemy.exc.DBAPIError):  # Babelfish has no such option and needs none
            self._execute(f"ALTER DATABASE {name} SET READ_COMMITTED_SNAPSHOT ON")
        if template:
            _deploy(url)
        return url

    def drop(self, url: str) -> None:
        name = make_url(url).database
        with contextlib.suppress(sqlalchemy.exc.DBAPIError):
            self._execute(f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
        self._execute(f"DROP DATABASE {name}")
        self.made.discard(url)

    def stop(self) -> None:
        for url in list(self.made):
            self.drop(url)


def _deploy(url: str) -> None:
    from app.database.deploy import upgrade

    engine = create_engine(url, "acm tests", poolclass=sqlalchemy.NullPool)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def server(run_folder: Path) -> Iterator[PostgresServer | MssqlServer]:
    server = MssqlServer(MSSQL_URL) if MSSQL_URL else PostgresServer(run_folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server_url(server: PostgresServer | MssqlServer) -> str:
    return server.create()


@pytest.fixture(scope="session")
def template_url(server: PostgresServer | MssqlServer) -> str:
    """The deployed database that the others are copied from: nobody may be connected to it."""
    url = server.create()
    _deploy(url)
    return url


@pytest.fixture(scope="session")
def database_url(server: PostgresServer | MssqlServer, template_url: str) -> str:
    # SQL Server copies no databases: the deployed one serves itself, since deploying takes long.
    return template_url if isinstance(server, MssqlServer) else server.create(template_url)


def _make_table_variables(engine: Engine) -> None:
    """Make the temporary tables of all procedures in the session that the tests share, and commit them: with those that a
    test makes and rolls back, the plans of the procedures would go too, and each test would plan everything anew."""
    from app.database.deploy.objects import wanted

    with engine.begin() as connection:
        for item in wanted("postgresql").values():
            for table in re.findall(r"CREATE TEMPORARY TABLE.*?ON COMMIT DELETE ROWS;", item.script, re.DOTALL):
                connection.exec_driver_sql(table)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, "acm tests")
    if engine.dialect.name == "postgresql":
        _make_table_variables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture(scope="module")
def fresh_database(server: PostgresServer | MssqlServer, template_url: str) -> Iterator[str]:
    url = server.create(template_url)
    yield url
    server.drop(url)


@pytest.fixture
def make_database(server: PostgresServer | MssqlServer, template_url: str) -> Iterator[Callable[[], str]]:
    made: list[str] = []

    def make() -> str:
        made.append(server.create(template_url))
        return made[-1]

    yield make
    for url in made:
        server.drop(url)


@pytest.fixture(scope="session")
def valkey(run_folder: Path) -> Iterator[EmbeddedValkey]:
    """The Valkey of this run."""
    with EmbeddedValkey(run_folder / "valkey") as valkey:
        yield valkey


@pytest.fixture
def valkey_url(valkey: EmbeddedValkey) -> str:
    with redis.Redis.from_url(valkey.url()) as client:
        client.flushall()
    return valkey.url()


@pytest.fixture
def home() -> Iterator[Path]:
    folder = _temporary_folder()
    yield folder
    _remove(folder)
