"""One load from start to end: the file is read in parts, each part is one transaction with the place reached in it.

So a load that was killed, or lost its database, goes on behind the last part and doubles nothing; and a process that
was taken for dead and comes back cannot write, because the batch names another owner.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from app import clock
from app.database.engine import DatabaseUnavailable
from app.errors import AcmError, ProcedureError
from app.i18n import gettext as _
from app.importing import reasons, staging, templates
from app.importing.cleaning import Cleaner, Rejected, is_record
from app.importing.files import FileError, FileFacts, inspect, resolve_encoding
from app.importing.forget import forget_old
from app.importing.formats import Form, Part, Record, format_module
from app.importing.owner import is_alive, make_owner
from app.importing.repeat import in_transaction
from app.log import get_logger
from app.models.importing import ImportBatch, ImportReject
from app.models.strategy import ARCHIVED, Campaign
from app.procedures import importing as procedures
from app.settings import get_settings

log = get_logger(__name__)

RUNNING = 1
SAMPLE_LINES = 1000
#: Different texts of one kind of warning that the journal tells; the rest is in the list of warnings.
LOGGED_VALUES = 50


@dataclass(frozen=True)
class LoadProgress:
    """How far a load is."""

    batch_id: int
    bytes_done: int
    bytes_total: int
    lines_done: int
    lines_rejected: int


@dataclass(frozen=True)
class LoadResult:
    """A load that is done: the counters M156-M159 and others, over all of its parts."""

    batch_id: int
    is_resumed: bool
    lines_done: int
    clients_loaded: int
    clients_updated: int
    clients_blocked: int
    clients_rejected: int
    phones_loaded: int
    lines_rejected: int
    warnings: int
    seconds: float
    message: str


@dataclass(frozen=True)
class PreviewRow:
    """A line as the template reads it: values by column, or the reason why it would be rejected."""

    line_no: int
    text: str
    values: list[str]
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Preview:
    """The beginning of a file as it would be loaded."""

    encoding: str
    columns: list[str]
    header: str
    rows: list[PreviewRow] = field(default_factory=list)


def load_file(
    engine: Engine,
    path: str | Path,
    *,
    file_name: str | None = None,
    campaign_code: str | None = None,
    template_name: str | None = None,
    kind_id: int = 1,
    created_by: str,
    on_progress: Callable[[LoadProgress], None] | None = None,
    resume_batch_id: int | None = None,
    encoding: str | None = None,
    restarts_clients: bool | None = None,
    corrects_batch_id: int | None = None,
    mapping: templates.Template | None = None,
) -> LoadResult:
    """Load a file of tasks, or carry a load on that did not end.

    `campaign_code` is the campaign of lines that name none. With `resume_batch_id` the campaign, the template and the
    encoding are those that the load began with; without it a load of the same file, campaign and template whose process
    died is carried on by itself. `kind_id`: 1 by hand, 2 source. `restarts_clients`: finished clients start a new
    round, or are only updated; None: as their campaign says; a load that is carried on keeps what it began with.
    `corrects_batch_id`: the load whose rejected lines, corrected, are this file. `mapping` takes the place of a
    template that is kept (app/importing/mapping.py).
    Raises AcmError when nothing could be loaded (then no client was touched), or when the load broke off (then it can
    be carried on).
    """
    path = Path(path)
    facts = inspect(path)
    name = (file_name or path.name)[:200]
    if resume_batch_id is not None:
        loading = _resumed(engine, facts, resume_batch_id)
    else:
        loading = _begun(
            engine, facts, name, campaign_code, template_name, kind_id, created_by, encoding, restarts_clients,
            corrects_batch_id, mapping,
        )  # fmt: skip
    return loading.run(on_progress)


def preview(path: str | Path, template: templates.Template, lines: int = 20, encoding: str | None = None) -> Preview:
    """The first lines of a file as the template reads them; nothing is written. Raises AcmError as load_file does for
    a file that cannot be loaded at all."""
    facts = inspect(Path(path))
    form = make_form(facts, template, encoding)
    cleaner = Cleaner(form.template)
    rows = []
    for record in first_records(facts, form, lines):
        staged = cleaner.clean(Part([record], 0, 0, False))
        values = [value.strip() for value in record.fields or []]
        rejects = [reject for reject in staged.rejects if reject[2] not in reasons.WARNINGS]
        code, value = (rejects[0][2], rejects[0][4]) if rejects else ("", None)
        reason = reasons.describe(code, value) if code else ""
        rows.append(PreviewRow(record.line_no, record.text, values, code, reason))
    return Preview(form.encoding, list(form.template.columns), form.header, rows)


def make_form(facts: FileFacts, template: templates.Template, encoding: str | None = None) -> Form:
    """How this file is read by this template. Raises AcmError when the encoding or the template cannot be right."""
    form = Form(
        line=template.line,
        format=template.format,
        encoding=resolve_encoding(facts, encoding or template.encoding),
        has_header=template.has_header,
        newline=facts.newline,
        has_bom=facts.has_bom,
    )
    templates.parse(form.line, form.format)
    with facts.path.open("rb") as stream:
        return replace(form, header=format_module(form.format).header(stream, form))


def check_form(facts: FileFacts, form: Form) -> None:
    """Refuse a file that its template does not fit, before anything is loaded: judged by its first thousand lines."""
    cleaner = Cleaner(form.template)
    if form.has_header:
        bare = replace(form, has_header=False)
        first = next(iter(first_records(facts, bare, 1)), None)
        if first is not None and is_record(cleaner, first):
            raise FileError(
                _("The first line of the file is a client, and the template says that it is a header."),
                _("Switch the header off in the template, or this client would be lost."),
            )
    records = first_records(facts, form, SAMPLE_LINES)
    if not records:
        raise FileError(_("The file has no line beside its header."), _("Check how it was made."))
    wrong: list[Rejected] = []
    for record in records:
        try:
            cleaner.values(record)
            return
        except Rejected as rejected:
            wrong.append(rejected)
    if all(rejected.reason == reasons.COLUMNS_WRONG for rejected in wrong):
        found = len(records[0].fields or [])
        raise FileError(
            _("The template does not fit: line %(line)s has %(found)s columns, the template has %(wanted)s.",
              line=records[0].line_no, found=found, wanted=form.template.fields),
            _("The template separates them by %(separator)s; the line is: %(text)s",
              separator=f"«{form.template.separator}»".replace("\t", "\\t"),
              text=" ".join(records[0].text[:80].split("\n"))),
        )  # fmt: skip


def first_records(facts: FileFacts, form: Form, count: int) -> list[Record]:
    """The first records of a file, looked for in its first lines."""
    with facts.path.open("rb") as stream:
        for part in format_module(form.format).parts(stream, form, 0, 0, max(count + 1, 100)):
            return part.records[:count]
    return []


# -- beginning ---------------------------------------------------------------------------------------------------------


def _begun(
    engine: Engine,
    facts: FileFacts,
    name: str,
    campaign_code: str | None,
    template_name: str | None,
    kind_id: int,
    created_by: str,
    encoding: str | None,
    restarts_clients: bool | None,
    corrects_batch_id: int | None,
    mapping: templates.Template | None,
) -> _Loading:
    if not template_name and mapping is None:
        raise AcmError(_("No template was named."), _("Name the template that the file was made by."))
    with engine.connect() as connection:
        template = mapping or templates.get(connection, str(template_name))
        campaign_code = _campaign(connection, campaign_code)
    columns = templates.parse(template.line, template.format).columns
    if campaign_code is None and templates.CAMPAIGN_CODE not in columns:
        raise AcmError(
            _("No campaign was named, and the template has no %(name)s.", name=f"${{{templates.CAMPAIGN_CODE}}}"),
            _("Name the campaign that the file is for."),
        )
    owner = make_owner()
    problem: AcmError | None = None
    try:
        form = make_form(facts, template, encoding)
        check_form(facts, form)
    except AcmError as error:
        problem = error
        form = Form(template.line, template.format, template.encoding or "utf-8", template.has_header)
    if problem is None:
        resumed = _unfinished(engine, facts, campaign_code, restarts_clients, form, owner)
        if resumed is not None:
            return resumed
    with engine.begin() as connection:
        batch_id = procedures.import_start(
            connection,
            kind_id=kind_id,
            campaign_code=campaign_code,
            template_id=template.template_id or None,
            file_name=name,
            file_path=str(facts.path.absolute())[:1000],
            file_hash=facts.sha256,
            file_bytes=facts.size,
            restarts_clients=restarts_clients,
            corrects_batch_id=corrects_batch_id,
            form=form.to_json(),
            owner=owner,
            created_by=created_by,
            message=_("Loading of the file begins: %(path)s", path=facts.path)[:1000],
            now=clock.now(),
        )
    loading = _Loading(engine, facts, form, batch_id, owner)
    if problem is not None:
        loading.fail(problem)  # the journal tells of it, whoever started the load
        raise problem
    return loading


def _campaign(connection: Connection, code: str | None) -> str | None:
    """The code as the campaign has it. Raises AcmError that lists the campaigns when there is none."""
    if code is None or not code.strip():
        return None
    rows = connection.execute(
        select(Campaign.code, Campaign.code_key).where(Campaign.state_id != ARCHIVED).order_by(Campaign.code)
    ).all()
    for row in rows:
        if row.code_key == code.strip().upper():
            return str(row.code)
    names = ", ".join(row.code for row in rows[:20])
    raise AcmError(
        _("There is no campaign with the code %(value)s.", value=code),
        _("Campaigns: %(names)s.", names=names) if names else _("There is no campaign yet: add one."),
    )


def _unfinished(
    engine: Engine,
    facts: FileFacts,
    campaign_code: str | None,
    restarts_clients: bool | None,
    form: Form,
    owner: str,
) -> _Loading | None:
    """The load of the same file, in the same way, that began and did not end, taken over; None when there is none."""
    with engine.connect() as connection:
        rows = procedures.import_unfinished(connection, file_hash=facts.sha256)
    for row in rows:
        same_campaign = (row.campaign_code or "").upper() == (campaign_code or "").upper()
        begun = None if row.restarts_clients is None else bool(row.restarts_clients)
        if not same_campaign or begun != restarts_clients or row.form != form.to_json():
            continue
        if row.state_id == RUNNING and is_alive(row.owner, row.silent_seconds):
            raise AcmError(
                _("This file is being loaded right now (load %(batch)s).", batch=row.batch_id),
                _("Wait for it, or stop it first."),
            )
        if row.lines_done:
            return _take_over(engine, facts, form, row, owner)
    return None


def _resumed(engine: Engine, facts: FileFacts, batch_id: int) -> _Loading:
    with engine.connect() as connection:
        rows = procedures.import_unfinished(connection, batch_id=batch_id)
    if not rows:
        raise AcmError(_("There is no load %(batch)s.", batch=batch_id), _("See the import journal."))
    row = rows[0]
    if row.state_id not in (RUNNING, procedures.FAILED):
        raise AcmError(_("The load %(batch)s is finished.", batch=batch_id), _("There is nothing to be carried on."))
    if row.file_hash != facts.sha256 or not row.form:
        raise AcmError(
            _("%(path)s is not the file of load %(batch)s (%(name)s), or it was changed.",
              path=facts.path, batch=batch_id, name=row.file_name),
            _("Load the changed file as a new one: clients are updated, not doubled."),
        )  # fmt: skip
    if row.state_id == RUNNING and is_alive(row.owner, row.silent_seconds):
        raise AcmError(_("The load %(batch)s is running.", batch=batch_id), _("Wait for it, or stop it first."))
    form = Form.from_json(row.form)
    check_form(facts, form)
    return _take_over(engine, facts, form, row, make_owner())


def _take_over(engine: Engine, facts: FileFacts, form: Form, row: Any, owner: str) -> _Loading:
    with engine.begin() as connection:
        place = procedures.import_resume(
            connection,
            batch_id=row.batch_id,
            previous_owner=row.owner,
            owner=owner,
            message=_("The load goes on behind line %(line)s.", line=row.lines_done),
            now=clock.now(),
        )
    return _Loading(engine, facts, form, row.batch_id, owner, place.lines_done, place.bytes_done, True)


# -- running -----------------------------------------------------------------------------------------------------------


@dataclass
class _Loading:
    """A load that this process owns, from the place that it has reached."""

    engine: Engine
    facts: FileFacts
    form: Form
    batch_id: int
    owner: str
    lines_done: int = 0
    bytes_done: int = 0
    is_resumed: bool = False
    logged: dict[str, set[str]] = field(default_factory=dict)

    def run(self, on_progress: Callable[[LoadProgress], None] | None) -> LoadResult:
        started = time.monotonic()
        cleaner, rejected = Cleaner(self.form.template), 0
        try:
            for part in self._parts():
                row = self._apply(cleaner, part)
                self.lines_done, self.bytes_done = part.lines_done, part.bytes_done
                rejected += row.lines_rejected if row is not None else 0
                if on_progress is not None:
                    progress = (self.batch_id, self.bytes_done, self.facts.size, self.lines_done, rejected)
                    on_progress(LoadProgress(*progress))
            message = self._finish()
        except AcmError as error:
            if not (isinstance(error, ProcedureError) and error.number == 50073):
                self.fail(error)
            raise _broken_off(error, self.batch_id) from error
        except (DBAPIError, OSError) as error:
            log.exception("load broke off", batch_id=self.batch_id)
            words = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
            problem = AcmError(_("The load broke off: %(reason)s", reason=words.splitlines()[0]))
            self.fail(problem)
            raise _broken_off(problem, self.batch_id) from error
        except BaseException:  # stopped by hand, by the timeout of its job, or by a bug
            self.fail(AcmError(_("The load was stopped.")))
            raise
        with suppress(DBAPIError, DatabaseUnavailable):  # the load is done; the next one forgets as well
            forget_old(self.engine)
        return self._result(time.monotonic() - started, message)

    def _parts(self) -> Iterator[Part]:
        size = get_settings().import_chunk
        with self.facts.path.open("rb") as stream:
            yield from format_module(self.form.format).parts(stream, self.form, self.lines_done, self.bytes_done, size)

    def _apply(self, cleaner: Cleaner, part: Part) -> Any:
        """Apply a part in one transaction, again when something was in its way. None: applied, its answer lost."""
        staged = cleaner.clean(part, self.batch_id)

        def apply(connection: Connection) -> Any:
            staging.copy(connection, staged)
            row = procedures.import_apply(
                connection,
                batch_id=self.batch_id,
                owner=self.owner,
                lines_done=part.lines_done,
                bytes_done=part.bytes_done,
                now=clock.now(),
            )
            if row.warnings:
                self._log_warnings(connection)
            return row

        return in_transaction(self.engine, apply, lambda: self._is_applied(part))

    def _is_applied(self, part: Part) -> bool:
        """Whether the part was committed although the connection broke before the answer came."""
        with self.engine.connect() as connection:
            done = connection.execute(
                select(ImportBatch.lines_done).where(
                    ImportBatch.batch_id == self.batch_id, ImportBatch.owner == self.owner
                )
            ).scalar_one_or_none()
        return done is not None and done >= part.lines_done

    def _log_warnings(self, connection: Any) -> None:
        """Tell the journal of the warnings of this part that it does not know yet."""
        found = connection.execute(
            select(ImportReject.reason_code, ImportReject.value, func.min(ImportReject.line_no))
            .where(
                ImportReject.batch_id == self.batch_id,
                ImportReject.line_no > self.lines_done,
                ImportReject.is_warning == True,  # noqa: E712 - SQL
            )
            .group_by(ImportReject.reason_code, ImportReject.value)
            .order_by(func.min(ImportReject.line_no))
        ).all()
        for code, value, line_no in found:
            logged = self.logged.setdefault(code, set())
            if value in logged or len(logged) >= LOGGED_VALUES:
                continue
            logged.add(value)
            text = _("Line %(line)s: %(reason)s", line=line_no, reason=reasons.describe(code, value))
            procedures.import_log_add(
                connection, batch_id=self.batch_id, level="Warning", message=text, now=clock.now()
            )

    def _finish(self) -> str:
        message = _("The import of contacts finished successfully.")

        def finish(connection: Connection) -> None:
            rejected = connection.execute(
                select(ImportBatch.lines_rejected).where(ImportBatch.batch_id == self.batch_id)
            ).scalar_one()
            if rejected:
                text = _("Lines that were not loaded: %(count)s.", count=rejected)
                procedures.import_log_add(
                    connection, batch_id=self.batch_id, level="Warning", message=text, now=clock.now()
                )
            procedures.import_finish(
                connection,
                batch_id=self.batch_id,
                owner=self.owner,
                state_id=procedures.DONE,
                file_message=_("Loading of the file is finished: %(path)s", path=self.facts.path)[:1000],
                message=message,
                now=clock.now(),
            )

        in_transaction(self.engine, finish, self._is_finished)
        return message

    def _is_finished(self) -> bool:
        with self.engine.connect() as connection:
            state = connection.execute(select(ImportBatch.state_id).where(ImportBatch.batch_id == self.batch_id))
            return state.scalar_one() == procedures.DONE

    def fail(self, error: AcmError) -> None:
        """Close the load as failed; where not even that works, its process being gone is enough to carry it on."""
        with suppress(AcmError, DBAPIError, OSError), self.engine.begin() as connection:
            procedures.import_finish(
                connection,
                batch_id=self.batch_id,
                owner=self.owner,
                state_id=procedures.FAILED,
                file_message=None,
                message=str(error)[:1000],
                now=clock.now(),
            )

    def _result(self, seconds: float, message: str) -> LoadResult:
        names = {item.name for item in fields(LoadResult)} & set(ImportBatch.__table__.columns.keys())
        columns = [getattr(ImportBatch, name) for name in sorted(names - {"batch_id", "message"})]
        with self.engine.connect() as connection:
            row = connection.execute(select(*columns).where(ImportBatch.batch_id == self.batch_id)).one()
        return LoadResult(
            batch_id=self.batch_id, is_resumed=self.is_resumed, seconds=seconds, message=message, **row._mapping
        )


def _broken_off(error: AcmError, batch_id: int) -> AcmError:
    hint = error.hint or _("Carry it on with: acm import FILE --resume %(batch)s", batch=batch_id)
    return AcmError(error.message, hint)
