"""Frequency caps: how often a person may be called, across campaigns, and within which hours (beyond.md, 4)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Code, Flag, IdentityId, LineNull, Name, Small, SmallNull, on


class CapRule(Base):
    """A rule: at most limit_value calls of a subject in a window, or calls in the hours of schedule_id only.

    subject_id: 1 the person (the client where it has no CRM id), 2 the client, which is one debt, 3 the number.
    window_id: 1 local calendar day, 2 local week from Monday, 3 local month, 4 the last window_minutes.
    counts_id: 1 every attempt that counts, 2 those that a live person answered, 3 conversations with an agent,
    4 those that ended with a result of strategy.cap_rule_result.
    Calls of all campaigns that obey the rule are counted together. is_hold 0: the rule is only reported.
    """

    __tablename__ = "cap_rule"
    __table_args__ = (CheckConstraint("limit_value >= 1", name="limit_value"), {"schema": "strategy"})

    cap_rule_id: Mapped[IdentityId]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[Name]
    subject_id: Mapped[Small]
    window_id: Mapped[Small]
    window_minutes: Mapped[int | None]
    counts_id: Mapped[Small]
    limit_value: Mapped[SmallNull]
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("strategy.schedule.schedule_id"))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    source: Mapped[LineNull]
    is_hold: Mapped[Flag] = on()
    is_enabled: Mapped[Flag] = on()


class CapRuleResult(Base):
    """A technical result that a rule with counts_id 4 counts."""

    __tablename__ = "cap_rule_result"
    __table_args__ = {"schema": "strategy"}

    cap_rule_id: Mapped[int] = mapped_column(ForeignKey("strategy.cap_rule.cap_rule_id"), primary_key=True)
    technical_result_id: Mapped[int] = mapped_column(
        ForeignKey("core.technical_result.technical_result_id"), primary_key=True
    )


class CampaignCap(Base):
    """A campaign obeys a rule."""

    __tablename__ = "campaign_cap"
    __table_args__ = {"schema": "strategy"}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("core.campaign.campaign_id"), primary_key=True)
    cap_rule_id: Mapped[int] = mapped_column(ForeignKey("strategy.cap_rule.cap_rule_id"), primary_key=True)
