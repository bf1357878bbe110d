"""What features above ask of shifts: who should be where at an instant, and which shift a check-in is for.

The caller holds the transaction.
"""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from mingxun.shifts.reading import NOT_OVER, summaries
from mingxun.shifts.rules import EARLY_CHECK_IN, local_midnight
from mingxun.shifts.schemas import ShiftOut

_OPEN_SHIFTS_SHOWN = 20
"""More than a place ever has in a day; a screen shows five."""


async def shifts_for_check_in(person: UUID, location: UUID, at: datetime) -> list[ShiftOut]:
    """The person's own shifts that a check-in at `location` at the instant `at` can be for, likeliest first.

    That is from 60 minutes before a shift begins (`rules.EARLY_CHECK_IN`) to its end. Shifts at this location come before those
    elsewhere, which are wrong doors or moved meeting points; of either, those that run before those that begin soon.
    """
    return await summaries(
        """s.state = 'open' AND s.id IN (
               SELECT own.shift FROM assignment own
               WHERE own.person = $1 AND own.state = 'active' AND own.ends_at > $3
                 AND own.starts_at <= $3 + $4::interval AND own.starts_at > $3 - interval '24 hours')
           ORDER BY s.location <> $2, s.starts_at > $3, s.starts_at""",
        location,
        at,
        EARLY_CHECK_IN,
        reader=person,
    )


async def open_shifts_here(location: UUID, person: UUID, at: datetime, *, zone: ZoneInfo) -> list[ShiftOut]:
    """The shifts at a location that are not over, begin before the local day ends and have a place left; not the person's own."""
    return await summaries(
        f"""s.location = $2 AND s.state = 'open' AND {NOT_OVER.format("$3::timestamptz")} AND s.starts_at < $4
           AND EXISTS (SELECT FROM need WHERE shift = s.id AND taken < maximum)
           AND NOT EXISTS (SELECT FROM assignment own WHERE own.shift = s.id AND own.person = $1 AND own.state = 'active')
           ORDER BY s.starts_at, s.id LIMIT $5""",
        location,
        at,
        local_midnight(at, zone, days=1),
        _OPEN_SHIFTS_SHOWN,
        reader=person,
    )


async def shifts_around(neighbourhood: UUID, at: datetime, *, ahead: timedelta, limit: int, reader: UUID) -> list[ShiftOut]:
    """The neighbourhood's shifts that run at `at` or begin within `ahead` of it, by their starts."""
    return await summaries(
        f"""s.neighbourhood = $2 AND s.state = 'open' AND s.starts_at <= $4 AND {NOT_OVER.format("$3::timestamptz")}
           ORDER BY s.starts_at, s.id LIMIT $5""",
        neighbourhood,
        at,
        at + ahead,
        limit,
        reader=reader,
    )
