/*
access.campaign_visible          version 1.0.0          2026-11-26

The campaigns that a user sees. A campaign without rows in access.campaign_group is seen by all who have the right to a screen;
one with rows only by users of these groups. For NULL, which is a service, all campaigns.

Called by  app/auth/campaign_access.py, app/admin/campaign_data.py, app/admin/imports.py
Reads      core.campaign, access.campaign_group, access.user_group
Returns    rows: campaign_id int
Example    SELECT v.campaign_id FROM access.campaign_visible(5) AS v;
*/
CREATE OR ALTER FUNCTION access.campaign_visible
(
    @user_id int /* access.user.user_id; NULL: a service */
)
RETURNS TABLE
AS
RETURN
SELECT k.campaign_id AS campaign_id
FROM core.campaign AS k
WHERE @user_id IS NULL
    OR NOT EXISTS (
        SELECT 1 AS found
        FROM access.campaign_group AS l
        WHERE l.campaign_id = k.campaign_id
    )
    OR EXISTS (
        SELECT 1 AS found
        FROM access.campaign_group AS g
        JOIN access.user_group AS m
            ON m.group_id = g.group_id
        WHERE g.campaign_id = k.campaign_id
            AND m.user_id = @user_id
    );
