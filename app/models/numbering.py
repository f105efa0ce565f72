"""The numbering plan: who has which numbers, in which region, and the zone of each region (M17)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, SmallInteger, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Big, CodeNull, IdentityId, LineNull, Moment, Name, NameNull, Small


class Region(Base):
    """A region as it is called here, with its zone, or with the reason why no single zone is its own: several_zones,
    whole_country."""

    __tablename__ = "region"
    __table_args__ = {"schema": "core"}

    region_id: Mapped[IdentityId]
    name: Mapped[Name] = mapped_column(unique=True)
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("core.time_zone.zone_id"))
    reason_code: Mapped[CodeNull]


class RegionSpelling(Base):
    """One way to write a region. spelling_key is what all ways that differ in signs, case, order of words and words
    such as «область» have in common (app/numbering.py)."""

    __tablename__ = "region_spelling"
    __table_args__ = {"schema": "core"}

    spelling_key: Mapped[Name] = mapped_column(primary_key=True)
    spelling: Mapped[Name]
    region_id: Mapped[int] = mapped_column(ForeignKey("core.region.region_id"), index=True)


class NumberingRange(Base):
    """A range of the registry: national numbers from number_from to number_to. Ranges of a country never overlap.

    Without a region the range has a reason_code: region_missing, region_unknown.
    """

    __tablename__ = "numbering_range"
    __table_args__ = {"schema": "core"}

    country_prefix: Mapped[Small] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number_from: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    number_to: Mapped[Big]
    operator: Mapped[NameNull]
    region_text: Mapped[str | None] = mapped_column(Unicode(400))  # as the registry prints it
    area_text: Mapped[LineNull]  # «Территория ГАР», as printed
    region_id: Mapped[int | None] = mapped_column(ForeignKey("core.region.region_id"), index=True)
    reason_code: Mapped[CodeNull]
    loaded_at: Mapped[Moment]


class PhoneZoneChange(Base):
    """The zone that a phone had until contacts.phone_zone_update gave it another, where it had been dialled by then:
    past calls are judged by the zone that they were made in (ops.books)."""

    __tablename__ = "phone_zone_change"
    __table_args__ = {"schema": "core"}

    phone_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    changed_at: Mapped[Moment] = mapped_column(primary_key=True)
    old_zone_id: Mapped[int | None]
