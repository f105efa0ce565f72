/*
What house T-SQL needs and PostgreSQL has not: functions with the meaning that SQL Server gives them at the edges.

Installed by the runner (acm db upgrade) before the objects of sql/; they hold no data and know no tables. Those of one SELECT
are put into the calling query by the planner, so they cost nothing beyond their expression.
*/
CREATE SCHEMA IF NOT EXISTS tsql;
COMMENT ON SCHEMA tsql IS 'Functions with the meaning of T-SQL; installed by acm db upgrade';

-- The clock in UTC to the millisecond; moves on within a transaction, as on SQL Server.
CREATE OR REPLACE FUNCTION tsql.sysutcdatetime() RETURNS timestamp LANGUAGE sql VOLATILE
AS $$ SELECT CAST(date_trunc('milliseconds', clock_timestamp() AT TIME ZONE 'UTC') AS timestamp(3)) $$;

-- DATEDIFF counts the boundaries that lie between, not full units.
CREATE OR REPLACE FUNCTION tsql.datediff_day(a timestamp, b timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(b AS date) - CAST(a AS date) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_year(a timestamp, b timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(YEAR FROM b) - EXTRACT(YEAR FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_month(a timestamp, b timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST((EXTRACT(YEAR FROM b) - EXTRACT(YEAR FROM a)) * 12 + EXTRACT(MONTH FROM b) - EXTRACT(MONTH FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_hour(a timestamp, b timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(EPOCH FROM date_trunc('hour', b) - date_trunc('hour', a)) / 3600 AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_minute(a timestamp, b timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(EPOCH FROM date_trunc('minute', b) - date_trunc('minute', a)) / 60 AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_second(a timestamp, b timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(EPOCH FROM date_trunc('second', b) - date_trunc('second', a)) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_millisecond(a timestamp, b timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(EPOCH FROM date_trunc('milliseconds', b) - date_trunc('milliseconds', a)) * 1000 AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_hour(a time, b time) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT tsql.datediff_hour(DATE '1900-01-01' + a, DATE '1900-01-01' + b) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_minute(a time, b time) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT tsql.datediff_minute(DATE '1900-01-01' + a, DATE '1900-01-01' + b) $$;
CREATE OR REPLACE FUNCTION tsql.datediff_second(a time, b time) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT tsql.datediff_second(DATE '1900-01-01' + a, DATE '1900-01-01' + b) $$;

-- DATEPART gives whole numbers; seconds without their fraction, milliseconds without the seconds.
CREATE OR REPLACE FUNCTION tsql.datepart_year(a timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(YEAR FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datepart_month(a timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(MONTH FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datepart_day(a timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(DAY FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datepart_hour(a timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(HOUR FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datepart_minute(a timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(MINUTE FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datepart_second(a timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(TRUNC(EXTRACT(SECOND FROM a)) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datepart_millisecond(a timestamp) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(TRUNC(EXTRACT(MILLISECONDS FROM a)) AS integer) % 1000 $$;
CREATE OR REPLACE FUNCTION tsql.datepart_hour(a time) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(HOUR FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datepart_minute(a time) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(EXTRACT(MINUTE FROM a) AS integer) $$;
CREATE OR REPLACE FUNCTION tsql.datepart_second(a time) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(TRUNC(EXTRACT(SECOND FROM a)) AS integer) $$;

-- The last day of the month, or of a month so many months later.
CREATE OR REPLACE FUNCTION tsql.eomonth(a timestamp, months integer DEFAULT 0) RETURNS date LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(date_trunc('month', a) + (COALESCE(months, 0) + 1) * INTERVAL '1 month' - INTERVAL '1 day' AS date) $$;

-- CHARINDEX of an empty text is 0; `first` is where the search begins.
CREATE OR REPLACE FUNCTION tsql.charindex(wanted text, text_ text) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN wanted = '' THEN 0 ELSE strpos(text_, wanted) END $$;
CREATE OR REPLACE FUNCTION tsql.charindex(wanted text, text_ text, first_ integer) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$
SELECT CASE WHEN wanted = '' OR strpos(substr(text_, greatest(first_, 1)), wanted) = 0 THEN 0
            ELSE strpos(substr(text_, greatest(first_, 1)), wanted) + greatest(first_, 1) - 1 END
$$;

-- RIGHT with a negative length is an error (as LEFT and SUBSTRING are by themselves).
CREATE OR REPLACE FUNCTION tsql.right_text(text_ text, count_ integer) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN count_ < 0 THEN substring(text_, 1, count_) ELSE right(text_, count_) END $$;

-- CAST to whole numbers: numbers are truncated, an empty text is 0, blanks around do not matter.
CREATE OR REPLACE FUNCTION tsql.to_integer(a text) RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN btrim(a, ' ') = '' THEN 0 ELSE CAST(a AS bigint) END $$;
CREATE OR REPLACE FUNCTION tsql.to_integer(a numeric) RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(trunc(a) AS bigint) $$;
CREATE OR REPLACE FUNCTION tsql.to_integer(a double precision) RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(trunc(a) AS bigint) $$;
CREATE OR REPLACE FUNCTION tsql.to_integer(a bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
CREATE OR REPLACE FUNCTION tsql.to_integer(a integer) RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(a AS bigint) $$;
CREATE OR REPLACE FUNCTION tsql.to_integer(a smallint) RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(a AS bigint) $$;

-- CAST to decimal of a text: digits, a sign and a point only; numbers as they are.
CREATE OR REPLACE FUNCTION tsql.to_number(a text) RETURNS numeric LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(CASE WHEN a ~ '^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+) *$' THEN a ELSE 'not a number: ' || a END AS numeric) $$;
CREATE OR REPLACE FUNCTION tsql.to_number(a numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
CREATE OR REPLACE FUNCTION tsql.to_number(a double precision) RETURNS numeric LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(a AS numeric) $$;

-- CAST to bit: anything but 0 is 1.
CREATE OR REPLACE FUNCTION tsql.to_bit(a numeric) RETURNS smallint LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(CASE WHEN a = 0 THEN 0 WHEN a IS NOT NULL THEN 1 END AS smallint) $$;
CREATE OR REPLACE FUNCTION tsql.to_bit(a double precision) RETURNS smallint LANGUAGE sql IMMUTABLE
AS $$ SELECT CAST(CASE WHEN a = 0 THEN 0 WHEN a IS NOT NULL THEN 1 END AS smallint) $$;

-- CAST to text of what SQL Server writes otherwise than PostgreSQL: moments with all their milliseconds, keys in capitals.
CREATE OR REPLACE FUNCTION tsql.to_text(a text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
CREATE OR REPLACE FUNCTION tsql.to_text(a timestamp) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT to_char(a, 'YYYY-MM-DD HH24:MI:SS.MS') $$;
CREATE OR REPLACE FUNCTION tsql.to_text(a date) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT to_char(a, 'YYYY-MM-DD') $$;
CREATE OR REPLACE FUNCTION tsql.to_text(a time) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CAST(a AS text) $$;
CREATE OR REPLACE FUNCTION tsql.to_text(a uuid) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(CAST(a AS text)) $$;
CREATE OR REPLACE FUNCTION tsql.to_text(a numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CAST(a AS text) $$;

-- CAST of a text to date or datetime2: ISO only (2026-11-23, 20261123, with or without a time), whatever DateStyle says.
CREATE OR REPLACE FUNCTION tsql.to_datetime(a timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$ SELECT a $$;
CREATE OR REPLACE FUNCTION tsql.to_datetime(a text) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    parts text[] := regexp_match(a, '^ *(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d))(?:[ T](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,6})?)\d?)?)? *$');
BEGIN
    IF btrim(a, ' ') = '' THEN
        RETURN TIMESTAMP '1900-01-01';
    ELSIF a IS NOT NULL AND (parts IS NULL OR parts[6] > '23' OR parts[8] >= '60') THEN
        RAISE invalid_datetime_format USING MESSAGE = 'Conversion failed: not a date in the form 2026-11-23: ' || a;
    END IF;
    RETURN make_timestamp(
        CAST(parts[1] AS integer), CAST(COALESCE(parts[2], parts[4]) AS integer), CAST(COALESCE(parts[3], parts[5]) AS integer),
        COALESCE(CAST(parts[6] AS integer), 0), COALESCE(CAST(parts[7] AS integer), 0), COALESCE(CAST(parts[8] AS double precision), 0));
END
$$;

-- TRY_CONVERT: NULL where CAST would be an error. `kind`: 1 tinyint, 2 smallint, 3 int, 4 bigint.
-- One expression, which the planner puts into the calling query: a call of its own costs more than the rest.
CREATE OR REPLACE FUNCTION tsql.try_integer(a text, kind integer) RETURNS bigint LANGUAGE sql IMMUTABLE
AS $$
SELECT CASE WHEN btrim(a, ' ') = '' THEN 0
            WHEN a !~ '^ *[+-]?[0-9]+ *$' THEN NULL
            WHEN CAST(a AS numeric) BETWEEN (ARRAY[0, -32768, -2147483648, -9223372036854775808])[kind]
                                        AND (ARRAY[255, 32767, 2147483647, 9223372036854775807])[kind] THEN CAST(a AS bigint) END
$$;
CREATE OR REPLACE FUNCTION tsql.try_decimal(a text, precision_ integer, scale_ integer) RETURNS numeric LANGUAGE sql IMMUTABLE
AS $$
SELECT n
FROM (SELECT CASE WHEN a ~ '^ *[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+) *$' THEN round(CAST(a AS numeric), scale_) END) AS x (n)
WHERE abs(n) < power(10::numeric, precision_ - scale_)
$$;
CREATE OR REPLACE FUNCTION tsql.try_datetime(a text) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN tsql.to_datetime(a);
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;

-- ERROR_NUMBER(): SQL Server's number for an SQLSTATE of PostgreSQL; AC001 is THROW 50001.
CREATE OR REPLACE FUNCTION tsql.error_number(state text) RETURNS integer LANGUAGE sql IMMUTABLE
AS $$
SELECT CASE WHEN state LIKE 'AC%' THEN 50000 + CAST(substr(state, 3) AS integer)
            WHEN state = '23505' THEN 2627 WHEN state IN ('23503', '23514') THEN 547 WHEN state = '23502' THEN 515
            WHEN state = '22012' THEN 8134 WHEN state = '40P01' THEN 1205 WHEN state = '55P03' THEN 1222
            WHEN state = '22001' THEN 2628 WHEN state = '22003' THEN 8115 WHEN state LIKE '22%' THEN 245 ELSE 50000 END
$$;

REVOKE ALL ON SCHEMA tsql FROM PUBLIC;
GRANT USAGE ON SCHEMA tsql TO PUBLIC;
