"""What tickets and photos need done by the clock."""

from datetime import datetime, timedelta
from typing import Literal

from mingxun.kit.database import fetch, transaction
from mingxun.kit.jobs import JobContext, JobRegistry
from mingxun.ledger import record
from mingxun.tickets import photos, rules
from mingxun.tickets.facts import TicketOverdue
from mingxun.tickets.schemas import Category, Urgency

registry = JobRegistry()

_BATCH = 200


@registry.every(timedelta(minutes=5), "ticket_deadlines", transaction=False)
async def ticket_deadlines(_: bytes, context: JobContext) -> None:
    """Record each deadline that has passed, once."""
    now = context.clock.now()
    for deadline in ("claim", "resolve"):
        while True:
            async with transaction():
                if await note_overdue(deadline, now=now) < _BATCH:
                    break


_STATES = {"claim": "('open', 'declined')", "resolve": "('open', 'declined', 'claimed')"}


async def note_overdue(deadline: Literal["claim", "resolve"], *, now: datetime) -> int:
    """Mark up to 200 tickets whose deadline has passed and record the fact for each; how many.

    Tickets that somebody is acting on are left for the next time. The mark keeps a second run, or a second worker, from saying
    it again.
    """
    rows = await fetch(
        f"""UPDATE ticket SET {deadline}_overdue_at = $1 WHERE id IN (
                SELECT id FROM ticket WHERE state IN {_STATES[deadline]} AND {deadline}_overdue_at IS NULL AND {deadline}_by < $1
                ORDER BY {deadline}_by LIMIT {_BATCH} FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING id, neighbourhood, number, category, urgency, opened_by, party""",
        now,
    )
    for row in rows:
        fact = TicketOverdue(
            neighbourhood=row["neighbourhood"],
            subject=row["id"],
            number=rules.spoken_number(row["number"]),
            category=Category(row["category"]),
            urgency=Urgency(row["urgency"]),
            opened_by=row["opened_by"],
            party=row["party"],
            deadline=deadline,
        )
        await record(fact, actor=None, at=now)
    return len(rows)


@registry.every("40 18 * * *", "photo_sweep", transaction=False)
async def photo_sweep(_: bytes, context: JobContext) -> None:
    """Throw away photos that no ticket named for 90 days, and files that no row names. In the night of China's time."""
    now = context.clock.now()
    gone = 1
    while gone:
        async with transaction():
            gone = await photos.sweep_rows(now=now)
    await photos.sweep_files(context.settings.data_dir, now=now)
