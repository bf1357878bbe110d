"""Stays and evidence in the database: loading what the rules look at, and writing what they decided.

Whoever changes a person's stays holds that person's lock first (`lock`), so that two phones of theirs take turns. The caller
holds the transaction, and the lock ends with it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.checkins.facts import CheckedIn, StayClosed
from mingxun.checkins.rules import SHARED_WITHIN, Whereabouts
from mingxun.checkins.schemas import Conflict, Direction, Flag, Grade
from mingxun.checkins.stays import Coming, End, Standing, Stay, arrival_counts, coming
from mingxun.kit.database import execute, fetch_row
from mingxun.kit.ids import new_id
from mingxun.ledger import record

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
    latitude: float | None = field(kw_only=True)
    """WGS-84, of its location."""
    longitude: float | None = field(kw_only=True)
    scanned_at: datetime | None = field(kw_only=True)
    """When the person's own phone last scanned there, at or before the instant asked about."""
    rescanned: "Rescan | None" = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Rescan:
    """A scan of a stay's coming that is later than the instant asked about: had the person left then, they came back."""

    id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """A person at an instant: what is known of them around it."""

    person_name: str
    before: KnownStay | None
    """The last stay that began then or earlier."""
    after: KnownStay | None
    """The first that began later."""
    device_shared: bool
    """The phone scanned for other people within the hour before."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Evidence that is there already under an id."""

    attendance: UUID
    person: UUID
    fingerprint: bytes | None


async def lock(person: UUID) -> None:
    """Have other changes to this person's stays wait until this transaction has ended."""
    await execute("SELECT pg_advisory_xact_lock(hashtextextended('attendance ' || $1::text, 0))", str(person))


_STAY = """
    a.id, a.neighbourhood, a.location, a.shift, s.ends_at AS shift_ends_at, a.arrived_at, a.left_at,
    o.standing AS left_standing, i.standing AS arrival_standing, l.latitude, l.longitude,
    (SELECT max(e.at) FROM evidence e
     WHERE e.attendance = a.id AND e.standing = 0 AND e.grade <> 'own_word' AND e.at <= $2) AS scanned_at,
    r.id AS rescanned, r.at AS rescanned_at
"""
_STAYS = """
    attendance a
    JOIN location l ON l.id = a.location
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
    "latitude",
    "longitude",
    "scanned_at",
    "rescanned",
    "rescanned_at",
)


def _named(table: str, prefix: str) -> str:
    return ", ".join(f"{table}.{column} AS {prefix}_{column}" for column in _COLUMNS)


_MOMENT = f"""
    SELECT p.name AS person_name, {_named("b", "before")}, {_named("c", "after")},
        seen.attendance AS seen_attendance, seen.person AS seen_person, seen.fingerprint AS seen_fingerprint,
        EXISTS (
            SELECT FROM evidence e JOIN attendance a ON a.id = e.attendance
            WHERE e.device_hash = $4 AND e.at BETWEEN $5 AND $2 AND a.person <> $1
        ) AS device_shared
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
    row = await fetch_row(_MOMENT, person, at, evidence, device_hash, at - SHARED_WITHIN)
    if row is None:
        raise LookupError("no such person")
    seen = row["seen_attendance"] and Seen(row["seen_attendance"], row["seen_person"], row["seen_fingerprint"])
    return (
        Moment(
            person_name=row["person_name"],
            before=_stay(row, "before"),
            after=_stay(row, "after"),
            device_shared=row["device_shared"],
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
        latitude=row[f"{prefix}_latitude"],
        longitude=row[f"{prefix}_longitude"],
        scanned_at=row[f"{prefix}_scanned_at"],
        rescanned=None
        if row[f"{prefix}_rescanned"] is None
        else Rescan(row[f"{prefix}_rescanned"], row[f"{prefix}_rescanned_at"]),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where and for what somebody came."""

    neighbourhood: UUID
    location: UUID
    shift: UUID | None
    shift_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of a coming."""

    attendance: UUID
    new: bool
    """False: it was the coming of a stay that is known already."""
    counts: bool
    over: bool
    """The new stay has ended already, since the person is known to have come elsewhere later."""
    conflict: Conflict | None


async def arrive(person: UUID, place: Place, scan: Scan, moment: Moment, *, actor: UUID | None) -> Arrived:
    """Write a coming down, ending the stay before if need be. The caller holds the person's lock and records the coming itself.

    Raises UniqueViolationError on `evidence_pkey` or `attendance_pkey` when the id is somebody else's (registered as IdTaken).
    """
    moment = await _come_back(person, place, scan, moment, actor=actor)
    decision = _decide(place, scan, moment)
    if decision.ends_before is not None and moment.before is not None:
        await suppose_end(moment.before, person, decision.ends_before, scan, actor=actor)
    if decision.again is not None:
        known = moment.before if moment.before is not None and moment.before.id == decision.again.id else moment.after
        if known is None:
            raise LookupError("the stay is neither before nor after")
        return await _seen_again(known, scan, decision.conflict)
    end = decision.own_end
    await execute(
        f"""WITH stay AS (
                INSERT INTO attendance (id, neighbourhood, person, shift, location, arrived_at, left_at, left_assumed, conflict)
                VALUES ($1, $2, $20, $21, $22, $6, $23, $24, $25))
            INSERT INTO evidence ({_EVIDENCE}) VALUES ({_VALUES})""",
        *_values(scan.id, place.neighbourhood, scan, counts=True),
        person,
        place.shift,
        place.location,
        None if end is None else end.at,
        end is not None and end.assumed,
        decision.conflict,
    )
    if end is not None:
        await _write_supposition(scan.id, place.neighbourhood, end, scan, counts=True)
        await _record_closed(scan.id, place, person, end, scan, actor=actor)
    return Arrived(scan.id, new=True, counts=True, over=end is not None, conflict=decision.conflict)


def _decide(place: Place, scan: Scan, moment: Moment) -> Coming:
    return coming(scan.at, place.location, place.shift, place.shift_ends_at, moment.before, moment.after)


async def _come_back(person: UUID, place: Place, scan: Scan, moment: Moment, *, actor: UUID | None) -> Moment:
    """If the person is known to have been at the place before this one both earlier and later: they left and came back there."""
    before = moment.before
    if before is None or before.rescanned is None or _decide(place, scan, moment).again is before:
        return moment
    if before.left_at is not None and before.left_at < before.rescanned.at:
        # They had left by their own account, and what was scanned after that is kept as another account.
        return moment
    back = await split_off(before, before.rescanned, person, before.neighbourhood, scan.at, scan, actor=actor)
    return Moment(
        person_name=moment.person_name,
        before=replace(before, left_at=None, left_standing=None, rescanned=None),
        after=replace(
            before,
            id=back.id,
            arrived_at=back.arrived_at,
            left_at=back.left_at,
            arrival_standing=Standing.PHONE,
            scanned_at=None,
            rescanned=None,
        ),
        device_shared=moment.device_shared,
    )


async def split_off(
    stay: Stay, rescan: Rescan, person: UUID, neighbourhood: UUID, ends: datetime, scan: Scan, *, actor: UUID | None
) -> Stay:
    """Make a stay of its own of what was scanned after a stay's newly learnt end: the person had left and come back.

    It takes along the scans after it, and the end that the stay had. The old stay ends at `ends`; the caller writes the evidence of
    that, and has the stay told again (`retell`).
    """
    await execute("UPDATE attendance SET left_at = $2, left_assumed = false WHERE id = $1", stay.id, ends)
    # Not the scan's id: an earlier scan may have taken the coming of the stay that has it.
    left_at = None if stay.left_at is None else max(stay.left_at, rescan.at)
    back = replace(stay, id=new_id(), arrived_at=rescan.at, left_at=left_at)
    await execute(
        """INSERT INTO attendance (id, neighbourhood, person, shift, location, arrived_at, left_at, left_assumed)
           VALUES ($1, $2, $3, $4, $5, $6, $7, false)""",
        back.id,
        neighbourhood,
        person,
        back.shift,
        back.location,
        back.arrived_at,
        back.left_at,
    )
    await execute("UPDATE evidence SET attendance = $2 WHERE attendance = $1 AND at >= $3", stay.id, back.id, rescan.at)
    await retell(back.id)
    row = await fetch_row("SELECT grade, flags FROM evidence WHERE id = $1", rescan.id)
    if row is None:
        raise LookupError("the scan is gone")
    fact = CheckedIn(
        neighbourhood=neighbourhood,
        subject=back.id,
        attendance=back.id,
        person=person,
        location=back.location,
        shift=back.shift,
        at=back.arrived_at,
        grade=Grade(row["grade"]),
        flags=[Flag(flag) for flag in row["flags"]],
        conflict=None,
    )
    await record(fact, actor=actor, at=scan.received_at)
    return back


async def retell(attendance: UUID) -> None:
    """Have the evidence that goes first (`stays`) count, and the stay's times follow it."""
    first = """SELECT DISTINCT ON (direction) id, direction, at, grade FROM evidence
               WHERE attendance = $1 ORDER BY direction, standing, at, id"""
    await execute(
        f"UPDATE evidence SET counts = false WHERE attendance = $1 AND counts AND id NOT IN (SELECT id FROM ({first}) f)",
        attendance,
    )
    await execute(
        f"UPDATE evidence SET counts = true WHERE attendance = $1 AND NOT counts AND id IN (SELECT id FROM ({first}) f)",
        attendance,
    )
    await execute(
        f"""WITH first AS MATERIALIZED ({first})
            UPDATE attendance SET arrived_at = i.at, left_at = greatest(o.at, CASE WHEN o.at IS NOT NULL THEN i.at END),
                left_assumed = coalesce(o.grade = 'assumed', false)
            FROM first i LEFT JOIN first o ON o.direction = 'out'
            WHERE attendance.id = $1 AND i.direction = 'in'""",
        attendance,
    )


async def _seen_again(stay: KnownStay, scan: Scan, conflict: Conflict | None) -> Arrived:
    counts = arrival_counts(stay, stay.arrival_standing, scan.at, scan.standing)
    await insert_evidence(stay.id, stay.neighbourhood, scan, counts=False)
    if counts:
        await retell(stay.id)
    if conflict is not None:
        await execute("UPDATE attendance SET conflict = coalesce(conflict, $2) WHERE id = $1", stay.id, conflict)
    return Arrived(stay.id, new=False, counts=counts, over=False, conflict=conflict)


async def suppose_end(stay: KnownStay, person: UUID, end: End, scan: Scan, *, actor: UUID | None) -> None:
    """End a stay by supposition: because `scan` was elsewhere, or because its time was up."""
    await _write_supposition(stay.id, stay.neighbourhood, end, scan, counts=False)
    await retell(stay.id)
    place = Place(stay.neighbourhood, stay.location, stay.shift, stay.shift_ends_at)
    await _record_closed(stay.id, place, person, end, scan, actor=actor)


async def _write_supposition(attendance: UUID, neighbourhood: UUID, end: End, scan: Scan, *, counts: bool) -> None:
    supposed = Scan(
        id=new_id(),
        direction=Direction.OUT,
        standing=Standing.SUPPOSED,
        at=end.at,
        received_at=scan.received_at,
        grade=Grade.ASSUMED if end.assumed else scan.grade,
        flags=frozenset() if end.assumed else frozenset({Flag.MOVED_ON}),
        vouched_by=None if end.assumed else scan.vouched_by,
    )
    await insert_evidence(attendance, neighbourhood, supposed, counts=counts)


async def _record_closed(attendance: UUID, place: Place, person: UUID, end: End, scan: Scan, *, actor: UUID | None) -> None:
    fact = StayClosed(
        neighbourhood=place.neighbourhood,
        subject=attendance,
        attendance=attendance,
        person=person,
        location=place.location,
        shift=place.shift,
        left_at=end.at,
        assumed=end.assumed,
    )
    await record(fact, actor=actor, at=scan.received_at)


_EVIDENCE = (
    "id, neighbourhood, attendance, direction, standing, at, phone_at, received_at, grade, flags, place, distance, accuracy,"
    " device_hash, code_version, vouched_by, reason, fingerprint, counts"
)
_VALUES = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19"


def _values(attendance: UUID, neighbourhood: UUID, scan: Scan, *, counts: bool) -> tuple[object, ...]:
    return (
        scan.id,
        neighbourhood,
        attendance,
        scan.direction,
        scan.standing,
        scan.at,
        scan.phone_at,
        scan.received_at,
        scan.grade,
        scan.flags_in_order,
        scan.where.place,
        scan.where.distance,
        scan.where.accuracy,
        scan.device_hash,
        scan.code_version,
        scan.vouched_by,
        scan.reason,
        scan.fingerprint,
        counts,
    )


async def insert_evidence(attendance: UUID, neighbourhood: UUID, scan: Scan, *, counts: bool) -> None:
    """Keep a piece of evidence. With `counts`, whatever counted before must not any more (`evidence_that_counts`)."""
    await execute(
        f"INSERT INTO evidence ({_EVIDENCE}) VALUES ({_VALUES})", *_values(attendance, neighbourhood, scan, counts=counts)
    )
