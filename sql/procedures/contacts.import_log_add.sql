/*
contacts.import_log_add          version 1.0.0          2026-11-23

A line is written into the journal of a load (M161-M164).

Called by  app/importing/loader.py
Reads      nothing
Writes     contacts.import_log
Returns    nothing
Example    EXECUTE contacts.import_log_add @batch_id = 12, @level = N'Warning', @message = N'The source was slow.';
*/
CREATE OR ALTER PROCEDURE contacts.import_log_add
    @batch_id bigint, /* contacts.import_batch.batch_id */
    @level nvarchar(10), /* Info, Warning or Error */
    @message nvarchar(1000), /* for people */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

INSERT INTO contacts.import_log (batch_id, logged_at, level, message)
VALUES (@batch_id, @now, @level, @message);
