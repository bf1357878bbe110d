"""Stays and evidence in the database: loading what the rules look at. `writing` keeps what they decide.

Whoever changes a person's stays holds that person's lock first (`lock`), so that two phones of theirs take turns. The caller
holds the transaction, and the lock ends with it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from mingxun.checkins.rules import BESIDE, Whereabouts
from mingxun.checkins.schemas import Direction, Flag, Grade
from mingxun.checkins.stays import Standing, Stay
from mingxun.kit.database import execute, fetch_row

if TYPE_CHECKING:
    from asyncpg import Record


@dataclass(frozen=True, slots=True)
class Scan:
    """One piece of evidence: a scan, somebody's word, or a supposition."""

    id: UUID
    direction: Direction
    standing: Standing
    at: datetime
    received_at: datetime
    grade: Grade
    flags: frozenset[Flag] = frozenset()
    where: Whereabouts = field(default_factory=Whereabouts)
    phone_at: datetime | None = None
    device_hash: bytes | None = None
    code_version: int | None = None
    vouched_by: UUID | None = None
    reason: str | None = None
    fingerprint: bytes | None = None

    @property
    def flags_in_order(self) -> list[Flag]:
        """As they are declared, so that equal evidence reads equally."""
        return [flag for flag in Flag if flag in self.flags]


@dataclass(frozen=True, slots=True)
class KnownStay(Stay):
    """A stay with what is needed to judge a scan beside it."""

    neighbourhood: UUID = field(kw_only=True)
    arrival_standing: Standing = field(kw_only=True)
    scanned_at: datetime | None = field(kw_only=True)
    """When the person's own phone last scanned there, at or before the instant asked about."""
    rescanned: "Rescan | None" = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Rescan:
    """A scan of a stay's coming that is later than the instant asked about: had the person left then, they came back."""

    id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class OtherScan:
    """A scan of the person's that proves where they were."""

    evidence: UUID
    at: datetime
    location: UUID
    latitude: float | None
    """WGS-84, of the location."""
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What was scanned at most `rules.BESIDE` before or after an instant."""

    own: tuple[OtherScan, ...] = ()
    """By the person."""
    on_this_phone: tuple[UUID, ...] = ()
    """For other people on the same phone; evidence."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A person at an instant: what is known of them around it."""

    person_name: str
    before: KnownStay | None
    """The last stay that began then or earlier."""
    after: KnownStay | None
    """The first that began later."""
    beside: "Beside"


@dataclass(frozen=True, slots=True)
class Seen:
    """Evidence that is there already under an id."""

    attendance: UUID
    person: UUID
    fingerprint: bytes | None


async def lock(person: UUID, device_hash: bytes | None = None) -> None:
    """Have other changes to this person's stays wait until this transaction has ended; before that, other scans of the phone."""
    await execute(
        """SELECT pg_advisory_xact_lock(hashtextextended('phone ' || $2::text, 0)) WHERE $2::text IS NOT NULL
           UNION ALL SELECT pg_advisory_xact_lock(hashtextextended('attendance ' || $1::text, 0))""",
        str(person),
        None if device_hash is None else device_hash.hex(),
    )


BESIDE_IT = """
    (SELECT jsonb_agg(jsonb_build_object('evidence', e.id, 'at', e.at, 'location', a.location,
                                         'latitude', l.latitude, 'longitude', l.longitude))::text
     FROM attendance a JOIN evidence e ON e.attendance = a.id JOIN location l ON l.id = a.location
     WHERE a.person = $1 AND a.arrived_at BETWEEN $2::timestamptz - interval '2 days' AND $2::timestamptz + interval '2 days'
         AND e.standing = 0 AND e.grade <> 'own_word'
         AND e.at BETWEEN $2::timestamptz - $5::interval AND $2::timestamptz + $5::interval) AS own_scans,
    (SELECT array_agg(e.id) FROM evidence e JOIN attendance a ON a.id = e.attendance
     WHERE e.device_hash = $4 AND e.at BETWEEN $2::timestamptz - $5::interval AND $2::timestamptz + $5::interval
         AND a.person <> $1) AS on_this_phone
"""
"""Columns for `beside_of`, of the person $1 at the instant $2 with the phone $4; $5 is `rules.BESIDE`. No stay lasts two days."""
_other_scans = msgspec.json.Decoder(tuple[OtherScan, ...])


def beside_of(row: "Record") -> Beside:
    """From the columns BESIDE_IT."""
    return Beside(
        own=_other_scans.decode(row["own_scans"]) if row["own_scans"] else (), on_this_phone=tuple(row["on_this_phone"] or ())
    )


_STAY = """
    a.id, a.neighbourhood, a.location, a.shift, s.ends_at AS shift_ends_at, a.arrived_at, a.left_at,
    o.standing AS left_standing, i.standing AS arrival_standing,
    (SELECT max(e.at) FROM evidence e
     WHERE e.attendance = a.id AND e.standing = 0 AND e.grade <> 'own_word' AND e.at <= $2) AS scanned_at,
    r.id AS rescanned, r.at AS rescanned_at
"""
_STAYS = """
    attendance a
    JOIN evidence i ON i.attendance = a.id AND i.direction = 'in' AND i.counts
    LEFT JOIN evidence o ON o.attendance = a.id AND o.direction = 'out' AND o.counts
    LEFT JOIN shift s ON s.id = a.shift
    LEFT JOIN LATERAL (
        SELECT e.id, e.at FROM evidence e
        WHERE e.attendance = a.id AND e.direction = 'in' AND NOT e.counts AND e.standing = 0 AND e.at > $2
        ORDER BY e.at, e.id LIMIT 1
    ) r ON true
"""
_COLUMNS = (
    "id",
    "neighbourhood",
    "location",
    "shift",
    "shift_ends_at",
    "arrived_at",
    "left_at",
    "left_standing",
    "arrival_standing",
    "scanned_at",
    "rescanned",
    "rescanned_at",
)


def _named(table: str, prefix: str) -> str:
    return ", ".join(f"{table}.{column} AS {prefix}_{column}" for column in _COLUMNS)


_MOMENT = f"""
    SELECT p.name AS person_name, {_named("b", "before")}, {_named("c", "after")},
        seen.attendance AS seen_attendance, seen.person AS seen_person, seen.fingerprint AS seen_fingerprint, {BESIDE_IT}
    FROM person p
    LEFT JOIN LATERAL (
        SELECT e.attendance, e.fingerprint, a.person FROM evidence e JOIN attendance a ON a.id = e.attendance WHERE e.id = $3
    ) seen ON true
    LEFT JOIN LATERAL (
        SELECT {_STAY} FROM {_STAYS} WHERE a.person = $1 AND a.arrived_at <= $2
        ORDER BY a.arrived_at DESC, a.left_at IS NULL DESC, a.id DESC LIMIT 1
    ) b ON true
    LEFT JOIN LATERAL (
        SELECT {_STAY} FROM {_STAYS} WHERE a.person = $1 AND a.arrived_at > $2 ORDER BY a.arrived_at, a.id LIMIT 1
    ) c ON true
    WHERE p.id = $1
"""


async def load_moment(person: UUID, at: datetime, evidence: UUID, device_hash: bytes | None) -> tuple[Moment, Seen | None]:
    """What is known of a person around `at`, and the evidence that has the id `evidence` already, in one query."""
    row = await fetch_row(_MOMENT, person, at, evidence, device_hash, BESIDE)
    if row is None:
        raise LookupError("no such person")
    seen = row["seen_attendance"] and Seen(row["seen_attendance"], row["seen_person"], row["seen_fingerprint"])
    return (
        Moment(
            person_name=row["person_name"],
            before=_stay(row, "before"),
            after=_stay(row, "after"),
            beside=beside_of(row),
        ),
        seen or None,
    )


def _stay(row: "Record", prefix: str) -> KnownStay | None:
    if row[f"{prefix}_id"] is None:
        return None
    left_standing = row[f"{prefix}_left_standing"]
    return KnownStay(
        id=row[f"{prefix}_id"],
        neighbourhood=row[f"{prefix}_neighbourhood"],
        location=row[f"{prefix}_location"],
        shift=row[f"{prefix}_shift"],
        shift_ends_at=row[f"{prefix}_shift_ends_at"],
        arrived_at=row[f"{prefix}_arrived_at"],
        left_at=row[f"{prefix}_left_at"],
        left_standing=None if left_standing is None else Standing(left_standing),
        arrival_standing=Standing(row[f"{prefix}_arrival_standing"]),
        scanned_at=row[f"{prefix}_scanned_at"],
        rescanned=None
        if row[f"{prefix}_rescanned"] is None
        else Rescan(row[f"{prefix}_rescanned"], row[f"{prefix}_rescanned_at"]),
    )
