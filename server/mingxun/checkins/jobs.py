"""What happens to stays when nobody is looking: forgotten check-outs are ended, and phones are forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from mingxun.checkins.records import Scan, load_moment, lock
from mingxun.checkins.schemas import Direction, Grade
from mingxun.checkins.stays import OPEN_AFTER_SHIFT, OPEN_UNSCHEDULED, Standing, forgotten_end
from mingxun.checkins.writing import suppose_end
from mingxun.kit.database import execute, fetch, transaction
from mingxun.kit.ids import new_id
from mingxun.kit.jobs import JobContext, JobRegistry

registry = JobRegistry()
logger = structlog.get_logger(__name__)

DEVICES_KEPT = timedelta(days=30)
"""Long enough to look into what was flagged; no longer than that (个人信息保护法 Art. 19: the shortest time necessary)."""
_BATCH = 200


@registry.every(timedelta(minutes=10), "close-forgotten-stays", transaction=False)
async def close_forgotten_stays(_: bytes, context: JobContext) -> None:
    """End the stays whose check-out was forgotten (`stays.Stay.deadline`), each in a transaction of its own: nobody waits."""
    now = context.clock.now()
    after, failed = (datetime.min.replace(tzinfo=UTC), UUID(int=0)), 0
    while True:
        async with transaction():
            forgotten = await fetch(
                """SELECT a.id, a.person, a.arrived_at FROM attendance a LEFT JOIN shift s ON s.id = a.shift
                   WHERE a.left_at IS NULL AND a.arrived_at < $1::timestamptz - $2::interval
                     AND CASE WHEN s.id IS NULL THEN a.arrived_at + $3::interval
                              ELSE greatest(s.ends_at, a.arrived_at) + $2::interval END < $1
                     AND (a.arrived_at, a.id) > ($5, $6)
                   ORDER BY a.arrived_at, a.id LIMIT $4""",
                now,
                OPEN_AFTER_SHIFT,
                OPEN_UNSCHEDULED,
                _BATCH,
                *after,
            )
        for row in forgotten:
            after = row["arrived_at"], row["id"]
            try:
                await _close(row["person"], now)
            except Exception as error:  # one that can't be ended must not keep all others open
                failed += 1
                logger.error("stay not closed", attendance=str(row["id"]), error=type(error).__name__)
        if len(forgotten) < _BATCH:
            break
    if failed:
        raise RuntimeError(f"{failed} forgotten stays could not be ended")


async def _close(person: UUID, now: datetime) -> None:
    async with transaction():
        await lock(person)
        moment, _seen = await load_moment(person, now, new_id(), None)
        stay = moment.before
        if stay is None or stay.left_at is not None or stay.deadline >= now:
            return
        end = forgotten_end(stay, stay.scanned_at)
        supposed = Scan(new_id(), Direction.OUT, Standing.SUPPOSED, end.at, now, Grade.ASSUMED)
        await suppose_end(stay, person, end, supposed, actor=None)


@registry.every("17 19 * * *", "forget-devices")
async def forget_devices(_: bytes, context: JobContext) -> None:
    """Every night, at 3:17 in China, erase which phone made a check-in 30 days ago."""
    await execute(
        "UPDATE evidence SET device_hash = NULL WHERE device_hash IS NOT NULL AND received_at < $1",
        context.clock.now() - DEVICES_KEPT,
    )
