"""Stays and evidence in the database: writing what the rules decided. The caller holds the person's lock (`records.lock`)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from mingxun.checkins.facts import CheckedIn, StayClosed
from mingxun.checkins.records import KnownStay, Moment, Rescan, Scan
from mingxun.checkins.schemas import Conflict, Direction, Flag, Grade
from mingxun.checkins.stays import Coming, End, Standing, Stay, arrival_counts, coming
from mingxun.kit.database import execute, fetch_row
from mingxun.kit.ids import new_id
from mingxun.ledger import record


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
        beside=moment.beside,
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
