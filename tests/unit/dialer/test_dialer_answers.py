"""Cisco's documented answers are read as documented, and dangerous XML is not read at all."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.dialer import wire
from app.dialer.items import Campaign, CampaignSettings, ImportedRecord, RuntimeStats, SkillGroupInfo

RECORD = b"""<importContact>
  <refURL>/unifiedconfig/config/campaign/5021/import/-88</refURL>
  <accountNumber>01J9ZQ4T7C5M8K2N6P3R0S1V4W</accountNumber>
  <firstName>Asha</firstName><lastName>Rao</lastName>
  <callsMade>1</callsMade><callStatus>closed</callStatus><callResultOverall>10</callResultOverall>
  <importDate>2025-03-04T09:02:11</importDate>
  <phone01><number>919812345678</number><callResult>10</callResult><gmtOffset>330</gmtOffset></phone01>
</importContact>"""


def read(content: bytes):
    root = wire.parse(content)
    assert root is not None
    return root


def test_an_imported_record_is_read_as_documented() -> None:
    record = ImportedRecord.of(read(RECORD))
    assert record == ImportedRecord(
        -88, "01J9ZQ4T7C5M8K2N6P3R0S1V4W", ("919812345678",), "closed", 10, 1, datetime(2025, 3, 4, 9, 2, 11)
    )
    assert record.is_released and not record.is_at_dialer


@pytest.mark.parametrize(
    ("status", "released", "at_dialer"),
    [
        ("pending", False, False),
        ("retry", False, False),
        ("callbackRequested", False, False),
        ("active", False, True),
        ("unknown", False, True),
        ("something new", False, True),  # never taken for finished
        ("maxAttemptsReached", True, False),
        ("agentRejected", True, False),
    ],
)
def test_a_status_says_whose_the_record_is(status: str, released: bool, at_dialer: bool) -> None:
    record = ImportedRecord.of(read(RECORD.replace(b"closed", status.encode())))
    assert (record.is_released, record.is_at_dialer) == (released, at_dialer)


def test_runtime_statistics_are_read_as_documented() -> None:
    stats = RuntimeStats.of(
        read(
            b"<runtimeStatus><attemptedCount>412</attemptedCount><voiceCount>97</voiceCount>"
            b"<closedCount>205</closedCount><totalCount>1000</totalCount><totalVoiceCount>97</totalVoiceCount>"
            b"<dateTime>2025-03-04T10:15:12</dateTime></runtimeStatus>"
        )
    )
    assert (stats.attempted, stats.voice, stats.closed, stats.remaining) == (412, 97, 205, 698)
    assert stats.updated_at == datetime(2025, 3, 4, 10, 15, 12)


def test_a_campaign_without_dialing_mode_is_inbound() -> None:
    campaign = Campaign.of(
        read(
            b"<campaign><refURL>/unifiedconfig/config/campaign/5021</refURL><changeStamp>7</changeStamp>"
            b"<name>A</name><enabled>true</enabled><timeZone><refURL>/unifiedconfig/config/timezone/"
            b"Russian%20Standard%20Time</refURL></timeZone></campaign>"
        )
    )
    assert (campaign.campaign_id, campaign.dialing_mode, campaign.change_stamp) == (5021, "INBOUND", "7")
    assert (campaign.enabled, campaign.time_zone) == (True, "Russian Standard Time")


def test_lines_above_the_default_maximum_raise_the_maximum() -> None:
    assert CampaignSettings("A", lines_per_agent=3.5).values()["maximumLinesPerAgent"] == 3.5
    assert CampaignSettings("A", lines_per_agent=1.2).values()["maximumLinesPerAgent"] == 2.0
    assert CampaignSettings("A").values()["maximumLinesPerAgent"] is None


def test_a_campaign_is_written_in_ciscos_shape() -> None:
    settings = CampaignSettings("A", time_zone="Russian Standard Time", skill_groups=(SkillGroupInfo(5007, "7001"),))
    root = read(wire.build("campaign", settings.values()))
    assert root.findtext("maxAttempts") == "1"
    assert root.findtext("timeZone/refURL") == "/unifiedconfig/config/timezone/Russian%20Standard%20Time"
    path = "skillGroupInfos/skillGroupInfo/skillGroup/refURL"
    assert root.findtext(path) == "/unifiedconfig/config/skillgroup/5007"


def test_errors_are_read_as_documented() -> None:
    found = wire.errors(
        b"<apiErrors><apiError><errorData>maxAttempts</errorData>"
        b"<errorDetail><min>1</min><max>100</max></errorDetail>"
        b"<errorMessage>Value must lie between 1 and 100</errorMessage>"
        b"<errorType>invalidInput.outOfRange</errorType></apiError>"
        b"<apiError><errorType>invalidInput.fieldRequired</errorType></apiError></apiErrors>"
    )
    assert [(error.type, error.detail) for error in found] == [
        ("invalidInput.outOfRange", "min 1, max 100"),
        ("invalidInput.fieldRequired", ""),
    ]
    assert str(found[0]) == "maxAttempts: Value must lie between 1 and 100"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><br></html>",
        b"\xff\xfe\x00",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"<a>" * 5 + b"</a>",
    ],
)
def test_what_is_not_safe_xml_is_not_read(content: bytes) -> None:
    assert wire.parse(content) is None
    assert wire.errors(content) == ()
