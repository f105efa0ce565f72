/*
contacts.segment_block_preview          version 1.0.0          2026-11-25

What contacts.segment_block would block, before it is done (M112): how many phones, and how many of them the dialer holds now.
All clients are counted from the counts that events keep; a range of load moments reads the phones of the segment.

Called by  app/admin/segments.py
Reads      core.segment, core.client, core.phone, core.dial_class, core.dial_class_change, dialing.record
Returns    one row: phones int, records_out int
Example    SELECT b.phones, b.records_out FROM contacts.segment_block_preview(7, 12, 1, NULL, NULL) AS b;
*/
CREATE OR ALTER FUNCTION contacts.segment_block_preview
(
    @campaign_id int, /* core.campaign.campaign_id */
    @segment_id int, /* core.segment.segment_id */
    @kind_id smallint, /* 1 all clients, 2 phones by the moment when they were loaded */
    @loaded_from datetime2(3), /* kind 2: loaded at this moment or later; NULL means since ever */
    @loaded_to datetime2(3) /* kind 2: and before this moment; NULL means until now */
)
RETURNS TABLE
AS
RETURN
SELECT
    CAST(COALESCE(SUM(n.phones), 0) AS int) AS phones,
    CAST(COALESCE(SUM(n.records_out), 0) AS int) AS records_out
FROM (
    SELECT
        x.phones AS phones,
        0 AS records_out
    FROM core.segment AS g
    JOIN core.dial_class AS d
        ON d.campaign_id = g.campaign_id
        AND d.segment_id = g.segment_id
    JOIN core.dial_class_change AS x
        ON x.dial_class_id = d.dial_class_id
    WHERE @kind_id = 1
        AND g.segment_id = @segment_id
        AND g.campaign_id = @campaign_id
        AND g.is_blocked = 0

    UNION ALL

    SELECT
        1 AS phones,
        0 AS records_out
    FROM core.client AS c
    JOIN core.phone AS p
        ON p.client_id = c.client_id
    WHERE @kind_id = 2
        AND c.campaign_id = @campaign_id
        AND c.segment_id = @segment_id
        AND p.blocked_at IS NULL
        AND (@loaded_from IS NULL OR p.loaded_at >= @loaded_from)
        AND (@loaded_to IS NULL OR p.loaded_at < @loaded_to)

    UNION ALL

    SELECT
        0 AS phones,
        1 AS records_out
    FROM dialing.record AS r
    JOIN core.client AS c
        ON c.client_id = r.client_id
    JOIN core.segment AS g
        ON g.segment_id = c.segment_id
    JOIN core.phone AS p
        ON p.phone_id = r.phone_id
    WHERE r.campaign_id = @campaign_id
        AND c.segment_id = @segment_id
        AND (
            (@kind_id = 1 AND g.is_blocked = 0)
            OR (
                @kind_id = 2
                AND p.blocked_at IS NULL
                AND (@loaded_from IS NULL OR p.loaded_at >= @loaded_from)
                AND (@loaded_to IS NULL OR p.loaded_at < @loaded_to)
            )
        )
) AS n;
