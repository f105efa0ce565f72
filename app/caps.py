"""Frequency caps: which rules there are, who obeys them, and changing them so that whom they hold no longer is let go.

A rule counts the calls of all campaigns that obey it. So whatever changes in it is a change for all of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from app import clock
from app.auth import audit
from app.campaigns import find_campaign
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.caps import CampaignCap, CapRule
from app.models.strategy import Campaign
from app.procedures import dialing

BATCH = 2000
#: counts_id of the rules that read is_contact of technical results: answered calls, conversations with an agent.
COUNTS_CONTACTS = (2, 3)
#: What of a rule may be changed once it is there: the rest says what its calls are.
CHANGEABLE = ("limit_value", "valid_from", "valid_to", "is_hold", "is_enabled")


@dataclass(frozen=True)
class Cap:
    """A rule, and the codes of the campaigns that obey it."""

    code: str
    name: str
    name_en: str
    limit_value: int | None
    valid_from: date | None
    valid_to: date | None
    is_hold: bool
    is_enabled: bool
    campaigns: tuple[str, ...]


def read_caps(connection: Connection) -> list[Cap]:
    """All rules by their code."""
    obeyed: dict[int, list[str]] = {}
    for rule_id, code in connection.execute(
        select(CampaignCap.cap_rule_id, Campaign.code)
        .join(Campaign, Campaign.campaign_id == CampaignCap.campaign_id)
        .order_by(Campaign.code)
    ):
        obeyed.setdefault(rule_id, []).append(code)
    return [
        Cap(
            row.code, row.name, row.name_en, row.limit_value, row.valid_from, row.valid_to, row.is_hold,
            row.is_enabled, tuple(obeyed.get(row.cap_rule_id, ())),
        )
        for row in connection.execute(select(CapRule.__table__).order_by(CapRule.code))
    ]  # fmt: skip


def add_cap(connection: Connection, code: str, values: dict[str, Any], *, by: str) -> int:
    """Add a rule of one's own, which no campaign obeys yet. `values`: columns of CapRule. Returns its id.

    AcmError where the code is taken."""
    if connection.scalar(select(func.count()).where(func.upper(CapRule.code) == code.upper())):
        raise AcmError(_("There is a frequency cap %(code)s already.", code=code))
    made = connection.execute(insert(CapRule).values(code=code, **values)).inserted_primary_key
    audit.record(connection, "cap_add", "cap_rule", code, after=values, username=by)
    return int(made[0])  # type: ignore[index]


def change_cap(engine: Engine, code: str, changes: dict[str, Any], *, by: str) -> int:
    """Change a rule for all campaigns that obey it (CHANGEABLE). Returns how many phones are held otherwise now.

    AcmError where there is no such rule, or one that counts would allow no call at all."""
    changes = {name: changes[name] for name in CHANGEABLE if name in changes}
    with engine.begin() as connection:
        rule = _rule(connection, code)
        campaigns = _lock_campaigns(connection, _obeying(connection, rule.cap_rule_id))
        if "limit_value" in changes and (rule.limit_value is None or changes["limit_value"] < 1):
            raise AcmError(
                _("A limit of calls is 1 or more, and a rule of hours has none."),
                _("To stop the calls of a campaign, stop the campaign."),
            )
        connection.execute(update(CapRule).where(CapRule.cap_rule_id == rule.cap_rule_id).values(**changes))
        before = {name: getattr(rule, name) for name in changes}
        audit.record(connection, "cap_change", "cap_rule", rule.code, before=before, after=changes, username=by)
    return release(engine, campaigns)


def obey_cap(engine: Engine, code: str, campaign_code: str, obeys: bool, *, by: str) -> int:
    """Let a campaign obey a rule, or no longer. Returns how many phones are held otherwise now: its own, and those of
    the other campaigns of the rule, for which its calls do not count any more."""
    with engine.begin() as connection:
        rule = _rule(connection, code)
        campaign = find_campaign(connection, campaign_code)
        campaigns = _lock_campaigns(connection, {*_obeying(connection, rule.cap_rule_id), campaign.campaign_id})
        did = campaign.campaign_id in _obeying(connection, rule.cap_rule_id)
        key = {"campaign_id": campaign.campaign_id, "cap_rule_id": rule.cap_rule_id}
        if obeys and not did:
            connection.execute(insert(CampaignCap).values(**key))
        if did and not obeys:
            connection.execute(delete(CampaignCap).filter_by(**key))
        if did != obeys:
            audit.record(
                connection, "cap_obey", "campaign", campaign.code, before={"cap": rule.code, "obeys": did},
                after={"cap": rule.code, "obeys": obeys}, username=by,
            )  # fmt: skip
    return release(engine, campaigns)


def release_contacts(engine: Engine) -> int:
    """After a technical result is no contact any more: whom rules that count contacts held for it is let go.

    Returns how many phones are held otherwise now."""
    with engine.begin() as connection:
        obeying = connection.scalars(
            select(CampaignCap.campaign_id)
            .join(CapRule, CapRule.cap_rule_id == CampaignCap.cap_rule_id)
            .where(CapRule.counts_id.in_(COUNTS_CONTACTS))
            .distinct()
        ).all()
        campaigns = _lock_campaigns(connection, obeying)
    return release(engine, campaigns)


def release(engine: Engine, campaigns: Iterable[int]) -> int:
    """Bring the marks of held phones in line with the rules, a batch a transaction. Returns how many phones changed."""
    changed = 0
    for campaign_id in campaigns:
        after, is_finished = 0, False
        while not is_finished:
            with engine.begin() as connection:
                row = dialing.cap_release(connection, campaign_id, clock.now(), BATCH, after)
            changed += row.phones_changed
            after, is_finished = row.last_client_id, bool(row.is_finished)
    return changed


def _rule(connection: Connection, code: str) -> Any:
    row = connection.execute(
        select(CapRule.__table__).where(func.upper(CapRule.code) == code.strip().upper())
    ).one_or_none()
    if row is None:
        raise AcmError(_("There is no frequency cap %(code)s.", code=code), _("See all of them: acm cap list."))
    return row


def _obeying(connection: Connection, cap_rule_id: int) -> Sequence[int]:
    return connection.scalars(select(CampaignCap.campaign_id).where(CampaignCap.cap_rule_id == cap_rule_id)).all()


def _lock_campaigns(connection: Connection, campaigns: Iterable[int]) -> list[int]:
    """A block holds its campaign: those that began under the rules of before are over, and have left their marks."""
    return list(
        connection.scalars(
            select(Campaign.campaign_id)
            .where(Campaign.campaign_id.in_(list(campaigns)))
            .order_by(Campaign.campaign_id)
            .with_for_update(key_share=True)
            .with_hint(Campaign, "WITH (ROWLOCK, UPDLOCK)", "mssql")
        )
    )
