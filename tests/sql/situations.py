"""A campaign with a phone in each situation that bars it, for the tests of the explanations: what each of them has to say."""

from __future__ import annotations

from datetime import date, datetime

from world import AROUND_THE_CLOCK, SUCCESS, MadeClient, World

from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm

#: The phones are asked ten minutes after they were made, so that what time breaks may have been settled before or not.
LATER = 10
CAP = "RU_230_DAY"


def campaign_of_all(world: World) -> tuple[int, dict[str, list[tuple[MadeClient, int]]]]:
    """The campaign and its phones by their reason, as dialing.phone_reason names it; «ready» are those that may be dialled."""
    campaign = world.campaign(
        columns={"one_call_per_person": True},
        max_client_attempts=5,
        max_day_attempts=2,
        created_minutes=10 * 1440,
        first_call_minutes=2 * 1440,
        phone_types={
            "M": PhoneTypeForm(max_attempts=3),
            "H": PhoneTypeForm(schedule=AROUND_THE_CLOCK),
            "W": PhoneTypeForm(is_dialled=False),
        },
        technical_results={"BUSY": ResultForm(5, 120), "NO_ANSWER": ResultForm(5, None)},
        agent_results={"12": AgentResultForm(3, max_attempts=2)},
    )
    other = world.campaign(technical_results={"VOICE": ResultForm(5, None)})
    world.cap(other, world.cap(campaign, CAP))
    world.cap(campaign, "RU_230_HOURS")
    world.cap(campaign, is_hold=False)  # it is reached with the first call, and only warns
    auckland = world.add_zone("Pacific/Auckland")
    phones: dict[str, list[tuple[MadeClient, int]]] = {}

    def add(reason: str, client: MadeClient, position: int = 0) -> MadeClient:
        phones.setdefault(reason, []).append((client, position))
        return client

    reached, busy = world.person(), world.person()
    world.client(other, person_id=reached)
    world.attempt(other, "VOICE")
    world.client(other, person_id=busy)
    world.dial(other)
    add(CAP, world.client(campaign, person_id=reached))
    in_work = add("in_work", world.client(campaign, "MM"))
    add("in_work", in_work, 1)
    world.dial(campaign)

    add("segment_open", world.client(campaign, segment="off"))
    world.segment(campaign, "off", is_enabled=False)
    world.facts(add("client_unprocessed", world.client(campaign)), status_id=SUCCESS)
    world.facts(add("client_free", world.client(campaign)), is_blocked=True)
    for minutes in (0, 5):
        world.facts(add("stop_date", world.client(campaign)), do_not_call_after=world.at(minutes))
        loaded_at = world.at(minutes, days=-10)
        world.facts(add("created_duration", world.client(campaign)), loaded_at=loaded_at)
        world.facts(add("first_call_duration", world.client(campaign)), first_attempt_at=world.at(minutes, days=-2))
    world.phone_facts(add("do_not_call", world.client(campaign)), is_do_not_call=True)
    world.phone_facts(add("phone_free", world.client(campaign)), is_blocked=True)
    both = add("ready", world.client(campaign, "MW"))
    add("type_dialled", both, 1)
    add("person_in_work", world.client(campaign, person_id=busy))
    world.facts(add("client_attempts", world.client(campaign)), attempts=5)
    world.phone_facts(add("type_attempts", world.client(campaign)), attempts=3)
    agent = world.agent("12")
    world.facts(add("agent_attempts", world.client(campaign)), agent_result_id=agent, agent_result_attempts=2)
    world.facts(add("day_attempts", world.client(campaign)), attempt_day=date(2026, 11, 23), day_attempts=2)
    result = world.technical("BUSY")
    waits = world.at(-90)
    world.phone_facts(add("delay", world.client(campaign)), last_technical_result_id=result, waits_from=waits)
    promised = add("promised", world.client(campaign, "MM"))
    add("promised", promised, 1)
    world.callback(promised, world.at(60))
    add("schedule", world.client(campaign, phone_zones=("Asia/Kamchatka",)))
    abroad = add("cap_hours", world.client(campaign, "H"))
    world.phone_facts(abroad, zone_id=auckland)

    due = add("ready", world.client(campaign))
    world.phone_facts(due, last_technical_result_id=result, waits_from=waits)
    world.callback(due, world.at(5))
    over = add("ready", world.client(campaign))
    world.phone_facts(over, last_technical_result_id=result, waits_from=world.at(LATER - 120))
    world.facts(add("ready", world.client(campaign)), attempt_day=date(2026, 11, 22), day_attempts=2)
    return campaign, phones


#: When the phones of a situation may be dialled next. Of those that are not here, time alone brings none back.
NEXT = {
    "day_attempts": datetime(2026, 11, 24, 6),  # midnight, and the campaign opens at 9:00
    CAP: datetime(2026, 11, 24, 6),
    "delay": datetime(2026, 11, 23, 9, 30),
    "promised": datetime(2026, 11, 23, 10),
    "schedule": datetime(2026, 11, 23, 21),  # 9:00 in Kamchatka
    "cap_hours": datetime(2026, 11, 23, 19),  # 8:00 in Auckland
}
