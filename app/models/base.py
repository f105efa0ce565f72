"""The declarative base and the column types that mean the same on SQL Server and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Identity,
    MetaData,
    SmallInteger,
    Unicode,
    UnicodeText,
    types,
)
from sqlalchemy.dialects import mssql, postgresql
from sqlalchemy.orm import DeclarativeBase, mapped_column

SCHEMAS = ("core", "strategy", "dialing", "contacts", "access", "ops", "report")


class Bit(types.TypeDecorator[bool]):
    """bit on SQL Server, smallint 0 or 1 on PostgreSQL, bool in Python.

    House T-SQL compares flags with 1 and 0 as T-SQL does, so PostgreSQL must not make them boolean.
    """

    impl = SmallInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return mssql.BIT() if dialect.name == "mssql" else SmallInteger()

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else int(bool(value))

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else bool(value)

    @property
    def python_type(self) -> type[bool]:
        return bool


class UtcDateTime(types.TypeDecorator[datetime]):
    """datetime2(3) on SQL Server, timestamp(3) on PostgreSQL: UTC without a zone, to the millisecond."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        if dialect.name == "mssql":
            return mssql.DATETIME2(3)
        return postgresql.TIMESTAMP(timezone=False, precision=3)


class Base(DeclarativeBase):
    """All tables of ACM. Constraint names are fixed, so that both engines and every revision agree on them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


Id = Annotated[int, mapped_column(primary_key=True)]
IdentityId = Annotated[int, mapped_column(Identity(), primary_key=True)]
BigIdentityId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Big = Annotated[int, mapped_column(BigInteger)]
BigNull = Annotated[int | None, mapped_column(BigInteger)]
Small = Annotated[int, mapped_column(SmallInteger)]
SmallNull = Annotated[int | None, mapped_column(SmallInteger)]
Flag = Annotated[bool, mapped_column(Bit)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
MomentNull = Annotated[datetime | None, mapped_column(UtcDateTime)]
Code = Annotated[str, mapped_column(Unicode(64))]
CodeNull = Annotated[str | None, mapped_column(Unicode(64))]
Name = Annotated[str, mapped_column(Unicode(200))]
NameNull = Annotated[str | None, mapped_column(Unicode(200))]
Number = Annotated[str, mapped_column(Unicode(20))]
Line = Annotated[str, mapped_column(Unicode(1000))]
LineNull = Annotated[str | None, mapped_column(Unicode(1000))]
Long = Annotated[str, mapped_column(UnicodeText)]
LongNull = Annotated[str | None, mapped_column(UnicodeText)]
RecordKey = Annotated[str, mapped_column(Unicode(30))]


def off() -> Any:
    """A flag that is 0 unless it is set."""
    return mapped_column(Bit, server_default="0", default=False)


def on() -> Any:
    """A flag that is 1 unless it is cleared."""
    return mapped_column(Bit, server_default="1", default=True)


def zero(kind: Any = SmallInteger) -> Any:
    """A number that is 0 unless it is set."""
    return mapped_column(kind, server_default="0", default=0)
