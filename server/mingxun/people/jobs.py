"""Tidying up after people."""

from datetime import timedelta

from mingxun.kit.jobs import JobContext, JobRegistry, enqueue
from mingxun.people.roster.service import forget_lapsed
from mingxun.people.sessions import AT_ONCE, forget_old_sessions

registry = JobRegistry()


@registry.every(timedelta(hours=1), "forget_lapsed_rosters")
async def forget_lapsed_rosters(payload: bytes, context: JobContext) -> None:
    """Wipe the rows of roster previews that nobody confirmed within a day."""
    await forget_lapsed(clock=context.clock)


@registry.every("10 18 * * *", "forget_sessions")
async def forget_sessions(payload: bytes, context: JobContext) -> None:
    """Remove sessions that were over long ago, at night (UTC 18:10), in batches: a job each."""
    if await forget_old_sessions(now=context.clock.now()) == AT_ONCE:
        await enqueue("forget_sessions")
