"""Deploying the database: tables, the objects of sql/, permissions.

from app.database.deploy import downgrade, status, upgrade

report = upgrade(engine)               # all or nothing, under a lock; raises AcmError with one clear line
status(engine).is_current
"""

from app.database.deploy.runner import DeployConflict, ObjectStatus, Report, Status, downgrade, status, upgrade

__all__ = ["DeployConflict", "ObjectStatus", "Report", "Status", "downgrade", "status", "upgrade"]
