"""The four campaigns of the demonstration: different goals, zones, orders, limits and schedules."""

from __future__ import annotations

from dataclasses import dataclass

from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm, ScheduleForm, StrategyForm

HOUR = 60

# M83-M87, as the deck's strategy has them; in a survey a refusal ends the survey only.
AGENT_RESULTS = {
    "20": AgentResultForm(action_id=1),
    "14": AgentResultForm(action_id=2, priority=3),
    "12": AgentResultForm(action_id=3, priority=5, max_attempts=3, delay_minutes=240),
    "11": AgentResultForm(action_id=4),
    "15": AgentResultForm(action_id=5),
}


@dataclass(frozen=True)
class DemoCampaign:
    """A campaign with its share of the clients and the segments they fall into."""

    code: str
    name: str
    zone: str
    clients: int
    agents: int
    segments: tuple[str, ...]
    strategy: StrategyForm


CAMPAIGNS = (
    DemoCampaign(
        code="IPOTEKA",
        name="Ипотека: рефинансирование",
        zone="Europe/Moscow",
        clients=12_000,
        agents=60,
        segments=("1", "2", "TMIpotekaAR1"),
        strategy=StrategyForm(
            schedule=ScheduleForm.daily("Ипотека: ежедневно 9–21", 9 * HOUR, 21 * HOUR),
            block_size=60,
            queue_depth=240,
            max_client_attempts=10,
            max_day_attempts=4,
            first_call_minutes=10 * 24 * HOUR,
            phone_types={
                "M": PhoneTypeForm(max_attempts=6, weight=1),
                "H": PhoneTypeForm(max_attempts=4, weight=3),
                "W": PhoneTypeForm(
                    max_attempts=2,
                    weight=5,
                    schedule=ScheduleForm(
                        "Ипотека: рабочие телефоны", [(day, 9 * HOUR, 18 * HOUR) for day in range(1, 6)]
                    ),
                ),
            },
            agent_results=AGENT_RESULTS,
        ),
    ),
    DemoCampaign(
        code="CARDS",
        name="Кредитные карты: предложение",
        zone="Asia/Yekaterinburg",
        clients=9_000,
        agents=40,
        segments=("new", "ANT"),
        strategy=StrategyForm(
            schedule=ScheduleForm.daily("Карты: ежедневно 9–20", 9 * HOUR, 20 * HOUR),
            block_size=40,
            queue_depth=160,
            max_client_attempts=5,
            created_minutes=30 * 24 * HOUR,
            client_most_first=True,
            phone_keys=("type", "result", "attempts"),
            phone_types={"M": PhoneTypeForm(max_attempts=5, weight=1), "H": PhoneTypeForm(max_attempts=2, weight=2)},
            technical_results={"NO_ANSWER": ResultForm(priority=6, delay_minutes=20)},
            agent_results=AGENT_RESULTS,
        ),
    ),
    DemoCampaign(
        code="REMIND",
        name="Напоминание о платеже",
        zone="Asia/Krasnoyarsk",
        clients=6_000,
        agents=30,
        segments=("1", "MAX"),
        strategy=StrategyForm(
            schedule=ScheduleForm(
                "Напоминание: будни 8–22, выходные 9–20",
                [(day, 8 * HOUR, 22 * HOUR) for day in range(1, 6)] + [(day, 9 * HOUR, 20 * HOUR) for day in (6, 7)],
            ),
            block_size=30,
            queue_depth=120,
            max_client_attempts=8,
            max_day_attempts=1,
            phone_keys=("result", "attempts", "type"),
            phone_types={
                "M": PhoneTypeForm(weight=1),
                "H": PhoneTypeForm(weight=1),
                "W": PhoneTypeForm(is_dialled=False),
            },
            agent_results=AGENT_RESULTS,
        ),
    ),
    DemoCampaign(
        code="SURVEY",
        name="Опрос о качестве обслуживания",
        zone="Asia/Vladivostok",
        clients=3_000,
        agents=20,
        segments=("1",),
        strategy=StrategyForm(
            schedule=ScheduleForm.daily("Опрос: ежедневно 10–19", 10 * HOUR, 19 * HOUR),
            block_size=20,
            queue_depth=60,
            max_client_attempts=3,
            max_day_attempts=2,
            phone_types={
                "M": PhoneTypeForm(max_attempts=2, weight=1),
                "H": PhoneTypeForm(max_attempts=2, weight=2),
                "W": PhoneTypeForm(max_attempts=1, weight=3),
            },
            agent_results={**AGENT_RESULTS, "15": AgentResultForm(action_id=4)},
        ),
    ),
)
