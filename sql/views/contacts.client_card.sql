/*
contacts.client_card          version 1.0.0          2026-11-26

One client in full, as its card shows it: who it is, where it stands in its campaign, what its strategy counts. To be asked for
named clients (WHERE client_id = ...). The last results are those of the client's last attempt; agent_result is the latest of all,
whoever gave it.

Called by  app/admin/client_card.py
Reads      core.client, core.person, core.client_status, core.segment, core.campaign, core.time_zone, core.technical_result,
           core.agent_result, contacts.import_batch
Returns    rows: client_id bigint, campaign_id int, client_code nvarchar(64), person_id bigint, crm_id nvarchar(64),
           last_name nvarchar(100), first_name nvarchar(100), middle_name nvarchar(100), attributes nvarchar(max),
           segment_code nvarchar(64), segment_name nvarchar(200), is_segment_enabled bit, is_segment_blocked bit,
           zone_code nvarchar(64), zone_name nvarchar(200), default_zone_name nvarchar(200), load_priority smallint,
           round_no smallint, loaded_at datetime2(3), updated_at datetime2(3), import_batch_id bigint,
           import_file nvarchar(200), updated_batch_id bigint, updated_file nvarchar(200), do_not_call_after datetime2(3),
           status_id smallint, status nvarchar(200), status_en nvarchar(200), status_at datetime2(3), is_blocked bit,
           blocked_at datetime2(3), blocked_by nvarchar(200), block_reason nvarchar(1000), attempts smallint,
           attempt_day date, day_attempts smallint, first_attempt_at datetime2(3), last_attempt_at datetime2(3),
           technical_result nvarchar(200), technical_result_en nvarchar(200), agent_result nvarchar(200),
           agent_result_en nvarchar(200), agent_result_at datetime2(3), agent_result_attempts smallint
Example    SELECT c.status, c.attempts, c.zone_name FROM contacts.client_card AS c WHERE c.client_id = 1;
*/
CREATE OR ALTER VIEW contacts.client_card
AS
SELECT
    c.client_id AS client_id,
    c.campaign_id AS campaign_id,
    c.client_code AS client_code,
    c.person_id AS person_id,
    e.crm_id AS crm_id,
    c.last_name AS last_name,
    c.first_name AS first_name,
    c.middle_name AS middle_name,
    c.attributes AS attributes,
    g.code AS segment_code,
    g.name AS segment_name,
    g.is_enabled AS is_segment_enabled,
    g.is_blocked AS is_segment_blocked,
    z.code AS zone_code,
    z.name AS zone_name,
    d.name AS default_zone_name,
    c.load_priority AS load_priority,
    c.round_no AS round_no,
    c.loaded_at AS loaded_at,
    c.updated_at AS updated_at,
    c.import_batch_id AS import_batch_id,
    b.file_name AS import_file,
    c.updated_batch_id AS updated_batch_id,
    u.file_name AS updated_file,
    c.do_not_call_after AS do_not_call_after,
    c.status_id AS status_id,
    s.name AS status,
    s.name_en AS status_en,
    c.status_at AS status_at,
    c.is_blocked AS is_blocked,
    c.blocked_at AS blocked_at,
    c.blocked_by AS blocked_by,
    c.block_reason AS block_reason,
    c.attempts AS attempts,
    c.attempt_day AS attempt_day,
    c.day_attempts AS day_attempts,
    c.first_attempt_at AS first_attempt_at,
    c.last_attempt_at AS last_attempt_at,
    t.name AS technical_result,
    COALESCE(t.name_en, t.name) AS technical_result_en,
    a.name AS agent_result,
    COALESCE(a.name_en, a.name) AS agent_result_en,
    c.agent_result_at AS agent_result_at,
    c.agent_result_attempts AS agent_result_attempts
FROM core.client AS c
JOIN core.client_status AS s
    ON s.status_id = c.status_id
JOIN core.segment AS g
    ON g.segment_id = c.segment_id
JOIN core.campaign AS k
    ON k.campaign_id = c.campaign_id
JOIN core.time_zone AS d
    ON d.zone_id = k.default_zone_id
LEFT JOIN core.time_zone AS z
    ON z.zone_id = c.zone_id
LEFT JOIN core.person AS e
    ON e.person_id = c.person_id
LEFT JOIN core.technical_result AS t
    ON t.technical_result_id = c.last_technical_result_id
LEFT JOIN core.agent_result AS a
    ON a.agent_result_id = c.agent_result_id
LEFT JOIN contacts.import_batch AS b
    ON b.batch_id = c.import_batch_id
LEFT JOIN contacts.import_batch AS u
    ON u.batch_id = c.updated_batch_id;
