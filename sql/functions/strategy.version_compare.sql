/*
strategy.version_compare          version 1.0.0          2026-11-25

What two strategy versions say differently: a row for each setting that differs, with its value in both as text; NULL is an empty
setting, or a period or date that the version does not have.

Called by  app/campaigns.py
Reads      strategy.version_setting
Returns    rows: setting_code nvarchar(64), part nvarchar(100), position bigint, value_a nvarchar(200), value_b nvarchar(200)
Example    SELECT c.setting_code, c.part, c.value_a, c.value_b FROM strategy.version_compare(11, 12) AS c;
*/
CREATE OR ALTER FUNCTION strategy.version_compare
(
    @version_a int, /* strategy.version.strategy_version_id */
    @version_b int /* strategy.version.strategy_version_id */
)
RETURNS TABLE
AS
RETURN
SELECT
    COALESCE(a.setting_code, b.setting_code) AS setting_code,
    COALESCE(a.part, b.part) AS part,
    COALESCE(a.position, b.position) AS position,
    a.value AS value_a,
    b.value AS value_b
FROM strategy.version_setting(@version_a) AS a
FULL JOIN strategy.version_setting(@version_b) AS b
    ON b.setting_code = a.setting_code
    AND b.part = a.part
    AND b.position = a.position
WHERE a.value <> b.value
    OR (a.value IS NULL AND b.value IS NOT NULL)
    OR (a.value IS NOT NULL AND b.value IS NULL);
