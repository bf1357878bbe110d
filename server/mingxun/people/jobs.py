"""Tidying up after people."""

from datetime import timedelta

from mingxun.kit.jobs import JobContext, JobRegistry
from mingxun.people.roster.service import forget_lapsed

registry = JobRegistry()


@registry.every(timedelta(hours=1), "forget_lapsed_rosters")
async def forget_lapsed_rosters(payload: bytes, context: JobContext) -> None:
    """Wipe the rows of roster previews that nobody confirmed within a day."""
    await forget_lapsed(clock=context.clock)
