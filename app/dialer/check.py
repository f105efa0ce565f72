"""«Проверить соединение» of a dialer: its REST resources and its databases are asked once, each step told in words."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from sqlalchemy.exc import SQLAlchemyError

from app.database.engine import create_engine
from app.dialer.client import CiscoClient, Retries
from app.dialer.hds import HdsReader
from app.dialer.realtime import RealTimeReader
from app.errors import AcmError
from app.i18n import gettext as _

#: A person waits for the answer.
_ONCE = Retries(attempts=1, first_seconds=0.1, most_seconds=0.1)
_MOST_SECONDS = 10.0
_MOST_CAMPAIGNS = 500


@dataclass(frozen=True)
class Step:
    """One thing that was asked: what, whether it answered, and its answer in words."""

    name: str
    is_ok: bool
    words: str


def check_rest(base_url: str, username: str, password: str, verify: bool, timeout: float) -> Step:
    """Ask for the dialer's campaigns."""
    name = _("Campaigns of the dialer (REST)")
    try:
        with CiscoClient(
            base_url, username, password, verify=verify, timeout=min(timeout, _MOST_SECONDS), retries=_ONCE
        ) as client:
            found = len(list(islice(client.list_campaigns(), _MOST_CAMPAIGNS)))
    except AcmError as error:
        return Step(name, False, f"{error.message} {error.hint}".strip())
    return Step(name, True, _("Answers. Campaigns there: %(count)s.", count=found))


def check_databases(url: str, zone: str) -> list[Step]:
    """Ask for the newest result (Dialer_Detail) and for the agents of now. `url`: SQLAlchemy's, with the password."""
    results, agents = _("Results of calls (HDS, Dialer_Detail)"), _("Agents at work (real-time tables)")
    try:
        engine = create_engine(url, "acm dialer check", pool_size=1, max_overflow=0)
    except (AcmError, SQLAlchemyError) as error:
        return [Step(results, False, _reason(error))]
    try:
        try:
            newest = HdsReader(engine, zone=zone).upper_bound()
        except (AcmError, SQLAlchemyError) as error:
            return [Step(results, False, _reason(error))]
        words = (
            _("Answers. The newest result is of %(at)s, local time of the dialer.", at=f"{newest:%d.%m.%Y %H:%M:%S}")
            if newest
            else _("Answers. There is no result yet.")
        )
        steps = [Step(results, True, words)]
        try:
            RealTimeReader(engine).agent_counts([1])
            steps.append(Step(agents, True, _("Answers.")))
        except (AcmError, SQLAlchemyError) as error:
            steps.append(Step(agents, False, _reason(error)))
        return steps
    finally:
        engine.dispose()


def _reason(error: Exception) -> str:
    """What went wrong, short and without the address, which may hold a password."""
    if isinstance(error, AcmError):
        return f"{error.message} {error.hint}".strip()
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0][:300] if str(cause).strip() else type(error).__name__
