"""The files of the demonstration, as a bank's own systems would write them."""

from __future__ import annotations

from pathlib import Path

from app.demo.campaigns import CAMPAIGNS, DemoCampaign
from app.demo.people import people

TEMPLATE_NAME = "CRM"
TEMPLATE_FORMAT = "txt"
TEMPLATE_LINE = ";".join(
    f"${{contact.{name}}}"
    for name in (
        "client.code",
        "client.segment.code",
        "client.crmId",
        "client.lastName",
        "client.firstName",
        "client.middleName",
        "client.timeZone.code",
        "client.extendedAttributes(IDClientCRM)",
        "phone.number",
        "phone.type.code",
        "phone.number",
        "phone.type.code",
        "phone.number",
        "phone.type.code",
    )
)
PHONES_A_LINE = 3


def write_files(folder: Path, scale: float = 1.0) -> list[tuple[DemoCampaign, Path, int]]:
    """Write one file a campaign. Returns (campaign, path, clients in it); a file that is there already is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, campaign in enumerate(CAMPAIGNS, 1):
        path, count = folder / f"{campaign.code.lower()}.txt", max(1, round(campaign.clients * scale))
        if not path.exists():
            unfinished = path.with_suffix(".part")
            with unfinished.open("w", encoding="utf-8", newline="\n") as stream:
                for line in _lines(campaign, count, seed=number):
                    stream.write(line + "\n")
            unfinished.rename(path)
        written.append((campaign, path, count))
    return written


def _lines(campaign: DemoCampaign, count: int, seed: int) -> list[str]:
    lines = []
    for number, person in enumerate(people(count, seed), 1):
        crm_id = f"CRM{seed}{number:07d}"
        # Half of the files of a bank carry no zone: then the campaign's own is used.
        zone = person.zone if number % 4 else ""
        numbers = [*person.numbers, *[("", "")] * (PHONES_A_LINE - len(person.numbers))]
        phones = ";".join(f"{written};{type_code}" for written, type_code in numbers)
        segment = campaign.segments[number % len(campaign.segments)]
        code = f"{2100000000 + seed * 10_000_000 + number}"
        names = f"{person.last_name};{person.first_name};{person.middle_name}"
        lines.append(f"{code};{segment};{crm_id};{names};{zone};{crm_id};{phones}")
    return lines
