"""Loads: templates, batches with their journal and rejects, and the staging rows of the part being loaded."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    Big,
    BigIdentityId,
    Bit,
    Code,
    CodeNull,
    Flag,
    IdentityId,
    Line,
    LineNull,
    LongNull,
    Moment,
    MomentNull,
    Name,
    NameNull,
    Small,
    SmallNull,
    off,
    on,
    zero,
)


class ImportTemplate(Base):
    """How the lines of a file are read: the deck's `${contact.…}` line (M169, M170) and the file's form."""

    __tablename__ = "import_template"
    __table_args__ = {"schema": "contacts"}

    template_id: Mapped[IdentityId]
    name: Mapped[Name] = mapped_column(unique=True)
    format: Mapped[str] = mapped_column(Unicode(10))  # txt or csv
    line: Mapped[str] = mapped_column(Unicode(4000))
    encoding: Mapped[CodeNull]  # empty: detected
    has_header: Mapped[Flag] = on()
    created_at: Mapped[Moment]
    created_by: Mapped[Name]


class ImportBatch(Base):
    """One load (M151-M164). kind_id: 1 by hand, 2 source, 3 API. state_id: 1 running, 2 done, 3 failed, 4 undone."""

    __tablename__ = "import_batch"
    __table_args__ = {"schema": "contacts"}

    batch_id: Mapped[BigIdentityId]
    kind_id: Mapped[Small]
    campaign_id: Mapped[int | None] = mapped_column(index=True)  # of lines that name none
    template_id: Mapped[int | None]
    file_name: Mapped[NameNull]
    file_path: Mapped[LineNull]
    file_hash: Mapped[CodeNull] = mapped_column(index=True)
    file_bytes: Mapped[int] = zero(BigInteger)
    state_id: Mapped[Small]
    restarts_clients: Mapped[bool | None] = mapped_column(
        Bit
    )  # finished clients start anew; empty: as the campaign says
    # How the file is read, as the load began: line, format, encoding, has_header, header, newline; a JSON object.
    form: Mapped[LongNull]
    owner: Mapped[NameNull]  # the process that loads it; nobody else may write
    heartbeat_at: Mapped[MomentNull]  # real time even where the clock is virtual
    started_at: Mapped[Moment]
    finished_at: Mapped[MomentNull]
    lines_done: Mapped[int] = zero(
        Integer
    )  # lines of the file that are loaded or rejected; a resumed load goes on here
    bytes_done: Mapped[int] = zero(BigInteger)
    clients_loaded: Mapped[int] = zero(Integer)  # M156
    clients_updated: Mapped[int] = zero(Integer)  # M157
    clients_blocked: Mapped[int] = zero(Integer)  # M158
    clients_rejected: Mapped[int] = zero(Integer)  # M159
    phones_loaded: Mapped[int] = zero(Integer)
    lines_rejected: Mapped[int] = zero(Integer)
    warnings: Mapped[int] = zero(Integer)
    created_by: Mapped[Name]
    message: Mapped[LineNull]


class ImportLog(Base):
    """A line of the import journal (M161-M164). level: Info, Warning or Error."""

    __tablename__ = "import_log"
    __table_args__ = {"schema": "contacts"}

    log_id: Mapped[BigIdentityId]
    batch_id: Mapped[Big] = mapped_column(index=True)
    logged_at: Mapped[Moment]
    level: Mapped[str] = mapped_column(Unicode(10))
    message: Mapped[Line]


class ImportRow(Base):
    """A line on its way in: texts cleaned, dates and numbers read, empty what the line does not give. Emptied when its
    part is applied. Moments are local ones of the client's zone, or UTC where the flag beside them says so."""

    __tablename__ = "import_row"
    __table_args__ = {"schema": "contacts"}

    batch_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_code: Mapped[CodeNull]  # empty: the campaign of the batch
    client_code: Mapped[Code]
    segment_code: Mapped[CodeNull]
    crm_id: Mapped[CodeNull]
    last_name: Mapped[str | None] = mapped_column(Unicode(100))
    first_name: Mapped[str | None] = mapped_column(Unicode(100))
    middle_name: Mapped[str | None] = mapped_column(Unicode(100))
    attributes: Mapped[LongNull]
    load_priority: Mapped[SmallNull]
    zone_code: Mapped[CodeNull]
    do_not_call_after: Mapped[MomentNull]
    do_not_call_after_is_utc: Mapped[Flag] = off()
    callback_at: Mapped[MomentNull]
    callback_at_is_utc: Mapped[Flag] = off()
    callback_agent: Mapped[CodeNull]
    raw_line: Mapped[LongNull]


class ImportPhone(Base):
    """A phone of a line on its way in."""

    __tablename__ = "import_phone"
    __table_args__ = {"schema": "contacts"}

    batch_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[Small] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(Unicode(20))
    number_raw: Mapped[str] = mapped_column(Unicode(64))
    type_code: Mapped[CodeNull]  # empty: the first enabled type
    number_zone_code: Mapped[CodeNull]  # the one zone that libphonenumber knows for the number, if it is one


class ImportReject(Base):
    """A line that was not loaded, with the reason, kept as it stood in the file so that it can be corrected; or, as a
    warning, a line that was loaded with something left out. The reasons are those of app/importing/reasons.py."""

    __tablename__ = "import_reject"
    __table_args__ = {"schema": "contacts"}

    batch_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason_code: Mapped[str] = mapped_column(Unicode(40), primary_key=True)
    column_name: Mapped[CodeNull]
    value: Mapped[NameNull]
    client_code: Mapped[CodeNull]
    is_warning: Mapped[Flag] = mapped_column(default=False, server_default="0")
    raw_line: Mapped[LongNull]
