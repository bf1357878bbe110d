"""Checking in: judge the scan, find the shift it is for, and write down what became of it. The caller holds the transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from mingxun.checkins import rules
from mingxun.checkins.codes import scanned_place, was_retired
from mingxun.checkins.facts import CheckedIn, ScannedAgain
from mingxun.checkins.oddities import flag_others, oddities
from mingxun.checkins.problems import CodeRetired
from mingxun.checkins.receipts import evidence_out, load_attendance
from mingxun.checkins.records import Scan, Seen, load_moment, lock
from mingxun.checkins.rules import Timing, Whereabouts
from mingxun.checkins.schemas import AttendanceOut, CheckIn, Direction, Flag, PhonePosition, PlaceVerdict
from mingxun.checkins.stays import Standing
from mingxun.checkins.writing import Arrived, Place, arrive
from mingxun.kit.clock import Clock
from mingxun.kit.database import fetch, transaction
from mingxun.kit.problems import IdTaken
from mingxun.kit.rate_limits import RateLimits
from mingxun.kit.signing import Keys
from mingxun.ledger import record
from mingxun.people.access import Act, Actor
from mingxun.places import Location, ScannedPlace, distance_m
from mingxun.shifts import SignUpRefused, take_place
from mingxun.shifts.rules import EARLY_CHECK_IN, LONGEST


async def check_in(actor: Actor, wanted: CheckIn, *, clock: Clock, keys: Keys, limits: RateLimits, source: str) -> AttendanceOut:
    """Record that `actor` came, exactly once for each `wanted.id`; the stay it belongs to is the receipt.

    Weak evidence is graded and flagged. `source`: see `codes.scanned_place`. Raises CodeUnknown, CodeRetired, Forbidden,
    RateLimited (wrong numbers, and never for what is recorded already); IdTaken when the id was used for something else. Holds
    the phone's and the person's locks until the transaction ends.
    """
    device = device_hash(keys, wanted.device)
    await lock(actor.person, device)
    received = clock.now()
    timing = rules.timing(wanted.at, wanted.sent_at, received)
    fingerprint = fingerprint_of(keys, Direction.IN, wanted.code, wanted.shift, wanted.sign_up, wanted.at)
    moment, seen = await load_moment(actor.person, timing.at, wanted.id, device)
    if seen is not None:
        return await same_again(seen, actor.person, fingerprint)
    scanned = await scanned_place(wanted.code, actor, Act.CHECK_IN, timing=timing, keys=keys, limits=limits, source=source)
    if await was_retired(scanned, timing):
        raise CodeRetired(location=scanned.location.id, location_name=scanned.location.name)
    duty, flags = await _duty(actor.person, scanned.location, wanted, at=timing.at, now=received)
    odd = oddities(scanned.location, timing.at, moment.beside)
    scan = _judge(wanted, scanned, duty, timing, flags | odd.keys(), device=device, fingerprint=fingerprint)
    place = Place(
        neighbourhood=scanned.neighbourhood,
        location=scanned.location.id,
        shift=None if duty is None else duty.id,
        shift_ends_at=None if duty is None else duty.ends_at,
    )
    arrived = await arrive(actor.person, place, scan, moment, actor=actor.person)
    await _record(arrived, actor.person, place, scan)
    await flag_others(odd, actor=actor.person, at=received)
    if not arrived.new or arrived.over:
        return (await load_attendance(arrived.attendance))[1]
    return AttendanceOut(
        id=arrived.attendance,
        person=actor.person,
        person_name=moment.person_name,
        shift=place.shift,
        shift_title=None if duty is None else duty.title,
        location=scanned.location.id,
        location_name=scanned.location.name,
        plate=scanned.location.plate,
        arrived=evidence_out(scan),
        left=None,
        left_assumed=False,
        minutes=None,
        conflict=arrived.conflict,
    )


def fingerprint_of(keys: Keys, direction: Direction, *content: str | UUID | bool | datetime | None) -> bytes:
    """What a scan says, so that the same id with other content is noticed.

    Leaves out what changes with each sending, and where the phone was: not even a hash of that is kept.
    """
    return keys.mac("scan", msgspec.json.encode([direction, *content]))[:16]


def device_hash(keys: Keys, device: str) -> bytes:
    """A phone, recognisable for 30 days, and only here."""
    return keys.mac("device", device.encode())[:16]


async def same_again(seen: Seen, person: UUID, fingerprint: bytes) -> AttendanceOut:
    """The receipt of something that was delivered before. Raises IdTaken when it was something else, or somebody else's."""
    if seen.person != person or seen.fingerprint != fingerprint:
        raise IdTaken
    return (await load_attendance(seen.attendance))[1]


def where(location: Location, position: PhonePosition | None) -> Whereabouts:
    """Where the phone was, as far as it is kept."""
    if position is None:
        return Whereabouts()
    distance = distance_m(location, position.latitude, position.longitude)
    return rules.whereabouts(distance, position.accuracy, location.fence_radius)


@dataclass(frozen=True, slots=True)
class Duty:
    """A shift that somebody came for."""

    id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime


async def _duty(
    person: UUID, location: Location, wanted: CheckIn, *, at: datetime, now: datetime
) -> tuple[Duty | None, set[Flag]]:
    """The shift here that a check-in is for, and what to point out about it. Takes a place on it if that was asked for.

    Whoever was on the shift when they scanned is on it, though they were taken off before the scan was delivered.
    """
    rows = await fetch(
        """SELECT s.id, s.title, s.starts_at, s.ends_at, own.id IS NOT NULL AS mine
           FROM shift s LEFT JOIN assignment own ON own.shift = s.id AND own.person = $2 AND (
               own.state IN ('active', 'cancelled') OR own.ended_at > $3)
           WHERE s.location = $1 AND (s.id = $4 OR s.id IN (
               SELECT a.shift FROM assignment a
               WHERE a.person = $2 AND a.state = 'active' AND a.ends_at > $3 AND a.starts_at <= $5 AND a.starts_at > $6))
           ORDER BY s.starts_at > $3, s.starts_at, own.made_at DESC""",
        location.id,
        person,
        at,
        wanted.shift,
        at + EARLY_CHECK_IN,
        at - LONGEST,
    )
    for row in rows:
        if row["id"] == wanted.shift and (row["mine"] or wanted.sign_up):
            if row["mine"] or await _place_taken(row["id"], person, at=at, now=now):
                return Duty(row["id"], row["title"], row["starts_at"], row["ends_at"]), set()
            break
    flags = {Flag.NO_PLACE} if wanted.sign_up and wanted.shift is not None else set()
    for row in rows:
        if row["mine"] and row["id"] != wanted.shift:
            return Duty(row["id"], row["title"], row["starts_at"], row["ends_at"]), flags
    return None, flags | {Flag.NO_SHIFT}


async def _place_taken(shift: UUID, person: UUID, *, at: datetime, now: datetime) -> bool:
    try:
        async with transaction():
            await take_place(shift, person, at=at, now=now)
    except SignUpRefused:
        return False
    return True


def _judge(
    wanted: CheckIn,
    scanned: ScannedPlace,
    duty: Duty | None,
    timing: Timing,
    flags: set[Flag],
    *,
    device: bytes,
    fingerprint: bytes,
) -> Scan:
    whereabouts = where(scanned.location, wanted.position)
    flags = flags | timing.flags
    if whereabouts.place is PlaceVerdict.OUTSIDE:
        flags.add(Flag.OUTSIDE)
    if scanned.stale:
        flags.add(Flag.STALE_CODE)
    if duty is not None and rules.early_or_late(timing.at, duty.starts_at, duty.ends_at):
        flags.add(Flag.EARLY_OR_LATE)
    return Scan(
        id=wanted.id,
        direction=Direction.IN,
        standing=Standing.PHONE,
        at=timing.at,
        received_at=timing.received,
        grade=rules.grade(scanned.kind, stale=scanned.stale, place=whereabouts.place),
        flags=frozenset(flags),
        where=whereabouts,
        phone_at=timing.phone_at,
        device_hash=device,
        code_version=scanned.key_version,
        fingerprint=fingerprint,
    )


async def _record(arrived: Arrived, person: UUID, place: Place, scan: Scan) -> None:
    if arrived.new:
        await record(
            CheckedIn(
                neighbourhood=place.neighbourhood,
                subject=arrived.attendance,
                attendance=arrived.attendance,
                person=person,
                location=place.location,
                shift=place.shift,
                at=scan.at,
                grade=scan.grade,
                flags=scan.flags_in_order,
                conflict=arrived.conflict,
            ),
            actor=person,
            at=scan.received_at,
        )
    else:
        await record(
            ScannedAgain(
                neighbourhood=place.neighbourhood,
                subject=arrived.attendance,
                attendance=arrived.attendance,
                person=person,
                location=place.location,
                evidence=scan.id,
                direction=Direction.IN,
                at=scan.at,
                counts=arrived.counts,
                conflict=arrived.conflict,
            ),
            actor=person,
            at=scan.received_at,
        )
