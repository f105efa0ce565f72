"""A part of a load in one transaction, again when another one was in its way or the database was away for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from app.database.engine import DatabaseUnavailable, wait_ready
from app.log import get_logger

log = get_logger(__name__)
T = TypeVar("T")

#: How often a part is done at most, and how long a lost database is awaited.
ATTEMPTS = 11
WAIT_SECONDS = 120.0

_CONFLICTS = {"40001", "40P01", "23505", "55P03"}  # SQLSTATE: serialisation, deadlock, unique key, lock timeout
_MSSQL_CONFLICTS = ("(1205)", "(1222)", "(2601)", "(2627)", "(3960)")


def in_transaction(engine: Engine, work: Callable[[Connection], T], is_done: Callable[[], bool]) -> T | None:
    """What `work` returns, committed. None: `is_done` says that it was committed, though its answer was lost.

    Raises what `work` raises when repeating does not help, and DatabaseUnavailable when the database stays away.
    """
    retrying = Retrying(
        retry=retry_if_exception(_may_help),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.1, max=2),
        before_sleep=lambda state: _await(engine, state),
        reraise=True,
    )
    for attempt in retrying:
        with attempt:
            if attempt.retry_state.attempt_number > 1 and is_done():
                return None
            with engine.begin() as connection:
                return work(connection)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _may_help(error: BaseException) -> bool:
    if isinstance(error, DatabaseUnavailable):
        return not error.permanent
    return isinstance(error, DBAPIError) and (error.connection_invalidated or is_conflict(error))


def is_conflict(error: DBAPIError) -> bool:
    """Whether the same statements may work when they are repeated: another transaction was in their way."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _CONFLICTS
    return any(number in str(error.orig) for number in _MSSQL_CONFLICTS)


def _await(engine: Engine, state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome is not None else None
    if not (isinstance(error, DBAPIError) and not error.connection_invalidated):
        log.warning("database lost, waiting for it")
        wait_ready(engine, WAIT_SECONDS)
