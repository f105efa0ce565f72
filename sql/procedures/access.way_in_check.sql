/*
access.way_in_check          version 1.0.0          2026-11-26

Refuses a change after which nobody who can get in has the role of the security administrator. The caller began with
access.way_in_lock, made the change in the same transaction, and rolls it back when this refuses.

Called by  app/procedures/access.py
Reads      access.security_administrator
Writes     nothing
Returns    nothing
Example    EXECUTE access.way_in_check;
*/
CREATE OR ALTER PROCEDURE access.way_in_check
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @left int;

SELECT @left = COUNT(a.user_id)
FROM access.security_administrator AS a;

IF @left = 0
    THROW 50150, N'This is the last active security administrator: without him nobody could give rights any more.', 1;
