"""Checking out: from anywhere, with a code or without. The caller holds the transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from mingxun.checkins import rules, stays
from mingxun.checkins.check_in import device_hash, fingerprint_of, same_again, where
from mingxun.checkins.codes import scanned_place, was_retired
from mingxun.checkins.facts import CheckedOut, ScannedAgain
from mingxun.checkins.oddities import Oddities, flag_others, oddities
from mingxun.checkins.problems import NotCheckedIn
from mingxun.checkins.receipts import load_attendance
from mingxun.checkins.records import BESIDE_IT, Beside, Rescan, Scan, Seen, beside_of, lock
from mingxun.checkins.rules import BESIDE, Timing
from mingxun.checkins.schemas import AttendanceOut, CheckOut, Conflict, Direction, Flag, PlaceVerdict
from mingxun.checkins.stays import CONFLICT_TOLERANCE, Going, Standing, Stay
from mingxun.checkins.writing import insert_evidence, retell, split_off
from mingxun.kit.clock import Clock
from mingxun.kit.database import execute, fetch_row
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.signing import Keys
from mingxun.ledger import record
from mingxun.people.access import Act, Actor
from mingxun.places import CodeKind, ScannedPlace, load_location

if TYPE_CHECKING:
    from asyncpg import Record


@dataclass(frozen=True, slots=True)
class LeavingStay:
    """A stay that somebody leaves, and what stands around it."""

    stay: Stay
    person: UUID
    neighbourhood: UUID
    rescanned: Rescan | None
    """The first scan of its coming that is clearly after the going."""
    next_arrival: datetime | None


async def check_out(
    actor: Actor, wanted: CheckOut, *, clock: Clock, keys: Keys, limits: RateLimits, source: str
) -> AttendanceOut:
    """Record that `actor` left, exactly once for each `wanted.id`.

    Raises NotCheckedIn when there is nothing to leave (yet: the check-in may be on its way), CodeUnknown, Forbidden, RateLimited
    (wrong numbers, and never for what is recorded already), IdTaken. Holds the phone's and the person's locks until the transaction
    ends.
    """
    device = device_hash(keys, wanted.device)
    await lock(actor.person, device)
    received = clock.now()
    timing = rules.timing(wanted.at, wanted.sent_at, received)
    fingerprint = fingerprint_of(keys, Direction.OUT, wanted.code, wanted.attendance, wanted.at)
    row = await fetch_row(_LEAVING, actor.person, timing.at, wanted.id, device, BESIDE, wanted.attendance)
    if row is not None and row["seen_attendance"] is not None:
        return await same_again(
            Seen(row["seen_attendance"], row["seen_person"], row["seen_fingerprint"]), actor.person, fingerprint
        )
    leaving = None if row is None else _leaving(row, actor.person)
    if row is None or leaving is None or (wanted.attendance is None and _long_gone(leaving.stay, timing.at)):
        raise NotCheckedIn
    scanned = None
    if wanted.code is not None:
        scanned = await scanned_place(wanted.code, actor, Act.CHECK_OUT, timing=timing, keys=keys, limits=limits, source=source)
    scan, odd = await _judge(wanted, scanned, leaving, timing, device=device, beside=beside_of(row), fingerprint=fingerprint)
    await leave(leaving, scan, actor=actor.person)
    await flag_others(odd, actor=actor.person, at=received)
    return (await load_attendance(leaving.stay.id))[1]


def _long_gone(stay: Stay, at: datetime) -> bool:
    """Whether somebody who does not say which stay they mean left this one before, by their own account."""
    return not stay.supposed and stay.left_at is not None and abs(at - stay.left_at) > CONFLICT_TOLERANCE


_STAY = """
    SELECT a.id, a.neighbourhood, a.location, a.shift, s.ends_at AS shift_ends_at, a.arrived_at, a.left_at,
        o.standing AS left_standing, later.id AS rescanned, later.at AS rescanned_at,
        (SELECT min(n.arrived_at) FROM attendance n
         WHERE n.person = a.person AND n.arrived_at >= a.arrived_at AND n.id <> a.id) AS next_arrival
    FROM attendance a
    LEFT JOIN evidence o ON o.attendance = a.id AND o.direction = 'out' AND o.counts
    LEFT JOIN shift s ON s.id = a.shift
    LEFT JOIN LATERAL (
        SELECT e.id, e.at FROM evidence e
        WHERE e.attendance = a.id AND e.direction = 'in' AND NOT e.counts AND e.standing = 0
            AND e.at > greatest($2::timestamptz + interval '5 minutes', a.arrived_at)
        ORDER BY e.at, e.id LIMIT 1
    ) later ON true
"""
# With $6, the stay that this scan belongs to; else the one that began last, give or take the clocks of two phones.
_LEAVING = f"""
    SELECT st.*, seen.attendance AS seen_attendance, seen.person AS seen_person, seen.fingerprint AS seen_fingerprint,
        {BESIDE_IT}
    FROM (VALUES (0)) AS one
    LEFT JOIN LATERAL (
        SELECT e.attendance, e.fingerprint, a.person FROM evidence e JOIN attendance a ON a.id = e.attendance WHERE e.id = $3
    ) seen ON true
    LEFT JOIN LATERAL (
        {_STAY}
        WHERE a.person = $1 AND a.id = CASE WHEN $6::uuid IS NULL
            THEN (SELECT m.id FROM attendance m WHERE m.person = $1 AND m.arrived_at <= $2::timestamptz + interval '5 minutes'
                  ORDER BY m.arrived_at DESC, m.left_at IS NULL DESC, m.id DESC LIMIT 1)
            ELSE coalesce((SELECT e.attendance FROM evidence e WHERE e.id = $6), $6) END
    ) st ON true
"""
_OF_SHIFT = f"""
    {_STAY}
    WHERE a.person = $1 AND a.shift = $3
    ORDER BY a.arrived_at <= $2 DESC, CASE WHEN a.arrived_at <= $2 THEN a.arrived_at END DESC, a.arrived_at LIMIT 1
"""


async def load_leaving(person: UUID, shift: UUID, at: datetime) -> LeavingStay | None:
    """The stay for `shift` that somebody left at `at`: the last that began by then, or else the first."""
    row = await fetch_row(_OF_SHIFT, person, at, shift)
    return None if row is None else _leaving(row, person)


def _leaving(row: "Record", person: UUID) -> LeavingStay | None:
    if row["id"] is None:
        return None
    stay = Stay(
        id=row["id"],
        location=row["location"],
        shift=row["shift"],
        shift_ends_at=row["shift_ends_at"],
        arrived_at=row["arrived_at"],
        left_at=row["left_at"],
        left_standing=None if row["left_standing"] is None else Standing(row["left_standing"]),
    )
    rescanned = None if row["rescanned"] is None else Rescan(row["rescanned"], row["rescanned_at"])
    return LeavingStay(stay, person, row["neighbourhood"], rescanned, row["next_arrival"])


async def _judge(
    wanted: CheckOut,
    scanned: ScannedPlace | None,
    leaving: LeavingStay,
    timing: Timing,
    *,
    device: bytes,
    beside: Beside,
    fingerprint: bytes,
) -> tuple[Scan, Oddities]:
    """A code of another place, or of a replaced poster, proves nothing of having been here: then it is the person's own word."""
    flags = set(timing.flags)
    code: CodeKind | None = None
    version: int | None = None
    stale = False
    location = None
    if scanned is not None:
        retired = await was_retired(scanned, timing)
        if scanned.stale or retired:
            flags.add(Flag.STALE_CODE)
        if scanned.location.id != leaving.stay.location:
            flags.add(Flag.OUTSIDE)
        else:
            location = scanned.location
            if not retired:
                code, version, stale = scanned.kind, scanned.key_version, scanned.stale
    if location is None and wanted.position is not None:
        location = await load_location(leaving.stay.location)
    whereabouts = rules.Whereabouts() if location is None else where(location, wanted.position)
    if whereabouts.place is PlaceVerdict.OUTSIDE:
        flags.add(Flag.OUTSIDE)
    odd = oddities(None if code is None else location, timing.at, beside)
    scan = Scan(
        id=wanted.id,
        direction=Direction.OUT,
        standing=Standing.PHONE,
        at=timing.at,
        received_at=timing.received,
        grade=rules.grade(code, stale=stale, place=whereabouts.place),
        flags=frozenset(flags | odd.keys()),
        where=whereabouts,
        phone_at=timing.phone_at,
        device_hash=device,
        code_version=version,
        fingerprint=fingerprint,
    )
    return scan, odd


async def leave(leaving: LeavingStay, scan: Scan, *, actor: UUID) -> Conflict | None:
    """Write a going down and record it, unless a word for somebody is recorded as such by the caller.

    The caller holds the person's lock. What this and earlier goings say differently is returned and kept with the stay.
    """
    stay = leaving.stay
    going = stays.going(stay, scan.at, scan.standing)
    back = leaving.rescanned
    if going.counts and back is not None and (stay.left_at is None or stay.left_at >= back.at):
        # What the stay ended with is the end of the next one, so it is no other story of this going.
        going = Going(True, going.left_at, None if going.conflict is Conflict.LEFT_TWICE else going.conflict)
        await split_off(stay, back, leaving.person, leaving.neighbourhood, going.left_at, scan, actor=actor)
    conflict = going.conflict
    if going.counts and conflict is None and leaving.next_arrival is not None:
        conflict = Conflict.OVERLAPS if going.left_at > leaving.next_arrival + CONFLICT_TOLERANCE else None
    first = stay.left_at is None and leaving.rescanned is None
    await insert_evidence(stay.id, leaving.neighbourhood, scan, counts=first)
    if first:
        await execute(
            "UPDATE attendance SET left_at = $2, conflict = coalesce($3, conflict) WHERE id = $1",
            stay.id,
            going.left_at,
            conflict,
        )
    else:
        await retell(stay.id)
        await execute("UPDATE attendance SET conflict = coalesce($2, conflict) WHERE id = $1", stay.id, conflict)
    await _record(leaving, scan, going, conflict, actor=actor)
    return conflict


async def _record(leaving: LeavingStay, scan: Scan, going: Going, conflict: Conflict | None, *, actor: UUID) -> None:
    stay = leaving.stay
    if scan.standing is Standing.WORD:
        return
    if going.counts:
        await record(
            CheckedOut(
                neighbourhood=leaving.neighbourhood,
                subject=stay.id,
                attendance=stay.id,
                person=leaving.person,
                location=stay.location,
                shift=stay.shift,
                at=scan.at,
                grade=scan.grade,
                flags=scan.flags_in_order,
                conflict=conflict,
            ),
            actor=actor,
            at=scan.received_at,
        )
    else:
        await record(
            ScannedAgain(
                neighbourhood=leaving.neighbourhood,
                subject=stay.id,
                attendance=stay.id,
                person=leaving.person,
                location=stay.location,
                evidence=scan.id,
                direction=Direction.OUT,
                at=scan.at,
                counts=False,
                conflict=conflict,
            ),
            actor=actor,
            at=scan.received_at,
        )
