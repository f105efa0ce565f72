/*
access.way_in_lock          version 1.0.0          2026-11-26

Begins a change that may take rights away: until the caller's transaction ends, nobody else makes such a change. So two people
who switch each other off at once do so one after the other, and access.way_in_check refuses the second.

Called by  app/procedures/access.py, in a transaction of the caller
Reads      ops.setting
Writes     ops.setting (its lock row; nothing changes in it)
Returns    nothing
Example    EXECUTE access.way_in_lock;
*/
CREATE OR ALTER PROCEDURE access.way_in_lock
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

UPDATE g
SET value = g.value
FROM ops.setting AS g
WHERE g.name = N'way_in_lock';
