"""Loads: templates, batches with their journal and rejects, and the staging rows of the part being loaded."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    Big,
    BigIdentityId,
    BigNull,
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
    """One load (M151-M164). kind_id: 1 by hand, 2 source, 3 API. state_id: 1 running, 2 done, 3 failed, 4 undone,
    5 being undone. Of the clients and phones that it loaded, clients_undone and phones_undone are gone again."""

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
    source_id: Mapped[int | None]  # contacts.import_source, of kind 2
    corrects_batch_id: Mapped[BigNull] = mapped_column(BigInteger, index=True)  # whose rejected lines it brings
    undone_by: Mapped[NameNull]
    undo_phone_id: Mapped[BigNull]  # how far the undoing is among the phones of the load
    clients_undone: Mapped[int] = zero(Integer)
    phones_undone: Mapped[int] = zero(Integer)
    clients_restored: Mapped[int] = zero(Integer)
    clients_kept: Mapped[int] = zero(Integer)


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


class ImportUndoClient(Base):
    """A known client as it was before a part of a load changed it, so that the load can be undone: the first row of the
    client counts. Kept for a week."""

    __tablename__ = "import_undo_client"
    __table_args__ = {"schema": "contacts"}

    batch_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    client_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # where the part begins in the file
    is_restarted: Mapped[Flag]  # the load began a new round: then what is of the round comes back as well
    segment_id: Mapped[int]
    person_id: Mapped[BigNull]
    last_name: Mapped[str | None] = mapped_column(Unicode(100))
    first_name: Mapped[str | None] = mapped_column(Unicode(100))
    middle_name: Mapped[str | None] = mapped_column(Unicode(100))
    attributes: Mapped[LongNull]
    zone_id: Mapped[int | None]
    load_priority: Mapped[SmallNull]
    do_not_call_after: Mapped[MomentNull]
    updated_batch_id: Mapped[BigNull]
    round_no: Mapped[Small]
    loaded_at: Mapped[Moment]
    status_id: Mapped[Small]
    status_at: Mapped[Moment]
    attempts: Mapped[Small]
    first_attempt_at: Mapped[MomentNull]
    last_attempt_at: Mapped[MomentNull]
    last_technical_result_id: Mapped[int | None]
    last_agent_result_id: Mapped[int | None]
    agent_result_id: Mapped[int | None]
    agent_result_attempts: Mapped[Small]


class ImportUndoPhone(Base):
    """A known phone as it was before a part of a load changed it: its type, or, in a new round, all of it. The first
    row of the phone counts."""

    __tablename__ = "import_undo_phone"
    __table_args__ = (Index("ix_import_undo_phone_client_id", "batch_id", "client_id"), {"schema": "contacts"})

    batch_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    phone_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    client_id: Mapped[Big]
    is_restarted: Mapped[Flag]
    phone_type_id: Mapped[int]
    number_raw: Mapped[str] = mapped_column(Unicode(64))
    loaded_at: Mapped[Moment]
    waits_from: Mapped[Moment]
    attempts: Mapped[Small]
    last_technical_result_id: Mapped[int | None]
    last_agent_result_id: Mapped[int | None]
    hold_agent_result_id: Mapped[int | None]
    held_until: Mapped[MomentNull]


class ImportUndoCallback(Base):
    """A callback of a known client that a load made, or cancelled."""

    __tablename__ = "import_undo_callback"
    __table_args__ = (Index("ix_import_undo_callback_client_id", "batch_id", "client_id"), {"schema": "contacts"})

    batch_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    callback_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    client_id: Mapped[Big]
    is_made: Mapped[Flag]  # set: made by the load; cleared: cancelled by it


class ImportUndoKept(Base):
    """A client of an undone load that stays as it is. reason_id: 1 dialled, 2 at the dialer, 3 loaded again later,
    4 agent result or promised call, 5 moved, 6 blocked by hand, 7 has phones of another load."""

    __tablename__ = "import_undo_kept"
    __table_args__ = {"schema": "contacts"}

    batch_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    client_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    reason_id: Mapped[Small]


class ImportSource(Base):
    """Where files are fetched from by themselves (M165-M182). Secrets are encrypted."""

    __tablename__ = "import_source"
    __table_args__ = {"schema": "contacts"}

    source_id: Mapped[IdentityId]
    name: Mapped[Name] = mapped_column(unique=True)
    description: Mapped[LineNull]
    template_id: Mapped[int] = mapped_column(ForeignKey("contacts.import_template.template_id"))
    campaign_id: Mapped[int | None]  # of lines that name none
    encoding: Mapped[CodeNull]  # empty: as the template says
    root_url: Mapped[str] = mapped_column(Unicode(500))  # ftp, ftps, ftpes, sftp or file
    file_mask: Mapped[Name]
    username: Mapped[NameNull]
    password_encrypted: Mapped[LongNull]
    checks_certificate: Mapped[Flag] = on()  # FTPS
    host_key: Mapped[LineNull]  # SFTP: the fingerprint that was accepted, SHA256:…
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("ops.service_schedule.schedule_id"))
    success_action_id: Mapped[Small]  # 1 rename, 2 move, 3 delete (M178-M180)
    success_target: Mapped[NameNull]  # the ending of the new name, or the folder
    failure_action_id: Mapped[Small]  # M181
    failure_target: Mapped[NameNull]
    is_enabled: Mapped[Flag] = on()
    created_at: Mapped[Moment]
    created_by: Mapped[Name]
