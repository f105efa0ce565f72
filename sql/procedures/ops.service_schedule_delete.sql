/*
ops.service_schedule_delete          version 1.0.0          2026-11-26

Removes a schedule that no service uses.

Called by  app/services/schedules.py
Reads      ops.service_schedule, ops.service
Writes     ops.service_schedule
Returns    nothing
Example    EXECUTE ops.service_schedule_delete @schedule_id = 9;
*/
CREATE OR ALTER PROCEDURE ops.service_schedule_delete
    @schedule_id int /* ops.service_schedule.schedule_id */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @found_id int;

BEGIN TRANSACTION;

SELECT @found_id = c.schedule_id
FROM ops.service_schedule AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.schedule_id = @schedule_id;

IF @found_id IS NULL
    THROW 50160, N'There is no such schedule of services.', 1;

IF EXISTS (SELECT 1 AS found FROM ops.service AS s WHERE s.schedule_id = @schedule_id)
    THROW 50162, N'The schedule is used by a service.', 1;

DELETE FROM ops.service_schedule
WHERE schedule_id = @schedule_id;

COMMIT TRANSACTION;
