"""Throwing away what kit itself keeps only for a while."""

from datetime import timedelta

from mingxun.kit.database import execute
from mingxun.kit.jobs import JobContext, JobRegistry

JOB_LOG_KEPT = timedelta(days=7)
JOB_COUNTS_KEPT = timedelta(days=90)
LIMITS_KEPT = timedelta(days=2)
"""Longer than the longest window."""

registry = JobRegistry()


@registry.every(timedelta(hours=1), "tidy_up")
async def tidy_up(payload: bytes, context: JobContext) -> None:
    """Remove old replies, counts and the job queue's log."""
    now = context.clock.now()
    await execute("DELETE FROM idempotency_key WHERE expires_at < $1", now)
    await execute("DELETE FROM rate_limit WHERE window_start < $1", now - LIMITS_KEPT)
    await execute("DELETE FROM pgqueuer_log WHERE aggregated AND created < $1", now - JOB_LOG_KEPT)
    await execute("DELETE FROM pgqueuer_statistics WHERE created < $1", now - JOB_COUNTS_KEPT)
