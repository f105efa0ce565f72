"""The simulated contact centre: what its resources, its dialer and its control share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.database.engine import DatabaseUnavailable
from app.simulator import tables, zones
from app.simulator.faults import Faults
from app.simulator.settings import SimulatorSettings

QUERY_RULE = 1  # an API-made campaign has one built-in query rule
PERIPHERAL = 5000
DIALER = 5000
FIRST_SKILL_GROUP = 5001
FIRST_AGENT = 6001
DATABASE_ERRORS = (SQLAlchemyError, DatabaseUnavailable)  # what a database that is away raises


class ContactCentre:
    """One contact centre: its database, its clock, its faults.

    `engine` is a SQLAlchemy engine of the centre's own database; `clock` gives naive UTC.
    """

    def __init__(
        self, engine: sa.Engine, settings: SimulatorSettings, now: Callable[[], datetime] | None = None
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.now = now or clock.now
        self.zone = settings.zone
        self.import_slots = threading.BoundedSemaphore(settings.import_queue)
        self.import_turn = threading.Lock()  # imports are worked on one after the other
        self.campaign_lock = threading.Lock()  # one change of campaigns at a time
        self.list_lock = threading.Lock()  # no two transactions change rows of the dialing lists in different orders
        self.stopping = threading.Event()
        self.release = threading.Event()  # requests that a fault keeps waiting go on
        self.skill_groups = {FIRST_SKILL_GROUP + n for n in range(settings.skill_groups)}
        self.agents = settings.agents
        self.changed_campaigns: set[int] = set()  # told to the dialer, which reads them again at its next step
        self.cleared_campaigns: set[int] = set()  # their imported records were deleted
        self.refuse_for = 0.0  # real seconds during which the server is asked not to listen
        tables.create_tables(engine, settings.side_b)
        self.faults = Faults(engine, settings.seed)
        for name, values in settings.faults.items():
            self.faults.put(name, values, self.now())

    def agent_ids(self) -> range:
        """SkillTargetIDs of the agents there are."""
        return range(FIRST_AGENT, FIRST_AGENT + self.agents)

    def agent_login(self, identity: int) -> str:
        """The agent id that is typed at sign-in, which Dialer_Detail shows."""
        return str(100_000 + identity)

    def agent_skill_group(self, identity: int) -> int:
        """The skill group that an agent belongs to."""
        return FIRST_SKILL_GROUP + (identity - FIRST_AGENT) % self.settings.skill_groups

    def local_now(self) -> datetime:
        """The local time of the central controller, naive."""
        return zones.to_local(self.zone, self.now())


def centre() -> ContactCentre:
    """The contact centre of the request being answered."""
    found: ContactCentre = current_app.extensions["contact_centre"]
    return found
