"""`acm demo`: everything runs for real, but for the contact centre and the time."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.live import Live
from sqlalchemy import Engine, insert, select, update

from app import clock
from app.books import BookCheck, read_books
from app.campaigns import create_campaign
from app.clock import VirtualClock
from app.demo.campaigns import CAMPAIGNS
from app.demo.figures import Figures, read_figures, show
from app.demo.files import TEMPLATE_FORMAT, TEMPLATE_LINE, TEMPLATE_NAME, write_files
from app.demo.processes import Process, wait_until
from app.demo.state import DemoState
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.dialing import Dialer
from app.models.importing import ImportBatch, ImportTemplate
from app.models.ops import Service, ServiceSchedule
from app.models.strategy import Campaign
from app.procedures.dialing import campaign_start
from app.secrets import encrypt
from app.settings import get_settings

DIALER_NAME = "Cisco (demo)"
SIMULATOR_USER = "administrator@simulator.test"
# The clock runs fast, so the services do too.
FAST_CRONS = {
    "dialer_sync": "* * * * * */2",
    "client_status": "* * * * * */10",
    "callback_status": "* * * * * */10",
}
# So close to the end of a schedule nothing is handed over, so that the dialer has dialled it in time.
CLOSING_MARGIN_MINUTES = 15


@dataclass(frozen=True)
class Options:
    """seconds: how long it dials, None until Ctrl-C. scale: share of the 30,000 clients. speed: of the clock."""

    seconds: float | None = None
    scale: float = 1.0
    speed: float = 60.0
    web_port: int | None = None


def use_demo_home() -> Path:
    """Point this process and its children at the demonstration's own folder, servers and database."""
    for name in ("ACM_DATABASE_URL", "ACM_REDIS_URL"):
        if os.environ.get(name, "embedded") != "embedded":
            raise AcmError(
                _("The demonstration runs on its own servers only, and %(name)s is set.", name=name),
                _("Unset it for the demonstration."),
            )
    if "ACM_HOME" not in os.environ:
        os.environ["ACM_HOME"] = str(get_settings().resolved_home() / "demo")
        get_settings.cache_clear()
    return get_settings().resolved_home()


def run_demo(options: Options) -> int:
    """Run it. Returns the exit code: 0 when the books balance."""
    home = use_demo_home()
    (home / "logs").mkdir(exist_ok=True)
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    return Demo(options, home, console).run()


class Demo:
    """One run of the demonstration in one folder."""

    def __init__(self, options: Options, home: Path, console: Console) -> None:
        self.options, self.home, self.console = options, home, console
        self.state_path = home / "demo.json"
        self.state = DemoState.read(self.state_path)
        self.processes: list[Process] = []
        self.stopping = False
        self.clock: VirtualClock | None = None

    def run(self) -> int:
        previous = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            engine = self._database()
            self._set_clock(paused=True)
            self._prepare(engine)
            self._set_clock(paused=False)
            self._start_processes(engine)
            self._watch(engine)
            self._stop_processes()
            return self._close(engine)
        finally:
            self._stop_processes()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _say(self, text: str) -> None:
        self.console.print(text, highlight=False)

    def _database(self) -> Engine:
        from app.database.deploy import upgrade
        from app.database.embedded import embedded_postgres
        from app.database.engine import create_engine
        from app.valkey import embedded_valkey

        self._say(_("Starting the embedded servers in %(home)s …", home=self.home))
        embedded_postgres()
        embedded_valkey()
        engine = create_engine(program="acm demo")
        upgrade(engine)
        return engine

    def _set_clock(self, paused: bool) -> None:
        """The virtual clock stands still while files load, so that loading costs no calling time."""
        self.clock = self.state.clock(1e-6 if paused else self.options.speed)
        os.environ["ACM_CLOCK"] = str(self.clock)

    def _remember(self) -> None:
        if self.clock:
            self.state.virtual_now = self.clock.now().isoformat(timespec="milliseconds")
            self.state.write(self.state_path)

    # -- data ------------------------------------------------------------------------------------------------------

    def _prepare(self, engine: Engine) -> None:
        from app.auth import first_administrator

        with engine.begin() as connection:
            password = first_administrator(connection)
        if password:
            self._say(_("User [b]admin[/b], one-time password [b]%(password)s[/b]", password=password))
        self._prepare_dialer(engine)
        self._prepare_campaigns(engine)
        self._load(engine)
        with engine.begin() as connection:
            for row in connection.execute(select(Campaign.campaign_id).where(Campaign.started_at.is_(None))).all():
                campaign_start(connection, row.campaign_id, clock.now())
            for code, cron in FAST_CRONS.items():
                schedule_id = connection.scalar(select(Service.schedule_id).where(Service.code == code))
                connection.execute(
                    update(ServiceSchedule).where(ServiceSchedule.schedule_id == schedule_id).values(cron=cron)
                )
                connection.execute(update(Service).where(Service.code == code).values(next_run_at=None))

    def _prepare_dialer(self, engine: Engine) -> None:
        """The dialer's row; addresses are written anew, since free ports may differ from run to run."""
        from app.commands.simulator import embedded_database, kept_password

        self.state.simulator_port = _usable_port(self.state.simulator_port)
        self.state.web_port = _usable_port(self.options.web_port or self.state.web_port or get_settings().web_port)
        self.state.write(self.state_path)
        columns = {
            "base_url": f"http://127.0.0.1:{self.state.simulator_port}",
            "username": SIMULATOR_USER,
            "password_encrypted": encrypt(kept_password()[0]),
            "hds_url_encrypted": encrypt(embedded_database()),
        }
        with engine.begin() as connection:
            if not connection.execute(update(Dialer).where(Dialer.name == DIALER_NAME).values(**columns)).rowcount:
                connection.execute(insert(Dialer).values(name=DIALER_NAME, **columns))

    def _prepare_campaigns(self, engine: Engine) -> None:
        with engine.begin() as connection:
            dialer_id = connection.scalar(select(Dialer.dialer_id).where(Dialer.name == DIALER_NAME))
            there = set(connection.scalars(select(Campaign.code)))
            for number, campaign in enumerate(CAMPAIGNS):
                if campaign.code not in there:
                    create_campaign(
                        connection,
                        code=campaign.code,
                        name=campaign.name,
                        zone_code=campaign.zone,
                        strategy=campaign.strategy,
                        created_by="demo",
                        now=clock.now(),
                        dialer_id=dialer_id,
                        dialer_campaign_name=f"ACM_{campaign.code}",
                        dialer_skill_groups=str(5001 + number),
                        closing_margin_minutes=CLOSING_MARGIN_MINUTES,
                    )
            if not connection.scalar(select(ImportTemplate.template_id).where(ImportTemplate.name == TEMPLATE_NAME)):
                connection.execute(
                    insert(ImportTemplate).values(
                        name=TEMPLATE_NAME,
                        format=TEMPLATE_FORMAT,
                        line=TEMPLATE_LINE,
                        has_header=False,
                        created_at=clock.now(),
                        created_by="demo",
                    )
                )

    def _load(self, engine: Engine) -> None:
        from app.importing.loader import load_file

        for campaign, path, clients in write_files(self.home / "files", self.options.scale):
            with engine.connect() as connection:
                done = connection.scalar(
                    select(ImportBatch.batch_id)
                    .join(Campaign, Campaign.campaign_id == ImportBatch.campaign_id)
                    .where(
                        ImportBatch.file_name == path.name, ImportBatch.state_id == 2, Campaign.code == campaign.code
                    )
                )
            if done:
                continue
            started = time.monotonic()
            load_file(
                engine,
                path,
                file_name=path.name,
                campaign_code=campaign.code,
                template_name=TEMPLATE_NAME,
                created_by="demo",
            )
            self._say(
                _(
                    "%(file)s: %(clients)s clients loaded in %(seconds)s s",
                    file=path.name,
                    clients=f"{clients:,}".replace(",", " "),
                    seconds=f"{time.monotonic() - started:.1f}",
                )
            )

    # -- processes -------------------------------------------------------------------------------------------------

    def _start_processes(self, engine: Engine) -> None:
        logs = self.home / "logs"
        # A killed worker's run is taken over within seconds, which are minutes on this clock.
        environment = {"ACM_LOG_LEVEL": "WARNING", "ACM_RUN_LEASE_SECONDS": "10"}

        def process(name: str, *arguments: str) -> Process:
            started = Process(name, arguments, environment, logs / f"{name}.log")
            self.processes.append(started)
            started.start()
            return started

        simulator = process(
            "simulator",
            "simulator",
            "--port",
            str(self.state.simulator_port),
            "--agents",
            str(sum(campaign.agents for campaign in CAMPAIGNS)),
            "--skill-groups",
            str(len(CAMPAIGNS)),
            "--user",
            SIMULATOR_USER,
            "--set",
            "login_seconds=120",
            # That the demonstration stops is no crash of a dialer, after which records are unknown for an hour.
            "--set",
            "unknown_minutes=1",
            # A dialer calls back when the customer wants, whatever the schedule says: nobody wants the evening.
            "--set",
            "callback_from_hour=10",
            "--set",
            "callback_to_hour=17",
        )
        self._await_port(simulator, self.state.simulator_port)
        process("scheduler", "scheduler", "--die-with-parent")
        process("worker", "worker", "--count", "2", "--die-with-parent")
        web = process("web", "web", "--port", str(self.state.web_port))
        self._await_port(web, self.state.web_port)
        self._say(_("Open [b]http://127.0.0.1:%(port)s[/b]", port=self.state.web_port))

    def _await_port(self, process: Process, port: int) -> None:
        if not wait_until(lambda: _answers(port), 120, process):
            raise AcmError(
                _("The process %(name)s did not start. See %(log)s.", name=process.name, log=process.log_path),
                process.last_words(),
            )

    def _stop_processes(self) -> None:
        # The scheduler first, so that nothing new begins; the simulator last, so that runs can end.
        order = {"scheduler": 0, "worker": 1, "web": 2, "simulator": 3}
        for process in sorted(self.processes, key=lambda one: order[one.name]):
            process.stop()
        self._remember()

    # -- watching --------------------------------------------------------------------------------------------------

    def _watch(self, engine: Engine) -> None:
        began = time.monotonic()
        live = Live(console=self.console, refresh_per_second=2, transient=False) if self.console.is_terminal else None
        if live:
            live.start()
        told = 0.0
        try:
            while not self.stopping:
                elapsed = time.monotonic() - began
                if self.options.seconds is not None and elapsed >= self.options.seconds:
                    break
                for process in self.processes:
                    process.revive()
                self._remember()
                with engine.connect() as connection:
                    figures = read_figures(connection)
                if live:
                    live.update(show(figures, self._title()))
                elif elapsed - told >= 10:
                    told = elapsed
                    out = sum(campaign.out for campaign in figures.campaigns)
                    self._say(
                        _(
                            "%(time)s: attempts %(attempts)s, out at the dialer %(out)s",
                            time=clock.now().strftime("%d.%m.%Y %H:%M UTC"),
                            attempts=figures.attempts,
                            out=out,
                        )
                    )
                time.sleep(1)
        finally:
            if live:
                live.stop()

    def _title(self) -> str:
        return (
            f"ACM  http://127.0.0.1:{self.state.web_port}   {clock.now():%d.%m.%Y %H:%M} UTC ×{self.options.speed:g}   "
            + _("Ctrl-C stops")
        )

    def _close(self, engine: Engine) -> int:
        from app.commands.books import show_books

        with engine.connect() as connection:
            figures = read_figures(connection)
            checks = read_books(connection)
        balanced = all(check.is_balanced for check in checks)
        if not self.console.is_terminal:
            self.console.print(show(figures, self._title()))
        show_books(self.console, checks)
        self._say(_("The books balance.") if balanced else _("The books do not balance."))
        sys.stdout.flush()
        print(json.dumps(self._summary(figures, checks, balanced), ensure_ascii=False), flush=True)
        return 0 if balanced else 1

    def _summary(self, figures: Figures, checks: list[BookCheck], balanced: bool) -> dict[str, object]:
        return {
            "clients_loaded": sum(campaign.clients for campaign in figures.campaigns),
            "phones_loaded": sum(campaign.phones for campaign in figures.campaigns),
            "attempts": figures.attempts,
            "results": {code: count for code, (_name, count) in figures.results.items()},
            "agent_results": {code: count for code, (_name, count) in figures.agent_results.items()},
            "client_statuses": {code: count for code, (_name, count) in figures.statuses.items()},
            "in_work": sum(campaign.out for campaign in figures.campaigns),
            "restarts": {process.name: process.restarts for process in self.processes},
            "virtual_time": self.state.virtual_now,
            "books": {check.code: {"expected": check.expected, "found": check.found} for check in checks},
            "books_balance": balanced,
        }


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _usable_port(wanted: int) -> int:
    """The wanted port when it is free, else a free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AcmError(_("There is no free port on 127.0.0.1."))
