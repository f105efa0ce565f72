"""The job queue in Redis. It holds the numbers of runs that wait in the database, and nothing else: what is lost here,
the scheduler puts in again; what comes twice, ops.run_claim refuses."""

from __future__ import annotations

import redis
from rq import Queue
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from app.errors import AcmError
from app.i18n import gettext as _
from app.valkey import redis_url

QUEUE = "acm"
#: A job whose run is still queued so long after a worker took it is of a worker that died in between.
TAKEN_SECONDS = 15
#: The run has its own time limit; the job's one is for a run that does not obey it.
SPARE_SECONDS = 30


def connect(worker: bool = False) -> redis.Redis:
    """A connection to the Redis of the installation; the embedded one is started when it does not run.

    `worker`: one that waits for jobs, and so must not be given up for being silent. Nothing is connected yet. Raises
    AcmError for a URL that cannot be one.
    """
    url = redis_url()
    try:
        if worker:
            return redis.Redis.from_url(url, socket_connect_timeout=5, socket_keepalive=True)
        return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
    except ValueError:
        # Not chained: the text of that error may be the URL with its password.
        raise AcmError(
            _("ACM_REDIS_URL is not the URL of a Redis."), _("Examples: embedded; redis://:password@host:6379/0.")
        ) from None


def job_queue(connection: redis.Redis) -> Queue:
    """The queue that the workers listen on. Jobs are JSON: nothing in Redis can run code of its own."""
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def job_id(run_id: int) -> str:
    return f"run-{run_id}"


def enqueue(queue: Queue, run_id: int, timeout_seconds: int) -> bool:
    """Put a run into the queue; False when it is there already. Raises redis.RedisError when Redis is away."""
    try:
        queue.enqueue(
            "jobs.run.execute",
            run_id,
            job_id=job_id(run_id),
            unique=True,
            job_timeout=timeout_seconds + SPARE_SECONDS,
            result_ttl=0,
            failure_ttl=60,
        )
    except DuplicateJobError:
        return False
    return True


def is_queued(queue: Queue, run_id: int) -> bool:
    """Whether the queue holds the run and no worker has taken it yet."""
    return queue.get_job_position(job_id(run_id)) is not None


def forget(queue: Queue, run_id: int) -> None:
    """Remove what is left in Redis of a run that no worker works on."""
    try:
        job = Job.fetch(job_id(run_id), connection=queue.connection, serializer=JSONSerializer)
    except NoSuchJobError:
        return
    job.delete()
