"""The client status service (M229 b): statuses that only time, or a new strategy version, brings; and the counts."""

from __future__ import annotations

from sqlalchemy import select

from app import clock
from app.models.strategy import Campaign
from app.procedures import contacts
from jobs.run import Run, explain

ACTIVE = 2


def run(run: Run) -> None:
    """Settle the clients of every active campaign, or of the run's, then fold the counts."""
    chosen = select(Campaign.campaign_id, Campaign.code).order_by(Campaign.campaign_id)
    if run.campaign_id is not None:
        chosen = chosen.where(Campaign.campaign_id == run.campaign_id)
    else:
        chosen = chosen.where(Campaign.state_id == ACTIVE)
    with run.engine.connect() as connection:
        campaigns = connection.execute(chosen).all()
    failure = None
    for done, campaign in enumerate(campaigns):
        run.progress(done, len(campaigns) + 1)
        try:
            _settle(run, campaign.campaign_id)
        except Exception as error:  # another campaign's clients are not to wait for it
            run.error(f"{campaign.code}: {explain(error)}")
            failure = error
    run.progress(len(campaigns), len(campaigns) + 1)
    _fold(run)
    run.progress(len(campaigns) + 1)
    if failure is not None:
        raise failure


def _settle(run: Run, campaign_id: int) -> None:
    while True:
        run.check()
        with run.engine.begin() as connection:
            row = contacts.client_status_update(connection, campaign_id=campaign_id, now=clock.now())
        run.count(clients_checked=row.clients_checked, clients_changed=row.clients_changed)
        if row.is_finished:
            return


def _fold(run: Run) -> None:
    run.check()
    with run.engine.begin() as connection:
        run.count(rows_folded=contacts.count_fold(connection))
