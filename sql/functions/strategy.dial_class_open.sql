/*
strategy.dial_class_open          version 2.1.0          2026-11-26

The dial classes of a campaign whose phones may be dialled at a moment, ranked: 1 goes first, classes with the same rank take
turns.

The condition is > 0, not = 1: of that, PostgreSQL would expect that next to no class passes, and choose a plan for one class
where there are thousands.

Called by  sql/procedures/dialing.private_class_open.sql
Reads      strategy.dial_class_state
Returns    rows: dial_class_id int, rank_no bigint, zone_id int, is_promised bit, ready_before datetime2(3)
Example    SELECT o.rank_no, o.dial_class_id FROM strategy.dial_class_open(7, SYSUTCDATETIME()) AS o;
*/
CREATE OR ALTER FUNCTION strategy.dial_class_open
(
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    s.dial_class_id AS dial_class_id,
    DENSE_RANK() OVER (
        ORDER BY s.client_priority, s.client_order, s.phone_key_1, s.phone_key_2, s.phone_key_3
    ) AS rank_no,
    s.zone_id AS zone_id,
    s.is_promised AS is_promised,
    s.ready_before AS ready_before
FROM strategy.dial_class_state(@campaign_id, @now) AS s
WHERE s.is_campaign_active * s.is_open > 0;
