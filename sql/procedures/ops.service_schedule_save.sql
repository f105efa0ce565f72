/*
ops.service_schedule_save          version 1.0.0          2026-11-26

Adds a schedule of services, or changes one. The services of a schedule whose cron line changes forget their next run, so that
the scheduler plans them anew at its next tick; a run that is queued or running goes on.

Called by  app/services/schedules.py
Reads      ops.service_schedule
Writes     ops.service_schedule, ops.service
Returns    one row: schedule_id int, services int -- services: how many are planned anew
Example    EXECUTE ops.service_schedule_save @name = N'At night', @cron = N'30 3 * * *';
*/
CREATE OR ALTER PROCEDURE ops.service_schedule_save
    @schedule_id int = NULL, /* ops.service_schedule.schedule_id; NULL: a new one */
    @name nvarchar(200), /* unique, whatever the case of its letters */
    @cron nvarchar(200) /* a line that the caller has checked */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @old_cron nvarchar(200);
DECLARE @services int = 0;

BEGIN TRANSACTION;

IF @schedule_id IS NOT NULL
BEGIN
    SELECT @old_cron = c.cron
    FROM ops.service_schedule AS c WITH (ROWLOCK, UPDLOCK)
    WHERE c.schedule_id = @schedule_id;

    IF @old_cron IS NULL
        THROW 50160, N'There is no such schedule of services.', 1;
END;

IF EXISTS (
    SELECT 1 AS found
    FROM ops.service_schedule AS c
    WHERE UPPER(c.name) = UPPER(@name)
        AND (@schedule_id IS NULL OR c.schedule_id <> @schedule_id)
)
    THROW 50161, N'There is a schedule of services with this name already.', 1;

IF @schedule_id IS NULL
BEGIN
    INSERT INTO ops.service_schedule (name, cron)
    VALUES (@name, @cron);

    SET @schedule_id = SCOPE_IDENTITY();
END
ELSE
BEGIN
    UPDATE c
    SET
        name = @name,
        cron = @cron
    FROM ops.service_schedule AS c
    WHERE c.schedule_id = @schedule_id;

    IF @old_cron <> @cron
    BEGIN
        UPDATE s
        SET next_run_at = NULL
        FROM ops.service AS s
        WHERE s.schedule_id = @schedule_id
            AND s.is_enabled = 1;

        SET @services = @@ROWCOUNT;
    END;
END;

COMMIT TRANSACTION;

SELECT
    @schedule_id AS schedule_id,
    @services AS services;
