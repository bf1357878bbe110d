"""What features above ask of shifts: who should be where at an instant, and which shift a check-in is for.

The caller holds the transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from mingxun.kit.database import fetch, fetch_row
from mingxun.shifts.loading import ShiftNow, load_shifts
from mingxun.shifts.reading import summaries
from mingxun.shifts.rules import EARLY_CHECK_IN, local_midnight
from mingxun.shifts.schemas import AssignmentOut, ShiftOut

_OPEN_SHIFTS_SHOWN = 20
"""More than a place ever has in a day; a screen shows five."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A shift that runs, and who should be there."""

    shift: ShiftNow
    persons: tuple[UUID, ...]


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
        """s.location = $2 AND s.state = 'open' AND s.ends_at > $3 AND s.starts_at > $3 - interval '24 hours' AND s.starts_at < $4
           AND EXISTS (SELECT FROM need WHERE shift = s.id AND taken < maximum)
           AND NOT EXISTS (SELECT FROM assignment own WHERE own.shift = s.id AND own.person = $1 AND own.state = 'active')
           ORDER BY s.starts_at, s.id LIMIT $5""",
        location,
        at,
        local_midnight(at, zone, days=1),
        _OPEN_SHIFTS_SHOWN,
        reader=person,
    )


async def expected_now(neighbourhood: UUID, at: datetime) -> list[Expected]:
    """The neighbourhood's shifts that run at `at`, by their starts, each with everyone who has a place on it."""
    rows = await fetch(
        """SELECT s.id, array_remove(array_agg(a.person ORDER BY a.made_at, a.id), NULL) AS persons
           FROM shift s LEFT JOIN assignment a ON a.shift = s.id AND a.state = 'active'
           WHERE s.neighbourhood = $1 AND s.state = 'open'
             AND s.starts_at <= $2 AND s.starts_at > $2::timestamptz - interval '24 hours' AND s.ends_at > $2
           GROUP BY s.id ORDER BY s.starts_at, s.id""",
        neighbourhood,
        at,
    )
    shifts = await load_shifts([row["id"] for row in rows])
    return [Expected(shift=shifts[row["id"]], persons=tuple(row["persons"])) for row in rows]


async def place_of(shift: UUID, person: UUID) -> AssignmentOut | None:
    """The place that a person has on a shift."""
    row = await fetch_row(
        "SELECT need, assigned FROM assignment WHERE shift = $1 AND person = $2 AND state = 'active'", shift, person
    )
    return None if row is None else AssignmentOut(shift=shift, person=person, need=row["need"], assigned=row["assigned"])
