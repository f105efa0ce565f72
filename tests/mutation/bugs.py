"""The bugs: in which object, what is replaced by what, and what that would mean. The text has to be there exactly once.

Random worlds look for a bug. Where they do not come by, or hardly ever (frequency caps, previews, what an explanation says
in full, two durations that end at once), the bug names the tests that have to find it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """One bug. `name` is the object's, as a DBA types it; `world` is the seed of a world that showed it: tried first.
    `tests`, a file of tests/sql or a test in it, is asked in place of worlds.
    """

    name: str
    text: str
    replacement: str
    meaning: str
    tests: str | None = None
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
EXPLAIN = "dialing.phone_explain"
REASON = "dialing.phone_reason"
SUMS = "dialing.campaign_explain"
PREVIEW = "strategy.preview"
WINDOW = "strategy.cap_window"
COUNTED = "strategy.cap_attempt"
CAP = "strategy.cap_state"
RELEASE = "dialing.cap_release"
CAPS_TESTS = "test_dialing_block_take_caps.py"
CAP_TESTS = "test_strategy_cap_state.py"
COUNTED_TESTS = "test_strategy_cap_attempt.py"
EXPLAIN_TESTS = "test_dialing_phone_explain.py"
PREVIEW_TESTS = "test_strategy_preview.py"
REASON_TESTS = "test_dialing_phone_reason.py"
RELEASE_TESTS = "test_dialing_cap_release.py"
WINDOW_TESTS = "test_strategy_cap_window.py"

BUGS = (
    Bug(TAKE, "AND b.due_at <= @now\n                    AND t", "AND b.due_at <= DATEADD(HOUR, 1, @now)\n                    AND t",
        "callbacks ring an hour early", world=24),
    Bug(TAKE, "    WHERE o.is_promised = 1\n        AND o.dial_class_id NOT IN (", "    WHERE o.is_promised = 1\n        AND 0 NOT IN (",
        "a client is not dialled though its call is due"),
    Bug(TAKE, "ORDER BY CASE WHEN b.agent IS NULL THEN 1 ELSE 0 END, b.due_at, b.callback_id\n            ) AS q",
        "ORDER BY b.due_at, b.callback_id\n            ) AS q", "personal callbacks do not go before common ones", world=70),
    Bug(TAKE, "AND h.calls_promised = 0\n", "", "a client that was promised a call is dialled before it"),
    Bug(TAKE, "ORDER BY p.waits_from, p.phone_id", "ORDER BY p.waits_from DESC, p.phone_id",
        "of a class the phone that waits shortest goes first", world=7),
    Bug(TAKE, "CASE WHEN @queue_depth - @out < @block_size THEN @queue_depth - @out ELSE @block_size END",
        "@block_size", "the queue depth holds nothing back", world=41),
    Bug(HOLD, "WHEN @one_call_per_person = 0 THEN 0", "WHEN @one_call_per_person < 2 THEN 0", "two calls of one person", world=6),
    Bug(HOLD, "AND b.due_at > @now\n", "AND b.due_at > @now\n AND b.agent IS NOT NULL\n",
        "a client that was promised a common callback is dialled before it", world=1),
    Bug(TIME, "CASE WHEN @do_not_call_after <= @now", "CASE WHEN @do_not_call_after < @now", "the stop date misses its very moment", world=56),
    Bug(TIME, "DATEADD(MINUTE, @created_minutes, @loaded_at)", "DATEADD(MINUTE, @created_minutes, @first_attempt_at)",
        "the duration since creation counts from the first call", world=6),
    Bug(OPEN, "s.client_priority, s.client_order, s.phone_key_1", "s.client_order, s.client_priority, s.phone_key_1",
        "attempts of the client come before its priority", world=7),
    Bug(STATE, "r.day_attempts < r.max_day_attempts THEN 1", "r.day_attempts <= r.max_day_attempts THEN 1",
        "one attempt too many a day", world=6),
    Bug(RULE, "CASE WHEN d.client_attempts >= v.max_client_attempts", "CASE WHEN d.client_attempts > v.max_client_attempts",
        "one attempt too many of a client", world=24),
    Bug(RULE, "CASE WHEN d.phone_attempts >= t.max_attempts", "CASE WHEN d.client_attempts >= t.max_attempts",
        "the limit of a phone's type counts the client's attempts", world=2),
    Bug(RULE, "WHEN v.client_most_first = 1 THEN -d.client_attempts", "WHEN v.client_most_first = 1 THEN d.client_attempts",
        "most attempts first is fewest first", world=18),
    Bug(RULE, "CASE WHEN v.phone_most_first = 1 THEN -d.phone_attempts", "CASE WHEN v.client_most_first = 1 THEN -d.phone_attempts",
        "phones go in the direction of clients", world=15),
    Bug(RULE, "WHEN d.hold_agent_result_id <> 0 THEN COALESCE(y.hold_delay, 0)", "WHEN d.hold_agent_result_id < 0 THEN 0",
        "the delay of an agent result holds nobody", world=8),
    Bug(RULE, "WHEN d.client_agent_result_id <> 0 THEN y.client_priority\n", "", "an agent result gives no priority", world=7),
    Bug(RULE, "WHEN d.load_priority <> 0 THEN d.load_priority\n", "", "the priority of a load is not looked at", world=4),
    Bug(RULE, "AND z.action_id = 3 THEN", "AND z.action_id > 0 THEN", "a result that skips has a limit too", world=55),
    Bug(RULE, "COALESCE(t.schedule_id, v.schedule_id)", "v.schedule_id", "a type's own schedule is not looked at", world=4),
    Bug(STATE, "r.attempt_day < CAST(DATEADD(MINUTE, o.offset_minutes, @now) AS date)", "r.attempt_day < CAST(@now AS date)",
        "the day of a limit is that of Greenwich", world=48),
    Bug(STATE, "COALESCE(h.is_open, 0) AS is_in_schedule", "1 AS is_in_schedule", "the schedule holds nobody", world=3),
    Bug(HOURS, "AND l.local_minute < d.end_minute\n        ) THEN 1\n        WHEN EXISTS (\n            SELECT 1 AS found\n"
        "            FROM strategy.schedule_period AS p",
        "AND l.local_minute <= d.end_minute\n        ) THEN 1\n        WHEN EXISTS (\n            SELECT 1 AS found\n"
        "            FROM strategy.schedule_period AS p", "the night of a date ends a minute late"),
    Bug(HOURS, "DATEADD(MINUTE, o.offset_minutes, @at) AS local_time", "DATEADD(MINUTE, o.offset_minutes - 60, @at) AS local_time",
        "winter time all the year"),
    Bug(HOURS, "(DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.local_date) + 6) % 7 + 1",
        "DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.local_date) % 7 + 1", "a night goes on into its own morning"),
    Bug(STATUS, "WHEN f.is_agent_reached = 1 THEN 8\n", "", "attempts with an agent result never run out", world=80),
    Bug(STATUS, "WHEN f.created_names_status = 1 AND f.is_created_reached = 1 THEN 7\n", "",
        "the first call always names the status (M53)", "test_strategy_client_status_now.py"),
    Bug(STATUS, "WHEN f.status_id = 4 AND f.is_client_reached = 1 THEN 4\n", "",
        "a limit does not keep naming the status that it set", world=295),
    Bug(FACT, "WHEN p.is_do_not_call = 1 OR p.is_blocked = 1 OR t", "WHEN p.is_do_not_call = 1 OR t", "a blocked phone keeps its client from running out", world=118),
    Bug(FACT, "COALESCE(p.zone_id, c.zone_id, k.default_zone_id) AS zone_id", "COALESCE(c.zone_id, k.default_zone_id) AS zone_id",
        "a phone's own zone is not looked at", world=3),
    Bug(FACT, "WHEN p.is_do_not_call = 1 THEN 3\n", "", "numbers on the do-not-call list are dialled", world=17),
    Bug(FACT, "N'.', f.phone_attempts, N'.', f.client_technical_result_id,", "N'.', f.client_technical_result_id,",
        "phones with other attempts fall into one class",
        "test_strategy_phone_fact.py"),
    Bug(RESULT, "state_id = CASE WHEN r.is_counted = 1 THEN 3 ELSE 1 END", "state_id = 3",
        "a callback that came back undialled is kept"),
    Bug(RESULT, "CASE WHEN p.waits_from > y.ended_at THEN p.hold_agent_result_id ELSE NULL END",
        "p.hold_agent_result_id", "a phone's own later result does not end the agent's hold", world=13),
    Bug(RESULT, "    p.attempts + y.attempts", "    p.attempts + 1", "calls that do not count are counted"),
    Bug(RESULT, "WHEN t.last_at IS NULL OR c.last_attempt_at > t.last_at THEN c.last_technical_result_id\n",
        "WHEN t.last_at IS NULL THEN c.last_technical_result_id\n",
        "a late result of an earlier call becomes the last one",
        "test_dialing_result_apply.py::test_the_latest_result_is_the_last_whatever_order_they_come_in"),
    Bug(OUTCOME, "ORDER BY h.holds_from DESC, h.given_at DESC", "ORDER BY h.holds_from, h.given_at DESC",
        "of two agent results the earlier one holds the phones",
        "test_dialing_result_apply.py::test_two_agent_results_of_one_client_in_one_batch_each_mark_their_own_phone"),
    Bug(OUTCOME, "CASE WHEN x.ended_at > x.given_at THEN x.ended_at ELSE x.given_at END", "x.given_at",
        "an agent result given in the call holds from then, not from its end", world=2),
    Bug(OUTCOME, "        AND h1.round_no = c.round_no\n", "",
        "agent results of earlier rounds use up the limit",
        "test_dialing_agent_result_apply.py::test_the_limit_of_an_agent_result_counts_those_of_this_round_alone"),
    Bug(AGENT, "AND g.is_enabled = 1;\n\nIF @agent_result_id IS NULL", ";\n\nIF @agent_result_id IS NULL",
        "a result that is switched off is taken", world=179),
    Bug(AGENT, "IF @has_leaves = 1 AND @leaf_mandatory = 1", "IF @has_leaves = 1 AND @leaf_mandatory = 0",
        "the second level is wanted where it is not", world=4),
    Bug(SETTLE, "WHERE p.dial_class_id <> d.dial_class_id", "WHERE p.dial_class_id = 0",
        "phones stay in their first class"),
    Bug(SERVICE, "AND c.first_attempt_at <= @first_call_before", "AND c.first_attempt_at <= @created_before",
        "the status service takes the duration since creation for that since the first call"),
    Bug(SERVICE, "        SET @first_call_until = @first_call_before;",
        "        SET @first_call_until = CASE WHEN @first_call_seen > @first_call_before THEN @first_call_seen ELSE @first_call_before END;",
        "a longer duration that is made shorter again finds nobody", "test_contacts_client_status_update.py"),
    Bug(SERVICE, "a.ended_at > DATEADD(MINUTE, -10, @first_call_seen)", "a.ended_at > @first_call_seen",
        "a first call that was on its way is never found", "test_contacts_client_status_update.py"),
    Bug(SERVICE, "AND s.is_limit = 1\n", "AND s.is_final = 1\n", "a raised limit brings nobody back", world=92),
    Bug(LOAD, "round_no = c.round_no + k.restarts", "round_no = c.round_no", "a new round is the old one"),
    Bug(TAKE, """                p.dial_class_id AS dial_class_id,
                COUNT(*) AS phones
            FROM dialing.record AS r
            JOIN core.phone AS p
                ON p.phone_id = r.phone_id
            JOIN @open AS q
                ON q.dial_class_id = p.dial_class_id
                AND q.ready_before >= p.waits_from
            WHERE r.campaign_id = @campaign_id
            GROUP BY p.dial_class_id
""", """                r.dial_class_id AS dial_class_id,
                COUNT(*) AS phones
            FROM dialing.record AS r
            JOIN core.phone AS p
                ON p.phone_id = r.phone_id
            JOIN @open AS q
                ON q.dial_class_id = r.dial_class_id
                AND q.ready_before >= p.waits_from
            WHERE r.campaign_id = @campaign_id
            GROUP BY r.dial_class_id
""", "what is out is counted by the class in which it was taken",
        "test_dialing_block_take.py::test_a_phone_that_is_out_and_whose_facts_changed_meanwhile_hides_nobody_of_its_class"),
    Bug(STATUS, "WHEN f.is_stop_reached = 1 THEN 9\n        WHEN f.is_agent_reached = 1 THEN 8\n",
        "WHEN f.is_agent_reached = 1 THEN 8\n        WHEN f.is_stop_reached = 1 THEN 9\n",
        "attempts with an agent result name the status before the stop date",
        "test_strategy_client_status_now.py"),
    Bug(SUMS, "b.phones - COALESCE(a.phones, 0)", "b.phones", "who is asked alone is counted twice"),
    Bug(SUMS, "n.waiting - COALESCE(a.waiting, 0)", "n.waiting", "who waits and is asked alone is counted twice", world=3),
    Bug(SUMS, "        ELSE 701\n", "        ELSE b.early_no\n", "who is out goes by the rules of the class"),
    Bug(SUMS, "            WHEN b.is_promised = 1 THEN 1102\n", "", "a promised call is no reason"),
    Bug(FACT, "AND b.state_id IN (1, 2)", "AND b.state_id IN (1, 2, 3)", "a call that was made is promised for ever"),
    Bug(SUMS, "AND c.status_id IN (1, 4, 5, 6, 7, 8)\n", "AND c.status_id = 1\n",
        "the stop date of a client that a limit stopped is not looked at", world=173),
    Bug(EXPLAIN, "CASE WHEN c.is_hold = 0 THEN 1 ELSE c.is_under END", "c.is_under", "a cap that only warns stops a phone",
        EXPLAIN_TESTS),
    Bug(EXPLAIN, "DATEADD(DAY, 1, s.attempt_day)", "DATEADD(DAY, 2, s.attempt_day)", "the limit of a day lasts for two",
        EXPLAIN_TESTS),
    Bug(EXPLAIN, "COALESCE(s.promised_at, b.last_at)", "s.promised_at",
        "a client's other phones do not know the call that it was promised", EXPLAIN_TESTS),
    Bug(REASON, "ORDER BY f.is_passed, f.rule_no, f.step_no", "ORDER BY f.is_passed, f.rule_no DESC, f.step_no",
        "the last rule that fails is the reason", REASON_TESTS),
    Bug(REASON, "strategy.schedule_next(r.schedule_id, r.zone_id, @passes_at)", "strategy.schedule_next(r.schedule_id, r.zone_id, @now)",
        "the next moment is that of the schedule alone", REASON_TESTS),
    Bug(REASON, "WHEN @unknown > 0 THEN NULL ", "", "a phone that somebody has to free is promised a moment", REASON_TESTS),
    Bug(PREVIEW, "(1 - x.is_allowed_before) * x.is_allowed_after", "x.is_allowed_after", "all that will be open is opening",
        PREVIEW_TESTS),
    Bug(PREVIEW, "CASE WHEN a.bar_id = 0 THEN 1 ELSE 0 END AS is_free", "a.is_allowed AS is_free",
        "free is what the new version allows", PREVIEW_TESTS),
    Bug(PREVIEW, "AND p.waits_from > a.ready_before", "AND p.waits_from > b.ready_before",
        "the delays of the new version are not looked at", PREVIEW_TESTS),
    Bug(PREVIEW, "a.is_open END AS may_ring_after", "b.is_open END AS may_ring_after", "ready is who is ready as it is", PREVIEW_TESTS),
    Bug(PREVIEW, "WHEN a.is_promised = 1 THEN 0", "WHEN a.is_promised = 9 THEN 0", "who was promised a call is ready", PREVIEW_TESTS),
    Bug(WINDOW, "    AND r.is_enabled = 1\n", "", "a cap that is switched off holds", WINDOW_TESTS),
    Bug(WINDOW, "r.valid_to >= l.today", "r.valid_to > l.today", "a cap ends with the day before its last", WINDOW_TESTS),
    Bug(WINDOW, "DATEADD(DAY, -(DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.today) % 7), l.today)", "DATEADD(DAY, -6, l.today)",
        "a week is seven days and not that of the calendar", WINDOW_TESTS),
    Bug(COUNTED, "CASE WHEN a.is_counted = 1 THEN 1 ELSE 0 END", "1", "calls that do not count are counted", COUNTED_TESTS),
    Bug(COUNTED, "t.is_contact = 1 AND a.agent IS NOT NULL", "t.is_contact = 1", "a call without an agent is a conversation",
        COUNTED_TESTS),
    Bug(CAP, "        AND q.client_id <> @client_id\n", "", "the client's own call stands in its way", CAP_TESTS),
    Bug(CAP, "                AND (@person_id IS NULL OR a.person_id IS NULL OR a.person_id <> @person_id)\n", "",
        "calls of a client that has a person are counted twice", CAP_TESTS),
    Bug(CAP, "WHEN w.valid_until < f.window_over_at THEN w.valid_until\n", "", "a rule that is over holds until its window is",
        CAP_TESTS),
    Bug(TAKE, "HAVING COUNT(*) >= u.limit_value", "HAVING COUNT(*) > u.limit_value", "one call too many under a cap", CAPS_TESTS),
    Bug(TAKE, "AND (q.block_id <> @block_id OR q.position < r.position)", "AND q.block_id <> @block_id",
        "calls of one block do not count for each other", CAPS_TESTS),
    Bug(TAKE, "CASE WHEN v.subject_id = 3 THEN NULL ELSE v.held_until END", "v.held_until", "the cap of a number holds the client's other phones", CAPS_TESTS),
    Bug(TAKE, "OR @held_in_all > 10 * @size", "OR @held > 0", "a block that meets a cap is not filled up", CAPS_TESTS),
    Bug(RELEASE, "s.is_hold = 1 AND s.free_at > @now", "s.free_at > @now", "a cap that only warns holds on", RELEASE_TESTS),
    Bug(RELEASE, "    OR h.held_until <> m.old_held_until", "", "a mark is let go but never shortened", RELEASE_TESTS),
    Bug(RELEASE, "    AND p.client_id > @after_client_id\n", "", "each batch looks at the same clients", RELEASE_TESTS),
)  # fmt: skip
