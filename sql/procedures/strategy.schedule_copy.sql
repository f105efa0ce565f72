/*
strategy.schedule_copy          version 1.0.0          2026-11-25

Copies a schedule with all of its rows (M23): a template for a campaign, a campaign's schedule as a new template, or either for
a new name. Copies are not linked: changing one leaves the other as it is.

Called by  app/procedures/strategy.py
Reads      strategy.schedule, strategy.schedule_period, strategy.schedule_date, core.campaign
Writes     strategy.schedule, strategy.schedule_period, strategy.schedule_date
Returns    one row: schedule_id int
Example    EXECUTE strategy.schedule_copy @schedule_id = 1, @campaign_id = 7, @name = N'Weekdays', @created_by = N'dba';
*/
CREATE OR ALTER PROCEDURE strategy.schedule_copy
    @schedule_id int, /* strategy.schedule.schedule_id of what is copied */
    @campaign_id int = NULL, /* core.campaign.campaign_id that the copy is for; NULL makes a template */
    @name nvarchar(200), /* name of the copy */
    @created_by nvarchar(200), /* who copies */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @copy_id int;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

IF NOT EXISTS (SELECT 1 AS found FROM strategy.schedule AS s WHERE s.schedule_id = @schedule_id)
    THROW 50080, N'The value for the parameter @schedule_id is not supported. There is no such schedule.', 1;

IF @campaign_id IS NOT NULL AND NOT EXISTS (SELECT 1 AS found FROM core.campaign AS k WHERE k.campaign_id = @campaign_id)
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

IF @name IS NULL OR LEN(LTRIM(@name)) = 0
    THROW 50081, N'The value for the parameter @name is not supported. A schedule has a name.', 1;

INSERT INTO strategy.schedule (name, campaign_id, created_at, created_by, calendar_id)
SELECT
    LTRIM(RTRIM(@name)),
    @campaign_id,
    @now,
    @created_by,
    s.calendar_id
FROM strategy.schedule AS s
WHERE s.schedule_id = @schedule_id;

SET @copy_id = SCOPE_IDENTITY();

INSERT INTO strategy.schedule_period (schedule_id, weekday, start_minute, end_minute)
SELECT
    @copy_id,
    p.weekday,
    p.start_minute,
    p.end_minute
FROM strategy.schedule_period AS p
WHERE p.schedule_id = @schedule_id;

INSERT INTO strategy.schedule_date (schedule_id, on_date, start_minute, end_minute, is_excluded)
SELECT
    @copy_id,
    d.on_date,
    d.start_minute,
    d.end_minute,
    d.is_excluded
FROM strategy.schedule_date AS d
WHERE d.schedule_id = @schedule_id;

COMMIT TRANSACTION;

SELECT @copy_id AS schedule_id;
