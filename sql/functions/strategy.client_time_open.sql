/*
strategy.client_time_open          version 1.0.0          2026-11-25

The rules of a client that only time breaks: its stop date, and the two durations (strategy.md, «May this phone be dialled now?»,
rules 4 and 10; M52, M54, M133, M141, M142, M144). 1 while the rule is kept. A function of values alone, so that the block
selection, the explanations and the statuses say the same.

Called by  sql/procedures/dialing.block_take.sql, sql/functions/strategy.phone_state.sql,
           sql/functions/strategy.client_status_now.sql
Reads      nothing
Returns    rows: is_before_stop int, is_in_first_call int, is_in_created int
Example    SELECT t.is_before_stop FROM strategy.client_time_open(NULL, '2026-11-01', NULL, 60, NULL, SYSUTCDATETIME()) AS t;
*/
CREATE OR ALTER FUNCTION strategy.client_time_open
(
    @do_not_call_after datetime2(3), /* core.client.do_not_call_after */
    @loaded_at datetime2(3), /* core.client.loaded_at */
    @first_attempt_at datetime2(3), /* core.client.first_attempt_at */
    @created_minutes int, /* strategy.version.created_minutes */
    @first_call_minutes int, /* strategy.version.first_call_minutes */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    CASE WHEN @do_not_call_after <= @now THEN 0 ELSE 1 END AS is_before_stop,
    CASE WHEN DATEADD(MINUTE, @first_call_minutes, @first_attempt_at) <= @now THEN 0 ELSE 1 END AS is_in_first_call,
    CASE WHEN DATEADD(MINUTE, @created_minutes, @loaded_at) <= @now THEN 0 ELSE 1 END AS is_in_created;
