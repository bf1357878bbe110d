"""What a scanned code is, and what fits it: today's open shifts there, the reader's own, or an unscheduled round."""

from zoneinfo import ZoneInfo

from mingxun.checkins import rules
from mingxun.checkins.codes import scanned_place
from mingxun.checkins.schemas import CodeReading
from mingxun.kit.clock import Clock
from mingxun.kit.database import fetch_value
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.signing import Keys
from mingxun.people.access import Act, Actor
from mingxun.shifts import open_shifts_here, shifts_for_check_in


async def code_reading(
    actor: Actor, code: str, *, clock: Clock, keys: Keys, limits: RateLimits, source: str, zone: ZoneInfo
) -> CodeReading:
    """Look a code up. Raises CodeUnknown, Forbidden, RateLimited (wrong numbers). Changes nothing."""
    now = clock.now()
    timing = rules.timing(now, now, now)
    scanned = await scanned_place(code, actor, Act.READ_CODE, timing=timing, keys=keys, limits=limits, source=source)
    location = scanned.location
    own = [shift for shift in await shifts_for_check_in(actor.person, location.id, now) if shift.location == location.id]
    return CodeReading(
        location=location.id,
        location_name=location.name,
        plate=location.plate,
        neighbourhood=location.neighbourhood,
        retired=scanned.retired,
        open_attendance=await fetch_value("SELECT id FROM attendance WHERE person = $1 AND left_at IS NULL", actor.person),
        my_shift=own[0] if own else None,
        open_shifts=await open_shifts_here(location.id, actor.person, now, zone=zone),
    )
