/*
strategy.reason          version 1.0.0          2026-11-25

The names of the rules that may stand in a phone's way: reason_no is the number of the rule in strategy.md, «May this phone be
dialled now?», times 100, plus a step; 0 is none.

Called by  sql/procedures/dialing.campaign_explain.sql
Reads      nothing
Returns    rows: reason_no int, reason_code nvarchar(64)
Example    SELECT q.reason_code FROM strategy.reason AS q WHERE q.reason_no = 1201;
*/
CREATE OR ALTER VIEW strategy.reason
AS
SELECT 0 AS reason_no, N'ready' AS reason_code
UNION ALL
SELECT 101 AS reason_no, N'campaign_active' AS reason_code
UNION ALL
SELECT 201 AS reason_no, N'segment_open' AS reason_code
UNION ALL
SELECT 301 AS reason_no, N'client_unprocessed' AS reason_code
UNION ALL
SELECT 302 AS reason_no, N'client_free' AS reason_code
UNION ALL
SELECT 401 AS reason_no, N'stop_date' AS reason_code
UNION ALL
SELECT 501 AS reason_no, N'do_not_call' AS reason_code
UNION ALL
SELECT 601 AS reason_no, N'phone_free' AS reason_code
UNION ALL
SELECT 602 AS reason_no, N'type_dialled' AS reason_code
UNION ALL
SELECT 701 AS reason_no, N'in_work' AS reason_code
UNION ALL
SELECT 702 AS reason_no, N'person_in_work' AS reason_code
UNION ALL
SELECT 801 AS reason_no, N'client_attempts' AS reason_code
UNION ALL
SELECT 802 AS reason_no, N'type_attempts' AS reason_code
UNION ALL
SELECT 803 AS reason_no, N'agent_attempts' AS reason_code
UNION ALL
SELECT 901 AS reason_no, N'day_attempts' AS reason_code
UNION ALL
SELECT 1001 AS reason_no, N'first_call_duration' AS reason_code
UNION ALL
SELECT 1002 AS reason_no, N'created_duration' AS reason_code
UNION ALL
SELECT 1101 AS reason_no, N'delay' AS reason_code
UNION ALL
SELECT 1102 AS reason_no, N'promised' AS reason_code
UNION ALL
SELECT 1201 AS reason_no, N'schedule' AS reason_code
UNION ALL
SELECT 1301 AS reason_no, N'cap_hours' AS reason_code
UNION ALL
SELECT 1302 AS reason_no, N'caps' AS reason_code;
