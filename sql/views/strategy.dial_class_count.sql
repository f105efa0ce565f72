/*
strategy.dial_class_count          version 1.0.0          2026-11-25

How many phones each dial class has, from the counts that events keep; classes without phones have no row.

Called by  sql/procedures/dialing.campaign_explain.sql, sql/functions/strategy.preview.sql
Reads      core.dial_class_change, core.dial_class
Returns    rows: dial_class_id int, campaign_id int, phones int
Example    SELECT n.dial_class_id, n.phones FROM strategy.dial_class_count AS n WHERE n.campaign_id = 7;
*/
CREATE OR ALTER VIEW strategy.dial_class_count
AS
SELECT
    d.dial_class_id AS dial_class_id,
    d.campaign_id AS campaign_id,
    CAST(SUM(x.phones) AS int) AS phones
FROM core.dial_class AS d
JOIN core.dial_class_change AS x
    ON x.dial_class_id = d.dial_class_id
GROUP BY d.dial_class_id, d.campaign_id
HAVING SUM(x.phones) <> 0;
