"""The list of sources (M165-M182) in contacts.import_source: read, saved, copied, deleted. Passwords are encrypted."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from app import clock, secrets
from app.errors import AcmError
from app.i18n import gettext as _
from app.importing.sources.base import Place
from app.importing.sources.registry import parse_url
from app.models.importing import ImportSource, ImportTemplate
from app.models.ops import ServiceSchedule
from app.models.strategy import Campaign

RENAME, MOVE, DELETE = 1, 2, 3
ACTIONS = (RENAME, MOVE, DELETE)


@dataclass(frozen=True)
class SourceValues:
    """What a form says of a source. `password` None: the stored one stays."""

    name: str
    template_id: int
    root_url: str
    file_mask: str = "*"
    description: str | None = None
    campaign_id: int | None = None
    encoding: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    checks_certificate: bool = True
    host_key: str | None = None
    schedule_id: int | None = None
    success_action_id: int = RENAME
    success_target: str | None = None
    failure_action_id: int = RENAME
    failure_target: str | None = None
    is_enabled: bool = True

    def columns(self) -> dict[str, Any]:
        """The columns of the table but for the password."""
        return {name: value for name, value in vars(self).items() if name != "password"}


class FieldError(AcmError):
    """Something is wrong with one field of a source; `name` says with which."""

    def __init__(self, name: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.name = name


def sources(connection: Connection) -> list[Any]:
    """All sources by name, with template_name, format, campaign_code, campaign_name, schedule_name and cron."""
    return list(connection.execute(_query().order_by(ImportSource.name)))


def source(connection: Connection, source_id: int) -> Any | None:
    """One row as sources() gives it."""
    return connection.execute(_query().where(ImportSource.source_id == source_id)).one_or_none()


def _query() -> Any:
    return (
        select(
            ImportSource.__table__,
            ImportTemplate.name.label("template_name"),
            ImportTemplate.format,
            Campaign.code.label("campaign_code"),
            Campaign.name.label("campaign_name"),
            ServiceSchedule.name.label("schedule_name"),
            ServiceSchedule.cron,
        )
        .join(ImportTemplate, ImportTemplate.template_id == ImportSource.template_id)
        .join(Campaign, Campaign.campaign_id == ImportSource.campaign_id, isouter=True)
        .join(ServiceSchedule, ServiceSchedule.schedule_id == ImportSource.schedule_id, isouter=True)
    )


def place_of(row: Any) -> Place:
    """Where the source of a row is, its password decrypted. Raises AcmError when the key is another one by now."""
    password = secrets.decrypt(row.password_encrypted) if row.password_encrypted else ""
    return parse_url(
        row.root_url, username=row.username or "", password=password,
        checks_certificate=bool(row.checks_certificate), host_key=row.host_key or "",
    )  # fmt: skip


def place_from(values: SourceValues, row: Any | None) -> Place:
    """The place that a form describes; its empty password is the stored one of `row`, for the same login at the same
    server only. Raises FieldError beside the field."""
    try:
        place = parse_url(
            values.root_url, username=values.username or "", password=values.password or "",
            checks_certificate=values.checks_certificate, host_key=values.host_key or "",
        )  # fmt: skip
    except AcmError as error:
        raise FieldError("root_url", error.message, error.hint) from None
    if place.scheme == "file":
        return place
    if not values.username:
        raise FieldError("username", _("Give the login."))
    if values.password:
        return place
    if row is None or not row.password_encrypted:
        raise FieldError("password", _("Give the password."))
    stored = place_of(row)
    if (stored.scheme, stored.host, stored.port, stored.username) != (
        place.scheme, place.host, place.port, place.username,
    ):  # fmt: skip
        # Else whoever may edit a source could have its password sent to a server of his own.
        raise FieldError("password", _("The server or the login is another one: give the password again."))
    return parse_url(
        values.root_url, username=place.username, password=stored.password,
        checks_certificate=place.checks_certificate, host_key=place.host_key,
    )  # fmt: skip


def save(connection: Connection, values: SourceValues, source_id: int | None, by: str) -> int:
    """Add a source, or change one; returns its id. Raises FieldError for what cannot be right."""
    row = source(connection, source_id) if source_id is not None else None
    place = place_from(values, row)
    _check(connection, values, source_id)
    columns = values.columns()
    if place.scheme == "file":
        columns |= {"username": None, "password_encrypted": None, "host_key": None}
    elif values.password:
        columns["password_encrypted"] = secrets.encrypt(values.password)
    if source_id is not None:
        connection.execute(update(ImportSource).where(ImportSource.source_id == source_id).values(**columns))
        return source_id
    made = connection.execute(
        insert(ImportSource).values(**columns, created_at=clock.now(), created_by=by)
    ).inserted_primary_key
    assert made is not None  # noqa: S101 - one row was inserted
    return int(made[0])


def copy(connection: Connection, row: Any, by: str) -> int:
    """A copy that is switched off, under a name of its own; returns its id."""
    number, name = 2, _("%(name)s (copy)", name=row.name[:180])
    while connection.scalar(select(ImportSource.source_id).where(ImportSource.name == name)):
        name = _("%(name)s (copy %(number)s)", name=row.name[:180], number=number)
        number += 1
    columns = {column.name: getattr(row, column.name) for column in ImportSource.__table__.columns}
    del columns["source_id"]
    columns |= {"name": name, "is_enabled": False, "created_at": clock.now(), "created_by": by}
    made = connection.execute(insert(ImportSource).values(**columns)).inserted_primary_key
    assert made is not None  # noqa: S101 - one row was inserted
    return int(made[0])


def remove(connection: Connection, source_id: int) -> None:
    """Delete a source; the loads from it stay."""
    connection.execute(delete(ImportSource).where(ImportSource.source_id == source_id))


def told(row: Any) -> dict[str, Any]:
    """What the audit says of a row; of the password only whether there is one."""
    names = [column.name for column in ImportSource.__table__.columns]
    values = {
        name: getattr(row, name) for name in names if name not in ("password_encrypted", "created_at", "created_by")
    }
    return values | {"has_password": bool(row.password_encrypted)}


def _check(connection: Connection, values: SourceValues, source_id: int | None) -> None:
    taken = connection.scalar(select(ImportSource.source_id).where(ImportSource.name == values.name))
    if taken is not None and taken != source_id:
        raise FieldError("name", _("There is a source with this name."))
    for name, action_id, target in (
        ("success_target", values.success_action_id, values.success_target),
        ("failure_target", values.failure_action_id, values.failure_target),
    ):
        if action_id != DELETE:
            _check_target(name, action_id, target or "", values.file_mask)


def _check_target(name: str, action_id: int, target: str, mask: str) -> None:
    if action_id == MOVE:
        parts = target.strip("/").split("/")
        if not target.strip("/"):
            raise FieldError(name, _("Give the folder."))
        if any(part in ("", ".", "..") for part in parts) or "\\" in target:
            raise FieldError(name, _("The folder lies below the root folder, as in done or done/2026."))
        return
    if not target:
        raise FieldError(name, _("Give what is put behind the name, as in .done"))
    if any(sign in target for sign in '/\\:*?"<>|'):
        raise FieldError(name, _("Names of files cannot have these signs."))
    masks = [part.strip().lower() for part in mask.split(";") if part.strip()] or ["*"]
    if any(fnmatch.fnmatchcase(f"{part.replace('*', 'a').replace('?', 'a')}{target.lower()}", part) for part in masks):
        raise FieldError(
            name,
            _("The renamed file would fit the mask again."),
            _("Narrow the mask, as in *.txt, or move the file instead."),
        )
