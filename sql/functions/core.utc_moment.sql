/*
core.utc_moment          version 1.0.0          2026-11-23

The UTC moment that a local one of a zone means. An hour that the clocks skip is read as before the change; of an hour that comes
twice the second one is meant.

Called by  sql/procedures/contacts.import_apply.sql
Reads      core.time_zone_offset
Returns    rows: utc_at datetime2(3)
Example    SELECT m.utc_at FROM core.utc_moment(2, N'2026-11-23 12:00', 0) AS m;
*/
CREATE OR ALTER FUNCTION core.utc_moment
(
    @zone_id int, /* core.time_zone.zone_id */
    @moment datetime2(3), /* local, or UTC with @is_utc = 1; NULL gives NULL */
    @is_utc bit /* 1: @moment is UTC already */
)
RETURNS TABLE
AS
RETURN
SELECT
    CASE
        WHEN @is_utc = 1 OR @moment IS NULL THEN @moment
        ELSE DATEADD(
            MINUTE,
            -COALESCE(
                (
                    SELECT TOP (1) o.offset_minutes
                    FROM core.time_zone_offset AS o
                    WHERE o.zone_id = @zone_id
                        AND o.valid_from <= DATEADD(DAY, 1, @moment)
                        AND DATEADD(MINUTE, o.offset_minutes, o.valid_from) <= @moment
                    ORDER BY o.valid_from DESC
                ),
                0
            ),
            @moment
        )
    END AS utc_at;
