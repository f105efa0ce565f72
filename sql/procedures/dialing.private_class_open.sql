/*
dialing.private_class_open          version 1.1.0          2026-11-26

The rows of strategy.dial_class_open, for dialing.block_take. A procedure of its own because ranking the classes is one big
statement: here it touches no table variable, so PostgreSQL keeps its plan for as long as the session lives. Planning it takes
longer than running it.

Called by  sql/procedures/dialing.block_take.sql
Reads      strategy.dial_class_open
Returns    rows: rank_no bigint, dial_class_id int, zone_id int, is_promised bit, ready_before datetime2(3)
Example    EXECUTE dialing.private_class_open @campaign_id = 7, @now = '2026-11-23T09:00:00';
*/
CREATE OR ALTER PROCEDURE dialing.private_class_open
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) /* UTC */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

SELECT
    o.rank_no AS rank_no,
    o.dial_class_id AS dial_class_id,
    o.zone_id AS zone_id,
    o.is_promised AS is_promised,
    o.ready_before AS ready_before
FROM strategy.dial_class_open(@campaign_id, @now) AS o;
