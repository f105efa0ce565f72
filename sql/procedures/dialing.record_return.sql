/*
dialing.record_return          version 1.0.0          2026-11-23

Takes one record back that the dialer does not have any more and gave no result for.

Called by  jobs/dialer_sync.py
Reads      dialing.record
Writes     dialing.record
Returns    nothing
Example    EXECUTE dialing.record_return @record_key = N'A41-7', @reason_id = 3;
*/
CREATE OR ALTER PROCEDURE dialing.record_return
    @record_key nvarchar(30), /* dialing.record.record_key */
    @reason_id smallint = 3, /* 1 block failed, 2 recalled, 3 lost by the dialer */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

EXECUTE dialing.private_record_return @record_key = @record_key, @reason_id = @reason_id, @now = @now;
