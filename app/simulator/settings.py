"""Settings of the simulated contact centre, from environment variables that begin with ACM_SIMULATOR_."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.simulator.faults import Fault

_ZONES = available_timezones()


class SimulatorSettings(BaseSettings):
    """What the simulated contact centre is like: its size, its people, its agents and its misfortunes.

    All durations named *_seconds and *_minutes are of the simulated clock, but for those that say real.
    """

    model_config = SettingsConfigDict(env_prefix="ACM_SIMULATOR_", extra="forbid")

    # The server
    host: str = Field("127.0.0.1", description="Address that the REST resources listen on.")
    port: int = Field(8090, ge=0, le=65535, description="Port of the REST resources; 0 takes a free one.")
    database_url: SecretStr = Field(SecretStr(""), description="SQLAlchemy URL of the centre's own database.")
    user: str = Field("administrator@simulator.test", description="The administrator of HTTP Basic.")
    password: SecretStr = Field(SecretStr(""), description="Its password.")
    supervisor: str = Field("supervisor@simulator.test", description="A user who may not import.")
    threads: int = Field(48, ge=1, le=200, description="Threads that answer; more than the import queue is deep.")
    import_queue: int = Field(30, ge=1, description="Import requests that may wait; one more gets 503.")
    import_limit: int = Field(10_000, ge=1, description="Records in one import request.")
    import_real_seconds: float = Field(0.0, ge=0, description="Real time that one import request takes at least.")
    bad_rows: str = Field("reject", pattern="^(reject|skip)$", description="What a bad record does to its import.")
    side_b: bool = Field(False, description="Ids of imported records begin at -2147483648, as on side B.")

    # The centre
    seed: int = Field(1, description="Seed of everything that is random.")
    time_zone: str = Field("Europe/Moscow", description="Zone of the central controller (IANA name).")
    agents: int = Field(20, ge=0, description="Agents, dealt to the skill groups in turn.")
    skill_groups: int = Field(4, ge=1, le=500, description="Skill groups; ids from 5001.")
    shift: str = Field("00:00-24:00", description="Hours in which agents are logged in, local time of the centre.")
    login_seconds: float = Field(60, ge=0, description="Agents log in one by one over this time.")
    break_share: float = Field(0.02, ge=0, le=1, description="Share of calls after which the agent goes not ready.")
    break_minutes: float = Field(6, gt=0, description="How long a break lasts on average.")
    talk_seconds: float = Field(60, gt=0, description="Average conversation.")
    wrapup_seconds: float = Field(12, ge=0, description="Average work after a conversation.")
    outcomes: dict[str, float] = Field(
        {"20": 12, "14": 15, "12": 22, "11": 14, "15": 12, "": 5},
        description="Weights of the agents' wrap-up texts; the empty text is an agent who gave none.",
    )
    callback_outcome: str = Field("14", description="The wrap-up text that may come with a callback.")
    callback_share: float = Field(0.5, ge=0, le=1, description="Share of it for which the agent books a callback.")
    callback_from_hour: int = Field(9, ge=0, le=22, description="Customers ask to be called from this local hour on.")
    callback_to_hour: int = Field(20, ge=1, le=23, description="And before this one.")
    callback_keeps_record: bool = Field(
        True,
        description="1: a booked callback keeps the record (status B), as Cisco does; 0: the record is closed.",
    )

    # The people who are called
    answer_share: float = Field(1.0, ge=0, le=100, description="Multiplies how often people answer.")
    bad_number_share: float = Field(0.06, ge=0, le=1, description="Share of numbers that never work.")
    hang_up_share: float = Field(0.03, ge=0, le=1, description="Share of answers that are put down at once (21).")
    unanswered: dict[int, float] = Field(
        {8: 56, 12: 20, 9: 12, 22: 2, 27: 2, 28: 2, 6: 1.5, 4: 1, 13: 1.5, 11: 1, 2: 0.3},
        description="Weights of Cisco's call results of calls that reach nobody.",
    )

    # The engine and the historical database
    tick_real_seconds: float = Field(0.05, gt=0, le=5, description="Real time between two steps of the engine.")
    step_seconds: float = Field(5.0, gt=0, description="Simulated time that is written in one transaction.")
    commit_delay_seconds: tuple[float, float] = Field((5, 30), description="From a result to its historical row.")
    commit_skew_seconds: float = Field(2, ge=0, description="How far DbDateTime may lie before its row is seen.")
    unknown_minutes: float = Field(60, gt=0, description="A record unknown after a restart is pending again then.")
    stuck_dialed_share: float = Field(0, ge=0, le=1, description="Share of records in dialling that a crash leaves D.")
    purge_days: int = Field(5, ge=1, le=30, description="Closed records older than this go at midnight.")
    history_days: int = Field(35, ge=1, description="Historical rows older than this go at midnight.")
    faults: dict[str, dict] = Field({}, description="Faults from the start: name to rate, count, seconds, path.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in _ZONES:
            raise ValueError("not an IANA time zone")
        return value

    @field_validator("shift")
    @classmethod
    def _readable_shift(cls, value: str) -> str:
        parse_shift(value)
        return value

    @field_validator("outcomes", "unanswered")
    @classmethod
    def _weights(cls, value: dict) -> dict:
        if not value or min(value.values()) < 0 or sum(value.values()) <= 0:
            raise ValueError("needs weights that are not negative, one at least above 0")
        return value

    @field_validator("commit_delay_seconds")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not 0 <= value[0] <= value[1]:
            raise ValueError("needs two numbers, the first not above the second")
        return value

    @field_validator("faults")
    @classmethod
    def _known_faults(cls, value: dict[str, dict]) -> dict[str, dict]:
        for name, values in value.items():
            Fault.read(name, values)
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def parse_shift(text: str) -> tuple[int, int]:
    """`08:00-21:00` as minutes of the day from and to (to is exclusive, 24:00 allowed). Raises ValueError."""
    begin, end = text.split("-")

    def minutes(part: str) -> int:
        if part == "24:00":
            return 1440
        moment = time.fromisoformat(part)
        return moment.hour * 60 + moment.minute

    first, last = minutes(begin), minutes(end)
    if first >= last:
        raise ValueError("a shift ends after it begins")
    return first, last
