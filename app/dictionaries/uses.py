"""What uses the rows of a dictionary: strategies in force that name them, and phones, from the counts that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from app.dictionaries.rows import AGENT_RESULTS, PHONE_TYPES, TECHNICAL_RESULTS, Dictionary
from app.models.strategy import (
    Campaign,
    DialClass,
    DialClassChange,
    VersionAgentResult,
    VersionPhoneType,
    VersionTechnicalResult,
)

ARCHIVED = 3
_NAMED_BY: dict[str, tuple[Any, Any]] = {
    PHONE_TYPES.object_type: (VersionPhoneType, VersionPhoneType.phone_type_id),
    TECHNICAL_RESULTS.object_type: (VersionTechnicalResult, VersionTechnicalResult.technical_result_id),
    AGENT_RESULTS.object_type: (VersionAgentResult, VersionAgentResult.agent_result_id),
}
#: The fact of a dial class that counts phones by rows: their type, or their last result.
_PHONES_BY: dict[str, Any] = {
    PHONE_TYPES.object_type: DialClass.phone_type_id,
    TECHNICAL_RESULTS.object_type: DialClass.phone_technical_result_id,
    AGENT_RESULTS.object_type: DialClass.phone_agent_result_id,
}


@dataclass(frozen=True)
class Uses:
    """Of each row id: how many strategies in force name it (a phone type: dial it), and how many phones have it.

    `strategies` is how many are in force at all: those that do not name a result read the dictionary's values.
    """

    named: dict[int, int]
    phones: dict[int, int]
    strategies: int


def read(connection: Connection, dictionary: Dictionary) -> Uses:
    """The uses of all rows of a dictionary. Campaigns in the archive do not count."""
    model, column = _NAMED_BY[dictionary.object_type]
    in_force = (Campaign.strategy_version_id.is_not(None), Campaign.state_id != ARCHIVED)
    named = (
        select(column, func.count())
        .join(Campaign, Campaign.strategy_version_id == model.strategy_version_id)
        .where(*in_force)
        .group_by(column)
    )
    if dictionary is PHONE_TYPES:
        named = named.where(VersionPhoneType.is_dialled == True)  # noqa: E712 - SQL
    fact = _PHONES_BY[dictionary.object_type]
    phones = (
        select(fact, func.sum(DialClassChange.phones))
        .join(DialClass, DialClass.dial_class_id == DialClassChange.dial_class_id)
        .where(fact != 0)
        .group_by(fact)
    )
    return Uses(
        {row_id: int(count) for row_id, count in connection.execute(named)},
        {row_id: int(count) for row_id, count in connection.execute(phones)},
        int(connection.scalar(select(func.count()).select_from(Campaign).where(*in_force)) or 0),
    )
