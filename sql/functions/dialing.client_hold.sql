/*
dialing.client_hold          version 1.0.0          2026-11-25

What holds all phones of a client at a moment (strategy.md, «May this phone be dialled now?», rule 7, and a promised call): how
many of its phones are out, how many of its person where the campaign says so, and how many calls it was promised for later.
Counts by index, never a join, so that asking for one client costs the same in a base of any size.

Called by  sql/procedures/dialing.block_take.sql, sql/procedures/dialing.campaign_explain.sql,
           sql/functions/strategy.phone_state.sql
Reads      dialing.record, dialing.callback
Returns    rows: phones_out int, person_out int, calls_promised int
Example    SELECT h.phones_out FROM dialing.client_hold(12, NULL, 0, SYSUTCDATETIME()) AS h;
*/
CREATE OR ALTER FUNCTION dialing.client_hold
(
    @client_id bigint, /* core.client.client_id */
    @person_id bigint, /* core.client.person_id */
    @one_call_per_person bit, /* core.campaign.one_call_per_person */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    (SELECT COUNT(*) AS n FROM dialing.record AS r WHERE r.client_id = @client_id) AS phones_out,
    CASE
        WHEN @one_call_per_person = 0 THEN 0
        ELSE (SELECT COUNT(*) AS n FROM dialing.record AS r WHERE r.person_id = @person_id)
    END AS person_out,
    (
        SELECT COUNT(*) AS n
        FROM dialing.callback AS b
        WHERE b.client_id = @client_id
            AND b.state_id = 1
            AND b.due_at > @now
    ) AS calls_promised;
