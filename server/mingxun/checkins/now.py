"""现在: who should be where, who is, and where nobody is."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.checkins.receipts import present_besides
from mingxun.checkins.schemas import ExpectedPerson, Flag, NowOut, Presence, ShiftNow
from mingxun.kit.database import fetch
from mingxun.shifts.rules import LONGEST
from mingxun.shifts.schemas import ShiftKind

if TYPE_CHECKING:
    from asyncpg import Record

AHEAD = timedelta(minutes=60)
"""Shifts that begin within this time are shown, too: people are on their way."""
_SHIFTS = 200
_OTHERS = 500


async def load_now(neighbourhood: UUID, at: datetime) -> NowOut:
    """The neighbourhood at the instant `at`: three statements, however many shifts there are."""
    shifts = await fetch(
        """SELECT s.id, s.kind, s.title, s.location, l.name AS location_name, l.plate, s.starts_at, s.ends_at, n.minimum, n.taken,
               n.lacking,
               (SELECT count(*)::integer FROM attendance a WHERE a.shift = s.id AND a.left_at IS NULL) AS here
           FROM shift s JOIN location l ON l.id = s.location
           CROSS JOIN LATERAL (
               SELECT coalesce(sum(minimum), 0)::integer AS minimum, coalesce(sum(taken), 0)::integer AS taken,
                      coalesce(sum(greatest(minimum - taken, 0)), 0)::integer AS lacking
               FROM need WHERE shift = s.id) n
           WHERE s.neighbourhood = $1 AND s.state = 'open' AND s.starts_at <= $3 AND s.starts_at > $4 AND s.ends_at > $2
           ORDER BY s.starts_at, s.id LIMIT $5""",
        neighbourhood,
        at,
        at + AHEAD,
        at - LONGEST,
        _SHIFTS,
    )
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
        [row["id"] for row in shifts],
    )
    people: dict[UUID, list[ExpectedPerson]] = {}
    for row in expected:
        people.setdefault(row["shift"], []).append(_person(row, at))
    shown = [p.attendance for some in people.values() for p in some if p.attendance is not None and p.presence is Presence.HERE]
    return NowOut(
        at=at,
        shifts=[_shift(row, people.get(row["id"], []), at) for row in shifts],
        others=await present_besides(neighbourhood, shown, limit=_OTHERS),
    )


def _shift(row: "Record", people: list[ExpectedPerson], at: datetime) -> ShiftNow:
    return ShiftNow(
        shift=row["id"],
        kind=ShiftKind(row["kind"]),
        title=row["title"],
        location=row["location"],
        location_name=row["location_name"],
        plate=row["plate"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        minimum=row["minimum"],
        taken=row["taken"],
        lacking=row["lacking"],
        here=row["here"],
        unstaffed=row["here"] == 0 and row["starts_at"] <= at,
        people=people,
    )


def _person(row: "Record", at: datetime) -> ExpectedPerson:
    return ExpectedPerson(
        person=row["person"],
        name=row["name"],
        phone=row["phone"],
        presence=_presence(row["starts_at"], row["attendance"] is not None, row["left_at"], at),
        attendance=row["attendance"],
        arrived_at=row["arrived_at"],
        left_at=row["left_at"],
        flags=[Flag(flag) for flag in row["flags"]],
    )


def _presence(starts_at: datetime, came: bool, left_at: datetime | None, at: datetime) -> Presence:
    if came:
        return Presence.HERE if left_at is None else Presence.LEFT
    return Presence.LATE if starts_at <= at else Presence.NOT_YET
