/*
core.number_zone          version 1.0.0          2026-11-25

What the numbering plan says of a number (M17): its range, operator and region, and the zone of the region, or why there is
none. Takes national numbers of ten digits, and eleven that begin with 7 or 8. No row when the plan has no such number. Ranges
do not overlap, so that the one that begins last at or before the number is the only one that may hold it: one step into the
index.

Called by  sql/procedures/contacts.import_apply.sql, sql/procedures/contacts.phone_zone_update.sql,
           app/procedures/numbering.py
Reads      core.numbering_range, core.region
Returns    rows: number_from bigint, number_to bigint, operator nvarchar(200), region_text nvarchar(400), region_id int,
           zone_id int, reason_code nvarchar(64)
Example    SELECT z.operator, z.zone_id, z.reason_code FROM core.number_zone(N'79161234567') AS z;
*/
CREATE OR ALTER FUNCTION core.number_zone
(
    @number nvarchar(20) /* digits, as core.phone.number has them */
)
RETURNS TABLE
AS
RETURN
SELECT
    r.number_from AS number_from,
    r.number_to AS number_to,
    r.operator AS operator,
    r.region_text AS region_text,
    r.region_id AS region_id,
    g.zone_id AS zone_id,
    CASE
        WHEN g.zone_id IS NOT NULL THEN NULL
        ELSE COALESCE(r.reason_code, g.reason_code)
    END AS reason_code
FROM (
    SELECT CASE
        WHEN LEN(@number) = 10 THEN TRY_CAST(@number AS bigint)
        WHEN LEN(@number) = 11 AND LEFT(@number, 1) IN (N'7', N'8') THEN TRY_CAST(RIGHT(@number, 10) AS bigint)
    END AS national_number
) AS n
CROSS APPLY (
    SELECT TOP (1)
        x.number_from AS number_from,
        x.number_to AS number_to,
        x.operator AS operator,
        x.region_text AS region_text,
        x.region_id AS region_id,
        x.reason_code AS reason_code
    FROM core.numbering_range AS x
    WHERE x.country_prefix = 7
        AND x.number_from <= n.national_number
    ORDER BY x.number_from DESC
) AS r
LEFT JOIN core.region AS g
    ON g.region_id = r.region_id
WHERE n.national_number <= r.number_to;
