/*
dialing.block_record          version 1.0.0          2026-11-26

What became of records that were handed over: state_id 1 out at the dialer, 2 came back undialled (reason_id 1 its block failed,
2 recalled, 3 lost by the dialer), 3 has its result. One that came back and has a late result is the latter. To be asked for by
record_key.

Called by  app/admin/hand_over.py
Reads      dialing.record, dialing.record_returned, core.attempt, core.attempt_outcome, core.technical_result,
           core.agent_result, core.client, core.client_archive
Returns    rows: record_key nvarchar(30), block_id bigint, client_id bigint, client_code nvarchar(64), number nvarchar(20),
           processing_id smallint, state_id int, reason_id smallint, ended_at datetime2(3), technical_result nvarchar(200),
           technical_result_en nvarchar(200), agent_result nvarchar(200), agent_result_en nvarchar(200)
Example    SELECT r.number, r.state_id FROM dialing.block_record AS r WHERE r.record_key IN (N'A12-1', N'A12-2');
*/
CREATE OR ALTER VIEW dialing.block_record
AS
SELECT
    w.record_key AS record_key,
    w.block_id AS block_id,
    w.client_id AS client_id,
    COALESCE(c.client_code, h.client_code) AS client_code,
    w.number AS number,
    w.processing_id AS processing_id,
    w.state_id AS state_id,
    w.reason_id AS reason_id,
    w.ended_at AS ended_at,
    t.name AS technical_result,
    COALESCE(t.name_en, t.name) AS technical_result_en,
    g.name AS agent_result,
    COALESCE(g.name_en, g.name) AS agent_result_en
FROM (
    SELECT
        r.record_key AS record_key,
        r.block_id AS block_id,
        r.client_id AS client_id,
        r.number AS number,
        r.processing_id AS processing_id,
        1 AS state_id,
        CAST(NULL AS smallint) AS reason_id,
        CAST(NULL AS datetime2(3)) AS ended_at,
        CAST(NULL AS int) AS technical_result_id
    FROM dialing.record AS r
    UNION ALL
    SELECT
        x.record_key AS record_key,
        x.block_id AS block_id,
        x.client_id AS client_id,
        x.number AS number,
        x.processing_id AS processing_id,
        2 AS state_id,
        x.reason_id AS reason_id,
        x.returned_at AS ended_at,
        CAST(NULL AS int) AS technical_result_id
    FROM dialing.record_returned AS x
    WHERE NOT EXISTS (SELECT 1 AS found FROM core.attempt AS a WHERE a.record_key = x.record_key)
    UNION ALL
    SELECT
        a.record_key AS record_key,
        a.block_id AS block_id,
        a.client_id AS client_id,
        a.number AS number,
        a.processing_id AS processing_id,
        3 AS state_id,
        CAST(NULL AS smallint) AS reason_id,
        a.ended_at AS ended_at,
        a.technical_result_id AS technical_result_id
    FROM core.attempt AS a
) AS w
LEFT JOIN core.client AS c
    ON c.client_id = w.client_id
LEFT JOIN core.client_archive AS h
    ON h.client_id = w.client_id
LEFT JOIN core.technical_result AS t
    ON t.technical_result_id = w.technical_result_id
LEFT JOIN core.attempt_outcome AS o
    ON o.record_key = w.record_key
LEFT JOIN core.agent_result AS g
    ON g.agent_result_id = o.agent_result_id;
