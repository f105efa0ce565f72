"""What the tests of loads share: a database of their own with campaigns and templates, files, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from app import clock
from app.books import read_books
from app.campaigns import PhoneTypeForm, ScheduleForm, StrategyForm, create_campaign
from app.importing import templates
from app.importing.loader import LoadResult, load_file
from app.models.contact import Client, Phone
from app.models.importing import ImportBatch, ImportLog, ImportPhone, ImportReject, ImportRow
from app.models.strategy import Campaign
from app.procedures import dialing

SHORT = "${contact.client.code};${contact.phone.number};${contact.phone.type.code}"
LONG = (
    "${contact.client.code};${contact.client.campaign.code};${contact.client.segment.code};${contact.client.crmId};"
    "${contact.client.lastName};${contact.client.extendedAttributes(IDClientCRM)};${contact.client.timeZone.code};"
    "${contact.phone.number};${contact.phone.type.code};${contact.phone.number};${contact.phone.type.code}"
)


class Scene:
    """A database with campaigns A and B and the templates SHORT and LONG (txt, without a header)."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.template("SHORT", SHORT, has_header=False)
        self.template("LONG", LONG, has_header=False)
        for code in ("A", "B"):
            self.campaign(code)

    def campaign(self, code: str, **columns: Any) -> int:
        form = StrategyForm(
            schedule=ScheduleForm.daily("Always", 0, 24 * 60),
            block_size=50,
            queue_depth=100_000,
            phone_types={"M": PhoneTypeForm(), "H": PhoneTypeForm()},
        )
        with self.engine.begin() as connection:
            campaign_id = create_campaign(
                connection, code=code, name=code, zone_code="Europe/Moscow", strategy=form, created_by="tests",
                now=clock.now(), **columns,
            )  # fmt: skip
            dialing.campaign_start(connection, campaign_id, clock.now())
        return campaign_id

    def template(self, name: str, line: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            templates.create(connection, name=name, line=line, created_by="tests", **values)

    def file(self, content: bytes | str | Iterable[str], name: str = "clients.txt", encoding: str = "utf-8") -> Path:
        path = self.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else "".join(f"{line}\n" for line in content)
            path.write_bytes(text.encode(encoding))
        return path

    def load(self, path: Path, campaign: str | None = "A", template: str = "SHORT", **values: Any) -> LoadResult:
        return load_file(
            self.engine, path, campaign_code=campaign, template_name=template, created_by="tests", **values
        )

    # -- what came of it

    def clients(self, campaign: str = "A") -> dict[str, list[str]]:
        """Numbers of the clients of a campaign, by client code, in the order in which they were loaded."""
        found: dict[str, list[str]] = {}
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(Client.client_code, Phone.number)
                .join(Phone, Phone.client_id == Client.client_id)
                .join(Campaign, Campaign.campaign_id == Client.campaign_id)
                .where(Campaign.code == campaign)
                .order_by(Phone.phone_id)
            )
            for code, number in rows:
                found.setdefault(code, []).append(number)
        return found

    def count(self, model: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(model)) or 0)

    def rows(self, *columns: Any) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(*columns))]

    def batch(self, batch_id: int | None = None) -> Any:
        """The load, by default the last one."""
        with self.engine.connect() as connection:
            batch_id = batch_id or connection.scalar(select(func.max(ImportBatch.batch_id)))
            return connection.execute(select(ImportBatch.__table__).where(ImportBatch.batch_id == batch_id)).one()

    def journal(self, batch_id: int) -> list[tuple[str, str]]:
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(ImportLog.level, ImportLog.message)
                .where(ImportLog.batch_id == batch_id)
                .order_by(ImportLog.log_id)
            )
            return [(row.level, row.message) for row in rows]

    def rejects(self, batch_id: int) -> list[tuple[int, str]]:
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(ImportReject.line_no, ImportReject.reason_code)
                .where(ImportReject.batch_id == batch_id)
                .order_by(ImportReject.line_no, ImportReject.reason_code)
            )
            return [(row.line_no, row.reason_code) for row in rows]

    def unbalanced(self) -> list[str]:
        """What does not balance: checks of the books, and staging rows that were left behind."""
        with self.engine.connect() as connection:
            found = [
                f"{check.code} {check.expected} {check.found}"
                for check in read_books(connection)
                if not check.is_balanced
            ]
        return found + [model.__tablename__ for model in (ImportRow, ImportPhone) if self.count(model)]
