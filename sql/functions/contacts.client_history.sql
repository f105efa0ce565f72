/*
contacts.client_history          version 1.0.0          2026-11-26

Everything that happened to a client, a row each, to be put in order by happened_at: event_code says what.

    attempt       a call of one of its phones, with both results; is_counted: it counts against the limits of attempts
    agent_result  an agent result that belongs to no call of ours
    in_work       a phone is at the dialer, since happened_at
    callback      a promised call for due_at; state_id as in dialing.callback, closed_at when it was closed
    block         a block of the client, of a phone, of its segment; is_lifting: its lifting. kind_id as in
                  contacts.block_journal
    number_block  its number was blocked in all campaigns; closed_at: lifted
    do_not_call   its number, or its person where number is empty, came on the do-not-call list; closed_at: lifted
    moved_in      a phone came from the campaign that campaign_id names; moved_out: it went there
    loaded        the load that made the client; reloaded: the latest one that had it again. object_id is the batch
    status        its status of now, since happened_at; object_id is core.client_status.status_id

Called by  app/admin/client_card.py
Reads      core.client, core.phone, core.attempt, core.attempt_outcome, core.technical_result, core.agent_result, core.segment,
           core.number_block, core.do_not_call, dialing.record, dialing.callback, contacts.block_journal,
           contacts.move_journal, contacts.import_batch, core.campaign, strategy.version
Returns    rows: event_code nvarchar(20), happened_at datetime2(3), object_id bigint, number nvarchar(20),
           processing_id smallint, technical_result nvarchar(200), technical_result_en nvarchar(200), is_counted bit,
           agent_result_1 nvarchar(200), agent_result_1_en nvarchar(200), agent_result_2 nvarchar(200),
           agent_result_2_en nvarchar(200), source_id smallint, agent nvarchar(64), duration_ms int, version_no int,
           due_at datetime2(3), closed_at datetime2(3), state_id smallint, kind_id smallint, is_lifting bit,
           done_by nvarchar(200), reason nvarchar(1000), campaign_id int, campaign nvarchar(200)
Example    SELECT h.event_code, h.happened_at, h.number FROM contacts.client_history(1) AS h ORDER BY h.happened_at DESC;
*/
CREATE OR ALTER FUNCTION contacts.client_history
(
    @client_id bigint /* core.client.client_id */
)
RETURNS TABLE
AS
RETURN
WITH event AS (
    SELECT
        N'attempt' AS event_code,
        a.ended_at AS happened_at,
        a.attempt_id AS object_id,
        a.number AS number,
        a.processing_id AS processing_id,
        a.technical_result_id AS technical_result_id,
        a.is_counted AS is_counted,
        o.agent_result_id AS agent_result_id,
        o.source_id AS source_id,
        COALESCE(o.agent, a.agent) AS agent,
        a.duration_ms AS duration_ms,
        a.strategy_version_id AS strategy_version_id,
        CAST(NULL AS datetime2(3)) AS due_at,
        CAST(NULL AS datetime2(3)) AS closed_at,
        CAST(NULL AS smallint) AS state_id,
        CAST(NULL AS smallint) AS kind_id,
        CAST(NULL AS bit) AS is_lifting,
        CAST(NULL AS nvarchar(200)) AS done_by,
        o.comment AS reason,
        a.campaign_id AS campaign_id
    FROM core.attempt AS a
    LEFT JOIN core.attempt_outcome AS o
        ON o.record_key = a.record_key
    WHERE a.client_id = @client_id
    UNION ALL
    SELECT
        N'agent_result' AS event_code,
        o.given_at AS happened_at,
        o.outcome_id AS object_id,
        p.number AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        o.agent_result_id AS agent_result_id,
        o.source_id AS source_id,
        o.agent AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        NULL AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        NULL AS done_by,
        o.comment AS reason,
        o.campaign_id AS campaign_id
    FROM core.attempt_outcome AS o
    LEFT JOIN core.phone AS p
        ON p.phone_id = o.phone_id
    WHERE o.client_id = @client_id
        AND NOT EXISTS (SELECT 1 AS found FROM core.attempt AS a WHERE a.record_key = o.record_key)
    UNION ALL
    SELECT
        N'in_work' AS event_code,
        r.taken_at AS happened_at,
        r.block_id AS object_id,
        r.number AS number,
        r.processing_id AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        r.strategy_version_id AS strategy_version_id,
        NULL AS due_at,
        NULL AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        NULL AS done_by,
        NULL AS reason,
        r.campaign_id AS campaign_id
    FROM dialing.record AS r
    WHERE r.client_id = @client_id
    UNION ALL
    SELECT
        N'callback' AS event_code,
        b.created_at AS happened_at,
        b.callback_id AS object_id,
        p.number AS number,
        CASE WHEN b.agent IS NULL THEN 2 ELSE 3 END AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        b.source_id AS source_id,
        b.agent AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        b.due_at AS due_at,
        b.closed_at AS closed_at,
        b.state_id AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        NULL AS done_by,
        NULL AS reason,
        b.campaign_id AS campaign_id
    FROM dialing.callback AS b
    LEFT JOIN core.phone AS p
        ON p.phone_id = b.phone_id
    WHERE b.client_id = @client_id
    UNION ALL
    SELECT
        N'block' AS event_code,
        j.done_at AS happened_at,
        j.journal_id AS object_id,
        j.number AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        j.lifted_at AS closed_at,
        NULL AS state_id,
        j.kind_id AS kind_id,
        CASE WHEN j.is_blocked = 1 THEN 0 ELSE 1 END AS is_lifting,
        j.done_by AS done_by,
        j.reason AS reason,
        j.campaign_id AS campaign_id
    FROM contacts.block_journal AS j
    WHERE j.client_id = @client_id
        AND j.kind_id IN (1, 2)
    UNION ALL
    SELECT
        N'block' AS event_code,
        j.done_at AS happened_at,
        j.journal_id AS object_id,
        NULL AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        j.lifted_at AS closed_at,
        NULL AS state_id,
        j.kind_id AS kind_id,
        CASE WHEN j.is_blocked = 1 THEN 0 ELSE 1 END AS is_lifting,
        j.done_by AS done_by,
        j.reason AS reason,
        j.campaign_id AS campaign_id
    FROM core.client AS c
    JOIN contacts.block_journal AS j
        ON j.segment_id = c.segment_id
    WHERE c.client_id = @client_id
        AND (j.lifted_at IS NULL OR j.lifted_at > c.loaded_at)
        AND (
            (j.kind_id = 3 AND (j.is_blocked = 1 OR j.done_at > c.loaded_at))
            OR (
                j.kind_id = 4
                AND EXISTS (
                    SELECT 1 AS found
                    FROM core.phone AS p
                    WHERE p.client_id = c.client_id
                        AND p.loaded_at <= j.done_at
                        AND (j.loaded_from IS NULL OR p.loaded_at >= j.loaded_from)
                        AND (j.loaded_to IS NULL OR p.loaded_at < j.loaded_to)
                )
            )
        )
    UNION ALL
    SELECT
        N'number_block' AS event_code,
        n.added_at AS happened_at,
        n.number_block_id AS object_id,
        n.number AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        n.lifted_at AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        n.added_by AS done_by,
        n.reason AS reason,
        NULL AS campaign_id
    FROM core.phone AS p
    JOIN core.number_block AS n
        ON n.number = p.number
    WHERE p.client_id = @client_id
        AND (n.lifted_at IS NULL OR n.lifted_at > p.loaded_at)
    UNION ALL
    SELECT
        N'do_not_call' AS event_code,
        d.added_at AS happened_at,
        d.do_not_call_id AS object_id,
        d.number AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        d.lifted_at AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        d.added_by AS done_by,
        d.reason AS reason,
        NULL AS campaign_id
    FROM core.phone AS p
    JOIN core.do_not_call AS d
        ON d.number = p.number
    WHERE p.client_id = @client_id
        AND (d.lifted_at IS NULL OR d.lifted_at > p.loaded_at)
    UNION ALL
    SELECT
        N'do_not_call' AS event_code,
        d.added_at AS happened_at,
        d.do_not_call_id AS object_id,
        NULL AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        d.lifted_at AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        d.added_by AS done_by,
        d.reason AS reason,
        NULL AS campaign_id
    FROM core.client AS c
    JOIN core.do_not_call AS d
        ON d.person_id = c.person_id
    WHERE c.client_id = @client_id
        AND (d.lifted_at IS NULL OR d.lifted_at > c.loaded_at)
    UNION ALL
    SELECT
        N'moved_in' AS event_code,
        m.done_at AS happened_at,
        m.move_id AS object_id,
        m.number AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        NULL AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        m.done_by AS done_by,
        NULL AS reason,
        m.from_campaign_id AS campaign_id
    FROM contacts.move_journal AS m
    WHERE m.to_client_id = @client_id
    UNION ALL
    SELECT
        N'moved_out' AS event_code,
        m.done_at AS happened_at,
        m.move_id AS object_id,
        m.number AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        NULL AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        m.done_by AS done_by,
        NULL AS reason,
        m.to_campaign_id AS campaign_id
    FROM contacts.move_journal AS m
    WHERE m.from_client_id = @client_id
        AND m.to_client_id <> @client_id
    UNION ALL
    SELECT
        CASE WHEN b.batch_id = c.import_batch_id THEN N'loaded' ELSE N'reloaded' END AS event_code,
        b.started_at AS happened_at,
        b.batch_id AS object_id,
        NULL AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        NULL AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        b.created_by AS done_by,
        b.file_name AS reason,
        NULL AS campaign_id
    FROM core.client AS c
    JOIN contacts.import_batch AS b
        ON b.batch_id IN (c.import_batch_id, c.updated_batch_id)
    WHERE c.client_id = @client_id
    UNION ALL
    SELECT
        N'status' AS event_code,
        c.status_at AS happened_at,
        CAST(c.status_id AS bigint) AS object_id,
        NULL AS number,
        NULL AS processing_id,
        NULL AS technical_result_id,
        NULL AS is_counted,
        NULL AS agent_result_id,
        NULL AS source_id,
        NULL AS agent,
        NULL AS duration_ms,
        NULL AS strategy_version_id,
        NULL AS due_at,
        NULL AS closed_at,
        NULL AS state_id,
        NULL AS kind_id,
        NULL AS is_lifting,
        NULL AS done_by,
        NULL AS reason,
        NULL AS campaign_id
    FROM core.client AS c
    WHERE c.client_id = @client_id
)
SELECT
    e.event_code AS event_code,
    e.happened_at AS happened_at,
    e.object_id AS object_id,
    e.number AS number,
    e.processing_id AS processing_id,
    t.name AS technical_result,
    COALESCE(t.name_en, t.name) AS technical_result_en,
    e.is_counted AS is_counted,
    COALESCE(a1.name, a.name) AS agent_result_1,
    COALESCE(a1.name_en, a1.name, a.name_en, a.name) AS agent_result_1_en,
    CASE WHEN a1.agent_result_id IS NULL THEN NULL ELSE a.name END AS agent_result_2,
    CASE WHEN a1.agent_result_id IS NULL THEN NULL ELSE COALESCE(a.name_en, a.name) END AS agent_result_2_en,
    e.source_id AS source_id,
    e.agent AS agent,
    e.duration_ms AS duration_ms,
    v.version_no AS version_no,
    e.due_at AS due_at,
    e.closed_at AS closed_at,
    e.state_id AS state_id,
    e.kind_id AS kind_id,
    e.is_lifting AS is_lifting,
    e.done_by AS done_by,
    e.reason AS reason,
    e.campaign_id AS campaign_id,
    k.name AS campaign
FROM event AS e
LEFT JOIN core.technical_result AS t
    ON t.technical_result_id = e.technical_result_id
LEFT JOIN core.agent_result AS a
    ON a.agent_result_id = e.agent_result_id
LEFT JOIN core.agent_result AS a1
    ON a1.agent_result_id = a.parent_id
LEFT JOIN strategy.version AS v
    ON v.strategy_version_id = e.strategy_version_id
LEFT JOIN core.campaign AS k
    ON k.campaign_id = e.campaign_id;
