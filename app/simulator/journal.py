"""What has happened and is not yet written: one transaction stores it all, or nothing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.simulator import lists, tables
from app.simulator.centre import QUERY_RULE
from app.simulator.details import Delayed, History


class Journal:
    """Changes of records and callbacks, counters and historical rows, until they are written."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.clear()

    def clear(self) -> None:
        """All of it is written."""
        self.records: dict[int, dict[str, Any]] = {}  # DialingListID to columns
        self.callbacks: dict[int, dict[str, Any]] = {}  # PersonalCallbackListID to columns
        self.new_callbacks: list[dict[str, Any]] = []
        self.rows: list[Delayed] = []
        self._statistics: dict[int, Counter[str]] = {}

    def count(self, campaign: int, counter: str, number: int = 1) -> None:
        """Add to a counter of Campaign_Query_Rule_Real_Time."""
        self._statistics.setdefault(campaign, Counter())[counter] += number

    def __bool__(self) -> bool:
        return bool(self.records or self.callbacks or self.new_callbacks or self.rows or self._statistics)

    def write(self, connection: sa.Connection, local: datetime) -> None:
        """Store everything, inside the caller's transaction; `local` is the centre's local time."""
        lists.write_back(connection, self.records)
        self._history.keep(connection, self.rows)
        statistics = tables.campaign_real_time
        for identity, counts in sorted(self._statistics.items()):
            added = {name: statistics.c[name] + number for name, number in counts.items() if number}
            connection.execute(
                sa.update(statistics)
                .where(statistics.c.CampaignID == identity, statistics.c.QueryRuleID == QUERY_RULE)
                .values({**added, "DateTime": local})
            )
        callbacks = tables.personal_callback_list
        for identity, values in sorted(self.callbacks.items()):
            connection.execute(
                sa.update(callbacks)
                .where(callbacks.c.PersonalCallbackListID == identity)
                .values({**values, "ChangeStamp": callbacks.c.ChangeStamp + 1})
            )
        if self.new_callbacks:
            connection.execute(sa.insert(callbacks), self.new_callbacks)

    def forget_written(self, connection: sa.Connection) -> None:
        """After a transaction broke off, perhaps behind its commit: keep nothing that would count twice.

        Changes of records stay: written again, they do no harm.
        """
        if self.rows and self._history.known(connection, self.rows):
            self.rows, self._statistics, self.new_callbacks = [], {}, []
