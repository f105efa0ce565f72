"""What the server itself says of tables and procedures: sizes, calls, cost. Read from its statistics, never counted.

SQL Server: the catalogue for sizes; sys.dm_exec_procedure_stats for procedures, which needs VIEW SERVER STATE and
tells of plans that are in its cache. PostgreSQL: pg_class for sizes; pg_stat_user_functions for procedures, which needs
track_functions = 'pl' (the embedded server sets it). Where the server does not tell, None says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, text

from app.models import SCHEMAS


@dataclass(frozen=True)
class Cost:
    """What the calls of a procedure cost since they are counted. `last_at`: UTC, None where the server keeps none."""

    calls: int
    total_ms: float
    last_at: datetime | None = None

    @property
    def mean_ms(self) -> float:
        return self.total_ms / self.calls if self.calls else 0.0


@dataclass(frozen=True)
class TableSize:
    """A table: rows as the server estimates them (None: never analysed), bytes of rows, of indexes, and of both."""

    name: str
    rows: int | None
    table_bytes: int
    index_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.table_bytes + self.index_bytes


def server_words(connection: Connection) -> str:
    """Name and version of the server, in its own words, short."""
    if connection.dialect.name == "mssql":
        words = str(connection.scalar(text("SELECT @@VERSION")))
        return words.splitlines()[0].strip()
    return f"PostgreSQL {connection.scalar(text('SHOW server_version'))}".split(" (")[0]


def costs(connection: Connection) -> dict[str, Cost] | None:
    """Cost by name of the procedures that were called; None where the server does not measure or does not tell."""
    try:
        with connection.begin_nested():
            return _costs_mssql(connection) if connection.dialect.name == "mssql" else _costs_postgresql(connection)
    except sa.exc.DBAPIError:  # the login may not look
        return None


def _costs_postgresql(connection: Connection) -> dict[str, Cost] | None:
    if connection.scalar(text("SHOW track_functions")) == "none":
        return None
    rows = connection.execute(
        text(
            "SELECT f.schemaname || '.' || f.funcname AS name, SUM(f.calls) AS calls, SUM(f.total_time) AS total_ms"
            " FROM pg_stat_user_functions AS f WHERE f.schemaname = ANY(:schemas) GROUP BY 1"
        ),
        {"schemas": list(SCHEMAS)},
    )
    return {row.name: Cost(int(row.calls), float(row.total_ms)) for row in rows}


def _costs_mssql(connection: Connection) -> dict[str, Cost]:
    rows = connection.execute(
        text(
            "SELECT LOWER(s.name + N'.' + o.name) AS name, SUM(p.execution_count) AS calls,"
            " SUM(p.total_elapsed_time) / 1000.0 AS total_ms,"
            # The moment is in the zone of the server.
            " MAX(DATEADD(MINUTE, DATEDIFF(MINUTE, GETDATE(), GETUTCDATE()), p.last_execution_time)) AS last_at"
            " FROM sys.dm_exec_procedure_stats AS p JOIN sys.objects AS o ON o.object_id = p.object_id"
            " JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE p.database_id = DB_ID()"
            " GROUP BY s.name, o.name"
        )
    )
    return {row.name: Cost(int(row.calls), float(row.total_ms), row.last_at) for row in rows}


def measured_since(connection: Connection) -> datetime | None:
    """Since when costs are counted, UTC; None where the server does not say: plans leave the cache at any time, and
    PostgreSQL counts from the start where nobody has reset it."""
    if connection.dialect.name == "mssql":
        return None
    return connection.scalar(
        text(
            "SELECT COALESCE(d.stats_reset, pg_postmaster_start_time()) AT TIME ZONE 'UTC' FROM pg_stat_database AS d"
            " WHERE d.datname = current_database()"
        )
    )


def table_sizes(connection: Connection) -> list[TableSize]:
    """Every table of ACM, the largest first."""
    rows: Sequence[Any]
    if connection.dialect.name == "mssql":
        rows = connection.execute(
            text(
                "SELECT s.name + N'.' + t.name AS name,"
                " SUM(CASE WHEN p.index_id IN (0, 1) AND a.type = 1 THEN p.rows END) AS row_count,"
                " SUM(CASE WHEN p.index_id IN (0, 1) THEN a.total_pages ELSE 0 END) * 8192 AS table_bytes,"
                " SUM(CASE WHEN p.index_id > 1 THEN a.total_pages ELSE 0 END) * 8192 AS index_bytes"
                " FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id"
                " JOIN sys.partitions AS p ON p.object_id = t.object_id"
                " JOIN sys.allocation_units AS a ON a.container_id = p.partition_id"
                " GROUP BY s.name, t.name"
            )
        ).all()
        rows = [row for row in rows if row.name.split(".")[0] in SCHEMAS]
    else:
        rows = connection.execute(
            text(
                "SELECT n.nspname || '.' || c.relname AS name, NULLIF(c.reltuples, -1) AS row_count,"
                " pg_table_size(c.oid) AS table_bytes, pg_indexes_size(c.oid) AS index_bytes"
                " FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
                " WHERE c.relkind = 'r' AND n.nspname = ANY(:schemas)"
            ),
            {"schemas": list(SCHEMAS)},
        ).all()
    sizes = [
        TableSize(row.name, None if row.row_count is None else int(row.row_count), int(row.table_bytes or 0),
                  int(row.index_bytes or 0))
        for row in rows
    ]  # fmt: skip
    return sorted(sizes, key=lambda size: (-size.total_bytes, size.name))
