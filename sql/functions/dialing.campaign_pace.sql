/*
dialing.campaign_pace          version 1.0.0          2026-11-23

Attempts of one campaign minute by minute: how many ended, and how many of them reached a live person. Minutes without attempts
have no row.

Called by  app/admin/monitor.py
Reads      core.attempt, core.technical_result
Returns    rows: minute_no int, attempts int, contacts int
Example    SELECT p.minute_no, p.attempts FROM dialing.campaign_pace(7, '2026-11-23T06:00:00', '2026-11-23T07:00:00') AS p;
*/
CREATE OR ALTER FUNCTION dialing.campaign_pace
(
    @campaign_id int, /* core.campaign.campaign_id */
    @from datetime2(3), /* UTC, included; minute 0 begins here */
    @to datetime2(3) /* UTC, not included */
)
RETURNS TABLE
AS
RETURN
SELECT
    n.minute_no AS minute_no,
    COUNT(*) AS attempts,
    SUM(n.contact) AS contacts
FROM (
    SELECT
        DATEDIFF(MINUTE, @from, a.ended_at) AS minute_no,
        CASE WHEN t.is_contact = 1 THEN 1 ELSE 0 END AS contact
    FROM core.attempt AS a
    JOIN core.technical_result AS t
        ON t.technical_result_id = a.technical_result_id
    WHERE a.campaign_id = @campaign_id
        AND a.ended_at >= @from
        AND a.ended_at < @to
) AS n
GROUP BY n.minute_no;
