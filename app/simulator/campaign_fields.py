"""The elements of a campaign: what they may hold, their defaults, and how they are read and printed.

Source of ranges and defaults: Outbound API, Campaign (Cisco developer reference 12.5 to 15.0).
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element

from app.simulator import zones
from app.simulator.answers import ROOT, ApiError, child_text, invalid, missing, out_of_range, reference_id

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._]{0,31}")
DIALED_NUMBER = re.compile(r"[A-Za-z0-9._]{1,10}")
DIALING_MODES = {
    "INBOUND": 0,
    "PREDICTIVEONLY": 1,
    "PREVIEWONLY": 3,
    "PROGRESSIVEONLY": 5,
    "PREVIEWDIRECTONLY": 7,
}
PURPOSES = {"agentCampaign": 1, "ivrCampaign": 2}


@dataclass(frozen=True)
class Field:
    """One element of the API: its kind and what it may hold."""

    kind: str  # text, bool, int, float, choice, time, date
    default: Any = None
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    pattern: str = ""


FIELDS: dict[str, Field] = {
    "name": Field("text", pattern=NAME.pattern),
    "description": Field("text", high=255),
    "enabled": Field("bool", False),
    "dialingMode": Field("choice", "INBOUND", choices=tuple(DIALING_MODES)),
    "campaignPurposeType": Field("choice", "agentCampaign", choices=tuple(PURPOSES)),
    "linesPerAgent": Field("float", 1.5, 1, 100),
    "maximumLinesPerAgent": Field("float", 2.0, 1, 100),
    "abandonEnabled": Field("bool", True),
    "abandonPercent": Field("float", 3.0, 1, 100),
    "predictiveCorrectionPace": Field("int", 70, 10, 5000),
    "predictiveGain": Field("float", 1.0, 0.1, 3.0),
    "noAnswerRingLimit": Field("int", 4, 2, 10),
    "maxAttempts": Field("int", 3, 1, 100),
    "minimumCallDuration": Field("int", 1, 0, 10),
    "personalizedCallbackEnabled": Field("bool", False),
    "rescheduleCallbackMode": Field(
        "choice", "useCampaignDN", choices=("useCampaignDN", "sameTimeNextBusinessDay", "abandon")
    ),
    "ipAmdEnabled": Field("bool", True),
    "amdTreatmentMode": Field(
        "choice", "abandonCall", choices=("abandonCall", "transferToAgent", "transferToIVRRoutePoint")
    ),
    "ipTerminatingBeepDetect": Field("bool", False),
    "startTime": Field("time", "08:00"),
    "endTime": Field("time", "21:00"),
    "startDate": Field("date"),
    "endDate": Field("date"),
    "campaignPrefix": Field("text", pattern="[0-9]{0,15}"),
    "reservationPercentage": Field("int", 100, 0, 100),
}
GROUPS: dict[str, dict[str, Field]] = {
    "retries": {
        "noAnswerDelay": Field("int", 60, 1, 99999),
        "busySignalDelay": Field("int", 60, 1, 99999),
        "customerAbandonedDelay": Field("int", 30, 1, 99999),
        "dialerAbandonedDelay": Field("int", 60, 1, 99999),
        "answeringMachineDelay": Field("int", 60, 1, 99999),
        "customerNotHomeDelay": Field("int", 60, 1, 99999),
    },
    "callProgressAnalysis": {
        "enabled": Field("bool", True),
        "record": Field("bool", False),
        "minSilencePeriod": Field("int", 608, 100, 1000),
        "analysisPeriod": Field("int", 2500, 1000, 10000),
        "minimumValidSpeech": Field("int", 112, 50, 500),
        "maxTimeAnalysis": Field("int", 3000, 1000, 10000),
        "maxTermToneAnalysis": Field("int", 30000, 1000, 60000),
    },
}
SKILL_GROUP: dict[str, Field] = {
    "overflowAgents": Field("int", 0, 0, 100),
    "dialedNumber": Field("text", pattern=DIALED_NUMBER.pattern),
    "recordsToCache": Field("int", 1, 1, 400),
    "ivrPorts": Field("int", 0, 0, 100_000),
    "ivrRoutePoint": Field("text", high=32),
    "abandonedRoutePoint": Field("text", high=10),
}


def defaults() -> dict[str, Any]:
    """A new campaign before its request is read."""
    document: dict[str, Any] = {name: field.default for name, field in FIELDS.items()}
    for group, fields in GROUPS.items():
        document[group] = {name: field.default for name, field in fields.items()}
    document["timeZone"] = "UTC"
    document["skillGroupInfos"] = []
    return document


def read(name: str, field: Field, value: str) -> tuple[Any, ApiError | None]:
    """One element's text as a value, or an error."""
    value = value.strip()
    if field.kind in ("text", "choice"):
        if field.choices and value not in field.choices:
            return None, invalid(name, f"Value must be one of {', '.join(field.choices)}")
        if field.pattern and value and not re.fullmatch(field.pattern, value):
            return None, invalid(name, f"Value must match {field.pattern}")
        if field.high and len(value) > field.high:
            return None, out_of_range(name, 0, field.high)
        return value, None
    if field.kind == "bool":
        if value not in ("true", "false"):
            return None, invalid(name, "Value must be true or false")
        return value == "true", None
    try:
        if field.kind == "time":
            if not re.fullmatch(r"\d\d:\d\d", value):
                raise ValueError(value)
            return time.fromisoformat(value).strftime("%H:%M"), None
        if field.kind == "date":
            return (date.fromisoformat(value).isoformat() if value else None), None
        number = int(value) if field.kind == "int" else float(value)
    except ValueError:
        return None, invalid(name, f"Value is not a valid {field.kind}")
    if not field.low <= number <= field.high:
        return None, out_of_range(name, f"{field.low:g}", f"{field.high:g}")
    return number, None


def _read_fields(root: Element, fields: dict[str, Field], into: dict[str, Any], errors: list[ApiError]) -> None:
    for name, field in fields.items():
        raw = child_text(root, name)
        if raw is None:
            continue
        value, error = read(name, field, raw)
        if error:
            errors.append(error)
        else:
            into[name] = value


def _read_skill_group(root: Element, known: set[int], errors: list[ApiError]) -> dict[str, Any]:
    info: dict[str, Any] = {name: field.default for name, field in SKILL_GROUP.items()}
    _read_fields(root, SKILL_GROUP, info, errors)
    identity = reference_id(root.findtext("skillGroup/refURL"))
    if not identity:
        errors.append(missing("skillGroup"))
    elif not identity.isdigit() or int(identity) not in known:
        errors.append(ApiError("invalidInput.invalidReference", "The skill group does not exist", "skillGroup"))
    else:
        info["skillGroup"] = int(identity)
    return info


def change(
    document: dict[str, Any], root: Element, moment: datetime, skill_groups: set[int]
) -> tuple[dict[str, Any], list[ApiError]]:
    """`document` with the elements of a request laid over it, and all that is wrong with the outcome.

    `moment` (naive UTC) serves the time zone list; `skill_groups` are the ids that exist.
    """
    changed, errors = deepcopy(document), list[ApiError]()
    _read_fields(root, FIELDS, changed, errors)
    for group, fields in GROUPS.items():
        for element in root.findall(group):
            _read_fields(element, fields, changed[group], errors)
    zone = child_text(root, "timeZone")
    if zone is not None:
        name = unquote(reference_id(root.findall("timeZone")[-1].findtext("refURL")))
        if zones.windows_zone(name, moment) is None:
            errors.append(ApiError("invalidInput.invalidReference", "The time zone does not exist", "timeZone"))
        changed["timeZone"] = name
    if root.find("skillGroupInfos") is not None:
        found = root.findall("skillGroupInfos/skillGroupInfo")
        changed["skillGroupInfos"] = [_read_skill_group(each, skill_groups, errors) for each in found]
    for each in root.findall("skillGroupInfosAdded/skillGroupInfo"):
        changed["skillGroupInfos"].append(_read_skill_group(each, skill_groups, errors))
    removed = {
        reference_id(each.findtext("skillGroup/refURL"))
        for each in root.findall("skillGroupInfosRemoved/skillGroupInfo")
    }
    changed["skillGroupInfos"] = [
        each for each in changed["skillGroupInfos"] if str(each.get("skillGroup")) not in removed
    ]
    errors.extend(_cross_check(changed))
    return changed, errors


def _cross_check(document: dict[str, Any]) -> list[ApiError]:
    errors = []
    if not document["name"]:
        errors.append(missing("name"))
    elif document["name"].lower() in ("dnc", "none"):
        errors.append(invalid("name", "This name is reserved"))
    if document["maximumLinesPerAgent"] < document["linesPerAgent"]:
        errors.append(invalid("maximumLinesPerAgent", "Value must not be below linesPerAgent"))
    groups = [each.get("skillGroup") for each in document["skillGroupInfos"]]
    if len(groups) != len(set(groups)):
        errors.append(invalid("skillGroupInfos", "A skill group is repeated"))
    if len(groups) > 20:
        errors.append(invalid("skillGroupInfos", "A campaign has at most 20 skill groups"))
    if document["startDate"] and document["endDate"] and document["startDate"] > document["endDate"]:
        errors.append(invalid("endDate", "Value must not be before startDate"))
    return errors


def show(identity: int, stamp: int, document: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """A campaign as the API prints it."""
    printed: dict[str, Any] = {"refURL": f"{ROOT}/campaign/{identity}", "changeStamp": stamp}
    for name in (*FIELDS, *GROUPS):
        if name == "dialingMode" and document[name] == "INBOUND":
            continue  # the element is absent then
        printed[name] = document[name]
    zone = zones.windows_zone(document["timeZone"], moment)
    printed["timeZone"] = {
        "refURL": f"{ROOT}/timezone/{quote(document['timeZone'])}" if zone else f"{ROOT}/timezone/INVALID",
        "displayName": zone.display_name if zone else "INVALID Time Zone",
    }
    infos = [
        {
            "skillGroup": {
                "refURL": f"{ROOT}/skillgroup/{info['skillGroup']}",
                "name": skill_group_name(info["skillGroup"]),
            },
            **{name: info[name] for name in SKILL_GROUP},
        }
        for info in document["skillGroupInfos"]
    ]
    printed["skillGroupInfos"] = {"skillGroupInfo": infos} if infos else None
    printed["import"] = {"refURL": f"{ROOT}/campaign/{identity}/import"}
    return printed


def skill_group_name(identity: int) -> str:
    """The name of a skill group."""
    return f"Outbound_{identity}"
