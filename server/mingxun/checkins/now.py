"""现在: who should be where, who is, and where nobody is."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.checkins.receipts import present_besides
from mingxun.checkins.schemas import ExpectedPerson, Flag, NowOut, Presence, ShiftNow
from mingxun.kit.database import fetch
from mingxun.people import load_candidates
from mingxun.shifts import shifts_around
from mingxun.shifts.schemas import ShiftOut

if TYPE_CHECKING:
    from asyncpg import Record

AHEAD = timedelta(minutes=60)
"""Shifts that begin within this time are shown, too: people are on their way."""
_SHIFTS = 200
_OTHERS = 500


async def load_now(neighbourhood: UUID, at: datetime, *, reader: UUID) -> NowOut:
    """The neighbourhood at the instant `at`: five statements, however many shifts there are."""
    shifts = await shifts_around(neighbourhood, at, ahead=AHEAD, limit=_SHIFTS, reader=reader)
    ids = [shift.id for shift in shifts]
    here = await fetch(
        "SELECT shift, count(*)::integer AS people FROM attendance WHERE shift = ANY($1::uuid[]) AND left_at IS NULL GROUP BY shift",
        ids,
    )
    present = {row["shift"]: row["people"] for row in here}
    expected = await fetch(
        """SELECT g.shift, g.person, p.name, coalesce(p.phone, c.phone) AS phone, g.starts_at,
               st.id AS attendance, st.arrived_at, st.left_at, coalesce(i.flags, '{}') AS flags
           FROM assignment g
           JOIN person p ON p.id = g.person
           LEFT JOIN account c ON c.person = g.person
           LEFT JOIN LATERAL (
               SELECT a.id, a.arrived_at, a.left_at FROM attendance a
               WHERE a.shift = g.shift AND a.person = g.person ORDER BY a.arrived_at DESC, a.id DESC LIMIT 1) st ON true
           LEFT JOIN evidence i ON i.attendance = st.id AND i.direction = 'in' AND i.counts
           WHERE g.shift = ANY($1::uuid[]) AND g.state = 'active' ORDER BY g.made_at, g.id""",
        ids,
    )
    members = await load_candidates({row["person"] for row in expected}, neighbourhood)
    people: dict[UUID, list[ExpectedPerson]] = {}
    for row in expected:
        people.setdefault(row["shift"], []).append(_person(row, at, belongs=row["person"] in members))
    shown = [p.attendance for some in people.values() for p in some if p.attendance is not None and p.presence is Presence.HERE]
    return NowOut(
        at=at,
        shifts=[_shift(one, present.get(one.id, 0), people.get(one.id, []), at) for one in shifts],
        others=await present_besides(neighbourhood, shown, limit=_OTHERS),
    )


def _shift(shift: ShiftOut, here: int, people: list[ExpectedPerson], at: datetime) -> ShiftNow:
    return ShiftNow(
        shift=shift.id,
        kind=shift.kind,
        title=shift.title,
        location=shift.location,
        location_name=shift.location_name,
        plate=shift.plate,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        minimum=shift.minimum,
        taken=shift.taken,
        lacking=shift.lacking,
        here=here,
        unstaffed=here == 0 and shift.starts_at <= at,
        people=people,
    )


def _person(row: "Record", at: datetime, *, belongs: bool) -> ExpectedPerson:
    return ExpectedPerson(
        person=row["person"],
        name=row["name"],
        phone=row["phone"],
        presence=_presence(row["starts_at"], row["attendance"] is not None, row["left_at"], at),
        attendance=row["attendance"],
        arrived_at=row["arrived_at"],
        left_at=row["left_at"],
        flags=[Flag(flag) for flag in row["flags"]],
        belongs=belongs,
    )


def _presence(starts_at: datetime, came: bool, left_at: datetime | None, at: datetime) -> Presence:
    if came:
        return Presence.HERE if left_at is None else Presence.LEFT
    return Presence.LATE if starts_at <= at else Presence.NOT_YET
