/*
dialing.campaign_result          version 1.0.0          2026-11-23

Attempts of one campaign that ended in a span of time, by technical result.

Called by  app/admin/monitor.py
Reads      core.attempt, core.technical_result
Returns    rows: technical_result_id int, code nvarchar(64), name nvarchar(200), name_en nvarchar(200), is_contact bit,
           attempts int
Example    SELECT r.code, r.attempts FROM dialing.campaign_result(7, '2026-11-23T06:00:00', '2026-11-23T07:00:00') AS r;
*/
CREATE OR ALTER FUNCTION dialing.campaign_result
(
    @campaign_id int, /* core.campaign.campaign_id */
    @from datetime2(3), /* UTC, not included */
    @to datetime2(3) /* UTC, included */
)
RETURNS TABLE
AS
RETURN
SELECT
    t.technical_result_id AS technical_result_id,
    t.code AS code,
    t.name AS name,
    t.name_en AS name_en,
    t.is_contact AS is_contact,
    n.attempts AS attempts
FROM (
    SELECT a.technical_result_id AS technical_result_id, COUNT(*) AS attempts
    FROM core.attempt AS a
    WHERE a.campaign_id = @campaign_id
        AND a.ended_at > @from
        AND a.ended_at <= @to
    GROUP BY a.technical_result_id
) AS n
JOIN core.technical_result AS t
    ON t.technical_result_id = n.technical_result_id;
