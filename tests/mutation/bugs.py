"""The bugs: in which object, what is replaced by what, and what that would mean. The text has to be there exactly once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """One bug. `name` is the object's, as a DBA types it; `world` is the seed of a world that showed it: tried first."""

    name: str
    text: str
    replacement: str
    meaning: str
    world: int = 0

    @property
    def id(self) -> str:
        return f"{self.name}: {self.meaning}"


RULE = "strategy.version_class_rule"
STATE = "strategy.version_class_state"
OPEN = "strategy.dial_class_open"
HOLD = "dialing.client_hold"
TIME = "strategy.client_time_open"
TAKE = "dialing.block_take"
STATUS = "strategy.client_status_now"
HOURS = "strategy.schedule_open"
RESULT = "dialing.result_apply"
OUTCOME = "dialing.private_outcome_apply"
AGENT = "dialing.agent_result_apply"
SETTLE = "contacts.client_settle"
SERVICE = "contacts.client_status_update"
FACT = "strategy.phone_fact"
LOAD = "contacts.import_apply"

BUGS = (
    Bug(TAKE, "AND b.due_at <= @now\n", "AND b.due_at <= DATEADD(HOUR, 1, @now)\n", "callbacks ring an hour early"),
    Bug(TAKE, "ORDER BY CASE WHEN b.agent IS NULL THEN 1 ELSE 0 END, b.due_at, b.callback_id\n            ) AS q",
        "ORDER BY b.due_at, b.callback_id\n            ) AS q", "personal callbacks do not go before common ones"),
    Bug(TAKE, "AND h.calls_promised = 0\n", "", "a client that was promised a call is dialled before it"),
    Bug(TAKE, "ORDER BY p.waits_from, p.phone_id", "ORDER BY p.waits_from DESC, p.phone_id",
        "of a class the phone that waits shortest goes first"),
    Bug(TAKE, "CASE WHEN @queue_depth - @out < @block_size THEN @queue_depth - @out ELSE @block_size END",
        "@block_size", "the queue depth holds nothing back"),
    Bug(HOLD, "WHEN @one_call_per_person = 0 THEN 0", "WHEN @one_call_per_person < 2 THEN 0", "two calls of one person"),
    Bug(HOLD, "AND b.due_at > @now\n", "AND b.due_at > @now\n AND b.agent IS NOT NULL\n",
        "a client that was promised a common callback is dialled before it"),
    Bug(TIME, "CASE WHEN @do_not_call_after <= @now", "CASE WHEN @do_not_call_after < @now", "the stop date misses its very moment"),
    Bug(TIME, "DATEADD(MINUTE, @created_minutes, @loaded_at)", "DATEADD(MINUTE, @created_minutes, @first_attempt_at)",
        "the duration since creation counts from the first call"),
    Bug(OPEN, "s.client_priority, s.client_order, s.phone_key_1", "s.client_order, s.client_priority, s.phone_key_1",
        "attempts of the client come before its priority"),
    Bug(STATE, "r.day_attempts < r.max_day_attempts THEN 1", "r.day_attempts <= r.max_day_attempts THEN 1",
        "one attempt too many a day"),
    Bug(RULE, "CASE WHEN d.client_attempts >= v.max_client_attempts", "CASE WHEN d.client_attempts > v.max_client_attempts",
        "one attempt too many of a client"),
    Bug(RULE, "CASE WHEN d.phone_attempts >= t.max_attempts", "CASE WHEN d.client_attempts >= t.max_attempts",
        "the limit of a phone's type counts the client's attempts"),
    Bug(RULE, "WHEN v.client_most_first = 1 THEN -d.client_attempts", "WHEN v.client_most_first = 1 THEN d.client_attempts",
        "most attempts first is fewest first"),
    Bug(RULE, "CASE WHEN v.phone_most_first = 1 THEN -d.phone_attempts", "CASE WHEN v.client_most_first = 1 THEN -d.phone_attempts",
        "phones go in the direction of clients"),
    Bug(RULE, "WHEN d.hold_agent_result_id <> 0 THEN COALESCE(y.hold_delay, 0)", "WHEN d.hold_agent_result_id < 0 THEN 0",
        "the delay of an agent result holds nobody"),
    Bug(RULE, "WHEN d.client_agent_result_id <> 0 THEN y.client_priority\n", "", "an agent result gives no priority"),
    Bug(RULE, "WHEN d.load_priority <> 0 THEN d.load_priority\n", "", "the priority of a load is not looked at"),
    Bug(RULE, "AND z.action_id = 3 THEN", "AND z.action_id > 0 THEN", "a result that skips has a limit too"),
    Bug(RULE, "COALESCE(t.schedule_id, v.schedule_id)", "v.schedule_id", "a type's own schedule is not looked at"),
    Bug(STATE, "r.attempt_day < CAST(DATEADD(MINUTE, o.offset_minutes, @now) AS date)", "r.attempt_day < CAST(@now AS date)",
        "the day of a limit is that of Greenwich"),
    Bug(STATE, "COALESCE(h.is_open, 0) AS is_in_schedule", "1 AS is_in_schedule", "the schedule holds nobody"),
    Bug(HOURS, "AND l.local_minute < d.end_minute\n        ) THEN 1\n        WHEN EXISTS (\n            SELECT 1 AS found\n"
        "            FROM strategy.schedule_period AS p",
        "AND l.local_minute <= d.end_minute\n        ) THEN 1\n        WHEN EXISTS (\n            SELECT 1 AS found\n"
        "            FROM strategy.schedule_period AS p", "the night of a date ends a minute late"),
    Bug(HOURS, "DATEADD(MINUTE, o.offset_minutes, @at) AS local_time", "DATEADD(MINUTE, o.offset_minutes - 60, @at) AS local_time",
        "winter time all the year"),
    Bug(HOURS, "(DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.local_date) + 6) % 7 + 1",
        "DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.local_date) % 7 + 1", "a night goes on into its own morning"),
    Bug(STATUS, "WHEN f.is_agent_reached = 1 THEN 8\n", "", "attempts with an agent result never run out"),
    Bug(STATUS, "WHEN f.created_names_status = 1 AND f.is_created_reached = 1 THEN 7\n", "",
        "the first call always names the status (M53)"),
    Bug(STATUS, "WHEN f.status_id = 4 AND f.is_client_reached = 1 THEN 4\n", "",
        "a limit does not keep naming the status that it set"),
    Bug(STATUS, "AND h.is_blocked = 0\n", "", "a blocked phone keeps its client from running out"),
    Bug(FACT, "COALESCE(p.zone_id, c.zone_id, k.default_zone_id) AS zone_id", "COALESCE(c.zone_id, k.default_zone_id) AS zone_id",
        "a phone's own zone is not looked at"),
    Bug(FACT, "WHEN p.is_do_not_call = 1 THEN 3\n", "", "numbers on the do-not-call list are dialled"),
    Bug(FACT, "N'.', f.phone_attempts, N'.', f.client_technical_result_id,", "N'.', f.client_technical_result_id,",
        "phones with other attempts fall into one class"),
    Bug(RESULT, "state_id = CASE WHEN r.is_counted = 1 THEN 3 ELSE 1 END", "state_id = 3",
        "a callback that came back undialled is kept"),
    Bug(RESULT, "hold_agent_result_id = CASE WHEN p.waits_from > y.ended_at THEN p.hold_agent_result_id ELSE NULL END",
        "hold_agent_result_id = p.hold_agent_result_id", "a phone's own later result does not end the agent's hold"),
    Bug(RESULT, "attempts = p.attempts + y.attempts", "attempts = p.attempts + 1", "calls that do not count are counted"),
    Bug(RESULT, "WHEN t.last_at IS NULL OR c.last_attempt_at > t.last_at THEN c.last_technical_result_id\n",
        "WHEN t.last_at IS NULL THEN c.last_technical_result_id\n",
        "a late result of an earlier call becomes the last one"),
    Bug(OUTCOME, "ORDER BY h.holds_from DESC, h.given_at DESC", "ORDER BY h.holds_from, h.given_at DESC",
        "of two agent results the earlier one holds the phones"),
    Bug(OUTCOME, "CASE WHEN x.ended_at > x.given_at THEN x.ended_at ELSE x.given_at END", "x.given_at",
        "an agent result given in the call holds from then, not from its end"),
    Bug(OUTCOME, "        AND h1.round_no = c.round_no\n", "",
        "agent results of earlier rounds use up the limit"),
    Bug(AGENT, "AND g.is_enabled = 1;\n\nIF @agent_result_id IS NULL", ";\n\nIF @agent_result_id IS NULL",
        "a result that is switched off is taken"),
    Bug(AGENT, "IF @has_leaves = 1 AND @leaf_mandatory = 1", "IF @has_leaves = 1 AND @leaf_mandatory = 0",
        "the second level is wanted where it is not"),
    Bug(SETTLE, "WHERE p.dial_class_id <> d.dial_class_id;", "WHERE p.dial_class_id = 0;",
        "phones stay in their first class"),
    Bug(SERVICE, "AND c.first_attempt_at <= @first_call_before", "AND c.first_attempt_at <= @created_before",
        "the status service takes the duration since creation for that since the first call"),
    Bug(SERVICE, "AND s.is_limit = 1\n", "AND s.is_final = 1\n", "a raised limit brings nobody back"),
    Bug(LOAD, "round_no = c.round_no + k.restarts", "round_no = c.round_no", "a new round is the old one"),
)  # fmt: skip
