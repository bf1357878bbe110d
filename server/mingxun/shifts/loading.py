"""Reading rows: a shift as it stands, its needs, and what a person's own duties have to say. The caller holds the transaction.

**The order of locks**, the same for every change, so that no two can wait for each other:

1. the shift's row: FOR SHARE by whoever takes or gives back a place, FOR UPDATE by whoever edits or cancels;
2. the persons whose duties are about to change: an advisory lock each, in ascending order of their ids. Without it two
   transactions that insert overlapping duties of one person would each wait for the other's end, since an exclusion constraint
   is checked after the row is written;
3. the needs' rows, then the assignments.

A transaction changes one shift. PostgreSQL ends these locks with the transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from mingxun.kit.database import execute, fetch, fetch_row
from mingxun.kit.problems import NotFound
from mingxun.shifts.facts import Duty
from mingxun.shifts.rules import Clash, NeedNow
from mingxun.shifts.schemas import ShiftKind, ShiftState

if TYPE_CHECKING:
    from asyncpg import Record

_COLUMNS = (
    "s.id, s.neighbourhood, s.kind, s.title, s.location, s.starts_at, s.ends_at, s.note, s.supports_property, s.state,"
    " s.made_by, s.version"
)
_PERSON_KEY = "hashtextextended({}::text, 0)"
"""The advisory lock of a person; 64 bits of hash: a collision only makes two people wait for each other's sign-up."""


@dataclass(frozen=True, slots=True)
class ShiftNow:
    """A shift's row."""

    id: UUID
    neighbourhood: UUID
    kind: ShiftKind
    title: str
    location: UUID
    starts_at: datetime
    ends_at: datetime
    note: str
    supports_property: bool
    state: ShiftState
    made_by: UUID
    version: int

    @property
    def duty(self) -> Duty:
        """As facts keep it."""
        return Duty(
            kind=self.kind,
            location=self.location,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            made_by=self.made_by,
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place on a shift."""

    id: UUID
    need: UUID
    assigned: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for and against a person's taking a place: the needs, the place they have, the other duty in the way."""

    needs: tuple[NeedNow, ...]
    place: Place | None
    conflict: Clash | None


async def load_shift(shift: UUID) -> ShiftNow:
    """A shift, whether open or cancelled. Raises NotFound; whether the reader may see it is the caller's question."""
    return _shift(await fetch_row(f"SELECT {_COLUMNS} FROM shift s WHERE s.id = $1", shift))


async def lock_to_join(shift: UUID, person: UUID) -> ShiftNow:
    """A shift, locked so that it stays as it is, and the person, so that their duties do. Raises NotFound."""
    # The CTE is materialised: its row is locked before the person is.
    row = await fetch_row(
        f"""WITH s AS MATERIALIZED (SELECT {_COLUMNS} FROM shift s WHERE s.id = $1 FOR SHARE)
            SELECT s.*, pg_advisory_xact_lock({_PERSON_KEY.format("$2::uuid")})::text FROM s""",
        shift,
        person,
    )
    return _shift(row)


async def lock_to_change(shift: UUID) -> ShiftNow:
    """A shift, locked against every other change, also of who is on it. Raises NotFound."""
    return _shift(await fetch_row(f"SELECT {_COLUMNS} FROM shift s WHERE s.id = $1 FOR UPDATE", shift))


async def lock_persons(persons: Sequence[UUID]) -> None:
    """Keep the duties of these people as they are."""
    await execute(
        f"SELECT pg_advisory_xact_lock({_PERSON_KEY.format('person')}) FROM unnest($1::uuid[]) AS person", sorted(persons)
    )


_NEEDS = """SELECT jsonb_agg(jsonb_build_object('id', n.id, 'role', n.role, 'minimum', n.minimum, 'desired', n.desired,
                   'maximum', n.maximum, 'taken', n.taken) ORDER BY n.position, n.id)::text
            FROM need n WHERE n.shift = $1 AND n.maximum > 0"""
_needs = msgspec.json.Decoder(tuple[NeedNow, ...])


async def load_needs(shift: UUID) -> tuple[NeedNow, ...]:
    """A shift's needs in their order, without those that were struck out."""
    row = await fetch_row(_NEEDS, shift)
    return _needs.decode(row[0]) if row and row[0] else ()


async def load_standing(shift: ShiftNow, person: UUID) -> Standing:
    """All that deciding needs, in one statement."""
    row = await fetch_row(
        f"""SELECT ({_NEEDS}) AS needs, own.id AS own_id, own.need AS own_need, own.assigned AS own_assigned,
                   c.id, c.neighbourhood, c.title, c.starts_at, c.ends_at
            FROM (VALUES (0)) AS one
            LEFT JOIN assignment own ON own.shift = $1 AND own.person = $2 AND own.state = 'active'
            LEFT JOIN LATERAL (
                SELECT s.id, s.neighbourhood, s.title, s.starts_at, s.ends_at
                FROM assignment a JOIN shift s ON s.id = a.shift
                WHERE a.person = $2 AND a.state = 'active' AND a.shift <> $1
                  AND tstzrange(a.starts_at, a.ends_at) && tstzrange($3, $4)
                ORDER BY a.starts_at LIMIT 1) c ON true""",
        shift.id,
        person,
        shift.starts_at,
        shift.ends_at,
    )
    if row is None:
        raise RuntimeError("a row of constants is always there")
    return Standing(
        needs=_needs.decode(row["needs"]) if row["needs"] else (),
        place=Place(id=row["own_id"], need=row["own_need"], assigned=row["own_assigned"]) if row["own_id"] else None,
        conflict=_clash(row) if row["id"] else None,
    )


async def clashes_at(shift: UUID, starts_at: datetime, ends_at: datetime) -> list[tuple[UUID, Clash]]:
    """Whoever is on the shift and serves on another one between these instants, with the first such, by person."""
    rows = await fetch(
        """SELECT DISTINCT ON (a.person) a.person, s.id, s.neighbourhood, s.title, s.starts_at, s.ends_at
           FROM assignment own
           JOIN assignment a ON a.person = own.person AND a.state = 'active' AND a.shift <> own.shift
                AND tstzrange(a.starts_at, a.ends_at) && tstzrange($2, $3)
           JOIN shift s ON s.id = a.shift
           WHERE own.shift = $1 AND own.state = 'active'
           ORDER BY a.person, a.starts_at""",
        shift,
        starts_at,
        ends_at,
    )
    return [(row["person"], _clash(row)) for row in rows]


async def people_on(shift: UUID) -> dict[UUID, str]:
    """The names of those on a shift, by person, in the order in which they came."""
    rows = await fetch(
        """SELECT p.id, p.name FROM assignment a JOIN person p ON p.id = a.person
           WHERE a.shift = $1 AND a.state = 'active' ORDER BY a.made_at, a.id""",
        shift,
    )
    return {row["id"]: row["name"] for row in rows}


def _shift(row: "Record | None") -> ShiftNow:
    if row is None:
        raise NotFound("There is no such shift, or not for you.")
    return ShiftNow(
        id=row["id"],
        neighbourhood=row["neighbourhood"],
        kind=ShiftKind(row["kind"]),
        title=row["title"],
        location=row["location"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        note=row["note"],
        supports_property=row["supports_property"],
        state=ShiftState(row["state"]),
        made_by=row["made_by"],
        version=row["version"],
    )


def _clash(row: "Record") -> Clash:
    return Clash(
        shift=row["id"],
        neighbourhood=row["neighbourhood"],
        title=row["title"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
    )
